"""The scales: round depths, objects' depths, metres and degrees across."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet
from auxfocus_ros.view import Content, FocusReading, ViewOptions, arrange, draw_aux_image
from auxfocus_ros.view.across_scale import across_ticks
from auxfocus_ros.view.options import DIRECTIONS, LAYOUTS

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
AXIS = DepthAxis(1.0, 16.0, 64)
METRES = AcrossAxis(-4.0, 4.0, 128, "metres")


def only(**options: Any) -> ViewOptions:
    return ViewOptions(
        **{"show_scale": False, "focus_mark": "none", "focus_area": "none", "dimming": 0.0, "opacity": 1.0, **options}
    )


def content(across: AcrossAxis, targets: tuple[Target, ...] = ()) -> Content:
    counts = np.zeros((AXIS.bins, across.columns), np.uint32)
    counts[0, 0] = 1
    return Content(DepthDistribution(counts, AXIS, across), TargetSet(targets))


def drawn_by_the_scale(across: AcrossAxis, targets: tuple[Target, ...] = (), **options: Any) -> np.ndarray:
    given = content(across, targets)
    bare, _ = draw_aux_image(GREY, given, FocusReading(), only(**options))
    scaled, _ = draw_aux_image(GREY, given, FocusReading(), only(show_scale=True, **options))
    return (bare != scaled).any(axis=-1)


def target(number: int, depth_m: float, *, in_focus: bool = False) -> Target:
    return Target(number, (10, 10, 20, 20), depth_m=depth_m, in_focus=in_focus)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_round_depths_have_a_tick_and_a_number(direction: str) -> None:
    pixels = AcrossAxis.of_picture(WIDTH, 128)
    drawn = drawn_by_the_scale(pixels, direction=direction)
    layout = arrange(WIDTH, HEIGHT, ViewOptions(direction=direction))  # type: ignore[arg-type]
    for depth in (2.0, 5.0, 10.0):
        at = round(layout.depth_px(AXIS, depth))
        if layout.vertical:
            assert drawn[at, layout.axis_px + 3]
            assert drawn[at - 6 : at + 7, : layout.axis_px - 5].any()
        else:
            assert drawn[layout.axis_px - 3, at]
            assert drawn[layout.axis_px + 6 :, at - 6 : at + 7].any()
    first, last = sorted((round(layout.depth_px_at(0.0) + 0.5), round(layout.depth_px_at(1.0) - 0.5)))
    line = drawn[:, layout.axis_px] if layout.vertical else drawn[layout.axis_px]
    assert line[first + 1 : last - 1].all()


def test_objects_alone_are_labelled() -> None:
    things = (target(1, 4.0), target(2, 8.0))
    drawn = drawn_by_the_scale(AcrossAxis.of_picture(WIDTH, 128), things, ticks="objects")
    layout = arrange(WIDTH, HEIGHT, ViewOptions())
    numbers = drawn[layout.plot.top + 20 : layout.plot.bottom, : layout.axis_px - 5].any(axis=1)
    rows = np.flatnonzero(numbers) + layout.plot.top + 20
    expected = [round(layout.depth_px(AXIS, thing.depth_m)) for thing in things]
    assert all(min(abs(row - at) for at in expected) <= 10 for row in rows)
    assert all(numbers[at - layout.plot.top - 20] for at in expected)


def test_of_two_objects_at_one_depth_the_more_important_has_the_number() -> None:
    pixels = AcrossAxis.of_picture(WIDTH, 128)
    alone = drawn_by_the_scale(pixels, (target(1, 4.0),), ticks="objects")
    both = drawn_by_the_scale(pixels, (target(1, 4.0), target(2, 4.08)), ticks="objects")
    axis_px = arrange(WIDTH, HEIGHT, ViewOptions()).axis_px
    np.testing.assert_array_equal(alone[:, : axis_px - 3], both[:, : axis_px - 3])
    assert both[:, axis_px:].sum() > alone[:, axis_px:].sum()  # the other has a tick all the same


@pytest.mark.parametrize("depth_m", [math.nan, 0.5, 99.0, math.inf])
def test_objects_off_the_axis_are_left_out(depth_m: float) -> None:
    pixels = AcrossAxis.of_picture(WIDTH, 128)
    none = drawn_by_the_scale(pixels, (), ticks="objects")
    np.testing.assert_array_equal(drawn_by_the_scale(pixels, (target(1, depth_m),), ticks="objects"), none)


def test_pixels_across_have_no_scale() -> None:
    drawn = drawn_by_the_scale(AcrossAxis.of_picture(WIDTH, 128))
    assert not drawn[690:, 100:].any()


def test_metres_across_by_hand() -> None:
    # 1280 px for 8 m; labels at least 5.5 x 12 = 66 px apart, 0.41 m: half metres, right of the depth axis (72 px: -3.55 m).
    ticks = across_ticks(arrange(WIDTH, HEIGHT, ViewOptions()), METRES)
    assert [text for _, text in ticks] == [f"{value:g}" for value in np.arange(-3.5, 4.01, 0.5)]
    assert [value for value, _ in ticks] == [float(text) for _, text in ticks]
    drawn = drawn_by_the_scale(METRES)
    for value in (-2.0, 0.0, 2.0):
        column = round(-0.5 + 1280 * (value + 4.0) / 8.0)
        assert drawn[684:688, column - 1 : column + 2].any()  # a tick below the plot
        assert drawn[690:706, column - 8 : column + 9].any()  # its number
    assert drawn[684, 80:1270].all()


def test_bearings_are_written_in_degrees() -> None:
    ticks = across_ticks(arrange(WIDTH, HEIGHT, ViewOptions()), AcrossAxis(-math.pi, math.pi, 128, "radians"))
    assert [text for _, text in ticks] == [str(degrees) for degrees in range(-150, 181, 30)]
    assert [math.degrees(value) for value, _ in ticks] == pytest.approx(list(range(-150, 181, 30)))


@settings(deadline=None, max_examples=150)
@given(
    st.floats(-500, 500),
    st.floats(1e-3, 1e4),
    st.sampled_from(["metres", "radians"]),
    st.tuples(st.integers(64, 2500), st.integers(64, 2000)),
    st.builds(ViewOptions, layout=st.sampled_from(LAYOUTS), direction=st.sampled_from(DIRECTIONS), text_scale=st.floats(0.5, 3)),
)
def test_ticks_across_rise_within_the_axis_and_stand_apart(
    low: float, length: float, unit: str, size: tuple[int, int], options: ViewOptions
) -> None:
    layout, across = arrange(*size, options), AcrossAxis(low, low + length, 16, unit)  # type: ignore[arg-type]
    ticks = across_ticks(layout, across)
    values = [value for value, _ in ticks]
    assert all(low - 1e-6 * length <= value <= low + length * (1 + 1e-6) for value in values)
    pixels = [layout.across_px(across, value) for value in values]
    assert all(later - earlier >= 2 * layout.text_px for earlier, later in pairwise(pixels))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_scale_across_stays_in_the_panel(layout: str, direction: str) -> None:
    drawn = drawn_by_the_scale(METRES, layout=layout, direction=direction)
    panel = arrange(WIDTH, HEIGHT, ViewOptions(layout=layout, direction=direction)).panel  # type: ignore[arg-type]
    rows, columns = np.nonzero(drawn)
    assert panel.top <= rows.min() <= rows.max() < panel.bottom
    assert panel.left <= columns.min() <= columns.max() < panel.right
