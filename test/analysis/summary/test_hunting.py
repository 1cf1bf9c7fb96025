"""A lens that goes to and fro."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.hunting import hunting
from auxfocus_ros.analysis.summary.times import durations_s

TIME_S = np.arange(0, 200) / 20  # 10 s
TO_AND_FRO = np.interp(TIME_S, [1.0, 1.5, 2.5, 3.5, 4.0], [200.0, 240.0, 160.0, 240.0, 200.0])
WIDTH = 20.0


def of(table: Any, width: float = WIDTH) -> dict[str, Any]:
    return hunting(table, durations_s(table["time_s"]), width)


def test_three_reversals_about_a_target_that_stands(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S, lens_position_steps=TO_AND_FRO, target_id=3.0, target_best_steps=200.0))
    assert (said["reversals"], said["judged"], said["hunting_reversals"]) == (3, 3, 3)
    assert said["passages"] == [{"start_s": 1.0, "end_s": 4.0, "first_frame": 20, "last_frame": 80, "reversals": 3}]
    assert said["share"] == pytest.approx(0.3)


def test_a_lens_that_follows_its_target_does_not_hunt(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S, lens_position_steps=TO_AND_FRO, target_id=3.0, target_best_steps=TO_AND_FRO))
    assert (said["reversals"], said["judged"], said["hunting_reversals"], said["share"]) == (3, 3, 0, 0.0)


def test_a_change_of_target_is_a_reason_to_move(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S, lens_position_steps=TO_AND_FRO, target_id=np.arange(200) % 2, target_best_steps=200.0))
    assert (said["judged"], said["hunting_reversals"]) == (3, 0)


def test_where_the_target_is_not_known_nothing_is_said(frame_table: Callable[..., Any]) -> None:
    said = of(frame_table(TIME_S, lens_position_steps=TO_AND_FRO))
    assert (said["reversals"], said["judged"]) == (3, 0)
    assert np.isnan(said["hunting_reversals"]) and np.isnan(said["share"])


def test_a_lens_that_settles_and_goes_back_later_does_not_hunt(frame_table: Callable[..., Any]) -> None:
    lens = np.interp(TIME_S, [1.0, 1.5, 4.5, 5.0], [200.0, 240.0, 240.0, 200.0])
    assert of(frame_table(TIME_S, lens_position_steps=lens, target_id=3.0, target_best_steps=200.0))["reversals"] == 0


def test_trembling_within_the_depth_of_focus_and_apart_passages(frame_table: Callable[..., Any]) -> None:
    table = frame_table(TIME_S, lens_position_steps=TO_AND_FRO, target_id=3.0, target_best_steps=200.0)
    assert of(table, 90.0)["reversals"] == 0
    twice = np.interp(TIME_S, [1.0, 1.5, 2.0, 6.0, 6.5, 7.0], [200.0, 240.0, 200.0, 200.0, 160.0, 200.0])
    said = of(frame_table(TIME_S, lens_position_steps=twice, target_id=3.0, target_best_steps=200.0))
    assert [(one["start_s"], one["end_s"], one["reversals"]) for one in said["passages"]] == [(1.0, 2.0, 1), (6.0, 7.0, 1)]


def test_without_positions_or_depth_of_focus(frame_table: Callable[..., Any]) -> None:
    assert np.isnan(of(frame_table(TIME_S))["reversals"])
    assert np.isnan(of(frame_table(TIME_S, lens_position_steps=TO_AND_FRO), np.nan)["reversals"])
    stands = of(frame_table(TIME_S, lens_position_steps=5.0), np.nan)
    assert (stands["reversals"], stands["hunting_reversals"], stands["share"]) == (0, 0, 0.0)
