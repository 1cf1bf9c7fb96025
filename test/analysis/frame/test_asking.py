"""A way of focusing is begun on one frame, and no further than to its next move."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.analysis.frame.asking import IN_FOCUS, LOOKS, UNSURE, Answer, ask
from auxfocus_ros.autofocus.terms import Look, Outcome, Reason, Search, Sight

SIGHT = Sight(np.zeros((64, 64), np.uint8), 100.0)


def scripted(positions: list[float], outcome: Outcome, shown: list[Sight]) -> Search:
    """Looks at these positions in turn, and keeps what it is shown."""
    for position in positions:
        shown.append((yield Look(position)))
    return outcome


def end(reason: Reason, *, in_focus: bool) -> Outcome:
    return Outcome(reason, "", 140.0, in_focus)


@pytest.mark.parametrize(
    ("positions", "answer", "frames"),
    [
        ([300.0, 100.0], Answer(300.0, LOOKS), 0),  # the frame is none that it wants
        ([100.0, 300.0], Answer(300.0, LOOKS), 1),
        ([100.4, 300.0], Answer(300.0, LOOKS), 1),  # no move of the lens
        ([100.6, 300.0], Answer(100.6, LOOKS), 0),
        ([100.0, 100.0, 300.0], Answer(300.0, LOOKS), 2),
        ([100.0] * 9, Answer(100.0, LOOKS), 3),  # it would stand there for ever
        ([100.0], Answer(140.0, IN_FOCUS), 1),
        ([], Answer(140.0, IN_FOCUS), 0),
    ],
)
def test_the_next_move(positions: list[float], answer: Answer, frames: int) -> None:
    shown: list[Sight] = []
    assert ask(scripted(positions, end(Reason.NONE, in_focus=True), shown), SIGHT, 0.5) == answer
    assert shown == [SIGHT] * frames


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (end(Reason.NONE, in_focus=False), UNSURE),
        (end(Reason.NO_TEXTURE, in_focus=False), "no_texture"),
        (end(Reason.OUT_OF_RANGE, in_focus=False), "out_of_range"),
    ],
)
def test_how_it_ends(outcome: Outcome, word: str) -> None:
    assert ask(scripted([100.0], outcome, []), SIGHT, 0.5) == Answer(140.0, word)
