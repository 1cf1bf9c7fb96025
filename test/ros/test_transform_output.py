"""What a rig says on tf. tf2_ros is not in the wheels: its broadcasters are recorders here, which says nothing of upstream."""

from __future__ import annotations

import sys
import types
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig import Frame
from auxfocus_ros.rig.frame import JointReading, structured_points
from auxfocus_ros.rig.urdf import load_urdf
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.transform_output import TransformOutput
from auxfocus_ros.ros.transforms import read_transform


class Broadcaster:
    """Keeps what it was given, as one list."""

    sent: list[Any]

    def __init__(self, node: Any) -> None:
        type(self).sent = []

    def sendTransform(self, transforms: Any) -> None:
        type(self).sent += transforms if isinstance(transforms, list) else [transforms]


class Static(Broadcaster):
    """Latched ones."""


class Moving(Broadcaster):
    """Those of a moment."""


@pytest.fixture(autouse=True)
def tf2_ros(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("tf2_ros")
    vars(module).update(StaticTransformBroadcaster=Static, TransformBroadcaster=Moving)
    monkeypatch.setitem(sys.modules, "tf2_ros", module)


def frame(**fields: Any) -> Frame:
    return Frame(1_000, np.zeros((4, 6, 3), np.uint8), CameraModel(6, 4, 5.0, 5.0, 2.5, 1.5), **fields)


def test_a_gimbals_tree_is_said_fixed_joints_once_and_moving_ones_with_their_own_stamps() -> None:
    robot = load_urdf("pan_tilt_gimbal")
    output = TransformOutput(None, robot)
    fixed = {(t.header.frame_id, t.child_frame_id) for t in Static.sent}
    assert fixed == {(j.parent, j.child) for j in robot.joints.values() if j.kind == "fixed"}
    angles = {"pan_joint": 0.3, "tilt_joint": -0.2}
    reading = JointReading(900, tuple(angles), tuple(angles.values()))
    output.send(frame(joints=(reading,)), 51_000)  # the frame is shown 50 us after its own stamp
    by_child = {t.child_frame_id: t for t in Moving.sent}
    assert set(by_child) == {"pan_link", "tilt_link"}
    assert all(to_ns(t.header.stamp) == 50_900 for t in Moving.sent)
    expected = robot.transform("base_link", "pan_link", angles)
    assert read_transform(by_child["pan_link"]).rotation == pytest.approx(expected.rotation)
    # Together with the fixed ones they lead from the base to the camera.
    chain = {t.child_frame_id: t for t in (*Static.sent, *Moving.sent)}
    link, base_from_optical = "camera_optical_frame", RigidTransform.identity()
    while link != "base_link":
        base_from_optical = read_transform(chain[link]).compose(base_from_optical)
        link = chain[link].header.frame_id
    assert base_from_optical.as_matrix() == pytest.approx(
        robot.transform("base_link", "camera_optical_frame", angles).as_matrix()
    )


def test_without_a_gimbal_the_extrinsics_are_said_when_they_change() -> None:
    output = TransformOutput(None)
    seen = frame(points=structured_points(np.ones((3, 3))), points_frame="lidar")
    output.send(seen, 1_000)
    output.send(seen, 2_000)
    assert [(t.header.frame_id, t.child_frame_id) for t in Static.sent] == [("camera_optical_frame", "lidar")]
    output.send(replace(seen, optical_from_points=RigidTransform(np.eye(3), np.array([1.0, 0.0, 0.0]))), 3_000)
    assert len(Static.sent) == 2 and Moving.sent == []


def test_without_tf2_ros_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    TransformOutput(None, load_urdf("pan_tilt_gimbal")).send(frame(), 1_000)
