"""States of a lens and the ends of moves, in any order."""

from __future__ import annotations

import math

import pytest

from auxfocus_ros.autofocus.live import LensReading, LensWatch, MoveEnd
from auxfocus_ros.autofocus.terms import Reason


def reading(stamp_ns: int, position: float, **fields: object) -> LensReading:
    return LensReading(stamp_ns, position, 0.0, 1000.0, **fields)  # type: ignore[arg-type]


def test_a_straggler_from_before_the_end_of_our_move_is_not_heard() -> None:
    watch = LensWatch()
    watch.hear(reading(10, 100.0, moving=True, goal_steps=300.0), 0.0)
    watch.hear_end(MoveEnd(Reason.NONE, "", 300.0, 50), 0.1)
    watch.hear(reading(40, 280.0, moving=True, goal_steps=300.0), 0.11)
    assert watch.position_steps == 300.0 and watch.moved_by_others() == ""
    assert not watch.saw_rest(49) and watch.saw_rest(50)


def test_a_clock_that_jumps_back_is_believed_after_a_while() -> None:
    watch = LensWatch()
    watch.hear(reading(10**12, 100.0), 0.0)
    watch.hear_end(MoveEnd(Reason.NONE, "", 300.0, 10**12 + 50), 0.1)
    watch.hear(reading(500, 310.0, settled_ns=400), 5.0)
    assert watch.position_steps == 310.0 and watch.saw_rest(450)
    watch.hear(reading(600, 320.0, settled_ns=400), 5.1)
    assert watch.position_at(550) == pytest.approx(315.0)


def test_an_end_that_knows_no_position_changes_nothing() -> None:
    watch = LensWatch()
    watch.hear_end(MoveEnd(Reason.NONE, "", 300.0, 50), 0.0)
    assert watch.reading is None and not watch.saw_rest(100) and math.isnan(watch.position_at(5))
    watch.hear(reading(10, 100.0), 0.0)
    watch.hear_end(MoveEnd(Reason.NO_LENS, "gone", math.nan, 0), 0.1)
    assert watch.position_steps == 100.0


def test_sagging_is_nobodys_move() -> None:
    watch = LensWatch()
    watch.hear(reading(10, 100.0, moving=True), 0.0)
    assert watch.moved_by_others() == "" and not watch.saw_rest(20)
    watch.hear(reading(30, 100.0, moving=True, goal_steps=700.0), 0.0)
    assert "700.0" in watch.moved_by_others()
