"""Wishes for the focus into goals for the lens: the newest wish wins, and one goal at most is without an answer.

A drag sends wishes faster than a lens can be asked. The first is sent as a goal at once. While the lens has not yet said whether
it takes that goal, the newest wish waits, and takes the place of an older one that waits. With the answer the waiting wish is
sent, and takes over from the goal under way: the glass goes on from where it is, with the speed that it has. So the lens hears
as many wishes as it can answer, never one that is older than another it has heard, and the last one always.

Every wish gets one answer: when its goal has ended, or when it is replaced.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal

from auxfocus_interfaces.action import MoveLens
from auxfocus_ros.ros.timed_calls import TimedCalls

Answer = Callable[[bool, str], None]
BY_NAME = {
    "position": MoveLens.Goal.BY_POSITION,
    "distance": MoveLens.Goal.BY_DISTANCE,
    "dioptre": MoveLens.Goal.BY_DIOPTRE,
}
REPLACED = "replaced by a newer wish"
STOPPED = "stopped"
GONE = "the lens does not answer: is lens_actuator running and active?"
ANSWER_S = 2.0
"""How long a goal may be without an answer."""
RESULT_S = 60.0
MOST_RESULTS = 8
"""Results that are awaited at a time: rclpy loses replies from about 10 on."""
HARMLESS = (MoveLens.Result.ERROR_NONE, MoveLens.Result.ERROR_TAKEN_OVER, MoveLens.Result.ERROR_CANCELED)


@dataclass(eq=False)
class _Wish:
    """A wish, from its coming to its answer. since_s: when it was sent, then when it was accepted."""

    owner: int
    goal: MoveLens.Goal
    answer: Answer
    since_s: float = 0.0
    handle: Any = None
    replaced: bool = False
    stopped: bool = False


class LensGoals:
    """The client of `lens/move`; to be used in the executor's thread alone."""

    def __init__(
        self,
        client: Any,
        cancel_client: Any,
        calls: TimedCalls,
        ended: Callable[[int, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make it over an action client of `lens/move`.

        Args:
            client: the ActionClient.
            cancel_client: a client of its service `cancel_goal`, by which goals of others are canceled too.
            calls: for calls of that.
            ended: told each goal's end that means something: (MoveLens.Result.ERROR_*, message); replaced ones are not told.
            clock: steady seconds.
        """
        self._client = client
        self._cancel_client = cancel_client
        self._calls = calls
        self._ended = ended
        self._clock = clock
        self._waiting: _Wish | None = None
        self._unanswered: _Wish | None = None
        self._running: list[_Wish] = []
        self.sent = 0
        self.replaced = 0

    @property
    def unanswered(self) -> int:
        """Goals without an answer: 0 or 1."""
        return int(self._unanswered is not None)

    def wish(self, owner: int, by: str, value: float, answer: Answer) -> None:
        """Focus there. owner: who wishes; by: 'position' (motor steps), 'distance' (metres, inf allowed) or 'dioptre'."""
        wish = _Wish(owner, MoveLens.Goal(by=BY_NAME[by], value=float(value)), answer)
        if not self._client.server_is_ready():
            answer(False, GONE)
            return
        self._drop_waiting(REPLACED)
        self._waiting = wish
        self._send()

    def stop(self, answer: Answer) -> None:
        """Cancel what is under way, whoever wished it, and drop what waits."""
        self._drop_waiting(STOPPED)
        ours = [wish for wish in (self._unanswered, *self._running) if wish is not None]
        for wish in ours:
            wish.stopped = True
            if wish.handle is not None:
                wish.handle.cancel_goal_async()

        def canceled(response: Any, words: str) -> None:
            if response is None:
                answer(False, words)
            else:
                answer(True, "stopped" if ours or response.goals_canceling else "nothing was moving")

        self._calls.call(self._cancel_client, CancelGoal.Request(), canceled)

    def drop(self, owner: int) -> None:
        """Whoever wished this has gone: what it has waiting is dropped, what was sent is not."""
        if self._waiting is not None and self._waiting.owner == owner:
            self._drop_waiting("its viewer has gone")

    def tick(self) -> None:
        """Give up what will not be answered any more; to be called some times a second."""
        now_s = self._clock()
        if self._unanswered is not None and now_s - self._unanswered.since_s > ANSWER_S:
            overdue, self._unanswered = self._unanswered, None
            overdue.answer(False, GONE)
            self._ended(MoveLens.Result.ERROR_OTHER, GONE)
        gone = bool(self._running) and not self._client.server_is_ready()
        for wish in [wish for wish in self._running if gone or now_s - wish.since_s > RESULT_S]:
            self._running.remove(wish)
            wish.answer(False, REPLACED if wish.replaced else GONE)
        self._send()

    def close(self) -> None:
        """Let the action client go; whoever waits is told."""
        self._drop_waiting("the panel is shutting down")
        self._client.destroy()

    # One wish

    def _send(self) -> None:
        if self._waiting is None or self._unanswered is not None or len(self._running) >= MOST_RESULTS:
            return
        wish, self._waiting = self._waiting, None
        for older in self._running:
            older.replaced = True
        self._unanswered, wish.since_s = wish, self._clock()
        self.sent += 1
        self._client.send_goal_async(wish.goal).add_done_callback(lambda future: self._accepted(wish, future))

    def _accepted(self, wish: _Wish, future: Any) -> None:
        handle = None if future.exception() is not None else future.result()
        if self._unanswered is not wish:  # given up already: it must not move the lens now
            if handle is not None and handle.accepted:
                handle.cancel_goal_async()
            return
        self._unanswered = None
        if handle is None or not handle.accepted:
            wish.answer(False, "the lens does not take the goal")
        else:
            wish.handle, wish.since_s = handle, self._clock()
            self._running.append(wish)
            handle.get_result_async().add_done_callback(lambda future: self._finished(wish, future))
            if wish.stopped:
                handle.cancel_goal_async()
        self._send()

    def _finished(self, wish: _Wish, future: Any) -> None:
        if wish not in self._running:
            return
        self._running.remove(wish)
        if future.exception() is not None:
            wish.answer(False, f"the lens did not say how it ended: {' '.join(str(future.exception()).split())}")
            return
        result, status = future.result().result, future.result().status
        code = int(result.error_code)
        if code == MoveLens.Result.ERROR_TAKEN_OVER and wish.replaced:
            self.replaced += 1
            wish.answer(False, REPLACED)
        elif code == MoveLens.Result.ERROR_CANCELED and wish.stopped:
            wish.answer(False, STOPPED)
        else:
            reached = status == GoalStatus.STATUS_SUCCEEDED
            wish.answer(reached, _words(result) if reached else result.message or f"the lens says error {code}")
        if not wish.replaced:
            self._ended(code, result.message)
        self._send()

    def _drop_waiting(self, words: str) -> None:
        if self._waiting is not None:
            dropped, self._waiting = self._waiting, None
            self.replaced += words == REPLACED
            dropped.answer(False, words)


def _words(result: MoveLens.Result) -> str:
    at = f"at {result.position_steps:.1f} steps"
    distance_m = result.focus_distance_m
    if math.isnan(distance_m):
        return f"{at}, beyond infinity"
    return f"{at}, focused at {'infinity' if distance_m == math.inf else f'{distance_m:.3g} m'}"
