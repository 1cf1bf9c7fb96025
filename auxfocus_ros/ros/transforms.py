"""Transforms between frames, as messages and as `optics.RigidTransform`.

A TransformStamped takes a point from its child frame into the frame of its header: p_parent = R p_child + t. The transform from
the cloud's frame to the optical frame therefore has the camera's frame in the header and the cloud's as child.
"""

from typing import Any

from geometry_msgs.msg import TransformStamped

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.ros.stamps import from_ns

__all__ = ["make_transform", "read_transform"]


def read_transform(msg: Any) -> RigidTransform:
    """The rigid transform that takes points of `msg.child_frame_id` into `msg.header.frame_id`.

    Raises:
        InputError: a quaternion of zeros, or numbers that are not finite; both frames are named.
    """
    rotation, translation = msg.transform.rotation, msg.transform.translation
    try:
        return RigidTransform.from_quaternion(
            rotation.x, rotation.y, rotation.z, rotation.w, (translation.x, translation.y, translation.z)
        )
    except InputError as error:
        raise InputError(f"the transform from {msg.child_frame_id!r} to {msg.header.frame_id!r}: {error}") from error


def make_transform(transform: RigidTransform, parent_frame: str, child_frame: str, stamp_ns: int = 0) -> TransformStamped:
    """The message of a transform that takes points of `child_frame` into `parent_frame`; stamp 0 for one that never changes."""
    message = TransformStamped(child_frame_id=child_frame)
    message.header.frame_id = parent_frame
    message.header.stamp = from_ns(stamp_ns)
    rotation, translation = message.transform.rotation, message.transform.translation
    rotation.x, rotation.y, rotation.z, rotation.w = (float(value) for value in transform.as_quaternion())
    translation.x, translation.y, translation.z = (float(value) for value in transform.translation_m)
    return message
