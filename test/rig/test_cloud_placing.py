"""Who is asked where a cloud stands, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.cloud_placing import CloudPlacer, FrameUnknown, JointFrames, LiveCloud, TransformNotYet
from auxfocus_ros.rig.frame import JointReading, structured_points
from auxfocus_ros.rig.joint_track import JointTrack
from auxfocus_ros.rig.urdf import load_urdf

MS = 1_000_000
NOW_NS = 1_700_000_000 * 10**9
CAMERA, GIMBAL, BASE = "camera_optical_frame", "lidar_gimbal_link", "lidar_base_link"


def shift(x_m: float) -> RigidTransform:
    return RigidTransform(np.eye(3), np.array([x_m, 0.0, 0.0]))


class Known:
    """A source that knows some frames, which stand still or move along x by the second."""

    def __init__(
        self, name: str, frames: tuple[str, ...], x_m: float, speed_m_per_s: float = 0.0, error: Exception | None = None
    ):
        self.name = name
        self._frames = frames
        self._x_m = x_m
        self._speed = speed_m_per_s
        self._error = error

    def connects(self, to_frame: str, from_frame: str) -> bool:
        return {to_frame, from_frame} <= set(self._frames)

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        if self._error is not None:
            raise self._error
        return shift(self._x_m + self._speed * (stamp_ns - NOW_NS) * 1e-9)

    def frames(self) -> tuple[str, ...]:
        return self._frames


def placer(given: RigidTransform | None, *sources: Known) -> CloudPlacer:
    return CloudPlacer(given, sources, "base_link")


def cloud(frame: str, stamp_ns: int = NOW_NS) -> LiveCloud:
    return LiveCloud(structured_points(np.array([[0.0, 0.0, 2.0]])), frame, stamp_ns)


def test_the_first_that_knows_both_frames() -> None:
    tf, urdf = Known("tf", (CAMERA, "lidar"), 1.0), Known("the URDF", (CAMERA, "lidar", BASE), 2.0)
    given = shift(3.0)
    assert placer(given, tf, urdf).extrinsics(CAMERA, "lidar", NOW_NS) is given
    assert placer(None, tf, urdf).extrinsics(CAMERA, "lidar", NOW_NS).translation_m[0] == 1.0
    assert placer(None, tf, urdf).extrinsics(CAMERA, BASE, NOW_NS).translation_m[0] == 2.0
    assert placer(None).extrinsics(CAMERA, CAMERA, NOW_NS).translation_m[0] == 0.0


def test_one_that_is_late_is_not_replaced_by_another() -> None:
    tf = Known("tf", (CAMERA, "lidar"), 1.0, error=TransformNotYet("late"))
    with pytest.raises(TransformNotYet):
        placer(None, tf, Known("the URDF", (CAMERA, "lidar"), 2.0)).place(cloud("lidar"), CAMERA, NOW_NS, True)


def test_nobody_knows() -> None:
    with pytest.raises(FrameUnknown, match=r"'os_lidar' stands to .*\(tf knows a, b\): give optical_from_points"):
        placer(None, Known("tf", ("b", "a"), 0.0)).place(cloud("os_lidar"), CAMERA, NOW_NS)
    with pytest.raises(FrameUnknown, match="there is neither tf2_ros nor a URDF"):
        placer(None).extrinsics(CAMERA, "os_lidar", NOW_NS)


def test_given_extrinsics_ride_with_the_camera() -> None:
    # The camera moves by 1 m/s along the base's x; the cloud is 0.1 s old, so what it saw is 0.1 m further back by now.
    moving = Known("tf", (CAMERA, "base_link"), 0.0, speed_m_per_s=1.0)
    placed = placer(shift(5.0), moving).place(cloud("os_lidar", NOW_NS - 100 * MS), CAMERA, NOW_NS)
    assert placed.moved and placed.points["x"][0] == pytest.approx(-0.1) and placed.optical_from_points.translation_m[0] == 5.0


def test_motion_that_may_still_come_is_waited_for_and_then_left_out() -> None:
    late = Known("tf", (CAMERA, "base_link"), 0.0, error=TransformNotYet("tf ends 0.3 s before"))
    old = cloud("os_lidar", NOW_NS - 100 * MS)
    with pytest.raises(TransformNotYet):
        placer(shift(5.0), late).place(old, CAMERA, NOW_NS)
    placed = placer(shift(5.0), late).place(old, CAMERA, NOW_NS, True)
    assert placed.points is old.points and not placed.moved and placed.unmoved_because == "tf ends 0.3 s before"
    gone = Known("tf", (CAMERA, "base_link"), 0.0, error=InputError("stopped"))
    assert placer(shift(5.0), gone).place(old, CAMERA, NOW_NS).unmoved_because == "stopped"


def test_without_a_fixed_frame_nothing_is_moved() -> None:
    old = cloud("lidar", NOW_NS - 100 * MS)
    placed = placer(None, Known("tf", (CAMERA, "lidar"), 1.0, speed_m_per_s=1.0)).place(old, CAMERA, NOW_NS)
    assert not placed.moved and placed.unmoved_because == ""


def test_times_of_points_that_make_no_sense_are_said_and_the_cloud_is_moved_as_one() -> None:
    moving = Known("tf", (CAMERA, "base_link", "lidar"), 0.0, speed_m_per_s=1.0)
    points = structured_points(np.zeros((2, 3)), time=np.array([0.0, 5000.0], np.float32))
    placed = placer(None, moving).place(LiveCloud(points, "lidar", NOW_NS - 100 * MS), CAMERA, NOW_NS)
    assert placed.moved and placed.points["x"] == pytest.approx([-0.1, -0.1])
    points = structured_points(np.zeros((2, 3)), time=np.array([5000.0, 5000.0], np.float32))
    placed = placer(None, moving).place(LiveCloud(points, "lidar", NOW_NS - 100 * MS), CAMERA, NOW_NS)
    assert placed.moved and "the cloud's field time says" in placed.unmoved_because


def test_absolute_times_are_by_the_clouds_own_clock() -> None:
    moving = Known("tf", (CAMERA, "base_link", "lidar"), 0.0, speed_m_per_s=1.0)
    ahead_ns = 7 * 10**9
    points = structured_points(np.zeros((2, 3)), timestamp=NOW_NS + ahead_ns + np.array([0.0, 1e8]))
    placed = placer(None, moving).place(LiveCloud(points, "lidar", NOW_NS, ahead_ns), CAMERA, NOW_NS)
    assert placed.points["x"] == pytest.approx([0.0, 0.1], abs=1e-5) and placed.unmoved_because == ""


class Joints:
    """The shipped gimbal with joint states by hand, and a clock."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.track = JointTrack()
        self.frames = JointFrames(load_urdf("pan_tilt_gimbal"), self.track, "/joint_states", 0.5, lambda: self.now_ns)

    def hear(self, stamp_ns: int, pan: float) -> None:
        self.track.add(JointReading(stamp_ns, ("pan_joint", "tilt_joint"), (pan, 0.0)))
        self.frames.heard_ns = self.now_ns


