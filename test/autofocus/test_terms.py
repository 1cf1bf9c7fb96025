"""The words of focusing: what a task refuses, what can be reached, and that the numbers are the messages'."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.autofocus.terms import DepthReading, Task
from auxfocus_ros.errors import ConfigurationError

TASK = Task(min_position_steps=1050.0, max_position_steps=2100.0, start_position_steps=1400.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"min_position_steps": 2100.0}, "the smaller first"),
        ({"max_position_steps": math.nan}, "two finite positions"),
        ({"start_position_steps": 1000.0}, r"the start 1000 must be in the range \[1050, 2100\]"),
        ({"half_depth_of_focus_steps": 0.0}, "above 0"),
        ({"positions_steps": ()}, "at least one"),
        ({"positions_steps": (1100.0, 1100.0)}, "rising"),
        ({"backlash_steps": -1.0}, "backlash"),
        ({"max_captures": 0}, "1 capture"),
    ],
)
def test_an_impossible_task_is_refused_with_its_cause(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        replace(TASK, **change)  # type: ignore[arg-type]


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"start.*backlash.*capture"):
        replace(TASK, start_position_steps=0.0, backlash_steps=math.inf, max_captures=0)


@given(st.floats(-1e6, 1e6))
def test_what_is_reachable_is_in_the_range(wanted: float) -> None:
    assert 1050.0 <= TASK.reachable(wanted) <= 2100.0


def test_of_a_stack_the_nearest_frame_is_reachable() -> None:
    stack = replace(TASK, positions_steps=(1100.0, 1400.0, 2000.0))
    assert [stack.reachable(wanted) for wanted in (0.0, 1249.0, 1251.0, 1900.0, 9e9)] == [1100.0, 1100.0, 1400.0, 2000.0, 2000.0]


@pytest.mark.parametrize(
    ("depth_m", "sigma_m"), [(0.0, 0.1), (-1.0, 0.1), (math.inf, 0.1), (math.nan, 0.1), (2.0, 0.0), (2.0, math.nan)]
)
def test_a_depth_that_cannot_be_is_refused(depth_m: float, sigma_m: float) -> None:
    with pytest.raises(ConfigurationError, match="depth reading"):
        DepthReading(depth_m, sigma_m)
