"""Lens, joints and rangefinder of a recording: each frame takes what was known at its picture's time."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.rig import Frame, parse_rig
from auxfocus_ros.rig.recording import RecordingSource

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000


def read(path: Path, rig: Any = None) -> tuple[list[Frame], RecordingSource, list[str]]:
    said: list[str] = []
    source = RecordingSource(path, parse_rig(rig, "rig") if rig else None, on_problem=said.append)
    try:
        return list(source.frames()), source, said
    finally:
        source.close()


def joints(
    bag: Any, stamp_ns: int, positions: list[float], topic: str = "/joint_states", names: tuple[str, ...] = ("pan", "tilt")
) -> None:
    message = bag.make(
        "sensor_msgs/msg/JointState", header=bag.header(stamp_ns, ""), name=list(names), position=np.array(positions),
        velocity=np.array([]), effort=np.array([]),
    )  # fmt: skip
    bag.add(topic, message, stamp_ns)


def distance(bag: Any, stamp_ns: int, range_m: float, topic: str = "/range") -> None:
    more = {} if bag.ros1 else {"variance": 0.0}
    message = bag.make(
        "sensor_msgs/msg/Range", header=bag.header(stamp_ns, "finder"), radiation_type=1, field_of_view=0.5, min_range=0.25,
        max_range=40.0, range=range_m, **more,
    )  # fmt: skip
    bag.add(topic, message, stamp_ns)


def test_joints_since_the_frame_before_each_once(any_bag: Any, tmp_path: Path) -> None:
    any_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    any_bag.pairs(3)
    for index in range(5):  # at -20, 30, 80, 130, 180 ms
        joints(any_bag, START_NS - 20_000_000 + index * STEP_NS // 2, [0.5 * index, 0.25])
    frames, source, said = read(any_bag.write(tmp_path / "bag"))
    assert said == [] and source.topics.joint_states == "/joint_states"
    assert [[reading.positions_rad[0] for reading in frame.joints] for frame in frames] == [[0.0], [0.5, 1.0], [1.5, 2.0]]
    reading = frames[1].joints[0]
    assert (reading.stamp_ns, reading.names, reading.velocities_rad_per_s) == (START_NS + 30_000_000, ("pan", "tilt"), ())


def test_the_nearest_range(any_bag: Any, tmp_path: Path) -> None:
    any_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    any_bag.pairs(2)
    for offset_ns, range_m in ((-30_000_000, 3.0), (5_000_000, 4.0), (STEP_NS - 10_000_000, math.inf)):
        distance(any_bag, START_NS + offset_ns, range_m)
    frames, _, said = read(any_bag.write(tmp_path / "bag"))
    assert said == []
    first, second = (frame.range for frame in frames)
    assert first is not None and second is not None
    # The first picture is given before the reading of 5 ms later has come.
    assert (first.range_m, second.range_m) == (3.0, math.inf)
    assert (first.frame, first.minimum_m, first.maximum_m, first.field_of_view_rad) == ("finder", 0.25, 40.0, 0.5)


def test_joint_states_that_make_no_sense_are_told_and_skipped(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    mcap_bag.pairs(2)
    joints(mcap_bag, START_NS + 1_000_000, [0.5])
    joints(mcap_bag, START_NS + 90_000_000, [0.5, 0.25])
    frames, source, said = read(mcap_bag.write(tmp_path / "bag"))
    assert [len(frame.joints) for frame in frames] == [0, 1]
    assert len(said) == 1 and "/joint_states at 0.001 s: joint states with 1 positions for 2 joints" in said[0]
    assert source.counts.unreadable == 1


def test_commands_are_no_joint_states_and_of_several_rangefinders_nobody_guesses(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(2)
    joints(mcap_bag, START_NS, [0.5, 0.5], "/gimbal/command")
    for topic in ("/range/front", "/range/down"):
        distance(mcap_bag, START_NS, 3.0, topic)
    path = mcap_bag.write(tmp_path / "bag")
    frames, source, _ = read(path)
    assert (source.topics.joint_states, source.topics.range) == (None, None)
    assert frames[0].joints == () and frames[0].range is None
    frames, source, _ = read(path, {"topics": {"range": "/range/front", "joint_states": "/arm/joint_states"}})
    assert (source.topics.joint_states, source.topics.range) == (None, "/range/front")
    assert frames[1].range is not None and frames[1].range.range_m == 3.0


@pytest.mark.parametrize("topic", ["/truth/depth", "/sim/truth/depth"])
def test_the_truth_is_taken_only_where_it_is_named(mcap_bag: Any, tmp_path: Path, topic: str) -> None:
    for index in range(2):
        stamp_ns = START_NS + index * STEP_NS
        mcap_bag.camera_info(stamp_ns)
        mcap_bag.image(stamp_ns)
        mcap_bag.image(stamp_ns, np.full((48, 64), 2.5, np.float32), "32FC1", topic)
    path = mcap_bag.write(tmp_path / "bag")
    frames, source, _ = read(path)
    assert source.topics.depth is None and not source.has_depth and frames[0].depth_m is None
    frames, source, _ = read(path, {"topics": {"depth": topic}})
    assert source.has_depth and frames[0].depth_m is not None and frames[0].depth_m[0, 0] == 2.5
