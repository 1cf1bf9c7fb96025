"""Drivers' messages in, frames out, fed by hand with a clock of the test's own: what is right, and all that drivers do wrong."""

from __future__ import annotations

import array
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState, PointCloud2, PointField
from std_msgs.msg import Header

from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig.cloud_placing import TransformNotYet
from auxfocus_ros.rig.frame import Frame, structured_points
from auxfocus_ros.rig.rig_file import GimbalDescription, RigDescription, camera_from_values
from auxfocus_ros.rig.source import SourceCounts
from auxfocus_ros.rig.urdf import load_urdf
from auxfocus_ros.ros.clouds import make_cloud
from auxfocus_ros.ros.images import make_compressed, make_image
from auxfocus_ros.ros.live_frames import HELD, LiveFrames
from auxfocus_ros.ros.live_parts import LiveSettings
from auxfocus_ros.ros.stamps import from_ns

MS = 1_000_000
START_NS = 1_700_000_000 * 10**9
TOPICS = {"image": "/cam/image_raw", "camera_info": "/cam/camera_info", "points": "/points"}
SAME_FRAME = "camera_optical_frame"


class Rig:
    """A pass that is fed by hand. Times in milliseconds, arrivals by a steady clock that begins at 0."""

    def __init__(self, rig: RigDescription | None = None, topics: dict[str, str] = TOPICS, **settings: Any) -> None:
        self.problems: list[tuple[str, str]] = []
        self.frames: list[Frame] = []
        self.counts = SourceCounts()
        self.now_ns = 0
        rig = rig or RigDescription()
        robot = load_urdf(rig.gimbal.urdf) if rig.gimbal is not None else None
        self.live = LiveFrames(
            LiveSettings(topics, rig, robot, **settings),
            self.counts,
            lambda *said: self.problems.append(said),
            lambda: self.now_ns,
        )

    def feed(self, role: str, message: Any, stamp_ms: float | None = None, frame: str | None = None) -> None:
        if stamp_ms is not None:
            message.header.stamp = from_ns(START_NS + round(stamp_ms * MS))
        if frame is not None:
            message.header.frame_id = frame
        self.live.take_in(role, message, self.now_ns)

    def picture(self, stamp_ms: float, width: int = 32, height: int = 24, frame: str = SAME_FRAME, value: int = 0) -> None:
        pixels = np.full((height, width, 3), value, np.uint8)
        self.feed("image", make_image(pixels, "bgr8", Header(frame_id=frame)), stamp_ms)

    def info(self, stamp_ms: float, width: int = 32, height: int = 24, focal: float = 30.0) -> None:
        self.feed("camera_info", camera_info(width, height, focal), stamp_ms)

    def cloud(self, stamp_ms: float, frame: str = SAME_FRAME, points: np.ndarray | None = None) -> None:
        points = structured_points(np.array([[0.0, 0.0, 2.0]])) if points is None else points
        self.feed("points", make_cloud(points, Header(frame_id=frame)), stamp_ms)

    def joints(self, stamp_ms: float, pan: float = 0.0, tilt: float = 0.0) -> None:
        self.feed("joint_states", JointState(name=["pan_joint", "tilt_joint"], position=[pan, tilt]), stamp_ms)

    def turn(self, at_ms: float) -> list[Frame]:
        """The clock goes on to a moment, in turns of 5 ms; the frames of all of them."""
        given = []
        while True:
            while (frame := self.live.next_frame(self.now_ns)) is not None:
                given.append(frame)
            self.live.watch(self.now_ns)
            if self.now_ns >= at_ms * MS:
                self.frames += given
                return given
            self.now_ns = min(self.now_ns + 5 * MS, round(at_ms * MS))

    def stream(self, count: int, period_ms: float = 50.0, begin: int = 0, cloud_frame: str = SAME_FRAME, **skips: Any) -> None:
        """Pictures, intrinsics and clouds that come as they should, one after another."""
        for n in range(begin, begin + count):
            self.turn(n * period_ms)
            self.info(n * period_ms)
            self.picture(n * period_ms)
            self.cloud(n * period_ms, cloud_frame)
        self.turn(self.now_ns / MS + 5)

    def codes(self) -> set[str]:
        return {code for code, _ in self.problems}

    def text(self, code: str) -> str:
        return next(text for found, text in reversed(self.problems) if found == code)


