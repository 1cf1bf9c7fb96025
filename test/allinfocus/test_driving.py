"""Captures that are played by hand: what is kept, and what is counted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from auxfocus_ros.allinfocus.driving import drive
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, Strategy


class Lens:
    """A camera whose frames say where it stands."""

    position_steps = 50.0

    def move(self, position_steps: float) -> None:
        self.position_steps = float(round(position_steps))

    def capture(self) -> np.ndarray:
        return np.full((64, 64), int(self.position_steps), np.uint8)


def task(max_frames: int = 0) -> CaptureTask:
    return CaptureTask(64, 64, 0.0, 100.0, 50.0, max_frames=max_frames)


def visits(positions: Iterable[float]) -> Strategy:
    for number, position in enumerate(positions):
        yield Look(position, Known(share_in_focus=0.1 * number))
    return CaptureEnd(End.ALL_IN_FOCUS, True, "done", Known(share_in_focus=1.0))


def test_frames_positions_and_knowledge_are_kept_in_order() -> None:
    capture = drive(visits([50.0, 70.4, 20.0]), Lens(), task())
    assert [int(frame[0, 0]) for frame in capture.frames] == [50, 70, 20]
    assert capture.positions_steps == [50.0, 70.0, 20.0]
    assert [known.share_in_focus for known in capture.known] == [0.1, 0.2, 1.0]
    assert (capture.end.end, capture.end.complete) == (End.ALL_IN_FOCUS, True)
    # 50 -> 70 -> 20: two moves of 20 + 50 steps, one reversal
    assert (capture.journal.moves, capture.journal.captures, capture.journal.reversals) == (2, 3, 1)
    assert capture.journal.travel_steps == pytest.approx(70.0)


def test_the_budget_ends_it_with_what_there_is() -> None:
    capture = drive(visits([50.0, 70.0, 20.0, 30.0]), Lens(), task(max_frames=2))
    assert len(capture.frames) == 2 and len(capture.known) == 2
    assert (capture.end.end, capture.end.complete) == (End.LIMIT_REACHED, False)
    assert capture.end.known.share_in_focus == 0.2


def test_a_capture_that_needs_all_of_its_budget_is_complete() -> None:
    assert drive(visits([50.0, 70.0]), Lens(), task(max_frames=2)).end.complete


def test_every_wish_is_told() -> None:
    told: list[float] = []
    drive(visits([50.0, 70.0]), Lens(), task(), lambda look: told.append(look.position_steps))
    assert told == [50.0, 70.0]
