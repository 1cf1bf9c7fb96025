"""Layout: where things stand, and where the drawn axis is said to be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import SCALES, AcrossAxis, DepthAxis
from auxfocus_ros.view import Direction, FocusReading, Rect, ViewOptions, arrange, counts_shape, marker_geometry
from auxfocus_ros.view.layout import inset_places
from auxfocus_ros.view.options import DIRECTIONS, LAYOUTS

OVERLAY = ViewOptions()


def test_overlay_at_720_rows_by_hand() -> None:
    layout = arrange(1280, 720, OVERLAY)
    assert (layout.width_px, layout.height_px) == (1280, 720)
    assert (layout.plot.left, layout.plot.right, layout.plot.top, layout.plot.bottom) == (0, 1280, 36, 684)
    assert (layout.depth_px_at(0.0), layout.depth_px_at(1.0)) == (683.5, 35.5)
    assert counts_shape(1280, 720, OVERLAY) == (324, 640)


@settings(deadline=None, max_examples=150)
@given(
    st.integers(64, 5000),
    st.integers(64, 3000),
    st.builds(
        ViewOptions,
        layout=st.sampled_from(LAYOUTS),
        direction=st.sampled_from(DIRECTIONS),
        panel_first=st.booleans(),
        show_scale=st.booleans(),
        text_scale=st.floats(0.5, 4.0),
        panel_share=st.floats(0.2, 2.0),
        inset_share=st.floats(0.2, 0.8),
    ),
)
def test_everything_is_inside(width: int, height: int, options: ViewOptions) -> None:
    layout = arrange(width, height, options)
    picture, panel, plot = layout.picture, layout.panel, layout.plot
    assert (picture.width, picture.height) == (width, height)
    for inner, outer in ((plot, panel), (panel, Rect(0, 0, layout.width_px, layout.height_px))):
        assert outer.left <= inner.left < inner.right <= outer.right
        assert outer.top <= inner.top < inner.bottom <= outer.bottom
    beside = options.layout in {"side_by_side", "top_bottom"}
    shared = max(0, min(panel.right, picture.right) - max(panel.left, picture.left))
    shared *= max(0, min(panel.bottom, picture.bottom) - max(panel.top, picture.top))
    assert shared == (0 if beside else panel.width * panel.height)
    first, end = (plot.left, plot.right) if layout.vertical else (plot.top, plot.bottom)
    assert first <= layout.axis_px < end
    bins, columns = counts_shape(width, height, options)
    assert 1 <= bins <= layout.depth_length_px
    assert 1 <= columns <= end - first


# The plot at 1280 x 720, worked out by hand: text of 12 px, margins 36 px before and behind a vertical depth (5 %) and 50 px
# (4.2 x 12) sideways, labels 48 px left of a vertical axis and 29 px below a sideways one, where they are not over the plot.
PLOTS = {
    ("overlay", "up"): (Rect(0, 36, 1280, 648), 48),
    ("overlay", "down"): (Rect(0, 36, 1280, 648), 48),
    ("overlay", "left"): (Rect(50, 0, 1180, 720), 690),
    ("overlay", "right"): (Rect(50, 0, 1180, 720), 690),
    ("side_by_side", "up"): (Rect(1328, 36, 710, 648), 1328),
    ("side_by_side", "right"): (Rect(1330, 0, 668, 720), 690),
    ("top_bottom", "up"): (Rect(0, 746, 1280, 380), 48),
    ("top_bottom", "right"): (Rect(50, 739, 1180, 384), 1122),
    ("inset", "up"): (Rect(780, 36, 480, 250), 780),
    ("inset", "right"): (Rect(782, 29, 438, 254), 282),
}


@pytest.mark.parametrize(("case", "expected"), PLOTS.items())
def test_plots_by_hand(case: tuple[str, str], expected: tuple[Rect, int]) -> None:
    layout = arrange(1280, 720, ViewOptions(layout=case[0], direction=case[1]))  # type: ignore[arg-type]
    assert (layout.plot, layout.axis_px) == expected


@pytest.mark.parametrize(
    ("direction", "near", "far", "low", "high"),
    [
        ("up", 683.5, 35.5, -0.5, 1279.5),
        ("down", 35.5, 683.5, -0.5, 1279.5),
        ("right", 49.5, 1229.5, -0.5, 719.5),
        ("left", 1229.5, 49.5, -0.5, 719.5),
    ],
)
def test_ends_of_both_axes(direction: str, near: float, far: float, low: float, high: float) -> None:
    layout = arrange(1280, 720, ViewOptions(direction=direction))  # type: ignore[arg-type]
    axis, across = DepthAxis(1.0, 16.0, 64), AcrossAxis(-4.0, 4.0, 8, "metres")
    assert (layout.depth_px(axis, 1.0), layout.depth_px(axis, 16.0)) == (pytest.approx(near), pytest.approx(far))
    assert (layout.depth_px(axis, 0.1), layout.depth_px(axis, math.inf)) == (pytest.approx(near), pytest.approx(far))
    assert layout.depth_px(axis, 4.0) == pytest.approx((near + far) / 2)
    assert math.isnan(layout.depth_px(axis, math.nan))
    assert (layout.across_px(across, -4.0), layout.across_px(across, 4.0)) == (pytest.approx(low), pytest.approx(high))
    assert layout.across_px(across, 99.0) == pytest.approx(high)
    assert math.isnan(layout.across_px(across, math.nan))
    left, top, right, bottom = layout.cells_rect(axis, 1.0, 4.0, across, 0.0, 4.0)
    depths, sides = sorted((near, (near + far) / 2)), [(low + high) / 2, high]
    expected = (*sides, *depths) if layout.vertical else (*depths, *sides)
    assert (left, right, top, bottom) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("direction", "angle", "size"),
    [("up", 0.0, 1280), ("down", 0.0, 1280), ("left", math.pi / 2, 720), ("right", math.pi / 2, 720)],
)
def test_the_plots_columns_are_the_pictures(direction: str, angle: float, size: int) -> None:
    """Across in pixels along the plot: a picture's column (row) stands over itself."""
    layout = arrange(1280, 720, ViewOptions(direction=direction))  # type: ignore[arg-type]
    across = AcrossAxis.of_picture(size, 64, angle)
    for pixel in (0.0, 17.25, size - 1.0):
        assert layout.across_px(across, pixel) == pytest.approx(pixel)