def camera_info(width: int = 32, height: int = 24, focal: float = 30.0) -> CameraInfo:
    message = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k = [focal, 0.0, width / 2 - 0.5, 0.0, focal, height / 2 - 0.5, 0.0, 0.0, 1.0]
    return message


def gimbal_rig(**more: Any) -> RigDescription:
    return RigDescription(gimbal=GimbalDescription("pan_tilt_gimbal"), **more)


JOINT_TOPICS = {**TOPICS, "joint_states": "/joint_states"}


def test_a_frame_is_what_came() -> None:
    rig = Rig()
    rig.stream(12)
    frame = rig.frames[-1]
    assert len(rig.frames) == 12 and rig.problems == []
    assert frame.stamp_ns == START_NS + 550 * MS
    assert frame.picture.shape == (24, 32, 3) and frame.picture_encoding == "bgr8"
    assert (frame.camera.fx_px, frame.camera.width_px) == (30.0, 32)
    assert frame.points is not None and frame.points["z"].tolist() == [2.0] and frame.points_offset_s == 0.0
    assert frame.camera_frame == frame.points_frame == SAME_FRAME and not frame.points_moved
    assert np.array_equal(frame.optical_from_points.as_matrix(), np.eye(4))
    assert rig.counts == SourceCounts(frames=12)


def test_pictures_raw_compressed_and_grey() -> None:
    rig = Rig(RigDescription(camera=camera_from_values(32, 24, [30, 30, 15.5, 11.5])), {"image": "/cam/image_raw"})
    grey = np.arange(32 * 24, dtype=np.uint8).reshape(24, 32)
    coloured = np.dstack([grey, grey, grey])
    rig.feed("image", make_image(grey, "mono8", Header()), 0)
    rig.feed("image", make_image(coloured[..., ::-1].copy(), "rgb8", Header()), 10)
    rig.feed("image", make_compressed(coloured, Header()), 20)
    rig.turn(1200)
    assert [frame.picture_encoding for frame in rig.frames] == ["mono8", "bgr8", "bgr8"]
    assert np.array_equal(rig.frames[0].picture, grey) and np.array_equal(rig.frames[1].picture, coloured)
    assert rig.frames[2].picture.shape == coloured.shape and rig.frames[0].camera_frame == SAME_FRAME
    assert math.isnan(rig.frames[0].points_offset_s) and rig.problems == []


def test_the_clouds_clock_offset_is_taken_off() -> None:
    rig = Rig(clock_ahead_ns=3_000_000_000)
    for n in range(12):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50)
        rig.cloud(n * 50 + 3010)
    rig.turn(1200)
    assert len(rig.frames) == 12 and rig.problems == []
    assert all(frame.points is not None and frame.points_offset_s == pytest.approx(0.01) for frame in rig.frames)


@pytest.mark.parametrize(("ahead_ms", "word", "offset"), [(3000, "ahead of", "3.000"), (-4500, "behind", "-4.500")])
def test_a_clock_that_is_off_by_seconds_is_measured(ahead_ms: int, word: str, offset: str) -> None:
    rig = Rig(wall_ahead_ns=START_NS)
    for n in range(80):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50 - 20)
        rig.cloud(n * 50 - 20 + ahead_ms)
    rig.turn(4100)
    text = rig.text("topics_clock_points")
    assert f"the clock of /points is {abs(ahead_ms) / 1000:.3f} s {word} that of /cam/image_raw" in text
    assert f"set points_clock_offset_s to {offset}" in text
    assert f"is {(20 - ahead_ms) / 1000:.3f} s and 0.020 s by this machine's clock" in text
    assert len(rig.frames) == 80 and all(frame.points is None for frame in rig.frames)
    assert rig.counts.unmatched_pictures == 80 and rig.codes() == {"topics_clock_points"}


def test_streams_that_never_meet_say_by_how_much() -> None:
    rig = Rig(tolerance_ns=10 * MS)
    for n in range(60):
        rig.turn(n * 100)
        rig.info(n * 100)
        rig.picture(n * 100)
        rig.turn(n * 100 + 40)
        rig.cloud(n * 100 + 40)
    assert "points are 0.040 s ahead of those of /cam/image_raw" in rig.text("topics_apart_points")
    assert "0.010 s are allowed" in rig.text("topics_apart_points") and rig.codes() == {"topics_apart_points"}


