"""What the lens did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.lens_use import lens_use


def test_by_hand(frame_table: Callable[..., Any]) -> None:
    """Two moves, 100 up and 40 back; the fourth frame's position is not known, the last says itself that it moves."""
    table = frame_table(
        np.arange(8) / 10,
        lens_position_steps=[10.0, 10.2, 60.0, np.nan, 110.0, 110.0, 70.0, 70.0],
        lens_moving=np.array([False, False, None, None, None, None, None, True], dtype=object),
        focus_distance_m=[np.inf, np.inf, 4.0, np.nan, 2.0, 2.0, 2.5, np.nan],
    )
    said = lens_use(table, np.full(8, 0.1))
    assert said["travel_steps"] == pytest.approx(140.0)
    assert said["moves"] == 2
    assert said["moving_share"] == pytest.approx(4 / 7)
    assert said["known_share"] == pytest.approx(7 / 8)
    assert (said["lowest_steps"], said["median_steps"], said["highest_steps"]) == (10.0, 70.0, 110.0)
    assert (said["farthest_dpt"], said["nearest_dpt"]) == (0.0, 0.5)


def test_without_a_lens(frame_table: Callable[..., Any]) -> None:
    said = lens_use(frame_table([0.0, 0.1]), np.full(2, 0.1))
    assert said.pop("known_share") == 0.0
    assert all(np.isnan(value) for value in said.values())


def test_a_lens_that_stands_moved_not(frame_table: Callable[..., Any]) -> None:
    said = lens_use(frame_table([0.0, 0.1], lens_position_steps=7.0), np.full(2, 0.1))
    assert (said["moves"], said["travel_steps"], said["moving_share"]) == (0, 0.0, 0.0)
