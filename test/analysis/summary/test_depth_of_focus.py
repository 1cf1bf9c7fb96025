"""The depth of focus out of the table alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.depth_of_focus import depth_of_focus_steps
from auxfocus_ros.optics import Lens, load_lens


def test_by_hand(frame_table: Callable[..., Any]) -> None:
    """100 steps at 0.5 dpt and 200 at 1 dpt are 200 steps a dioptre; 0.1 dpt to the near limit are 20, 40 in all."""
    table = frame_table(
        [0.0, 0.1], lens_position_steps=[100.0, 200.0], focus_distance_m=[2.0, 1.0], near_limit_m=[1 / 0.6, 1 / 1.1]
    )
    assert depth_of_focus_steps(table) == pytest.approx(40.0)


def test_the_targets_positions_count_where_the_lens_stands(frame_table: Callable[..., Any]) -> None:
    """The lens at infinity, the target at 1 dpt 200 steps off."""
    table = frame_table(
        [0.0, 0.1],
        lens_position_steps=100.0,
        focus_distance_m=np.inf,
        near_limit_m=10.0,
        target_depth_m=1.0,
        target_best_steps=300.0,
    )
    assert depth_of_focus_steps(table) == pytest.approx(40.0)


@pytest.mark.parametrize("name", ["bench_25mm", "phone_4mm52", "gimbal_35mm"])
def test_as_the_lens_says(frame_table: Callable[..., Any], name: str) -> None:
    lens: Lens = load_lens(name)
    positions = np.linspace(lens.min_position_steps, lens.max_position_steps, 50)
    focus_m = lens.focus_distance_m(positions)
    table = frame_table(
        np.arange(50) / 10,
        lens_position_steps=positions,
        focus_distance_m=focus_m,
        near_limit_m=lens.depth_of_field_m(positions)[0],
    )
    low, high = lens.depth_of_focus_steps(focus_m[np.isfinite(focus_m)])
    assert depth_of_focus_steps(table) == pytest.approx(float(np.median(high - low)), rel=0.1)


def test_not_known_without_a_lens_or_without_two_positions(frame_table: Callable[..., Any]) -> None:
    assert np.isnan(depth_of_focus_steps(frame_table([0.0, 0.1])))
    stands = frame_table([0.0, 0.1], lens_position_steps=100.0, focus_distance_m=2.0, near_limit_m=1.5)
    assert np.isnan(depth_of_focus_steps(stands))