def test_irregular_streams_get_the_whole_tolerance() -> None:
    # Pictures in pairs 10 ms apart every 200 ms: half their median period reaches 5 ms, the clouds lie 30 ms away.
    rig = Rig(tolerance_ns=50 * MS)
    for n in range(40):
        for extra_ms in (0, 10, 20):
            rig.turn(n * 200 + extra_ms)
            rig.info(n * 200 + extra_ms)
            rig.picture(n * 200 + extra_ms)
        rig.turn(n * 200 + 50)
        rig.cloud(n * 200 + 50)
    assert any(frame.points is not None for frame in rig.frames[-10:]) and "topics_apart_points" not in rig.codes()


def test_a_stream_that_is_silent_is_named() -> None:
    rig = Rig()
    for n in range(80):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50)
    rig.turn(4000)
    assert "nothing on /points yet, while /cam/image_raw brings messages" in rig.text("topics_silent_points")
    assert len(rig.frames) == 80 and rig.codes() == {"topics_silent_points"}


def test_stamps_of_zero_are_those_of_arrival() -> None:
    rig = Rig(wall_ahead_ns=START_NS)
    for n in range(10):
        rig.turn(n * 50)
        rig.info(n * 50)
        for role, message in (("image", make_image(np.zeros((24, 32), np.uint8), "mono8", Header(frame_id=SAME_FRAME))),
                              ("points", make_cloud(np.ones((1, 3)), Header(frame_id=SAME_FRAME)))):  # fmt: skip
            rig.feed(role, message)
    rig.turn(600)
    assert [frame.stamp_ns - START_NS for frame in rig.frames] == [n * 50 * MS for n in range(10)]
    assert all(frame.points is not None for frame in rig.frames)
    assert "/points has stamps of zero" in rig.text("topics_stamps_points")
    assert "/cam/image_raw has stamps of zero" in rig.text("topics_stamps_image")


# Intrinsics


def test_each_picture_has_the_intrinsics_of_its_own_stamp_even_when_they_come_just_after_it() -> None:
    # A driver whose lens breathes: the focal length changes with every picture.
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    for n in range(20):
        rig.turn(n * 50)
        rig.picture(n * 50)
        rig.turn(n * 50 + 3)
        rig.info(n * 50, focal=30.0 + n)
    rig.turn(1200)
    assert [frame.camera.fx_px for frame in rig.frames[7:]] == [30.0 + n for n in range(7, 20)]


def test_latched_intrinsics_hold_nothing_up() -> None:
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    rig.info(-5000)
    for n in range(30):
        rig.turn(n * 50)
        rig.picture(n * 50)
    rig.turn(1500)
    rig.picture(1500)
    assert len(rig.turn(1500)) == 1 and rig.frames[-1].camera.fx_px == 30.0
    assert rig.frames[-1].camera is rig.frames[0].camera


def test_camera_info_that_never_comes() -> None:
    rig = Rig(camera_info_wait_ns=1000 * MS)
    for n in range(40):
        rig.turn(n * 50)
        assert not rig.frames and ("topics_camera_info" in rig.codes()) == (rig.now_ns >= 1000 * MS), n
        rig.picture(n * 50)
        rig.cloud(n * 50)
    assert "no camera_info on /cam/camera_info for 1." in rig.text("topics_camera_info")
    assert "`camera` in the rig file" in rig.text("topics_camera_info")
    assert rig.counts.unmatched_pictures >= 38 and rig.counts.frames == 0
    # It comes at last.
    rig.info(40 * 50)
    rig.stream(5, begin=40)
    assert len(rig.frames) >= 5


def test_pictures_before_the_first_camera_info_are_held_back_and_then_given() -> None:
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    for n in range(40):
        rig.turn(n * 50)
        rig.picture(n * 50)
    rig.turn(2000)
    assert rig.frames == []
    rig.info(2000)
    rig.turn(2001)
    assert [frame.stamp_ns - START_NS for frame in rig.frames] == [n * 50 * MS for n in range(40 - HELD, 40)]
    assert rig.counts.unmatched_pictures == 40 - HELD and rig.problems == []


