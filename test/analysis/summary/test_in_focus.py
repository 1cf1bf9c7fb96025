"""Shares of time in focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.in_focus import in_focus


def test_by_hand(frame_table: Callable[..., Any]) -> None:
    """Four frames count for 1, 2, 3 and 4 s; the third's focus is not known: 1 s of 7 s in focus."""
    table = frame_table(
        [0.0, 1.0, 3.0, 6.0],
        target_in_focus=np.array([True, False, None, False], dtype=object),
        target_off_steps=[-2.0, 10.0, np.nan, 30.0],
        target_id=[4.0, 4.0, np.nan, 7.0],
        deviation_steps=[np.nan, 9.0, -10.0, -12.0],
        in_depth_of_field=[0.5, 0.5, np.nan, 0.0],
    )
    said = in_focus(table, np.array([1.0, 2.0, 3.0, 4.0]), 20.0)
    assert said["share"] == pytest.approx(1 / 7)
    assert said["known_share"] == pytest.approx(0.7)
    assert said["targets"] == 2
    assert said["off_median_steps"] == 10.0
    assert said["off_p90_steps"] == pytest.approx(26.0)
    assert said["picture_share"] == pytest.approx(5 / 9)
    assert said["deviation_median_steps"] == 10.0
    assert said["scene_share"] == pytest.approx(1.5 / 7)


def test_nothing_known(frame_table: Callable[..., Any]) -> None:
    said = in_focus(frame_table([0.0, 0.1], deviation_steps=3.0), np.array([0.1, 0.1]), np.nan)
    assert np.isnan(said["share"]) and np.isnan(said["off_median_steps"]) and np.isnan(said["picture_share"])
    assert said["known_share"] == 0.0 and said["targets"] == 0
