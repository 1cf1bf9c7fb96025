"""Watching over one move until it has ended: reached, failed with the actuator's own reason, stopped, or overdue."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.lens.actuator import Actuator, ActuatorState
from auxfocus_ros.lens.faults import Fault
from auxfocus_ros.lens.goal import LensErrorCode

MARGIN_S = 1.0
"""What a move may take beyond the actuator's own bound before it counts as hung: a busy machine looks late."""

_CODE_OF_FAULT = {
    Fault.STALL: LensErrorCode.STALL,
    Fault.CONNECTION_LOST: LensErrorCode.CONNECTION_LOST,
    Fault.LOST_STEPS: LensErrorCode.LOST_STEPS,
    Fault.OTHER: LensErrorCode.OTHER,
}


@dataclass(frozen=True)
class MoveEnding:
    """How a move ended: `LensErrorCode.NONE` and no message when it got there."""

    code: LensErrorCode
    message: str = ""


class Move:
    """One move on an actuator, from its command to its ending. The actuator must not be commanded by others meanwhile."""

    def __init__(self, actuator: Actuator, position_steps: float, now_s: float, max_speed_steps_per_s: float = 0.0) -> None:
        """Set the actuator going; arguments as `Actuator.move_to`."""
        self._actuator = actuator
        self._stopping = False
        self.position_steps = position_steps
        self._bound_s = actuator.move_to(position_steps, now_s, max_speed_steps_per_s)
        self._overdue_at_s = now_s + self._bound_s + MARGIN_S

    def cancel(self, now_s: float) -> None:
        """Stop the glass; `poll` gives CANCELED once it rests."""
        if not self._stopping:
            self._stopping = True
            self._actuator.stop(now_s)

    def poll(self, now_s: float) -> tuple[ActuatorState, MoveEnding | None]:
        """The state now, and how the move ended once it has.

        An actuator that is overdue is told to stop, and the move ends with TIMEOUT.
        """
        state = self._actuator.state(now_s)
        if state.fault is not Fault.NONE:
            return state, MoveEnding(_CODE_OF_FAULT[state.fault], state.fault_text)
        if not state.moving:
            if self._stopping:
                text = f"canceled by the client; the glass rests at {state.position_steps:.1f} steps"
                return state, MoveEnding(LensErrorCode.CANCELED, text)
            return state, MoveEnding(LensErrorCode.NONE)
        if now_s > self._overdue_at_s:
            self._actuator.stop(now_s)
            text = (
                f"the glass has not settled at {self.position_steps:.1f} steps within {self._bound_s + MARGIN_S:.2f} s, "
                f"the longest this move could take; it is at {state.position_steps:.1f}"
            )
            return state, MoveEnding(LensErrorCode.TIMEOUT, text)
        return state, None