def test_the_rig_files_camera_wins_and_needs_no_camera_info() -> None:
    camera = camera_from_values(64, 48, [60, 60, 31.5, 23.5])
    rig = Rig(RigDescription(camera=camera), {"image": "/cam/image_raw"})
    rig.picture(0, 64, 48)
    rig.picture(50, 32, 24)
    rig.picture(100, 32, 32)
    rig.turn(1300)
    assert [frame.camera.fx_px for frame in rig.frames] == [60.0, 30.0]
    assert "the rig file's camera is for 64 x 48 pixels" in rig.text("topics_camera_info_size")


def test_a_picture_that_changes_size_goes_on_with_its_new_intrinsics() -> None:
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    for n in range(20):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50)
    # The new size comes half a second before its camera_info does; it has the same shape, and is scaled meanwhile.
    for n in range(20, 40):
        rig.turn(n * 50)
        rig.info(n * 50, *((32, 24) if n < 30 else (64, 48)), 30.0 if n < 30 else 75.0)
        rig.picture(n * 50, 64, 48)
    rig.turn(2500)
    focal = {round((frame.stamp_ns - START_NS) / MS / 50): frame.camera.fx_px for frame in rig.frames}
    assert [focal[n] for n in range(20)] == [30.0] * 20
    assert {focal[n] for n in range(20, 26)} == {60.0} and {focal[n] for n in range(30, 40)} == {75.0}
    assert all(frame.camera.width_px == frame.picture.shape[1] for frame in rig.frames)
    assert "is for 32 x 24 pixels, the picture on /cam/image_raw has 64 x 48: it is scaled" in rig.text("topics_camera_info_size")


def test_a_picture_of_another_shape_waits_for_its_intrinsics() -> None:
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    rig.info(0)
    for n in range(40):
        rig.turn(n * 50)
        rig.picture(n * 50, *((32, 24) if n < 10 else (32, 32)))
        if n == 25:
            rig.info(n * 50, 32, 32)
    rig.turn(2500)
    given = [round((frame.stamp_ns - START_NS) / MS / 50) for frame in rig.frames]
    assert given[:10] == list(range(10)) and given[-14:] == list(range(26, 40)) and not {10, 15, 20} & set(given)
    assert "it is not given until one of that size comes" in rig.text("topics_camera_info_size")


# Where the cloud stands


def test_a_frame_that_nobody_knows() -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    rig.stream(10, cloud_frame="os_lidar")
    assert len(rig.frames) == 10 and all(frame.points is None for frame in rig.frames)
    text = rig.text("topics_frame")
    assert "nobody knows how the cloud's frame 'os_lidar' stands to the picture's 'camera_optical_frame'" in text
    assert "lidar_gimbal_link" in text and "optical_from_points" in text
    assert rig.counts.unmatched_clouds == 10 and rig.live.figures()["clouds_without_transform"] == "10"


def test_what_the_rig_file_says_wins() -> None:
    given = RigidTransform(np.eye(3), np.array([1.0, 2.0, 3.0]))
    rig = Rig(gimbal_rig(optical_from_points=given), JOINT_TOPICS)
    rig.stream(10, cloud_frame="lidar_gimbal_link")
    assert all(frame.points is not None and frame.optical_from_points is given for frame in rig.frames)


def turned(rig: Rig, count: int, cloud_frame: str, *, joints_until: int = 10**9, cloud_late_ms: float = 0.0) -> None:
    """A pan of 1 rad/s: joint states every 10 ms, pictures every 50."""
    for n in range(count * 5):
        rig.turn(n * 10)
        if n <= joints_until:
            rig.joints(n * 10, n * 0.01)
        if n % 5 == 0:
            rig.info(n * 10)
            rig.picture(n * 10)
            rig.cloud(n * 10 - cloud_late_ms, cloud_frame)


def test_extrinsics_follow_the_joints() -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    turned(rig, 20, "lidar_base_link")
    rig.turn(1100)
    frame = rig.frames[12]
    assert frame.points is not None and not frame.points_moved
    wanted = load_urdf("pan_tilt_gimbal").transform(SAME_FRAME, "lidar_base_link", {"pan_joint": 0.6, "tilt_joint": 0.0})
    assert frame.optical_from_points.as_matrix() == pytest.approx(wanted.as_matrix(), abs=1e-9)
    assert sum(len(frame.joints) for frame in rig.frames) >= 90 and rig.frames[0].joints[-1].names == ("pan_joint", "tilt_joint")


