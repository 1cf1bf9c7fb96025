"""Wishes into goals, over an action client that the test plays: one unanswered at most, the newest wins, each is answered."""

from __future__ import annotations

from typing import Any

from action_msgs.msg import GoalStatus
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from rclpy.task import Future

from auxfocus_interfaces.action import MoveLens
from auxfocus_ros.ros.lens_goals import GONE, MOST_RESULTS, REPLACED, STOPPED, LensGoals

RESULT = MoveLens.Result


class Handle:
    """A goal's handle: what the server says of it is said by the test."""

    def __init__(self, goal: Any) -> None:
        self.goal, self.accepted, self.canceled = goal, True, False
        self.result: Any = None

    def get_result_async(self) -> Any:
        self.result = Future()
        return self.result

    def cancel_goal_async(self) -> None:
        self.canceled = True

    def end(self, code: int = RESULT.ERROR_NONE, message: str = "") -> None:
        """The goal has ended."""
        reached = code == RESULT.ERROR_NONE
        result = RESULT(error_code=code, message=message, position_steps=self.goal.value, focus_distance_m=2.0)
        future, self.result = self.result, None
        status = GoalStatus.STATUS_SUCCEEDED if reached else GoalStatus.STATUS_ABORTED
        future.set_result(type("Response", (), {"result": result, "status": status}))


class Lens:
    """An action client whose server the test plays."""

    def __init__(self) -> None:
        self.there = True
        self.asked: list[tuple[Future[Any], Handle]] = []
        self.goals: list[float] = []

    def server_is_ready(self) -> bool:
        return self.there

    def send_goal_async(self, goal: Any) -> Any:
        self.goals.append(goal.value)
        self.asked.append((Future(), Handle(goal)))
        return self.asked[-1][0]

    def accept(self, accepted: bool = True) -> Handle:
        """Answer the oldest goal without an answer."""
        future, handle = self.asked.pop(0)
        handle.accepted = accepted
        future.set_result(handle)
        return handle

    def destroy(self) -> None:
        self.there = False


class Calls:
    """Calls of the cancel service, answered at once."""

    def __init__(self, goals_canceling: int = 1) -> None:
        self.goals_canceling = goals_canceling

    def call(self, client: Any, request: Any, done: Any) -> None:
        done(type("Response", (), {"goals_canceling": [None] * self.goals_canceling}), "")


class Bench:
    def __init__(self, canceling: int = 0) -> None:
        self.now_s = 10.0
        self.lens, self.ended = Lens(), []
        self.answers: dict[float, list[tuple[bool, str]]] = {}
        self.goals = LensGoals(self.lens, None, Calls(canceling), lambda code, text: self.ended.append(code), lambda: self.now_s)  # type: ignore[arg-type]

    def wish(self, value: float, owner: int = 1) -> None:
        self.answers[value] = []
        self.goals.wish(owner, "position", value, lambda ok, text: self.answers[value].append((ok, text)))


def test_the_newest_wish_waits_and_replaces_an_older_one() -> None:
    bench = Bench()
    for value in (1.0, 2.0, 3.0):
        bench.wish(value)
    assert bench.lens.goals == [1.0] and bench.goals.unanswered == 1
    assert bench.answers == {1.0: [], 2.0: [(False, REPLACED)], 3.0: []}
    first = bench.lens.accept()
    assert bench.lens.goals == [1.0, 3.0]  # as soon as the one before is answered, not when it has ended
    second = bench.lens.accept()
    first.end(RESULT.ERROR_TAKEN_OVER, "a newer goal took over")
    assert bench.answers[1.0] == [(False, REPLACED)]
    second.end()
    assert bench.answers[3.0] == [(True, "at 3.0 steps, focused at 2 m")]
    assert bench.ended == [RESULT.ERROR_NONE] and bench.goals.unanswered == 0


def test_a_goal_that_fails_says_why() -> None:
    bench = Bench()
    bench.wish(1.0)
    bench.lens.accept().end(RESULT.ERROR_OUT_OF_RANGE, "position 1 is outside 1050 to 2100")
    bench.wish(2.0)
    bench.lens.accept(accepted=False)
    bench.wish(3.0)
    bench.lens.accept().end(RESULT.ERROR_TAKEN_OVER, "autofocus took over")
    assert bench.answers == {
        1.0: [(False, "position 1 is outside 1050 to 2100")],
        2.0: [(False, "the lens does not take the goal")],
        3.0: [(False, "autofocus took over")],
    }
    assert bench.ended == [RESULT.ERROR_OUT_OF_RANGE, RESULT.ERROR_TAKEN_OVER]


