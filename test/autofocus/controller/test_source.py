"""The source's Algorithm 1 against answers that are written down: what it goes to, in which order, and when it stops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.controller import source_algorithm
from auxfocus_ros.autofocus.driving import Run, drive
from auxfocus_ros.autofocus.terms import Reason, Task


class Table:
    """A camera whose pictures are its position, and both networks as a table: position -> (steps, in focus)."""

    def __init__(self, start: float, answers: dict[float, tuple[float, bool]]) -> None:
        self.position_steps, self.answers, self.seen = start, answers, []

    def move(self, position_steps: float) -> None:
        self.position_steps = position_steps

    def capture(self) -> np.ndarray:
        self.seen.append(self.position_steps)
        return np.full((1, 1), self.position_steps)

    def depth(self) -> None:
        return None

    def estimate_steps(self, picture: np.ndarray) -> float:
        return self.answers[float(picture[0, 0])][0]

    def in_focus(self, picture: np.ndarray) -> tuple[bool, float]:
        label = self.answers[float(picture[0, 0])][1]
        return label, 0.9 if label else 0.1


def played(start: float, answers: dict[float, tuple[float, bool]], max_steps: int = 20) -> tuple[Run, Table]:
    table = Table(start, answers)
    task = Task(0.0, 100.0, start)
    return drive(source_algorithm(task, table, table, max_steps=max_steps), table, task), table


def test_in_focus_at_once_costs_no_step() -> None:
    run, table = played(50.0, {50.0: (3.0, True)})
    assert run.outcome.steps == 0 and run.journal.moves == 0 and table.seen == [50.0]


def test_one_side_only_is_one_move_and_a_look() -> None:
    run, table = played(20.0, {20.0: (40.0, False), 60.0: (0.0, True)})
    assert table.seen == [20.0, 60.0] and run.outcome.steps == 1 and run.journal.moves == 1
    run, table = played(80.0, {80.0: (40.0, False), 40.0: (0.0, True)})
    assert table.seen == [80.0, 40.0] and run.outcome.position_steps == 40.0


def test_both_sides_are_looked_at_upper_first_and_the_lens_goes_back_to_the_better() -> None:
    run, table = played(50.0, {50.0: (20.0, False), 70.0: (2.0, True), 30.0: (40.0, False)})
    assert table.seen == [50.0, 70.0, 30.0]
    assert run.outcome.position_steps == 70.0 and run.journal.moves == 3 and run.outcome.steps == 1


def test_the_better_candidates_distance_is_used_without_another_look() -> None:
    answers = {50.0: (20.0, False), 70.0: (5.0, False), 30.0: (40.0, False), 75.0: (0.0, True), 65.0: (9.0, False)}
    run, table = played(50.0, answers)
    assert table.seen == [50.0, 70.0, 30.0, 75.0, 65.0]
    assert run.outcome.position_steps == 75.0 and run.outcome.steps == 2 and run.journal.captures == 5


def test_a_tie_goes_to_the_lower_candidate() -> None:
    run, _ = played(50.0, {50.0: (20.0, False), 70.0: (5.0, True), 30.0: (5.0, True)})
    assert run.outcome.position_steps == 30.0


def test_a_candidate_exactly_at_an_end_makes_both_be_looked_at_inside_the_range() -> None:
    run, table = played(40.0, {40.0: (60.0, False), 100.0: (1.0, True), 0.0: (90.0, False)})
    assert table.seen == [40.0, 100.0, 0.0] and run.outcome.position_steps == 100.0


def test_it_loops_as_printed_until_the_cap() -> None:
    run, _ = played(50.0, {50.0: (10.0, False), 60.0: (10.0, False), 40.0: (10.0, False), 30.0: (10.0, False)}, max_steps=1)
    assert run.outcome.reason is Reason.LIMIT_REACHED and run.outcome.steps == 1 and not run.outcome.in_focus


@settings(max_examples=50, deadline=None)
@given(start=st.floats(0.0, 100.0), away=st.floats(-5.0, 300.0), seed=st.integers(0, 99))
def test_it_never_leaves_the_range_and_always_ends(start: float, away: float, seed: int) -> None:
    class Same:
        def estimate_steps(self, picture: np.ndarray) -> float:
            return away

        def in_focus(self, picture: np.ndarray) -> tuple[bool, float]:
            return False, 0.0

    table = Table(start, {})
    task = Task(0.0, 100.0, start, seed=seed, max_moves=200, max_captures=200)
    run = drive(source_algorithm(task, Same(), Same(), max_steps=20), table, task)
    assert run.outcome.reason is Reason.LIMIT_REACHED and run.outcome.steps == 20
    assert all(0.0 <= position <= 100.0 for position in table.seen)
    assert run.outcome.position_steps == pytest.approx(min(max(run.outcome.position_steps, 0.0), 100.0))