def test_a_cloud_of_another_moment_is_moved_by_the_gimbals_motion() -> None:
    # The lidar rides on the gimbal, which pans by 1 rad/s; its cloud is 20 ms older than the picture.
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    turned(rig, 20, "lidar_gimbal_link", cloud_late_ms=20.0)
    rig.turn(1100)
    frame = rig.frames[-1]
    assert frame.points_moved and frame.points is not None and frame.points_offset_s == pytest.approx(-0.02)
    robot = load_urdf("pan_tilt_gimbal")
    seen, now = ({"pan_joint": pan, "tilt_joint": 0.0} for pan in (0.93, 0.95))
    base = robot.transform("base_link", "lidar_gimbal_link", seen).apply(np.array([[0.0, 0.0, 2.0]]))
    wanted = robot.transform(SAME_FRAME, "base_link", now).apply(base)
    assert frame.optical_points_m() == pytest.approx(wanted, abs=1e-5)


def test_joint_states_that_stop_take_the_clouds_with_them_that_need_them() -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    turned(rig, 60, "lidar_base_link", joints_until=150)
    rig.turn(3200)
    with_clouds = [round((frame.stamp_ns - START_NS) / MS) for frame in rig.frames if frame.points is not None]
    assert max(with_clouds) in (1500, 1520) and len(rig.frames) == 60
    assert "joint states on /joint_states have stopped: the last came" in rig.text("topics_joint_states")
    assert "end 1." in rig.text("topics_transform") and "the last came" in rig.text("topics_transform")


def test_joint_states_that_stop_leave_alone_what_does_not_need_them() -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    turned(rig, 60, "lidar_gimbal_link", joints_until=150, cloud_late_ms=10.0)
    rig.turn(3200)
    assert all(frame.points is not None for frame in rig.frames) and len(rig.frames) == 60
    assert rig.frames[20].points_moved and not rig.frames[-1].points_moved
    assert "clouds are not brought to the picture's time" in rig.text("topics_motion")


def test_joint_states_that_never_come_hold_up_the_first_seconds_alone() -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    rig.stream(100, cloud_frame="lidar_base_link")
    rig.turn(5100)
    assert len(rig.frames) == 100 and all(frame.points is None for frame in rig.frames)
    assert "no joint states on /joint_states yet" in rig.text("topics_transform")


class LateFrames:
    """tf that knows 'lidar', from some moment on, up to some time before now; as a FrameSource."""

    name = "tf"

    def __init__(self) -> None:
        self.until_ns: int | None = None
        self.constant = RigidTransform(np.eye(3), np.array([0.5, 0.0, 0.0]))

    def connects(self, to_frame: str, from_frame: str) -> bool:
        return self.until_ns is not None and {to_frame, from_frame} <= {"lidar", SAME_FRAME, "base_link"}

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        assert self.until_ns is not None
        if stamp_ns > self.until_ns:
            raise TransformNotYet(
                f"tf from '{from_frame}' to '{to_frame}' ends {(stamp_ns - self.until_ns) / 1e9:.3f} s before it"
            )
        return self.constant

    def frames(self) -> tuple[str, ...]:
        return ("base_link", SAME_FRAME, "lidar")


def test_tf_that_is_a_little_late_is_waited_for() -> None:
    tf = LateFrames()
    rig = Rig(tf=tf, transform_wait_ns=200 * MS)
    for n in range(30):
        rig.turn(n * 50)
        tf.until_ns = START_NS + (n * 50 - 100) * MS
        rig.info(n * 50)
        rig.picture(n * 50)
        rig.cloud(n * 50, "lidar")
    tf.until_ns = START_NS + 2000 * MS
    rig.turn(1700)
    assert len(rig.frames) == 30 and all(frame.optical_from_points is tf.constant for frame in rig.frames)
    assert rig.problems == []


