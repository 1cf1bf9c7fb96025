"""TF of a rig, where tf2_ros is installed: the gimbal's tree where its URDF is known, else the one transform of the extrinsics.

With a URDF: world -> root (where a simulator knows it) and the moving joints with each frame, the fixed joints once. Switch it
off where robot_state_publisher does that (`publish_tf`): two publishers of one transform contradict each other.
"""

from __future__ import annotations

from typing import Any

from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import Frame
from auxfocus_ros.rig.urdf import Robot
from auxfocus_ros.ros.transforms import make_transform

WORLD_FRAME = "world"


class TransformOutput:
    """Broadcasts transforms; does nothing without tf2_ros."""

    def __init__(self, node: Any, robot: Robot | None = None) -> None:
        """`robot`: the gimbal's tree of frames, or None."""
        self._robot = robot
        self._static, self._moving = _broadcasters(node)
        self._sent: RigidTransform | None = None
        if robot is not None and self._static is not None:
            fixed = [joint for joint in robot.joints.values() if joint.kind == "fixed"]
            self._static.sendTransform([make_transform(joint.parent_from_joint, joint.parent, joint.child) for joint in fixed])

    def send(self, frame: Frame, stamp_ns: int) -> None:
        """The transforms of a frame."""
        if self._robot is None:
            self._send_extrinsics(frame)
            return
        if self._moving is None:
            return
        shift_ns = stamp_ns - frame.stamp_ns
        transforms = []
        for reading in frame.joints:
            angles = dict(zip(reading.names, reading.positions_rad, strict=True))
            for joint in self._robot.moving_joints:
                if joint.name in angles:
                    transform = self._robot.transform(joint.parent, joint.child, angles)
                    transforms.append(make_transform(transform, joint.parent, joint.child, reading.stamp_ns + shift_ns))
        if frame.truth is not None:
            transforms.append(make_transform(frame.truth.world_from_base, WORLD_FRAME, self._robot.root, stamp_ns))
        if transforms:
            self._moving.sendTransform(transforms)

    def _send_extrinsics(self, frame: Frame) -> None:
        if self._static is None or frame.points is None or frame.optical_from_points is self._sent:
            return
        self._sent = frame.optical_from_points
        self._static.sendTransform(make_transform(frame.optical_from_points, frame.camera_frame, frame.points_frame))


def _broadcasters(node: Any) -> tuple[Any, Any]:
    """(static, moving) broadcasters of tf2_ros where it is installed, else (None, None): the wheels have none."""
    try:
        from tf2_ros import StaticTransformBroadcaster, TransformBroadcaster
    except ImportError:
        return None, None
    return StaticTransformBroadcaster(node), TransformBroadcaster(node)
