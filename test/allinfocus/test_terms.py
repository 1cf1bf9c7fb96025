"""What a capture task takes and what it refuses, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.errors import ConfigurationError

GOOD: dict[str, Any] = {
    "width_px": 640, "height_px": 480, "min_position_steps": 0.0, "max_position_steps": 100.0, "start_position_steps": 50.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"min_position_steps": 100.0}, "range"),
        ({"max_position_steps": float("nan")}, "range"),
        ({"start_position_steps": 101.0}, "start 101"),
        ({"width_px": 63}, "63 x 480"),
        ({"cell_px": 20}, "cells of 20 px"),
        ({"half_depth_of_focus_steps": 0.0}, "half the depth of focus"),
        ({"positions_steps": ()}, "rising row"),
        ({"positions_steps": (1.0, 1.0)}, "rising row"),
        ({"roi": (600, 0, 41, 10)}, "41 x 10 px at (600, 0)"),
        ({"roi": (0, 0, 0, 10)}, "0 x 10 px"),
        ({"max_frames": -1}, "max_frames"),
        ({"keep": -1}, "keep"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match="all in focus: ") as caught:
        CaptureTask(**{**GOOD, **changes})
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        CaptureTask(**{**GOOD, "cell_px": 7, "keep": -2, "start_position_steps": -5.0})
    assert all(word in str(caught.value) for word in ("start -5", "cells of 7", "keep"))


def test_a_wish_is_brought_into_reach() -> None:
    assert CaptureTask(**GOOD).reachable(-3.0) == 0.0
    assert CaptureTask(**GOOD).reachable(33.3) == 33.3
    stack = CaptureTask(**GOOD, positions_steps=(0.0, 40.0, 100.0))
    assert stack.reachable(69.0) == 40.0 and stack.reachable(71.0) == 100.0


def test_the_weight_is_of_the_region() -> None:
    whole, region = CaptureTask(**GOOD), CaptureTask(**GOOD, roi=(0, 0, 64, 96))
    assert whole.weight().shape == (8, 10)
    assert whole.weight()[0, 0] == 1.0 and whole.weight()[7, 0] == 0.5  # 480 = 7.5 cells
    assert region.weight().sum() == pytest.approx(1.5)