def test_tf_that_is_too_late_costs_the_cloud_and_is_said_with_how_late() -> None:
    tf = LateFrames()
    rig = Rig(tf=tf, transform_wait_ns=200 * MS)
    for n in range(30):
        rig.turn(n * 50)
        tf.until_ns = START_NS + (n * 50 - 900) * MS
        rig.info(n * 50)
        rig.picture(n * 50)
        rig.cloud(n * 50, "lidar")
    rig.turn(1900)
    assert len(rig.frames) == 30 and all(frame.points is None for frame in rig.frames)
    text = rig.text("topics_transform_late")
    assert "tf from 'lidar' to 'camera_optical_frame' ends 0." in text and "waited 0.2 s" in text
    # Each picture waits for itself, not for those before it.
    assert rig.now_ns == 1900 * MS and rig.counts.dropped == 0


def test_tf_that_begins_late_is_waited_for_and_then_used() -> None:
    tf = LateFrames()
    rig = Rig(tf=tf)
    rig.stream(10, cloud_frame="lidar")
    tf.until_ns = START_NS + 10**12
    rig.stream(10, begin=11, cloud_frame="lidar")
    rig.turn(1300)
    assert rig.frames[0].points is None and rig.frames[-1].optical_from_points is tf.constant
    assert "tf knows base_link, camera_optical_frame, lidar" in rig.text("topics_frame")


# Depth images

DEPTH_TOPICS = {**{k: v for k, v in TOPICS.items() if k != "points"}, "depth": "/depth/image", "depth_info": "/depth/camera_info"}


def depth_rig(message: Any, **options: Any) -> Rig:
    rig = Rig(topics=DEPTH_TOPICS, **options)
    for n in range(8):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50)
        rig.feed("depth", message, n * 50)
    rig.turn(1200)
    return rig


def test_depth_images_in_metres_and_millimetres() -> None:
    metres = np.full((24, 32), 1.5, np.float32)
    rig = depth_rig(make_image(metres, "32FC1", Header(frame_id=SAME_FRAME)))
    assert len(rig.frames) == 8 and rig.problems == []
    assert rig.frames[-1].points is None and np.array_equal(rig.frames[-1].depth_m, metres)
    rig = depth_rig(make_image(np.full((24, 32), 1500, np.uint16), "16UC1", Header(frame_id=SAME_FRAME)))
    assert rig.frames[-1].depth_m == pytest.approx(metres)
    rig = depth_rig(make_image(np.full((24, 32), 1500, np.uint16), "16UC1", Header()), rig=RigDescription(depth_unit_m=0.01))
    assert rig.frames[-1].depth_m == pytest.approx(10 * metres)


def test_a_depth_image_of_another_size_or_shape() -> None:
    rig = depth_rig(make_image(np.full((48, 64), 1500, np.uint16), "16UC1", Header(frame_id=SAME_FRAME)))
    assert rig.frames[-1].depth_m is not None and rig.frames[-1].depth_m.shape == (24, 32)
    rig = depth_rig(make_image(np.full((64, 64), 1500, np.uint16), "16UC1", Header(frame_id=SAME_FRAME)))
    assert len(rig.frames) == 8 and rig.frames[-1].depth_m is None and math.isnan(rig.frames[-1].points_offset_s)
    assert "the depth image is 64 x 64 and the picture 32 x 24" in rig.text("topics_unreadable_depth")


def test_a_depth_image_in_a_strange_frame_is_taken_as_registered() -> None:
    rig = depth_rig(make_image(np.full((24, 32), 1500, np.uint16), "16UC1", Header(frame_id="depth_frame")))
    assert rig.frames[-1].depth_m is not None and rig.frames[-1].points is None
    assert "'depth_frame', the picture in 'camera_optical_frame'" in rig.text("topics_depth_frame")


def test_a_depth_camera_that_stands_elsewhere_gives_points() -> None:
    tf = LateFrames()
    tf.until_ns = START_NS + 10**12
    rig = Rig(topics=DEPTH_TOPICS, tf=tf)
    for n in range(10):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.feed("depth_info", camera_info(16, 12, 20.0), n * 50)
        rig.picture(n * 50)
        depth_m = np.full((12, 16), 2.0, np.float32)
        rig.feed("depth", make_image(depth_m, "32FC1", Header(frame_id="lidar")), n * 50)
    rig.turn(700)
    frame = rig.frames[-1]
    assert frame.depth_m is None and frame.points is not None and frame.points_frame == "lidar"
    assert frame.optical_from_points is tf.constant and len(frame.points) == 16 * 12
    # The corner pixel at (0, 0): x = (0 - 7.5) / 20 * 2 in the depth camera, 0.5 m further in the picture's.
    assert frame.optical_points_m()[0] == pytest.approx([0.5 - 0.75, -0.55, 2.0])


