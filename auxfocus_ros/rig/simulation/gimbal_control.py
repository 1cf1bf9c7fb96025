"""How a gimbal's motors hold the view: where its joints should be, and with which torque they get there.

The controller sees what a real one sees: joint encoders and the platform's attitude of the step before. Its torque is limited,
so a platform that shakes harder than the motors can follow moves the picture.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.gimbal import JointLimits
from auxfocus_ros.rig.urdf import Robot

BANDWIDTH_HZ = 12.0
DAMPING_RATIO = 0.9
INTEGRAL_PER_S = 3.0
"""How fast a lasting error (friction, a motor against gravity) is worked off."""
AXIS_TOLERANCE = 1e-3


def check_pan_tilt(robot: Robot) -> None:
    """Raise ConfigurationError unless the gimbal is a pan about z that carries a tilt about y: what `stabilised_angles` knows."""
    joints = robot.moving_joints
    axes = [np.abs(np.asarray(joint.axis)) for joint in joints]
    wanted = [np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])]
    if len(joints) != 2 or any(np.abs(a - w).max() > AXIS_TOLERANCE for a, w in zip(axes, wanted, strict=True)):
        names = ", ".join(joint.name for joint in joints)
        raise ConfigurationError(
            f"the simulated gimbal '{robot.name}' has the joints {names}: wanted a pan about z, then a tilt about y"
        )


def looking_at(direction: np.ndarray) -> tuple[float, float]:
    """(pan, tilt) in radians that point x along a direction (3,) in the frame of the base; tilt is positive downward."""
    x, y, z = direction
    return math.atan2(y, x), -math.atan2(z, math.hypot(x, y))


def stabilised_angles(pan_rad: float, tilt_rad: float, base_from_level: np.ndarray) -> tuple[float, float]:
    """Joint angles on a platform that leans, which look where (pan, tilt) would look on a level one.

    Args:
        pan_rad, tilt_rad: on the level platform.
        base_from_level: (3, 3), rotates directions of the platform without its shaking into the platform as it is.

    Returns:
        (pan, tilt), radians, the pan within pi of the one asked for.
    """
    level = np.array([
        math.cos(tilt_rad) * math.cos(pan_rad), math.cos(tilt_rad) * math.sin(pan_rad), -math.sin(tilt_rad),
    ])  # fmt: skip
    pan, tilt = looking_at(base_from_level @ level)
    return pan + 2.0 * math.pi * round((pan_rad - pan) / (2.0 * math.pi)), tilt


class JointController:
    """Torque for each joint: proportional, derivative and a little integral, times the inertia, beside what gravity asks."""

    def __init__(self, limits: Sequence[JointLimits], inertia_kg_m2: np.ndarray) -> None:
        """Args: limits of each joint; inertia_kg_m2: (n,), about each joint, > 0."""
        self._effort = np.array([limit.max_effort_nm for limit in limits])
        self._inertia = inertia_kg_m2
        self._omega = 2.0 * math.pi * BANDWIDTH_HZ
        self._sum = np.zeros(len(limits))

    def reset(self) -> None:
        """Forget the past."""
        self._sum[:] = 0.0

    def torque(  # noqa: PLR0917 - the state of a joint
        self, angle: np.ndarray, speed: np.ndarray, wanted: np.ndarray, wanted_speed: np.ndarray, bias: np.ndarray, step_s: float
    ) -> np.ndarray:
        """Newton metres for each joint, within its effort.

        Args:
            angle, speed: measured, radians and radians per second. wanted, wanted_speed: the same of the reference.
            bias: torque that gravity and the joint's own motion ask for. step_s: time since the step before.
        """
        error = wanted - angle
        acceleration = self._omega**2 * (error + self._sum) + 2.0 * DAMPING_RATIO * self._omega * (wanted_speed - speed)
        torque = self._inertia * acceleration + bias
        limited = np.clip(torque, -self._effort, self._effort)
        # No winding up against a limit.
        self._sum = np.where(torque == limited, self._sum + INTEGRAL_PER_S * step_s * error, self._sum)
        return np.asarray(limited)
