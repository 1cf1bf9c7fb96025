"""Layout: where things stand, and where the drawn axis is said to be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import SCALES, DepthAxis
from auxfocus_ros.view import Direction, FocusReading, ViewOptions, arrange, counts_shape, marker_geometry

OVERLAY, BESIDE = ViewOptions(), ViewOptions(layout="side_by_side")


def test_overlay_at_720_rows_by_hand() -> None:
    layout = arrange(1280, 720, OVERLAY)
    assert (layout.width_px, layout.height_px) == (1280, 720)
    assert (layout.plot.left, layout.plot.right, layout.plot.top, layout.plot.bottom) == (0, 1280, 36, 684)
    assert (layout.row_at(0.0), layout.row_at(1.0)) == (683.5, 35.5)
    assert counts_shape(1280, 720, OVERLAY) == (324, 640)


@settings(deadline=None, max_examples=100)
@given(st.integers(64, 5000), st.integers(64, 3000), st.sampled_from([OVERLAY, BESIDE]))
def test_everything_is_inside(width: int, height: int, options: ViewOptions) -> None:
    layout = arrange(width, height, options)
    panel, plot = layout.panel, layout.plot
    assert panel.left <= plot.left < plot.right <= panel.right <= layout.width_px
    assert panel.top <= plot.top < plot.bottom <= panel.bottom <= layout.height_px
    assert panel.left <= layout.axis_column < plot.right
    bins, columns = counts_shape(width, height, options)
    assert 1 <= bins <= plot.height
    assert 1 <= columns <= plot.width


@settings(deadline=None, max_examples=100)
@given(st.integers(1, 5000))
def test_columns_of_a_depth_image_take_as_many_pixels_each(source_width: int) -> None:
    _, columns = counts_shape(1280, 720, OVERLAY, source_width)
    assert 1 <= columns <= min(640, source_width)
    pixels = -(-source_width // 640)
    assert columns == source_width // pixels


@pytest.mark.parametrize(("source", "columns"), [(640, 640), (1280, 640), (1920, 640), (2560, 640), (320, 320)])
def test_usual_widths_divide(source: int, columns: int) -> None:
    assert counts_shape(1280, 720, OVERLAY, source)[1] == columns


@pytest.mark.parametrize("scale", SCALES)
def test_the_axis_in_the_marker_is_the_drawn_one(scale: str) -> None:
    layout, axis = arrange(1280, 720, OVERLAY), DepthAxis(0.5, 60.0, 324, scale)  # type: ignore[arg-type]
    where = marker_geometry(layout, axis, FocusReading("finite", 5.0, 4.0, 6.0))
    assert where.direction is Direction.UP
    assert (np.diff(where.axis_depth_m) > 0).all()
    assert (np.diff(where.axis_px) < 0).all()
    assert (where.axis_depth_m[0], where.axis_depth_m[-1]) == (0.5, 60.0)
    positions = np.linspace(0, 1, 999)
    depths = axis.depth_at(positions)
    drawn = np.interp(depths, where.axis_depth_m, where.axis_px)
    exact = np.array([layout.row_of(axis, float(depth)) for depth in depths])
    assert np.abs(drawn - exact).max() < 0.2
    assert where.focus_px == layout.row_of(axis, 5.0)


def test_what_the_marker_says_of_a_focus_off_the_axis() -> None:
    layout, axis = arrange(1280, 720, OVERLAY), DepthAxis(1.0, 10.0, 324)
    beyond = marker_geometry(layout, axis, FocusReading("finite", 20.0, 15.0, math.inf))
    assert math.isnan(beyond.focus_px)
    assert (beyond.near_px, beyond.far_px) == (35.5, 35.5)
    unknown = marker_geometry(layout, axis, FocusReading())
    assert all(math.isnan(row) for row in (unknown.focus_px, unknown.near_px, unknown.far_px))


def test_directions_are_the_messages() -> None:
    """FocusMarker.msg: UP 0, DOWN 1, LEFT 2, RIGHT 3."""
    assert [direction.value for direction in (Direction.UP, Direction.DOWN, Direction.LEFT, Direction.RIGHT)] == [0, 1, 2, 3]
