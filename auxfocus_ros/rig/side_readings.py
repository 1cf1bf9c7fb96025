"""What a recording says beside pictures and clouds: its lens, the gimbal's joints, a rangefinder; the recent past of each.

They come at times of their own; a frame takes what was known at its picture's stamp.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import JointReading, LensReading, RangeReading
from auxfocus_ros.rig.message_fields import FAULT_CONNECTION_LOST, FAULT_NONE

SIDE_ROLES = ("lens_state", "joint_states", "range")
KEPT = 512
JOINTS_KEPT = 4096  # until the next picture


class SideReadings:
    """The recent readings of one pass."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lens: deque[LensReading] = deque(maxlen=KEPT)
        self._ranges: deque[RangeReading] = deque(maxlen=KEPT)
        self._joints: deque[JointReading] = deque(maxlen=JOINTS_KEPT)

    def add(self, role: str, message: Any, stamp_ns: int) -> None:
        """Take a message of one of SIDE_ROLES. Raises InputError where its fields make no sense."""
        if role == "lens_state":
            self._lens.append(lens_reading(message, stamp_ns))
        elif role == "joint_states":
            self._joints.append(joint_reading(message, stamp_ns))
        else:
            self._ranges.append(range_reading(message, stamp_ns))

    def lens_at(self, stamp_ns: int) -> LensReading | None:
        """The last reading that is not after the picture; the first one where all are after it."""
        before = [reading for reading in self._lens if reading.stamp_ns <= stamp_ns]
        return before[-1] if before else (self._lens[0] if self._lens else None)

    def range_at(self, stamp_ns: int) -> RangeReading | None:
        """The reading that is nearest to the picture in time."""
        return min(self._ranges, key=lambda reading: abs(reading.stamp_ns - stamp_ns), default=None)

    def joints_until(self, stamp_ns: int) -> tuple[JointReading, ...]:
        """The readings that are not after the picture, oldest first; each is given once."""
        given = []
        while self._joints and self._joints[0].stamp_ns <= stamp_ns:
            given.append(self._joints.popleft())
        return tuple(given)


def lens_reading(message: Any, stamp_ns: int) -> LensReading:
    """A LensState message's part that goes with a frame. Raises InputError for another message of that name.

    Of a lens that does not answer nothing is known: its state is that of before, as live nodes take it.
    """
    try:
        said = LensReading(
            stamp_ns,
            float(message.position_steps),
            bool(message.moving),
            float(message.focus_distance_m),
            float(message.near_limit_m),
            float(message.far_limit_m),
        )
    except AttributeError as error:
        raise InputError(f"a lens state without the usual fields ({error})") from error
    if getattr(message, "fault_code", FAULT_NONE) == FAULT_CONNECTION_LOST:
        return LensReading(stamp_ns, math.nan, said.moving, math.nan, math.nan, math.nan)
    return said


def joint_reading(message: Any, stamp_ns: int) -> JointReading:
    """A sensor_msgs/JointState. Raises InputError where names and positions do not go together."""
    names, positions, velocities = tuple(message.name), tuple(map(float, message.position)), tuple(map(float, message.velocity))
    if len(positions) != len(names):
        raise InputError(f"joint states with {len(positions)} positions for {len(names)} joints: wanted one for each")
    return JointReading(stamp_ns, names, positions, velocities if len(velocities) == len(names) else ())


def range_reading(message: Any, stamp_ns: int) -> RangeReading:
    """A sensor_msgs/Range."""
    return RangeReading(
        stamp_ns,
        float(message.range),
        message.header.frame_id,
        float(message.min_range),
        float(message.max_range),
        float(message.field_of_view),
    )