def test_below_the_picture_columns_stand_under_columns_and_beside_it_rows_beside_rows() -> None:
    below = arrange(1280, 720, ViewOptions(layout="top_bottom"))
    assert (below.plot.left, below.plot.width) == (below.picture.left, 1280)
    beside = arrange(1280, 720, ViewOptions(layout="side_by_side", direction="left"))
    assert (beside.plot.top, beside.plot.height) == (beside.picture.top, 720)


@pytest.mark.parametrize("layout", ["side_by_side", "top_bottom"])
def test_the_panel_first(layout: str) -> None:
    last = arrange(1280, 720, ViewOptions(layout=layout))  # type: ignore[arg-type]
    first = arrange(1280, 720, ViewOptions(layout=layout, panel_first=True))  # type: ignore[arg-type]
    assert last.picture[:2] == (0, 0)
    assert first.panel[:2] == (0, 0)
    assert (first.width_px, first.height_px) == (last.width_px, last.height_px)
    assert first.width_px % 2 == first.height_px % 2 == 0


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_offset_bars_take_the_top_of_the_picture(direction: str) -> None:
    """Text of 12 px: the strip takes 91 rows, and a plot whose depth is vertical begins below it with its margin."""
    layout = arrange(1280, 720, ViewOptions(direction=direction, offset_bars=True))  # type: ignore[arg-type]
    assert (layout.strip_px, layout.clear_top_px) == (91, 91)
    assert layout.plot.top == (91 + 31 if layout.vertical else 0)
    beside = arrange(1280, 720, ViewOptions(layout="side_by_side", direction=direction, offset_bars=True))  # type: ignore[arg-type]
    assert beside.plot == arrange(1280, 720, ViewOptions(layout="side_by_side", direction=direction)).plot  # type: ignore[arg-type]
    assert beside.clear_top_px == 0
    assert all(place.top >= 91 for place in inset_places(1280, 720, ViewOptions(layout="inset", offset_bars=True)))


def test_places_of_an_inset() -> None:
    places = inset_places(1280, 720, ViewOptions())
    assert len(set(places)) == 8
    assert places[0] == Rect(1280 - 538 - 10, 10, 538, 302)  # upper right
    assert all(place.left >= 10 and place.top >= 10 and place.right <= 1270 and place.bottom <= 710 for place in places)
    assert arrange(1280, 720, ViewOptions(layout="inset"), places[3]).panel == places[3]
    assert inset_places(64, 64, ViewOptions(inset_share=0.8, text_scale=4.0))[0] == Rect(7, 7, 51, 51)


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
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_axis_in_the_marker_is_the_drawn_one(scale: str, direction: str) -> None:
    layout = arrange(1280, 720, ViewOptions(direction=direction))  # type: ignore[arg-type]
    axis = DepthAxis(0.5, 60.0, 324, scale)  # type: ignore[arg-type]
    where = marker_geometry(layout, axis, FocusReading("finite", 5.0, 4.0, 6.0))
    assert where.direction is Direction.of_name(direction)  # type: ignore[arg-type]
    assert (where.picture, where.plot) == (layout.picture, layout.plot)
    assert (np.diff(where.axis_depth_m) > 0).all()
    assert (np.diff(where.axis_px) * (1 if direction in {"down", "right"} else -1) > 0).all()
    assert (where.axis_depth_m[0], where.axis_depth_m[-1]) == (0.5, 60.0)
    depths = axis.depth_at(np.linspace(0, 1, 999))
    drawn = np.interp(depths, where.axis_depth_m, where.axis_px)
    exact = np.array([layout.depth_px(axis, float(depth)) for depth in depths])
    assert np.abs(drawn - exact).max() < 0.4
    assert where.focus_px == layout.depth_px(axis, 5.0)


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
