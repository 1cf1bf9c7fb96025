"""Transforms that change with time: between two, beside them, through chains, and from recordings."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig.moving_transforms import MovingTransforms, interpolated
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.rig.static_transforms import StaticTransforms

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000


def about_z(angle_rad: float, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> RigidTransform:
    return RigidTransform.from_quaternion(0.0, 0.0, math.sin(angle_rad / 2), math.cos(angle_rad / 2), shift)


def same(a: RigidTransform, b: RigidTransform) -> bool:
    return bool(np.allclose(a.as_matrix(), b.as_matrix(), rtol=0, atol=1e-9))


def test_a_third_of_a_turn_and_of_a_way() -> None:
    between = interpolated(about_z(0.3, (1.0, 0.0, 0.0)), about_z(0.9, (4.0, 3.0, 0.0)), 1 / 3)
    assert same(between, about_z(0.5, (2.0, 1.0, 0.0)))


@given(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1), st.floats(0.0, 1.0))
def test_rotations_go_the_shortest_way(start_rad: float, turn_rad: float, share: float) -> None:
    assert same(interpolated(about_z(start_rad), about_z(start_rad + turn_rad), share), about_z(start_rad + share * turn_rad))


def gimbal() -> MovingTransforms:
    """base -> (turns: 0.1 rad at 1 s, 0.3 rad at 2 s) head -> eye; base -> lidar."""
    fixed = StaticTransforms()
    fixed.add("head", "eye", about_z(0.0, (0.5, 0.0, 0.0)))
    fixed.add("base", "lidar", about_z(0.0, (0.0, 0.0, 2.0)))
    moving = MovingTransforms(fixed)
    for seconds, angle_rad in ((1, 0.1), (2, 0.3)):
        moving.add(seconds * 10**9, "/base", "head", about_z(angle_rad))
    return moving


def test_through_a_moving_joint_both_ways() -> None:
    moving = gimbal()
    there = moving.lookup("lidar", "eye", 1_500_000_000)
    back = moving.lookup("eye", "lidar", 1_500_000_000)
    assert there is not None and back is not None
    # p_lidar = p_base - (0, 0, 2); p_base = Rz(0.2) (p_eye + (0.5, 0, 0))
    assert same(there.transform, about_z(0.2, (0.5 * math.cos(0.2), 0.5 * math.sin(0.2), -2.0)))
    assert same(there.transform.compose(back.transform), RigidTransform.identity())
    assert there.off_s == 0.0


def test_outside_the_known_time_the_nearest_and_by_how_much_it_is_off() -> None:
    moving = gimbal()
    for stamp_ns, angle_rad, off_s in ((400_000_000, 0.1, 0.6), (2_250_000_000, 0.3, 0.25), (1_000_000_000, 0.1, 0.0)):
        found = moving.lookup("base", "head", stamp_ns)
        assert found is not None and same(found.transform, about_z(angle_rad))
        assert found.off_s == pytest.approx(off_s)
    assert moving.reaches("base", "eye", 2_000_000_000) and not moving.reaches("base", "eye", 2_000_000_001)
    assert moving.reaches("base", "lidar", 10**18)  # nothing moves between them
    assert moving.lookup("base", "moon", 0) is None and not moving.reaches("base", "moon", 0)


def test_disorder_is_left_out_and_a_loop_begins_anew() -> None:
    moving = gimbal()
    moving.add(1_990_000_000, "base", "head", about_z(3.0))  # 10 ms late: disorder
    found = moving.lookup("base", "head", 2_000_000_000)
    assert found is not None and same(found.transform, about_z(0.3))
    moving.add(1_000_000_000, "base", "head", about_z(1.0))  # a second back: the recording loops
    found = moving.lookup("base", "head", 2_000_000_000)
    assert found is not None and same(found.transform, about_z(1.0)) and found.off_s == 1.0


def moving_message(bag: Any, stamp_ns: int, parent: str, child: str, transform: RigidTransform) -> None:
    x, y, z, w = transform.as_quaternion()
    shift = dict(zip("xyz", transform.translation_m.tolist(), strict=True))
    stamped = bag.make(
        "geometry_msgs/msg/TransformStamped",
        header=bag.header(stamp_ns, parent),
        child_frame_id=child,
        transform=bag.make(
            "geometry_msgs/msg/Transform",
            translation=bag.make("geometry_msgs/msg/Vector3", **shift),
            rotation=bag.make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w),
        ),
    )
    bag.add("/tf", bag.make("tf2_msgs/msg/TFMessage", transforms=[stamped]), stamp_ns)


def read(path: Path) -> tuple[list[RigidTransform], list[str]]:
    said: list[str] = []
    source = RecordingSource(path, on_problem=said.append)
    try:
        return [frame.optical_from_points for frame in source.frames()], said
    finally:
        source.close()


def test_a_recordings_extrinsics_follow_its_tf_which_comes_later_than_the_pictures(any_bag: Any, tmp_path: Path) -> None:
    any_bag.pairs(4)
    any_bag.static_transform("head", "camera_optical_frame", (0.0, 0.0, 0.0))
    any_bag.static_transform("base", "lidar", (0.0, 0.0, 2.0))
    for index in range(-1, 4):  # 30 ms after each picture; 1 rad a second
        moving_message(any_bag, START_NS + index * STEP_NS + 30_000_000, "base", "head", about_z(0.1 * index + 0.03))
    extrinsics, said = read(any_bag.write(tmp_path / "bag"))
    assert said == [] and len(extrinsics) == 4
    for index, found in enumerate(extrinsics):
        assert same(found, about_z(-0.1 * index, (0.0, 0.0, 2.0)))  # p_head = Rz(-angle) p_base


def test_tf_that_stops_is_said_once(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(5)
    moving_message(mcap_bag, START_NS, "lidar", "camera_optical_frame", about_z(0.5))
    extrinsics, said = read(mcap_bag.write(tmp_path / "bag"))
    assert all(same(found, about_z(-0.5)) for found in extrinsics)
    assert len(said) == 1 and "from 'lidar' to 'camera_optical_frame' is not known within 0.1 s of every picture" in said[0]


def test_frames_that_nothing_joins(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(2)
    moving_message(mcap_bag, START_NS, "map", "odom", about_z(0.5))
    extrinsics, said = read(mcap_bag.write(tmp_path / "bag"))
    assert all(same(found, RigidTransform.identity()) for found in extrinsics)
    assert len(said) == 1 and "no transform from 'lidar' to 'camera_optical_frame'" in said[0]
