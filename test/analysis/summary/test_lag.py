"""The focus's lag behind the target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.lag import focus_lag

TIME_S = np.arange(0.0, 8.0, 0.05)
WIDTH = 20.0


def wanted(time_s: Any) -> Any:
    """Stands at 100 steps, goes to 300 from 2 s to 4 s, stands."""
    return np.interp(time_s, [2.0, 4.0], [100.0, 300.0])


@pytest.mark.parametrize("lag_s", [0.0, 0.12, 0.35, 1.5, -0.2])
def test_of_a_lens_that_does_the_same_later(frame_table: Callable[..., Any], lag_s: float) -> None:
    table = frame_table(TIME_S, target_id=1.0, target_best_steps=wanted(TIME_S), lens_position_steps=wanted(TIME_S - lag_s))
    said = focus_lag(table, WIDTH)
    assert said["lag_s"] == pytest.approx(lag_s, abs=0.006)
    assert (said["stretches"], said["followed"]) == (1, 1)
    (where,) = said["where"]
    assert where["change_steps"] == pytest.approx(200.0, abs=2.0)
    assert (where["start_s"], where["end_s"]) == pytest.approx((2.0, 4.0), abs=0.06)


def test_wrong_depths_and_gaps_hardly_change_it(frame_table: Callable[..., Any]) -> None:
    best = wanted(TIME_S)
    best[::9] = 900.0
    best[45:49] = np.nan
    table = frame_table(TIME_S, target_id=1.0, target_best_steps=best, lens_position_steps=wanted(TIME_S - 0.3))
    assert focus_lag(table, WIDTH)["lag_s"] == pytest.approx(0.3, abs=0.03)


def test_median_of_the_stretches(frame_table: Callable[..., Any]) -> None:
    """There and back with 0.2 s and 0.6 s: their median and quartiles are 0.4 s, 0.3 s and 0.5 s."""
    time_s = np.arange(0.0, 16.0, 0.05)
    best = np.interp(time_s, [2, 4, 10, 12], [100, 300, 300, 100])
    lens = np.interp(time_s, [2.2, 4.2, 10.6, 12.6], [100, 300, 300, 100])
    said = focus_lag(frame_table(time_s, target_id=1.0, target_best_steps=best, lens_position_steps=lens), WIDTH)
    assert said["stretches"] == 2
    assert [said[name] for name in ("quartile_low_s", "lag_s", "quartile_high_s")] == pytest.approx([0.3, 0.4, 0.5], abs=0.01)


def test_a_jump_of_the_target_and_the_lens_after_it(frame_table: Callable[..., Any]) -> None:
    table = frame_table(
        TIME_S,
        target_id=1.0,
        target_best_steps=np.where(TIME_S < 3, 100.0, 300.0),
        lens_position_steps=np.where(TIME_S < 3.5, 100.0, 300.0),
    )
    assert focus_lag(table, WIDTH)["lag_s"] == pytest.approx(0.5, abs=0.03)


def test_a_lens_that_stands_or_goes_elsewhere_does_not_follow(frame_table: Callable[..., Any]) -> None:
    for lens in (200.0, 400.0 - wanted(TIME_S)):
        said = focus_lag(frame_table(TIME_S, target_id=1.0, target_best_steps=wanted(TIME_S), lens_position_steps=lens), WIDTH)
        assert (said["stretches"], said["followed"]) == (1, 0)
        assert np.isnan(said["lag_s"])


def test_another_target_is_no_movement(frame_table: Callable[..., Any]) -> None:
    best = np.where(TIME_S < 3, 100.0, 300.0)
    table = frame_table(TIME_S, target_id=np.where(TIME_S < 3, 1.0, 2.0), target_best_steps=best, lens_position_steps=best)
    assert focus_lag(table, WIDTH)["stretches"] == 0


def test_movement_within_the_depth_of_focus_and_an_unknown_depth_of_focus(frame_table: Callable[..., Any]) -> None:
    table = frame_table(TIME_S, target_id=1.0, target_best_steps=wanted(TIME_S), lens_position_steps=wanted(TIME_S - 0.3))
    assert focus_lag(table, 250.0)["stretches"] == 0
    assert focus_lag(table, np.nan)["stretches"] == 0


def test_a_clock_that_starts_again_makes_two_recordings_of_it(frame_table: Callable[..., Any]) -> None:
    time_s = np.concatenate([TIME_S, TIME_S])
    best, lens = np.tile(wanted(TIME_S), 2), np.tile(wanted(TIME_S - 0.3), 2)
    said = focus_lag(frame_table(time_s, target_id=1.0, target_best_steps=best, lens_position_steps=lens), WIDTH)
    assert (said["stretches"], said["followed"]) == (2, 2)
    assert said["lag_s"] == pytest.approx(0.3, abs=0.006)
