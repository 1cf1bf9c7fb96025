"""Histograms: which bin a value counts in, and what is said of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auxfocus_ros.analysis.report.bars import Scale, bin_text, histogram_figure, shown_bins
from auxfocus_ros.analysis.report.histograms import STEP_EDGES, Histogram, HistogramsBuilder


def counted(values: list[float]) -> Histogram:
    histogram = Histogram(STEP_EDGES)
    histogram.add(np.array(values))
    return histogram


def test_values_count_between_their_edges_and_beyond_them() -> None:
    histogram = counted([0.0, 0.5, -0.5, 1.0, 1.9, -30.0, 1e6, -1e6, math.inf, math.nan])
    assert histogram.total == 9
    filled = {bin_text(histogram, bin, "steps"): int(histogram.counts[bin]) for bin in np.flatnonzero(histogram.counts)}
    assert filled == {
        "below −10 000 steps (11.1 %)": 1,
        "−50 to −20 steps (11.1 %)": 1,
        "−1 to 1 steps (33.3 %)": 3,
        "1 to 2 steps (22.2 %)": 2,
        "10 000 steps and beyond (22.2 %)": 2,
    }


def test_the_shown_bins_are_those_that_any_fills_with_one_more_at_each_end() -> None:
    zero = int(np.searchsorted(STEP_EDGES, 0.0))
    assert shown_bins([counted([0.0]), counted([7.0]), counted([])]) == range(zero - 1, zero + 5)
    assert shown_bins([counted([-1e9, 1e9])]) == range(len(STEP_EDGES) + 1)
    assert shown_bins([counted([])]) == range(0)


def test_nothing_counted_is_nothing_drawn() -> None:
    empty = counted([])
    assert histogram_figure("Deviation", "deviation", empty, Scale.of_steps(shown_bins([empty]))) == ""


def test_labels_stand_at_the_edges_of_their_bins() -> None:
    zero = int(np.searchsorted(STEP_EDGES, 0.0))
    scale = Scale.of_steps(range(zero - 1, zero + 2))  # -2 to -1, -1 to 1, 1 to 2
    assert [(tick.label, tick.at) for tick in scale.ticks] == [("−1", pytest.approx(1 / 3)), ("1", pytest.approx(2 / 3))]


def test_steps_are_labelled_by_powers_of_ten_about_zero() -> None:
    scale = Scale.of_steps(shown_bins([counted([-30.0, 400.0])]))  # the 16 bins from -100 to 1000
    assert [tick.label for tick in scale.ticks] == ["−100", "−10", "0", "10", "100", "1000"]
    np.testing.assert_allclose([16 * tick.at for tick in scale.ticks], [0, 3, 6.5, 10, 13, 16])


def test_the_side_tells_the_share_of_the_frames() -> None:
    histogram = counted([0.0, 0.0, 7.0])
    drawn = histogram_figure("Deviation", "deviation", histogram, Scale.of_steps(shown_bins([histogram])))
    assert ">0 %</span>" in drawn and ">50 %</span>" in drawn and "3 frames, most in −1 to 1 steps (66.7 %)" in drawn


def test_depths_are_labelled_where_they_lie_in_the_logarithm() -> None:
    everything = Scale.of_depths(range(1, 65))  # from 0.1 m to 200 m
    found = {tick.label: tick.at for tick in everything.ticks}
    assert found["0.1"] == pytest.approx(0.0, abs=1e-9) and found["200"] == pytest.approx(1.0)
    assert found["10"] == pytest.approx(math.log(100) / math.log(2000))


def test_rows_are_counted_by_their_columns() -> None:
    builder = HistogramsBuilder()
    builder.add([{"deviation_steps": 3.0, "focus_distance_m": math.inf, "target_depth_m": None}, {"deviation_steps": None}])
    totals = {name: histogram.total for name, histogram in builder.histograms.items()}
    assert totals == {"deviation_steps": 1, "focus_distance_m": 1, "target_depth_m": 0}
    assert builder.histograms["focus_distance_m"].counts[-1] == 1
