"""One position after the other for the lens, from a node that must not wait: the newest goal counts, and its end is told.

A goal that is sent while one of ours is under way takes over from it, and the end of the older one is not told. Between a goal
and the lens's answer the newest position waits, in place of an older one that waits: at most one goal is without an answer, and
results outstanding stay few. No end is told within a call of `go` or `stop`.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import AutofocusStatus
from auxfocus_ros.ros.stamps import to_ns

ANSWER_S = 2.0
"""How long a goal may be without an answer."""
MOST_RESULTS = 6
"""Results that are awaited at a time: rclpy loses replies from about 10 on."""
GONE = "no lens answers on lens/move: is lens_actuator running and active?"
_RESULT = MoveLens.Result
REASONS = {
    _RESULT.ERROR_NONE: AutofocusStatus.REASON_NONE,
    _RESULT.ERROR_OUT_OF_RANGE: AutofocusStatus.REASON_OUT_OF_RANGE,
    _RESULT.ERROR_TAKEN_OVER: AutofocusStatus.REASON_LENS_BUSY,
    _RESULT.ERROR_CANCELED: AutofocusStatus.REASON_CANCELED,
    _RESULT.ERROR_SHUTTING_DOWN: AutofocusStatus.REASON_NO_LENS,
    _RESULT.ERROR_NOT_ACTIVE: AutofocusStatus.REASON_NO_LENS,
}
"""MoveLens.Result.ERROR_* -> AutofocusStatus.REASON_*; every other one is LENS_FAULT."""
WORDS = {
    _RESULT.ERROR_TAKEN_OVER: "somebody else has taken the lens over: ",
    _RESULT.ERROR_CANCELED: "somebody has stopped the lens: ",
}


@dataclass(frozen=True)
class MoveAnswer:
    """How a move ended.

    reason: AutofocusStatus.REASON_*. position_steps: where the glass is, NaN: unknown. settled_ns: when it came to rest, 0:
    unknown.
    """

    reason: int
    message: str
    position_steps: float = math.nan
    settled_ns: int = 0


@dataclass(eq=False)
class _Goal:
    position_steps: float
    since_s: float = 0.0
    handle: Any = None
    replaced: bool = False
    stopped: bool = False


class LensMoves:
    """The client of `lens/move`; to be used in the executor's thread alone."""

    def __init__(self, client: Any, ended: Callable[[MoveAnswer], None], clock: Callable[[], float] = time.monotonic) -> None:
        """client: an ActionClient of `lens/move`. ended: told the end of the newest move. clock: steady seconds."""
        self._client = client
        self._ended = ended
        self._clock = clock
        self._waiting: _Goal | None = None
        self._unanswered: _Goal | None = None
        self._running: list[_Goal] = []
        self._newest: _Goal | None = None
        self._answers: deque[tuple[_Goal, MoveAnswer]] = deque()
        self.sent = 0

    @property
    def available(self) -> bool:
        """Whether there is a server."""
        return bool(self._client.server_is_ready())

    def go(self, position_steps: float) -> None:
        """Go there, in place of where the lens was sent before."""
        goal = self._newest = _Goal(float(position_steps))
        if not self.available:
            self._answers.append((goal, MoveAnswer(AutofocusStatus.REASON_NO_LENS, GONE)))
            return
        self._waiting = goal
        self._send()

    def stop(self) -> None:
        """Stop the glass where it is, if it moves by a goal of ours; the newest move then ends as canceled."""
        waiting, self._waiting = self._waiting, None
        for goal in (self._unanswered, *self._running):
            if goal is not None and not goal.stopped:
                goal.stopped = True
                if goal.handle is not None:
                    goal.handle.cancel_goal_async()
        if waiting is not None:
            self._answers.append((waiting, MoveAnswer(AutofocusStatus.REASON_CANCELED, "stopped")))

    def forget(self) -> None:
        """Whatever is under way, its end is nobody's business any more."""
        self._newest = self._waiting = None

    def tick(self) -> None:
        """Tell what was known at once, and give up what is not answered; to be called some times a second."""
        while self._answers:
            self._end(*self._answers.popleft())
        goal = self._unanswered
        if goal is not None and self._clock() - goal.since_s > ANSWER_S:
            self._unanswered = None
            self._end(goal, MoveAnswer(AutofocusStatus.REASON_NO_LENS, GONE))

    def close(self) -> None:
        """Let the action client go."""
        self.forget()
        self._client.destroy()

    def _send(self) -> None:
        if self._waiting is None or self._unanswered is not None or len(self._running) >= MOST_RESULTS:
            return
        goal, self._waiting = self._waiting, None
        for older in self._running:
            older.replaced = True
        self._unanswered, goal.since_s = goal, self._clock()
        self.sent += 1
        wish = MoveLens.Goal(by=MoveLens.Goal.BY_POSITION, value=goal.position_steps)
        self._client.send_goal_async(wish).add_done_callback(lambda future: self._accepted(goal, future))

    def _accepted(self, goal: _Goal, future: Any) -> None:
        handle: Any = None if future.exception() is not None else future.result()
        taken = handle is not None and handle.accepted
        if self._unanswered is not goal:  # given up already: it must not move the lens now
            if taken:
                handle.cancel_goal_async()
            return
        self._unanswered = None
        if not taken:
            self._end(goal, MoveAnswer(AutofocusStatus.REASON_LENS_FAULT, "the lens does not take the goal"))
        else:
            goal.handle = handle
            self._running.append(goal)
            handle.get_result_async().add_done_callback(lambda future: self._finished(goal, future))
            if goal.stopped:
                handle.cancel_goal_async()
        self._send()

    def _finished(self, goal: _Goal, future: Any) -> None:
        self._running.remove(goal)
        if future.exception() is not None:
            words = f"the lens did not say how it ended: {' '.join(str(future.exception()).split())}"
            self._end(goal, MoveAnswer(AutofocusStatus.REASON_LENS_FAULT, words))
        else:
            self._end(goal, read_move_answer(future.result()))
        self._send()

    def _end(self, goal: _Goal, answer: MoveAnswer) -> None:
        if goal is self._newest:
            self._newest = None
            self._ended(answer)


def read_move_answer(answer: Any) -> MoveAnswer:
    """A result of `lens/move` with its status."""
    result, code = answer.result, int(answer.result.error_code)
    reason = REASONS.get(code, AutofocusStatus.REASON_LENS_FAULT)
    if answer.status != GoalStatus.STATUS_SUCCEEDED and reason == AutofocusStatus.REASON_NONE:
        reason = AutofocusStatus.REASON_LENS_FAULT
    message = (
        result.message
        if reason == AutofocusStatus.REASON_NONE
        else WORDS.get(code, "") + (result.message or f"the lens says error {code}")
    )
    return MoveAnswer(reason, message, float(result.position_steps), to_ns(result.settled_stamp))
