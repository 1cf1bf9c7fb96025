"""The timeline: what a column holds, that merging columns loses nothing, and where the clock breaks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.columns import DEPTH_BINS
from auxfocus_ros.analysis.report.timeline import MOST_COLUMNS, SERIES, Timeline, TimelineBuilder


def row(time_s: float | None, **known: Any) -> dict[str, Any]:
    return {"time_s": time_s, "depth_counts": None, **dict.fromkeys(SERIES), **known}


def built(rows: list[dict[str, Any]], batch: int = 100) -> Timeline:
    builder = TimelineBuilder()
    for begin in range(0, len(rows), batch):
        builder.add(rows[begin : begin + batch])
    return builder.timeline()


def test_a_short_recording_has_a_column_a_frame() -> None:
    counts = [0] * DEPTH_BINS
    counts[7] = 5
    timeline = built(
        [
            row(0.0, focus_distance_m=2.0, target_in_focus=True, depth_counts=counts),
            row(0.1, focus_distance_m=math.inf, target_in_focus=False),
            row(0.2),
        ]
    )
    assert (timeline.frames, timeline.frames_per_column, timeline.columns) == (3, 1, 3)
    assert timeline.time_s.tolist() == [0.0, 0.1, 0.2]
    np.testing.assert_array_equal(timeline.lows["focus_distance_m"], [2.0, np.inf, np.nan])
    np.testing.assert_array_equal(timeline.highs["target_in_focus"], [1.0, 0.0, np.nan])
    assert timeline.counts[0, 7] == 5 and timeline.counts.sum() == 5
    assert timeline.known("focus_distance_m") and not timeline.known("deviation_steps")
    assert timeline.breaks == ()


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 3 * MOST_COLUMNS), st.integers(1, 3000), st.integers(0, 10))
def test_merged_columns_hold_what_their_frames_held(frames: int, batch: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    steps = np.where(random.random(frames) < 0.2, np.nan, random.normal(0.0, 9.0, frames))
    rows = [row(0.1 * index, deviation_steps=None if np.isnan(value) else value) for index, value in enumerate(steps)]
    timeline = built(rows, batch)
    each = timeline.frames_per_column
    assert timeline.columns == math.ceil(frames / each) <= MOST_COLUMNS
    assert each == 1 or frames > MOST_COLUMNS * each / 2  # no coarser than it must be
    for column in range(timeline.columns):
        held = steps[column * each : (column + 1) * each]
        held = held[np.isfinite(held)]
        ends = (timeline.lows["deviation_steps"][column], timeline.highs["deviation_steps"][column])
        assert ends == (held.min(), held.max()) if len(held) else all(map(math.isnan, ends))
    np.testing.assert_array_equal(timeline.time_s, [0.1 * index for index in range(0, frames, each)])


def test_readings_are_added_up_when_columns_are_merged() -> None:
    counts = [2] * DEPTH_BINS
    timeline = built([row(0.1 * index, depth_counts=counts) for index in range(MOST_COLUMNS + 1)])
    assert timeline.frames_per_column == 2
    assert (timeline.counts[: MOST_COLUMNS // 2] == 4).all() and (timeline.counts[MOST_COLUMNS // 2] == 2).all()


@pytest.mark.parametrize("frames", [40, 5000])
def test_gaps_and_steps_back_are_found_however_coarse_the_columns_are(frames: int) -> None:
    times = [0.1 * index for index in range(frames)]
    times = [time + (7.0 if index >= 17 else 0.0) - (12.0 if index >= 30 else 0.0) for index, time in enumerate(times)]
    timeline = built([row(time) for time in times], 11)
    each = timeline.frames_per_column
    gap, back = timeline.breaks
    assert (gap.column, back.column) == (17 // each, 30 // each)
    assert (gap.from_s, gap.to_s) == pytest.approx((1.6, 8.7))
    assert (back.from_s, back.to_s) == pytest.approx((9.9, -2.0))


def test_frames_without_a_time_break_nothing() -> None:
    timeline = built([row(0.0), row(None), row(0.2)])
    assert timeline.breaks == () and timeline.columns == 3


def test_no_frames_make_no_columns() -> None:
    assert TimelineBuilder().timeline().columns == 0