# A consumer that is too slow


def test_a_slow_consumer_loses_the_oldest() -> None:
    rig = Rig(topics={"image": "/cam/image_raw", "camera_info": "/cam/camera_info"})
    rig.info(0)
    got = []
    for n in range(100):
        rig.now_ns = n * 33 * MS
        rig.picture(n * 33)
        if n % 6 == 5:  # it fetches five a second of thirty
            frame = rig.live.next_frame(rig.now_ns)
            assert frame is not None
            got.append(frame.stamp_ns)
    assert got == sorted(got) and rig.live.lagged > 60
    assert rig.now_ns + START_NS - got[-1] < 700 * MS  # it never lags behind by more than a moment


# Garbage


def broken_cloud(**changes: Any) -> PointCloud2:
    message = make_cloud(np.ones((4, 3)), Header(frame_id=SAME_FRAME))
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def broken_picture(**changes: Any) -> Image:
    message = make_image(np.zeros((24, 32, 3), np.uint8), "bgr8", Header(frame_id=SAME_FRAME))
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("role", "message", "words"),
    [
        ("points", broken_cloud(data=array.array("B", b"123")), "3 bytes of data"),
        ("points", broken_cloud(fields=[]), "no field 'x'"),
        ("points", broken_cloud(width=0), "empty"),
        ("points", broken_cloud(fields=[PointField(name="x", datatype=99, count=1)]), "unknown datatype 99"),
        ("points", make_cloud(np.full((4, 3), np.nan), Header()), "finite"),
        ("image", broken_picture(encoding="jpeg2000"), "'jpeg2000' is not known"),
        ("image", broken_picture(data=array.array("B", b"123")), "3 bytes of data"),
        ("image", broken_picture(width=0), "neither side may be 0"),
        ("image", broken_picture(encoding="32FC1", step=128, data=array.array("B", bytes(128 * 24))), "is not a picture"),
        ("camera_info", CameraInfo(), "K is zero"),
        ("camera_info", CameraInfo(width=32, height=24, k=[math.nan] * 9), "finite"),
        ("camera_info", CameraInfo(width=32, height=24, k=[30.0] * 9, distortion_model="mine"), "skew"),
        ("joint_states", JointState(name=["pan_joint"], position=[]), "1 names and 0 positions"),
        ("joint_states", JointState(name=["pan_joint"], position=[math.nan]), "'pan_joint' is not a finite number"),
    ],
)
def test_garbage_is_said_counted_and_forgotten(role: str, message: Any, words: str) -> None:
    rig = Rig(gimbal_rig(), JOINT_TOPICS)
    rig.stream(10)
    rig.now_ns += 20 * MS
    rig.feed(role, message, rig.now_ns / MS)
    rig.stream(10, begin=11)
    assert rig.counts.unreadable == 1 and rig.codes() == {f"topics_unreadable_{role}"}
    text = rig.text(f"topics_unreadable_{role}")
    assert text.startswith(JOINT_TOPICS[role] + ": ") and words in text and "\n" not in text
    assert len([frame for frame in rig.frames if frame.points is not None]) == 20
    assert {frame.camera.fx_px for frame in rig.frames} == {30.0}


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0 cut off", b"not a picture"])
def test_a_compressed_picture_that_is_none(data: bytes) -> None:
    rig = Rig(topics={"image": "/cam/image_raw/compressed", "camera_info": "/cam/camera_info"})
    rig.info(0)
    rig.feed("image", CompressedImage(format="jpeg", data=array.array("B", data)), 0)
    rig.turn(1200)
    assert rig.counts.unreadable == 1 and "is not a whole JPEG or PNG" in rig.text("topics_unreadable_image")


