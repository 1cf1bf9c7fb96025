"""Move the lens from a program: the client side of `lens/move`, with a bound on every wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.action import ActionClient
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.task import Future

from auxfocus_interfaces.action import MoveLens
from auxfocus_ros.errors import AuxfocusError, InputError

BY_NAME = {
    "position": MoveLens.Goal.BY_POSITION,
    "distance": MoveLens.Goal.BY_DISTANCE,
    "dioptre": MoveLens.Goal.BY_DIOPTRE,
}


class LensUnavailableError(AuxfocusError):
    """No answer from `lens/move` within the bound."""


@dataclass(frozen=True)
class MoveOutcome:
    """How a move ended: `reached`, else `error_code` (MoveLens.Result.ERROR_*) and `message` say why not."""

    reached: bool
    error_code: int
    message: str
    position_steps: float
    focus_distance_m: float
    duration_s: float


class LensClient:
    """Sends goals to `lens/move` from a node that somebody spins, or spins it itself with the executor it is given."""

    def __init__(self, node: Node, executor: Executor) -> None:
        """`executor` spins `node`; `move` turns it while it waits."""
        self._client: Any = ActionClient(node, MoveLens, "lens/move")
        self._executor = executor

    def wait_until_there(self, timeout_s: float) -> None:
        """Raises LensUnavailableError when no server shows up in time."""
        ends = time.monotonic() + timeout_s
        while not self._client.server_is_ready():
            if time.monotonic() > ends:
                raise LensUnavailableError(
                    f"no lens answers on lens/move after {timeout_s:g} s: is lens_actuator running and active?"
                )
            self._executor.spin_once(timeout_sec=0.05)

    def move(
        self,
        by: str,
        value: float,
        *,
        relative: bool = False,
        max_speed_steps_per_s: float = 0.0,
        timeout_s: float = 30.0,
        feedback: Callable[[Any], None] | None = None,
    ) -> MoveOutcome:
        """Move and wait for the end.

        Args:
            by: 'position' (motor steps), 'distance' (metres, inf allowed) or 'dioptre'.
            value: where to, or by how much when `relative`.
            relative: from the present position.
            max_speed_steps_per_s: 0: the lens's own.
            timeout_s: bound on the whole, seconds.
            feedback: called with each feedback message.

        Raises:
            InputError: `by` is unknown. LensUnavailableError: no answer in time.
        """
        if by not in BY_NAME:
            raise InputError(f"a lens moves by {', '.join(BY_NAME)}, not by '{by}'")
        self.wait_until_there(timeout_s)
        began = time.monotonic()
        goal = MoveLens.Goal(
            by=BY_NAME[by], relative=relative, value=float(value), max_speed_steps_per_s=float(max_speed_steps_per_s)
        )
        on_feedback = (lambda message: feedback(message.feedback)) if feedback is not None else None
        handle = self._wait(self._client.send_goal_async(goal, feedback_callback=on_feedback), began + timeout_s)
        answer = self._wait(handle.get_result_async(), began + timeout_s)
        result = answer.result
        return MoveOutcome(
            answer.status == GoalStatus.STATUS_SUCCEEDED,
            result.error_code,
            result.message,
            result.position_steps,
            result.focus_distance_m,
            time.monotonic() - began,
        )

    def close(self) -> None:
        """Let the action client go."""
        self._client.destroy()

    def _wait(self, future: Future, ends: float) -> Any:
        while not future.done():
            if time.monotonic() > ends:
                raise LensUnavailableError("the lens did not answer in time: see its log and /diagnostics")
            self._executor.spin_once(timeout_sec=0.02)
        return future.result()
