"""All that anybody needs of a motor that moves glass.

Time is handed in (`now_s`, seconds of any clock that never runs backwards), so that an actuator needs no thread and no sleep,
and a test needs no patience. Faults are told by the state, never raised: whoever looks at the state cannot miss them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from auxfocus_ros.lens.faults import Fault


@dataclass(frozen=True)
class ActuatorState:
    """What an actuator knows of itself.

    Attributes:
        position_steps: where the glass is, motor steps.
        goal_steps: where it is going, motor steps; NaN: nowhere.
        velocity_steps_per_s: of the glass, signed.
        moving: from the start of a move until the glass has settled.
        settled_at_s: when the glass last came to rest; None: not since start.
        settles_in_s: estimated time until it will have settled, seconds; 0 at rest.
        known_at_s: when all this was true; earlier than asked for while the connection is lost.
        fault: what is wrong.
        fault_text: the same in one line for a person; empty without a fault.
    """

    position_steps: float
    goal_steps: float
    velocity_steps_per_s: float
    moving: bool
    settled_at_s: float | None
    settles_in_s: float
    known_at_s: float
    fault: Fault = Fault.NONE
    fault_text: str = ""


class Actuator(Protocol):
    """A motor that moves glass. `now_s` never decreases from call to call."""

    def move_to(self, position_steps: float, now_s: float, max_speed_steps_per_s: float = 0.0) -> float:
        """Go there from wherever the glass is, moving or not, without a jump; a fault of an earlier move is forgotten.

        Args:
            position_steps: where to, motor steps, finite.
            now_s: the present time, seconds.
            max_speed_steps_per_s: bound on the speed; 0, or more than the motor's own: the motor's own.

        Returns:
            Seconds within which the glass has settled or a fault is known.
        """
        ...

    def stop(self, now_s: float) -> None:
        """Bring the glass to rest as soon as its deceleration allows."""
        ...

    def state(self, now_s: float) -> ActuatorState:
        """What is known at this time."""
        ...
