"""Soft passages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.passages import BY_DEPTH, soft_passages
from auxfocus_ros.analysis.summary.times import durations_s

TIME_S = np.arange(100) / 10  # 10 s


def of(table: Any) -> dict[str, Any]:
    return soft_passages(table, durations_s(table["time_s"]), soft_share=0.6, soft_s=0.3)


def focused(*soft: range) -> Any:
    """100 frames in focus but for these."""
    values = np.full(100, True, dtype=object)
    for frames in soft:
        values[list(frames)] = False
    return values


def test_by_depth_by_hand(frame_table: Callable[..., Any]) -> None:
    """Frames 5 to 9 are half a second; frames 20 and 21 are too short."""
    said = of(frame_table(TIME_S, target_in_focus=focused(range(5, 10), range(20, 22))))
    (passage,) = said["passages"]
    assert (passage["start_s"], passage["end_s"]) == pytest.approx((0.5, 1.0))
    assert (passage["first_frame"], passage["last_frame"], passage["why"]) == (5, 9, BY_DEPTH)
    assert (said["count"], said["share"], said["longest_s"]) == (1, pytest.approx(0.05), pytest.approx(0.5))


def test_a_passage_of_just_the_shortest_length_counts(frame_table: Callable[..., Any]) -> None:
    assert of(frame_table(TIME_S, target_in_focus=focused(range(40, 43))))["count"] == 1


def test_a_short_break_does_not_part_a_passage_a_longer_one_does(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S, target_in_focus=focused(range(5, 10), range(12, 20), range(30, 40))))
    assert [(one["first_frame"], one["last_frame"]) for one in said["passages"]] == [(5, 19), (30, 39)]


def test_unknown_is_not_soft(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S))
    assert said == {"share": 0.0, "count": 0, "longest_s": 0.0, "passages": []}


def test_by_sharpness_against_the_best_before(frame_table: Callable[..., Any]) -> None:
    """50 is below 0.6 of 100, 70 is not; a single wild value is none."""
    sharpness = np.full(100, 100.0)
    sharpness[30:40], sharpness[60:70], sharpness[80] = 50.0, 70.0, 900.0
    (passage,) = of(frame_table(TIME_S, target_id=1.0, sharpness_tenengrad=sharpness))["passages"]
    assert (passage["first_frame"], passage["last_frame"]) == (30, 39)
    assert passage["why"] == "sharpness below 0.6 of the best of the last 10 s"


def test_the_best_is_of_the_same_target_and_of_what_was_before(frame_table: Callable[..., Any]) -> None:
    sharpness = np.where(TIME_S < 5, 100.0, 20.0)
    assert of(frame_table(TIME_S, target_id=np.where(TIME_S < 5, 1.0, 2.0), sharpness_tenengrad=sharpness))["count"] == 0
    assert of(frame_table(TIME_S, target_id=1.0, sharpness_tenengrad=sharpness[::-1]))["count"] == 0
    assert of(frame_table(TIME_S, sharpness_tenengrad=sharpness))["count"] == 1


def test_what_is_longer_than_the_memory_ends_with_it(frame_table: Callable[..., Any]) -> None:
    time_s = np.arange(300) / 10
    (passage,) = of(frame_table(time_s, target_id=1.0, sharpness_tenengrad=np.where(time_s < 5, 100.0, 20.0)))["passages"]
    assert (passage["start_s"], passage["end_s"]) == pytest.approx((5.0, 15.0), abs=0.11)


def test_both_witnesses_make_one_passage(frame_table: Callable[..., Any]) -> None:
    sharpness = np.where((TIME_S >= 3) & (TIME_S < 5), 10.0, 100.0)
    table = frame_table(TIME_S, target_id=1.0, target_in_focus=focused(range(40, 60)), sharpness_tenengrad=sharpness)
    (passage,) = of(table)["passages"]
    assert (passage["first_frame"], passage["last_frame"]) == (30, 59)
    assert passage["why"] == f"sharpness below 0.6 of the best of the last 10 s and {BY_DEPTH}"


def test_a_passage_does_not_reach_over_a_gap_or_a_jump_back(frame_table: Callable[..., Any]) -> None:
    gap = np.where(TIME_S < 5, TIME_S, TIME_S + 60)
    back = np.where(TIME_S < 5, TIME_S + 60, TIME_S)
    for time_s in (gap, back):
        said = of(frame_table(time_s, target_in_focus=focused(range(45, 55))))
        assert [(one["first_frame"], one["last_frame"]) for one in said["passages"]] == [(45, 49), (50, 54)]
