"""The depth axis: golden values by hand, and what must hold of every axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import SCALES, DepthAxis
from auxfocus_ros.errors import ConfigurationError

BinOf = Callable[..., Any]
quick = settings(deadline=None, max_examples=100)


@st.composite
def axes(draw: st.DrawFn) -> DepthAxis:
    near = draw(st.floats(0.05, 50.0))
    span = draw(st.floats(1.2, 2000.0))
    return DepthAxis(near, near * span, draw(st.integers(1, 1024)), draw(st.sampled_from(SCALES)))


def test_linear_axis_by_hand() -> None:
    axis = DepthAxis(1.0, 5.0, 4, "linear")
    np.testing.assert_allclose(axis.edges_m(), [1, 2, 3, 4, 5])
    assert axis.position_of(3.0) == 0.5
    assert axis.depth_at(0.25) == 2.0


def test_dioptre_axis_by_hand() -> None:
    # 1 m is 1 dpt, 2 m is 0.5 dpt; half way is 0.75 dpt, which is 4/3 m.
    axis = DepthAxis(1.0, 2.0, 2, "dioptre")
    np.testing.assert_allclose(axis.edges_m(), [1, 4 / 3, 2])
    assert axis.position_of(4 / 3) == pytest.approx(0.5)


def test_log_axis_by_hand() -> None:
    axis = DepthAxis(1.0, 100.0, 2, "log")
    np.testing.assert_allclose(axis.edges_m(), [1, 10, 100])
    assert axis.position_of(10.0) == pytest.approx(0.5)


@pytest.mark.parametrize("scale", SCALES)
def test_what_is_off_the_axis(bin_of: BinOf, scale: str) -> None:
    axis = DepthAxis(1.0, 10.0, 8, scale)  # type: ignore[arg-type]
    positions = axis.position_of(np.array([0.0, -3.0, 0.5, 1.0, 10.0, 20.0, math.inf, math.nan]))
    np.testing.assert_array_equal(positions, [0, 0, 0, 0, 1, 1, 1, math.nan])
    bins = bin_of(axis, np.array([0.0, -3.0, -1e30, 0.999], np.float32))
    assert ((bins > -1) & (bins < 0)).all()
    bins = bin_of(axis, np.array([10.01, 1e30, math.inf], np.float32))
    assert ((bins > 8) & (bins < 9)).all()
    assert np.isnan(bin_of(axis, np.array([math.nan], np.float32)))[0]
    assert axis.position_of(math.inf) == 1.0
    assert math.isnan(axis.position_of(math.nan))


@pytest.mark.parametrize("scale", SCALES)
def test_integer_depths_with_a_unit_and_an_offset(bin_of: BinOf, scale: str) -> None:
    axis = DepthAxis(0.5, 8.0, 100, scale)  # type: ignore[arg-type]
    millimetres = np.array([600, 1234, 7000], np.uint16)
    expected = bin_of(axis, (millimetres / 1000).astype(np.float32))
    np.testing.assert_allclose(bin_of(axis, millimetres, unit_m=0.001), expected, atol=2e-3)
    np.testing.assert_allclose(bin_of(axis, millimetres, unit_m=0.001, offset=1.0), expected + 1, atol=2e-3)


@quick
@given(axes())
def test_edges_rise_and_their_bins_count_up(bin_of: BinOf, axis: DepthAxis) -> None:
    edges = axis.edges_m()
    assert len(edges) == axis.bins + 1
    assert (np.diff(edges) > 0).all()
    assert (edges[0], edges[-1]) == (axis.near_m, axis.far_m)
    np.testing.assert_allclose(axis.position_of(edges), np.linspace(0, 1, axis.bins + 1), atol=1e-9)
    np.testing.assert_allclose(bin_of(axis, edges.astype(np.float32)), np.arange(axis.bins + 1), atol=0.06)


@quick
@given(axes())
def test_both_ends_belong_to_the_axis(bin_of: BinOf, axis: DepthAxis) -> None:
    bins = bin_of(axis, np.array([axis.near_m, axis.far_m], np.float32))
    assert bins[0] >= 0
    assert bins[1] < axis.bins


@quick
@given(axes(), st.floats(0, 1), st.floats(0, 1))
def test_position_and_depth_are_each_others_way_back(axis: DepthAxis, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert axis.position_of(axis.depth_at(low)) == pytest.approx(low, abs=1e-9)
    assert axis.depth_at(low) <= axis.depth_at(high)


@quick
@given(axes(), st.integers(2, 20))
def test_ticks_are_round_rising_apart_and_on_the_axis(axis: DepthAxis, most: int) -> None:
    ticks = axis.ticks(most)
    depths = [depth for depth, _ in ticks]
    assert len(ticks) <= most
    assert depths == sorted(set(depths))
    assert all(axis.near_m * (1 - 1e-6) <= depth <= axis.far_m * (1 + 1e-6) for depth in depths)
    assert all(float(text) == pytest.approx(depth, rel=1e-3) for depth, text in ticks)
    positions = [axis.position_of(depth) for depth in depths]
    assert all(b - a >= (1 - 1e-6) / (most - 1) for a, b in pairwise(positions))


def test_ticks_that_people_expect() -> None:
    assert [text for _, text in DepthAxis(0.0 + 1e-3, 10.0, 10, "linear").ticks(6)] == ["2", "4", "6", "8", "10"]
    assert [text for _, text in DepthAxis(1.0, 100.0, 10, "log").ticks(8)] == ["1", "2", "5", "10", "20", "50", "100"]
    assert [text for _, text in DepthAxis(1.0, 10.0, 10, "dioptre").ticks(4)] == ["1", "2", "10"]


def test_a_short_axis_has_ticks_too() -> None:
    assert [text for _, text in DepthAxis(3.02, 3.19, 10, "log").ticks(5)] == ["3.05", "3.1", "3.15"]


@pytest.mark.parametrize(
    ("near", "far", "bins", "scale", "said"),
    [
        (0.0, 5.0, 10, "log", "greater than 0"),
        (-1.0, 5.0, 10, "linear", "greater than 0"),
        (math.nan, 5.0, 10, "linear", "finite"),
        (1.0, math.inf, 10, "dioptre", "finite"),
        (5.0, 1.0, 10, "log", "far end"),
        (1.0, 1.0001, 10, "log", "far end"),
        (1e-3, 1e3, 10, "log", "far end"),
        (3.0, 3.01, 8192, "log", "fewer bins"),
        (1.0, 5.0, 0, "log", "bins"),
        (1.0, 5.0, 9000, "log", "bins"),
        (1.0, 5.0, 2.5, "log", "bins"),
        (1.0, 5.0, 10, "square", "scale"),
    ],
)
def test_an_axis_that_cannot_be(near: float, far: float, bins: int, scale: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        DepthAxis(near, far, bins, scale)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