def test_a_lens_that_is_not_there_or_does_not_answer() -> None:
    bench = Bench()
    bench.lens.there = False
    bench.wish(1.0)
    assert bench.answers[1.0] == [(False, GONE)]
    bench.lens.there = True
    bench.wish(2.0)
    bench.now_s += 1.9
    bench.goals.tick()
    bench.wish(3.0)
    assert bench.answers[2.0] == [] and bench.lens.goals == [2.0]
    bench.now_s += 0.2
    bench.goals.tick()
    assert bench.answers[2.0] == [(False, GONE)] and bench.lens.goals == [2.0, 3.0]
    late = bench.lens.accept()
    assert late.canceled  # it was given up: it must not move the lens now
    taken = bench.lens.accept()
    bench.lens.there = False
    bench.goals.tick()
    assert bench.answers[3.0] == [(False, GONE)]
    taken.end()
    assert len(bench.answers[3.0]) == 1


def test_stop_cancels_and_drops() -> None:
    bench, said = Bench(canceling=1), []
    bench.wish(1.0)
    running = bench.lens.accept()
    bench.wish(2.0)
    bench.wish(3.0)
    bench.goals.stop(lambda ok, text: said.append((ok, text)))
    assert running.canceled and bench.answers[3.0] == [(False, STOPPED)] and said == [(True, "stopped")]
    sent = bench.lens.accept()
    assert sent.canceled and bench.lens.goals == [1.0, 2.0]
    running.end(RESULT.ERROR_TAKEN_OVER)
    sent.end(RESULT.ERROR_CANCELED)
    assert bench.answers[1.0] == [(False, REPLACED)] and bench.answers[2.0] == [(False, STOPPED)]
    nothing = Bench()
    nothing.goals.stop(lambda ok, text: said.append((ok, text)))
    assert said[-1] == (True, "nothing was moving")


def test_who_has_gone_loses_what_waits_and_not_what_was_sent() -> None:
    bench = Bench()
    bench.wish(1.0, owner=1)
    bench.wish(2.0, owner=1)
    bench.goals.drop(2)
    bench.goals.drop(1)
    bench.lens.accept().end()
    assert bench.lens.goals == [1.0] and bench.answers[1.0][0][0] and not bench.answers[2.0][0][0]


class Drag(RuleBasedStateMachine):
    """Any order of wishes, acceptances and endings."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.running: list[Handle] = []
        self.values = 0.0

    @rule(count=st.integers(1, 5))
    def drag(self, count: int) -> None:
        for _ in range(count):
            self.values += 1.0
            self.bench.wish(self.values)

    @precondition(lambda self: self.bench.lens.asked)
    @rule(accepted=st.booleans() | st.just(True))
    def accept(self, accepted: bool) -> None:
        handle = self.bench.lens.accept(accepted)
        if accepted:
            self.running.append(handle)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), code=st.sampled_from([RESULT.ERROR_NONE, RESULT.ERROR_TAKEN_OVER, RESULT.ERROR_STALL]))
    def end(self, data: Any, code: int) -> None:
        self.running.pop(data.draw(st.integers(0, len(self.running) - 1))).end(code)

    @invariant()
    def at_most_one_unanswered_and_in_order(self) -> None:
        assert len(self.bench.lens.asked) == self.bench.goals.unanswered <= 1
        assert self.bench.lens.goals == sorted(self.bench.lens.goals)
        assert len(self.running) <= MOST_RESULTS
        assert all(len(said) <= 1 for said in self.bench.answers.values())

    def teardown(self) -> None:
        while self.bench.lens.asked or self.running:
            while self.bench.lens.asked and len(self.running) < MOST_RESULTS:
                self.running.append(self.bench.lens.accept())
            if self.running:
                self.running.pop(0).end()
        assert all(len(said) == 1 for said in self.bench.answers.values())
        assert not self.values or self.bench.lens.goals[-1] == self.values  # the last wish always arrives


TestDrag = Drag.TestCase
TestDrag.settings = settings(max_examples=50, stateful_step_count=30)
