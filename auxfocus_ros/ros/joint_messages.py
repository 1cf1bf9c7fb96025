"""Joint states and gimbal commands between sensor_msgs/JointState and the rig's own types."""

from __future__ import annotations

import math
from typing import Any

from sensor_msgs.msg import JointState

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import JointReading
from auxfocus_ros.rig.gimbal import GimbalCommand
from auxfocus_ros.ros.stamps import from_ns, to_ns

__all__ = ["make_joint_state", "read_gimbal_command", "read_joint_state"]

MOST_JOINTS = 64
"""A command or state of more joints than this is garbage."""


def make_joint_state(reading: JointReading, stamp_ns: int | None = None) -> JointState:
    """The message of a reading, with its own stamp or another."""
    message = JointState(
        name=list(reading.names), position=list(reading.positions_rad), velocity=list(reading.velocities_rad_per_s)
    )
    message.header.stamp = from_ns(reading.stamp_ns if stamp_ns is None else stamp_ns)
    return message


def read_joint_state(message: Any) -> JointReading:
    """A reading of the joints that have a position.

    Raises:
        InputError: names and positions that do not go together, or numbers that are not finite.
    """
    names, positions = tuple(message.name), tuple(float(value) for value in message.position)
    if len(names) != len(positions) or not 0 < len(names) <= MOST_JOINTS:
        raise InputError(
            f"joint states with {len(names)} names and {len(positions)} positions: wanted as many of each, at least one"
        )
    wrong = [name for name, value in zip(names, positions, strict=True) if not math.isfinite(value)]
    if wrong:
        raise InputError(f"joint states: the position of '{wrong[0]}' is not a finite number")
    speeds = tuple(float(value) for value in message.velocity)
    if len(speeds) != len(names) or not all(math.isfinite(value) for value in speeds):
        speeds = ()
    return JointReading(to_ns(message.header.stamp), names, positions, speeds)


def read_gimbal_command(message: Any) -> GimbalCommand:
    """A command from `gimbal/command`: names, and for each an angle, a rate, or both (the rate is then how fast to go there).

    Raises:
        InputError: more joints than any gimbal has; all else is checked by who knows the gimbal (`rig.gimbal`).
    """
    if max(len(message.name), len(message.position), len(message.velocity)) > MOST_JOINTS:
        raise InputError(f"gimbal/command names {len(message.name)} joints: at most {MOST_JOINTS}")
    return GimbalCommand(tuple(message.name), tuple(message.position), tuple(message.velocity))