def test_a_depth_image_in_another_encoding() -> None:
    rig = depth_rig(make_image(np.zeros((24, 32, 3), np.uint8), "bgr8", Header(frame_id=SAME_FRAME)))
    assert rig.counts.unreadable == 8 and len(rig.frames) == 8
    assert "encoding 'bgr8' is not one of 16UC1, mono16, 32FC1" in rig.text("topics_unreadable_depth")


numbers = st.integers(0, 2**16)
stamps = st.integers(-(2**31), 2**31 - 1)
words = st.text(max_size=12) | st.sampled_from(
    ["bgr8", "mono8", "16UC1", "32FC1", "nv12", "yuv422", "bayer_rggb8", "x", "y", "z", "t"]
)
blobs = st.binary(max_size=64)
floats = st.floats(width=64)


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, Any]:
    """Anything that a publisher could put into one of the topics."""
    role = draw(st.sampled_from(["image", "points", "depth", "camera_info", "depth_info", "joint_states"]))
    message: Any
    if role in ("image", "depth") and draw(st.booleans()):
        message = CompressedImage(format=draw(words | st.just("16UC1; compressedDepth png")), data=array.array("B", draw(blobs)))
    elif role in ("image", "depth"):
        message = Image(
            height=draw(st.integers(0, 9)), width=draw(st.integers(0, 9)), step=draw(st.integers(0, 40)), encoding=draw(words),
            is_bigendian=draw(st.integers(0, 255)), data=array.array("B", draw(blobs)),
        )  # fmt: skip
    elif role == "points":
        fields = [
            PointField(
                name=draw(words), offset=draw(st.integers(0, 20)), datatype=draw(st.integers(0, 9)), count=draw(st.integers(0, 3))
            )
            for _ in range(draw(st.integers(0, 5)))
        ]
        message = PointCloud2(
            height=draw(st.integers(0, 3)), width=draw(st.integers(0, 5)), fields=fields, point_step=draw(st.integers(0, 24)),
            row_step=draw(st.integers(0, 80)), is_bigendian=draw(st.booleans()), data=array.array("B", draw(blobs)),
        )  # fmt: skip
    elif role == "joint_states":
        names = draw(st.lists(st.sampled_from(["pan_joint", "tilt_joint", ""]), max_size=3))
        message = JointState(name=names, position=draw(st.lists(floats, max_size=3)), velocity=draw(st.lists(floats, max_size=3)))
    else:
        message = CameraInfo(
            height=draw(numbers), width=draw(numbers),
            distortion_model=draw(st.sampled_from(["plumb_bob", "", "equidistant", "?"])), binning_x=draw(numbers),
            d=draw(st.lists(floats, max_size=9)), k=draw(st.lists(floats, min_size=9, max_size=9)),
        )  # fmt: skip
        message.roi.x_offset, message.roi.width, message.roi.height = draw(numbers), draw(numbers), draw(numbers)
    message.header.stamp.sec, message.header.stamp.nanosec = draw(st.integers(0, 3) | stamps), draw(st.integers(0, 2**32 - 1))
    message.header.frame_id = draw(st.sampled_from(["", SAME_FRAME, "lidar_base_link", "nowhere"]))
    return role, message


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(messages(), st.integers(0, 120)), max_size=25))
def test_whatever_comes_nothing_breaks(events: list[tuple[tuple[str, Any], int]]) -> None:
    rig = Rig(gimbal_rig(), {**JOINT_TOPICS, "depth": "/depth", "depth_info": "/depth/camera_info"})
    for n, ((role, message), pause_ms) in enumerate(events):
        rig.feed(role, message)
        rig.turn(rig.now_ns / MS + pause_ms)
        if n % 4 == 0:
            rig.info(n)
    rig.turn(rig.now_ns / MS + 1500)
    assert all("\n" not in text and text for _, text in rig.problems)
    assert rig.counts.frames == len(rig.frames)
    # And a good driver is heard afterwards as ever.
    begin = int(rig.now_ns / MS / 50) + 1
    rig.frames.clear()
    for n in range(begin, begin + 30):
        rig.turn(n * 50)
        rig.info(n * 50)
        rig.picture(n * 50)
        rig.cloud(n * 50)
    rig.turn(rig.now_ns / MS + 600)
    assert rig.frames[-1].points is not None and rig.frames[-1].camera.fx_px == 30.0
