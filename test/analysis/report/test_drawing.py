"""Lines, bands, axes and the heat map, by values worked out by hand."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.report.axes import HEIGHT, INFINITY_LANE, DepthAxis, round_depths, time_ticks, value_axis
from auxfocus_ros.analysis.report.heat import POINTS_BGR, heat_png
from auxfocus_ros.analysis.report.lines import band_path, line_path, run_path, run_polygon
from auxfocus_ros.analysis.report.timeline import SERIES, Timeline, TimelineBuilder

NAN = math.nan


def at(*heights: float) -> np.ndarray:
    return np.array(heights, float)


def test_a_line_goes_through_the_middles_and_breaks_where_nothing_is_known() -> None:
    heights = at(10, 20, NAN, 30)
    assert line_path(heights, heights) == "M0.5 10L1.5 20 M3.5 30h.01"


def test_a_line_keeps_the_ends_of_a_level_stretch_only() -> None:
    heights = at(10, 10, 10, 10, 50)
    assert line_path(heights, heights) == "M0.5 10L3.5 10L4.5 50"


def test_a_line_runs_through_both_ends_of_a_column_the_nearer_first() -> None:
    assert line_path(at(100, 100), at(100, 300)) == "M0.5 100L1.5 100L1.5 300"
    assert line_path(at(300, 100), at(300, 300)) == "M0.5 300L1.5 300L1.5 100"


def test_a_line_goes_on_where_every_so_many_columns_are_known() -> None:
    heights = at(10, NAN, NAN, 20, NAN, NAN, 30, NAN, NAN, NAN, 40)
    assert line_path(heights, heights) == "M0.5 10L3.5 20L6.5 30 M10.5 40h.01"


def test_a_band_has_flat_columns() -> None:
    assert band_path(at(10, 10, 20), at(90, 90, 90)) == "M0 10L2 10L2 20L3 20L3 90L0 90Z"
    assert band_path(at(NAN), at(5)) == ""


def test_bars_cover_their_columns() -> None:
    assert run_path(np.array([False, True, True, False, True])) == "M1 0H3V1000H1ZM4 0H5V1000H4Z"
    assert run_path(np.zeros(3, bool)) == ""


def test_the_same_columns_can_be_cut_out_of_a_hatch() -> None:
    assert run_polygon(np.array([False, True, True, False, True])) == (
        "polygon(20% 100%,20% 0,60% 0,60% 100%,80% 100%,80% 0,100% 0,100% 100%)"
    )
    assert run_polygon(np.zeros(3, bool)) == "polygon(0 0)"


def test_depth_is_even_in_its_logarithm_with_the_far_end_on_top() -> None:
    axis = DepthAxis(1.0, 100.0)
    places = axis.place(at(1, 10, 100, 0.1, 1e6, NAN))
    np.testing.assert_allclose(places, [HEIGHT, HEIGHT / 2, 0.0, HEIGHT, 0.0, NAN])
    assert {tick.label: tick.at for tick in axis.ticks()}["10 m"] == pytest.approx(0.5)


def test_infinity_has_a_lane_of_its_own() -> None:
    axis = DepthAxis(1.0, 100.0, INFINITY_LANE)
    np.testing.assert_allclose(axis.place(at(math.inf, 100, 1)), [INFINITY_LANE / 2, INFINITY_LANE, HEIGHT])
    assert axis.ticks()[0].label == "∞"


def test_round_depths_are_many_enough_to_read_an_axis_by() -> None:
    assert round_depths(0.9, 21) == pytest.approx([1, 2, 5, 10, 20])
    assert round_depths(2.5, 8.2) == pytest.approx([3, 4, 5, 6, 7, 8])
    assert round_depths(0.75, 1.7) == pytest.approx([0.8, 0.9, 1, 1.5])
    assert round_depths(20, 30) == pytest.approx([20, 22, 24, 26, 28, 30])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e12, 1e12), max_size=6), st.booleans())
def test_any_values_lie_on_their_axis(values: list[float], from_zero: bool) -> None:
    axis = value_axis(np.array(values), from_zero=from_zero)
    assert axis.least < axis.greatest and all(axis.least <= value <= axis.greatest for value in values)
    labels = axis.ticks()
    assert 1 <= len(labels) <= 5 and all(0.0 <= tick.at <= 1.0 for tick in labels)


def timeline_at(times: list[float]) -> Timeline:
    builder = TimelineBuilder()
    builder.add([{"time_s": time, **dict.fromkeys(SERIES)} for time in times])
    return builder.timeline()


def test_times_stand_where_they_are_reached() -> None:
    ticks = time_ticks(timeline_at([0.5 * index for index in range(80)]))
    assert [tick.label for tick in ticks] == ["0 s", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s", "35 s"]
    np.testing.assert_allclose([tick.at for tick in ticks], [(10 * index + 0.5) / 80 for index in range(8)])


def test_few_pictures_have_no_time_between_them() -> None:
    ticks = time_ticks(timeline_at([0.0, 0.5]))
    assert [(tick.label, tick.at) for tick in ticks] == [("0 s", 0.25), ("0.5 s", 0.75)]


def test_a_time_between_two_pictures_stands_between_them() -> None:
    ticks = time_ticks(timeline_at([0.0, 0.3, 0.6, 0.9, 1.2]))  # 0.5 s: two thirds of the way from the second to the third
    assert [tick.label for tick in ticks] == ["0 s", "0.5 s", "1 s"]
    assert ticks[1].at == pytest.approx((1.5 + 2 / 3) / 5)


def test_a_time_that_the_clock_leaps_over_has_no_label() -> None:
    ticks = time_ticks(timeline_at([0.5 * index + (3.0 if index >= 38 else 0.0) for index in range(80)]))  # 18.5 s, then 22 s
    assert [tick.label for tick in ticks] == ["0 s", "5 s", "10 s", "15 s", "25 s", "30 s", "35 s", "40 s"]


@pytest.mark.parametrize("times", [[], [1.0], [5.0, 5.0, 5.0], [3.0, 2.0, 1.0], [math.nan, math.nan]])
def test_times_that_do_not_run_on_have_no_labels(times: list[float]) -> None:
    assert time_ticks(timeline_at(times)) == []


def test_labels_of_a_clock_that_leaps_do_not_crowd() -> None:
    times = [0.1 * index + (1e9 if index >= 50 else 0.0) for index in range(100)]
    assert 1 <= len(time_ticks(timeline_at(times))) <= 12


def test_the_heat_map_has_the_farthest_on_top_and_is_clear_where_nothing_is() -> None:
    counts = np.zeros((2, 3))
    counts[0] = [10, 0, 0]  # all of it near
    picture = cv2.imdecode(np.frombuffer(heat_png(counts), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (3, 2, 4)
    assert picture[2, 0].tolist() == [*POINTS_BGR, 255]
    assert picture[..., 3].sum() == 255


def test_a_bin_with_less_is_fainter() -> None:
    picture = cv2.imdecode(np.frombuffer(heat_png(np.array([[5.0, 95.0]])), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture[0, 0, 3] == 255  # 95 percent, the far bin
    assert picture[1, 0, 3] == pytest.approx(255 * math.sqrt(0.05 / 0.2), abs=255 / 31)
