"""What the writer writes is read back by others (rosbags, from the file's own definitions) and by our own reader."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import Frame, fields_xyz
from auxfocus_ros.rig.frame import JointReading
from auxfocus_ros.rig.frame_recorder import FrameRecorder
from auxfocus_ros.rig.message_types import definitions_dir, make_message, message_store, serialized
from auxfocus_ros.rig.picture_encoding import encode_picture
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.rig.recording_writer import RecordingWriter

TRUTH_TYPES = {
    "/truth/labels": "sensor_msgs/msg/Image",
    "/truth/depth": "sensor_msgs/msg/Image",
    "/truth/defocus": "sensor_msgs/msg/Image",
    "/truth/focus": "auxfocus_interfaces/msg/FocusTruth",
}


def write(path: Path, by_hand: Any, frames: list[Frame], quality: int | None = None) -> Path:
    with RecordingWriter(path) as writer:
        recorder = FrameRecorder(writer, by_hand.ROBOT, by_hand.LENS)
        for frame in frames:
            recorder.add(frame, encode_picture(frame.picture, quality))
    return path


def messages(path: Path) -> dict[str, list[Any]]:
    """All messages by topic, decoded with nothing but the definitions in the file."""
    from rosbags.highlevel import AnyReader

    found: dict[str, list[Any]] = {}
    with AnyReader([path]) as reader:
        for connection, _, data in reader.messages():
            found.setdefault(connection.topic, []).append(reader.deserialize(data, connection.msgtype))
        types = {connection.topic: connection.msgtype for connection in reader.connections}
    assert types.items() >= {topic: kind for topic, kind in TRUTH_TYPES.items() if topic in found}.items()
    return found


def pixels(message: Any, kind: str) -> np.ndarray:
    return np.frombuffer(message.data, kind).reshape(message.height, message.width)


def test_truth_is_read_back_from_the_files_own_definitions(by_hand: Any, tmp_path: Path) -> None:
    frame = by_hand.simulated_frame(2)
    found = messages(write(tmp_path / "run.mcap", by_hand, [frame]))
    assert set(found) == {
        "/camera/image_raw/compressed", "/camera/camera_info", "/points", "/lens/state", "/joint_states", "/range", "/tf",
        "/tf_static", *TRUTH_TYPES,
    }  # fmt: skip
    (labels,), (depth,), (defocus,), (focus,) = (found[topic] for topic in TRUTH_TYPES)
    assert (labels.encoding, depth.encoding, defocus.encoding) == ("16UC1", "32FC1", "32FC1")
    np.testing.assert_array_equal(pixels(labels, "<u2"), frame.truth.labels)
    np.testing.assert_array_equal(pixels(depth, "<f4"), frame.truth.depth_m)
    np.testing.assert_array_equal(pixels(defocus, "<f4"), frame.truth.defocus_px)
    for message in (labels, depth, defocus, focus):
        # 1 s + 2 * 0.05 s
        assert (message.header.stamp.sec, message.header.stamp.nanosec) == (1, 100_000_000)
        assert message.header.frame_id == "camera_optical_frame"
    assert (focus.scene, focus.seed, focus.light_level) == ("by_hand", 7, 0.5)
    assert (focus.scene_time_s, focus.exposure_s) == (pytest.approx(0.102), 0.004)
    assert focus.lens_position_steps == 1300.0
    assert focus.focus_distance_m == pytest.approx(by_hand.LENS.focus_distance_m(1300.0))
    turn, shift = focus.world_from_base.rotation, focus.world_from_base.translation
    assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx((0.0, 0.0, 0.6, 0.8))
    assert (shift.x, shift.y, shift.z) == (1.0, 2.0, 1.5)


def test_every_field_of_a_true_thing(by_hand: Any, tmp_path: Path) -> None:
    frame = by_hand.simulated_frame(0)
    thing = frame.truth.things[0]
    seen, hidden = messages(write(tmp_path / "run.mcap", by_hand, [frame]))["/truth/focus"][0].things
    assert (seen.name, seen.moving, seen.pixels) == ("walker", True, 30)
    for name in ("best_position_steps", "error_steps", "error_dpt", "blur_radius_px"):
        assert getattr(seen, name) == getattr(thing, name)
    target = seen.target
    assert (target.id, target.label, target.state, target.source) == (1, "person", target.STATE_TRACKED, target.SOURCE_OBJECT)
    assert (target.selected, target.confidence, target.in_focus, target.point_count) == (False, 1.0, True, 30)
    roi = target.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height, roi.do_rectify) == (10, 4, 5, 6, False)
    assert (target.position_m.x, target.position_m.y, target.position_m.z) == (-0.125, 0.0625, 4.25)
    assert (target.depth_m, target.depth_near_m, target.depth_far_m, target.depth_sigma_m) == (4.0, 3.75, 4.5, 0.0)
    assert target.depth_velocity_m_per_s == 1.5  # along the optical axis
    assert (target.last_seen.sec, target.header.stamp.sec, target.header.frame_id) == (1, 1, "camera_optical_frame")
    assert (hidden.name, hidden.pixels, hidden.target.state) == ("parked_van", 0, target.STATE_LOST)
    assert (hidden.target.position_m.z, hidden.target.last_seen.sec, hidden.target.roi.width) == (-8.0, 0, 0)
    for name in ("depth_m", "depth_sigma_m", "depth_near_m", "depth_far_m"):
        assert math.isnan(getattr(hidden.target, name))
    assert math.isnan(hidden.best_position_steps) and math.isnan(hidden.blur_radius_px)


def test_lens_states_joints_and_ranges(by_hand: Any, tmp_path: Path) -> None:
    frames = [by_hand.simulated_frame(0), by_hand.simulated_frame(1), by_hand.simulated_frame(2, position_steps=1050.0)]
    found = messages(write(tmp_path / "run", by_hand, frames))
    first, _, last = found["/lens/state"]
    lens = by_hand.LENS
    assert (first.lens_name, first.position_steps, first.moving, first.fault_code) == ("bench_25mm", 1300.0, False, 0)
    assert first.focus_distance_m == pytest.approx(lens.focus_distance_m(1300.0))
    assert first.sensor_distance_m == pytest.approx(lens.sensor_distance_m(1300.0))
    assert (first.min_position_steps, first.max_position_steps) == (1050.0, 2100.0)
    assert (first.focal_length_m, first.f_number, first.pixel_pitch_m) == (0.025, 2.4, lens.pixel_pitch_m)
    assert math.isnan(first.goal_position_steps) and (first.settled_stamp.sec, first.settled_stamp.nanosec) == (0, 0)
    # It has been put elsewhere before the last picture, at 1.1 s.
    assert last.position_steps == 1050.0 and (last.settled_stamp.sec, last.settled_stamp.nanosec) == (1, 100_000_000)
    joints = found["/joint_states"]
    assert len(joints) == 1 + 5 + 5
    assert joints[0].name == ["pan_joint", "tilt_joint"] and joints[0].position.tolist() == [0.0, 0.25]
    assert joints[-1].position.tolist() == pytest.approx([2.0 * 0.1, 0.25]) and joints[-1].velocity.tolist() == [2.0, 0.0]
    ranges = found["/range"]
    assert [message.range for message in ranges] == [math.inf, 3.5, 3.5]
    assert (ranges[0].radiation_type, ranges[0].header.frame_id) == (ranges[0].INFRARED, "rangefinder_link")
    assert (ranges[0].min_range, ranges[0].max_range, ranges[0].field_of_view) == (pytest.approx(0.2), 50.0, 0.0625)


@pytest.mark.parametrize("mount", ["gimbal", "fixed"])
def test_our_reader_gives_the_frames_back(by_hand: Any, tmp_path: Path, mount: str) -> None:
    written = [by_hand.simulated_frame(index, mount=mount) for index in range(4)]
    said: list[str] = []
    source = RecordingSource(write(tmp_path / "run.mcap", by_hand, written), on_problem=said.append)
    frames = list(source.frames())
    source.close()
    assert said == [] and len(frames) == 4
    assert source.topics.depth is None  # the true depth is no sensor's
    for before, after in zip(written, frames, strict=True):
        np.testing.assert_array_equal(after.picture, before.picture)
        np.testing.assert_array_equal(fields_xyz(after.points), fields_xyz(before.points))
        assert (after.stamp_ns, after.camera, after.points_frame) == (before.stamp_ns, before.camera, before.points_frame)
        assert after.points_offset_s == pytest.approx(0.002)
        assert (after.lens, after.joints) == (before.lens, before.joints)
        np.testing.assert_allclose(
            after.optical_from_points.as_matrix(), before.optical_from_points.as_matrix(), rtol=0, atol=1e-9
        )
    still = frames[0].optical_from_points is frames[3].optical_from_points
    assert still == (mount == "gimbal")
    assert [frame.range.range_m for frame in frames if frame.range] == [math.inf, 3.5, 3.5, 3.5]


def test_a_depth_camera_and_no_truth(by_hand: Any, tmp_path: Path) -> None:
    written = [by_hand.simulated_frame(index, depth=True, truth=False) for index in range(2)]
    path = write(tmp_path / "run.mcap", by_hand, written)
    assert not [topic for topic in messages(path) if "truth" in topic]
    source = RecordingSource(path)
    frames = list(source.frames())
    source.close()
    assert source.topics.depth == "/depth/image_raw"
    for before, after in zip(written, frames, strict=True):
        assert after.points is None and before.depth_m is not None and after.depth_m is not None
        np.testing.assert_array_equal(after.depth_m, before.depth_m)


def test_the_same_frames_give_the_same_bytes(by_hand: Any, tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        frames = [by_hand.simulated_frame(index) for index in range(3)]
        files.append(write(tmp_path / folder / "run.mcap", by_hand, frames, quality=90).read_bytes())
    assert files[0] == files[1]
    other = write(tmp_path / "run.mcap", by_hand, [by_hand.simulated_frame(index) for index in (0, 1, 3)], quality=90)
    assert other.read_bytes() != files[0]


def test_who_joins_late_learns_of_fixed_frames_and_lens(by_hand: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "run", by_hand, [by_hand.simulated_frame(0), by_hand.simulated_frame(1)])
    from rosbags.rosbag2 import Reader

    with Reader(path) as reader:
        qos = {connection.topic: connection.ext.offered_qos_profiles for connection in reader.connections}
    latched = [topic for topic, profiles in qos.items() if profiles and profiles[0].durability.name == "TRANSIENT_LOCAL"]
    assert sorted(latched) == ["/lens/state", "/tf_static"]
    (fixed,) = messages(path)["/tf_static"]  # all in one: a late joiner gets the last message alone
    children = {stamped.child_frame_id for stamped in fixed.transforms}
    assert {"camera_optical_frame", "lidar_gimbal_link", "lidar_base_link", "rangefinder_link"} <= children
    moving = {stamped.child_frame_id for message in messages(path)["/tf"] for stamped in message.transforms}
    assert moving == {"pan_link", "tilt_link", "base_link"}


def test_type_hashes_are_those_of_the_built_interfaces() -> None:
    built = Path(sys.prefix) / "share" / "auxfocus_interfaces" / "msg"
    if not built.is_dir():
        pytest.skip("auxfocus_interfaces is not installed here")
    store = message_store()
    for file in definitions_dir().glob("*.msg"):
        kind = f"auxfocus_interfaces/msg/{file.stem}"
        about = json.loads((built / f"{file.stem}.json").read_text())
        assert [h["hash_string"] for h in about["type_hashes"] if h["type_name"] == kind] == [store.hash_rihs01(kind)]


@pytest.mark.parametrize("quality", [None, 40])
def test_pictures_are_png_without_loss_or_jpeg(by_hand: Any, quality: int | None) -> None:
    picture = cv2.GaussianBlur(by_hand.simulated_frame(0).picture, (0, 0), 4.0)
    encoded = encode_picture(picture, quality)
    decoded = cv2.imdecode(np.frombuffer(encoded.data, np.uint8), cv2.IMREAD_UNCHANGED)
    worst = np.abs(decoded.astype(int) - picture).max()
    assert (encoded.kind, encoded.suffix) == (("png", ".png") if quality is None else ("jpeg", ".jpg"))
    assert worst == 0 if quality is None else 0 < worst < 60


def test_what_cannot_be_written_is_said(by_hand: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="quality of 0: wanted 1 to 100"):
        encode_picture(np.zeros((4, 4), np.uint8), 0)
    with RecordingWriter(tmp_path / "a.mcap") as writer:
        with pytest.raises(InputError, match=r"float64 for /depth/image_raw: wanted uint16 .* or float32"):
            writer.add_depth(0, "camera", np.zeros((4, 4)))
        with pytest.raises(InputError, match="2 names with 1 positions and 0 velocities"):
            writer.add_joints(JointReading(0, ("pan", "tilt"), (0.0,)))
        with pytest.raises(InputError, match="picture of uint16"):
            writer.add_picture(0, "camera", np.zeros((4, 4), np.uint16), "mono8")
        writer.add_transform(0, "a", "b", RigidTransform.identity(), static=True)
    with pytest.raises(ConfigurationError, match="there already"):
        RecordingWriter(tmp_path / "a.mcap")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mcap"]


def test_only_a_single_file_is_replaced_and_only_by_a_whole_one(tmp_path: Path) -> None:
    for name in ("a.mcap", "folder"):
        with RecordingWriter(tmp_path / name) as writer:
            writer.add_transform(0, "a", "b", RigidTransform.identity(), static=True)
    before = (tmp_path / "a.mcap").read_bytes()
    with pytest.raises(ConfigurationError, match="there already"):
        RecordingWriter(tmp_path / "folder", replace=True)
    with pytest.raises(ZeroDivisionError), RecordingWriter(tmp_path / "a.mcap", replace=True):
        raise ZeroDivisionError
    assert (tmp_path / "a.mcap").read_bytes() == before
    with RecordingWriter(tmp_path / "a.mcap", replace=True) as writer:
        writer.add_serialized("/said", "std_msgs/msg/String", serialized("std_msgs/msg/String", {"data": "new"}), 7)
    (message,) = messages(tmp_path / "a.mcap")["/said"]
    assert message.data == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mcap", "folder"]


def test_a_recording_that_failed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), RecordingWriter(tmp_path / "a.mcap") as writer:
        writer.add_transform(0, "a", "b", RigidTransform.identity(), static=True)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_messages_of_plain_values() -> None:
    store = message_store()
    with pytest.raises(TypeError, match="frame"):
        make_message(store, "std_msgs/msg/Header", {"stamp": {"sec": 1, "nanosec": 2}, "frame": "x"})
    message = make_message(store, "std_msgs/msg/Header", {"stamp": {"sec": 1, "nanosec": 2}, "frame_id": "x"})
    assert (message.stamp.nanosec, message.frame_id) == (2, "x")
