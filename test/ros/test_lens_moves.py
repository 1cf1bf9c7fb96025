"""Moves of the lens, over an action client that the test plays: the newest counts, its end is told once, never within a call."""

from __future__ import annotations

import math
from typing import Any

import pytest
from action_msgs.msg import GoalStatus
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rclpy.task import Future

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import AutofocusStatus
from auxfocus_ros.ros.lens_moves import ANSWER_S, MOST_RESULTS, LensMoves, MoveAnswer, read_move_answer

RESULT, STATUS = MoveLens.Result, AutofocusStatus


def answer(code: int, message: str = "", position: float = 5.0) -> Any:
    status = GoalStatus.STATUS_SUCCEEDED if code == RESULT.ERROR_NONE else GoalStatus.STATUS_ABORTED
    result = RESULT(error_code=code, message=message, position_steps=position)
    result.settled_stamp.sec = 3
    return type("Response", (), {"result": result, "status": status})


class Handle:
    def __init__(self, goal: Any, accepted: bool) -> None:
        self.goal, self.accepted, self.canceled, self.result = goal, accepted, False, Future()

    def get_result_async(self) -> Any:
        return self.result

    def cancel_goal_async(self) -> None:
        self.canceled = True


class Lens:
    """An action client whose server the test plays."""

    def __init__(self) -> None:
        self.there = True
        self.asked: list[tuple[Future[Any], Any]] = []
        self.running: list[Handle] = []

    def server_is_ready(self) -> bool:
        return self.there

    def send_goal_async(self, goal: Any) -> Any:
        self.asked.append((Future(), goal))
        return self.asked[-1][0]

    def accept(self, accepted: bool = True) -> Handle:
        future, goal = self.asked.pop(0)
        handle = Handle(goal, accepted)
        if accepted:
            self.running.append(handle)
        future.set_result(handle)
        return handle

    def end(self, handle: Handle, code: int = RESULT.ERROR_NONE) -> None:
        self.running.remove(handle)
        handle.result.set_result(answer(code, position=handle.goal.value))

    def destroy(self) -> None:
        self.there = False


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [
        (RESULT.ERROR_NONE, STATUS.REASON_NONE, ""),
        (RESULT.ERROR_TAKEN_OVER, STATUS.REASON_LENS_BUSY, "somebody else has taken the lens over: why"),
        (RESULT.ERROR_CANCELED, STATUS.REASON_CANCELED, "somebody has stopped the lens: why"),
        (RESULT.ERROR_OUT_OF_RANGE, STATUS.REASON_OUT_OF_RANGE, "why"),
        (RESULT.ERROR_STALL, STATUS.REASON_LENS_FAULT, "why"),
        (RESULT.ERROR_TIMEOUT, STATUS.REASON_LENS_FAULT, "why"),
        (RESULT.ERROR_NOT_ACTIVE, STATUS.REASON_NO_LENS, "why"),
        (200, STATUS.REASON_LENS_FAULT, "why"),
    ],
)
def test_every_code_of_the_lens_is_a_reason(code: int, reason: int, words: str) -> None:
    read = read_move_answer(answer(code, "why" if code else ""))
    assert (read.reason, read.message, read.position_steps, read.settled_ns) == (reason, words, 5.0, 3_000_000_000)


def test_a_lens_that_does_not_answer_is_given_up_and_does_not_move_later() -> None:
    lens, ended, now = Lens(), [], [0.0]
    moves = LensMoves(lens, ended.append, lambda: now[0])
    moves.go(10.0)
    now[0] = ANSWER_S + 0.1
    moves.tick()
    assert [end.reason for end in ended] == [STATUS.REASON_NO_LENS]
    assert lens.accept().canceled
    lens.there = False
    moves.go(20.0)
    assert len(ended) == 1  # not within the call
    moves.tick()
    assert ended[-1].reason == STATUS.REASON_NO_LENS and math.isnan(ended[-1].position_steps)


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, at most one end for each `go`, of the newest alone; what was stopped is canceled."""

    def __init__(self) -> None:
        super().__init__()
        self.lens = Lens()
        self.inside = False
        self.ends: list[MoveAnswer] = []
        self.moves = LensMoves(self.lens, self.ended, lambda: 0.0)
        self.wishes = 0
        self.open = False

    def ended(self, end: MoveAnswer) -> None:
        assert not self.inside and self.open
        self.open = False
        self.ends.append(end)

    @rule(there=st.booleans())
    def go(self, there: bool) -> None:
        self.lens.there = there
        self.wishes, self.open, self.inside = self.wishes + 1, True, True
        self.moves.go(float(self.wishes))
        self.inside = False

    @rule()
    def stop(self) -> None:
        self.inside = True
        self.moves.stop()
        self.inside = False
        assert all(handle.canceled for handle in self.lens.running)

    @rule()
    def tick(self) -> None:
        self.moves.tick()

    @precondition(lambda self: self.lens.asked)
    @rule(accepted=st.booleans())
    def answer(self, accepted: bool) -> None:
        self.lens.accept(accepted)

    @precondition(lambda self: self.lens.running)
    @rule(data=st.data(), code=st.sampled_from([RESULT.ERROR_NONE, RESULT.ERROR_TAKEN_OVER, RESULT.ERROR_STALL]))
    def end(self, data: Any, code: int) -> None:
        self.lens.end(data.draw(st.sampled_from(self.lens.running)), code)

    @invariant()
    def few_are_outstanding(self) -> None:
        assert len(self.lens.asked) <= 1 and len(self.lens.running) <= MOST_RESULTS

    def teardown(self) -> None:
        for _ in range(2 * MOST_RESULTS + 2):
            self.moves.tick()
            while self.lens.asked:
                self.lens.accept()
            while self.lens.running:
                self.lens.end(self.lens.running[0])
        self.moves.tick()
        assert not self.open  # the newest wish always hears how it ended


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
