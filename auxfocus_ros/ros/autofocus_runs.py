"""Autofocus on demand: the client of `autofocus/run`, where there is such a server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal

from auxfocus_interfaces.action import Autofocus
from auxfocus_ros.ros.timed_calls import TimedCalls

Answer = Callable[[bool, str], None]
MODES = {"once": Autofocus.Goal.MODE_ONCE, "continuous": Autofocus.Goal.MODE_CONTINUOUS}
REGIONS = {"target": Autofocus.Goal.REGION_TARGET, "whole_frame": Autofocus.Goal.REGION_WHOLE_FRAME}
ANSWER_S = 2.0
RUN_S = 60.0
NOT_THERE = "there is no autofocus here: no server on autofocus/run"


class AutofocusRuns:
    """To be used in the executor's thread alone."""

    def __init__(self, client: Any, cancel_client: Any, calls: TimedCalls, clock: Callable[[], float] = time.monotonic) -> None:
        """client: an ActionClient of `autofocus/run`; cancel_client: of its service `cancel_goal`; calls: for that."""
        self._client = client
        self._cancel_client = cancel_client
        self._calls = calls
        self._clock = clock
        self._answers: dict[int, tuple[float, Answer]] = {}
        self._runs = 0

    @property
    def available(self) -> bool:
        """Whether there is a server."""
        return bool(self._client.server_is_ready())

    def run(self, mode: str, region: str, answer: Answer) -> None:
        """Focus once, or follow. `answer` comes with the result of 'once', and with the acceptance of 'continuous'."""
        if not self.available:
            answer(False, NOT_THERE)
            return
        self._runs += 1
        run = self._runs
        self._answers[run] = (self._clock() + ANSWER_S, answer)
        future = self._client.send_goal_async(Autofocus.Goal(mode=MODES[mode], region=REGIONS[region]))
        future.add_done_callback(lambda future: self._accepted(run, mode, future))

    def stop(self, answer: Answer) -> None:
        """Cancel every run, whoever began it."""
        if not self.available:
            answer(False, NOT_THERE)
            return

        def stopped(response: Any, words: str) -> None:
            if response is None:
                answer(False, words)
            else:
                answer(True, "autofocus is stopped" if response.goals_canceling else "autofocus was not running")

        self._calls.call(self._cancel_client, CancelGoal.Request(), stopped)

    def tick(self) -> None:
        """Give up what will not be answered any more; to be called now and then."""
        now_s = self._clock()
        for run in [run for run, (ends_s, _) in self._answers.items() if ends_s <= now_s]:
            self._answer(run, False, "autofocus does not answer")

    def close(self) -> None:
        """Let the action client go."""
        self._client.destroy()

    def _accepted(self, run: int, mode: str, future: Any) -> None:
        if run not in self._answers:  # given up
            return
        handle = None if future.exception() is not None else future.result()
        if handle is None or not handle.accepted:
            self._answer(run, False, "autofocus does not take the goal")
        elif mode == "continuous":
            self._answer(run, True, "autofocus follows")
        else:
            self._answers[run] = (self._clock() + RUN_S, self._answers[run][1])
            handle.get_result_async().add_done_callback(lambda future: self._finished(run, future))

    def _finished(self, run: int, future: Any) -> None:
        if future.exception() is not None:
            self._answer(run, False, "autofocus did not say how it ended")
            return
        result, status = future.result().result, future.result().status
        ok = status == GoalStatus.STATUS_SUCCEEDED
        self._answer(run, ok, result.message or ("in focus" if result.in_focus else f"ended with reason {result.reason}"))

    def _answer(self, run: int, ok: bool, words: str) -> None:
        _, answer = self._answers.pop(run, (0.0, None))
        if answer is not None:
            answer(ok, words)