def test_where_no_joint_lies_between_nobody_needs_joint_states() -> None:
    joints = Joints()
    found = joints.frames.lookup(CAMERA, GIMBAL, NOW_NS)
    assert found is joints.frames.lookup(CAMERA, GIMBAL, NOW_NS + 1)
    # The lidar sits 0.045 m above the tilt axis and 0.01 m behind the camera: down is y, ahead is z.
    assert found.apply(np.zeros((1, 3)))[0] == pytest.approx([0.0, -0.045, -0.01])


def test_extrinsics_follow_the_joints() -> None:
    joints = Joints()
    joints.hear(NOW_NS - 10 * MS, 0.0)
    joints.hear(NOW_NS + 10 * MS, 0.2)
    direct = load_urdf("pan_tilt_gimbal").transform(CAMERA, BASE, {"pan_joint": 0.1, "tilt_joint": 0.0})
    assert joints.frames.lookup(CAMERA, BASE, NOW_NS).as_matrix() == pytest.approx(direct.as_matrix())


def test_joint_states_late_stopped_and_never() -> None:
    joints = Joints()
    with pytest.raises(TransformNotYet, match="no joint states on /joint_states yet, which say where tilt_joint and pan_joint"):
        joints.frames.lookup(CAMERA, BASE, NOW_NS)
    joints.now_ns = 4 * 10**9
    with pytest.raises(InputError, match="yet") as never:
        joints.frames.lookup(CAMERA, BASE, NOW_NS)
    assert not isinstance(never.value, TransformNotYet)
    joints.hear(NOW_NS - 300 * MS, 0.0)
    with pytest.raises(TransformNotYet, match=r"joint states on /joint_states end 0\.300 s before the picture"):
        joints.frames.lookup(CAMERA, BASE, NOW_NS)
    assert not joints.frames.stopped()
    joints.now_ns += 10**9
    with pytest.raises(InputError, match=r"the last came 1\.0 s ago") as stopped:
        joints.frames.lookup(CAMERA, BASE, NOW_NS)
    assert not isinstance(stopped.value, TransformNotYet) and joints.frames.stopped() and joints.frames.age_s() == 1.0
