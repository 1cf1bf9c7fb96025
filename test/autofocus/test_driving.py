"""Counting honestly: moves, captures, travel and reversals of runs that are played by hand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from auxfocus_ros.autofocus.driving import Journal, drive
from auxfocus_ros.autofocus.terms import DepthReading, Known, Look, Outcome, Reason, Search, Sight, Task

TASK = Task(min_position_steps=0.0, max_position_steps=100.0, start_position_steps=50.0)


class Lens:
    """A camera that shows a picture of its own position, on a motor with whole steps."""

    def __init__(self, position_steps: float = 50.0) -> None:
        self.position_steps = position_steps

    def move(self, position_steps: float) -> None:
        self.position_steps = float(round(position_steps))

    def capture(self) -> np.ndarray:
        return np.full((2, 2), int(self.position_steps), np.uint8)

    def depth(self) -> DepthReading | None:
        return None


def looks(positions: Iterable[float], end: float, seen: list[Sight]) -> Search:
    for number, position in enumerate(positions):
        seen.append((yield Look(position, Known(message=f"look {number}"))))
    return Outcome(Reason.NONE, "there", end, in_focus=True, known=Known(message="end"))


def test_a_look_where_the_lens_stands_is_a_capture_and_no_move() -> None:
    seen: list[Sight] = []
    run = drive(looks([50.0, 50.0], 50.0, seen), Lens(), TASK)
    assert (run.journal.moves, run.journal.captures, run.journal.travel_steps, run.journal.reversals) == (0, 2, 0.0, 0)
    assert [sight.picture[0, 0] for sight in seen] == [50, 50]


def test_moves_travel_and_reversals_are_counted_by_hand() -> None:
    seen: list[Sight] = []
    # 50 -> 70 -> 60 -> 60 -> 90, left at 70: 4 moves of 20 + 10 + 30 + 20 steps, turning after 70, 60 and 90
    run = drive(looks([50.0, 70.0, 60.0, 60.0, 90.0], 70.0, seen), Lens(), TASK)
    assert (run.journal.moves, run.journal.captures) == (4, 5)
    assert run.journal.travel_steps == pytest.approx(80.0)
    assert run.journal.reversals == 3


def test_the_sight_says_where_the_motor_came_to_stand() -> None:
    seen: list[Sight] = []
    drive(looks([61.4], 61.4, seen), Lens(), TASK)
    assert seen[0].position_steps == 61.0


def test_what_is_known_is_noted_with_the_frame_before() -> None:
    run = drive(looks([50.0, 70.0], 70.0, []), Lens(), TASK)
    assert [(position, known.message) for position, known in run.journal.trace] == [(50.0, "look 1"), (70.0, "end")]


def endless() -> Search:
    side = 0.0
    while True:
        yield Look(side)
        side = 100.0 - side


@pytest.mark.parametrize(("max_moves", "max_captures", "moves", "captures"), [(3, 120, 3, 3), (60, 5, 5, 5), (0, 120, 0, 0)])
def test_a_search_without_an_end_is_ended(max_moves: int, max_captures: int, moves: int, captures: int) -> None:
    task = Task(0.0, 100.0, 50.0, max_moves=max_moves, max_captures=max_captures)
    lens = Lens()
    run = drive(endless(), lens, task)
    assert (run.journal.moves, run.journal.captures) == (moves, captures)
    assert run.outcome.reason is Reason.LIMIT_REACHED and not run.outcome.in_focus
    assert run.outcome.position_steps == lens.position_steps


def test_a_search_that_needs_no_frame_may_end_at_once() -> None:
    lens = Lens()
    run = drive(looks([], 30.0, []), lens, TASK)
    assert (run.journal.moves, run.journal.captures, lens.position_steps) == (1, 0, 30.0)


def test_standing_still_keeps_the_direction() -> None:
    journal = Journal()
    for start, end in ((0.0, 5.0), (5.0, 5.0), (5.0, 7.0), (7.0, 6.0)):
        journal.moved(start, end)
    assert journal.reversals == 1
