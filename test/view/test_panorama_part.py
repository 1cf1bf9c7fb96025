"""A distribution of all that the depth sensor sees, with the picture's part marked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.view import Content, FocusReading, PictureSpan, ViewOptions, arrange, draw_aux_image
from auxfocus_ros.view.focus_span import kinds_of_cells, picture_span_px
from auxfocus_ros.view.options import DIRECTIONS

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
AXIS = DepthAxis(1.0, 16.0, 324)
ACROSS = AcrossAxis(-math.pi, math.pi, 640, "radians")
SPAN = PictureSpan(-0.6, 0.5)
FOCUS = FocusReading("finite", 4.0, 3.0, 5.0)


def only(**options: Any) -> ViewOptions:
    return ViewOptions(
        **{"show_scale": False, "focus_mark": "none", "focus_area": "none", "dimming": 0.0, "opacity": 1.0, **options}
    )


def content(curve: bool = True, counts: np.ndarray | None = None) -> Content:
    bearings = np.linspace(-0.7, 0.6, 60)
    distribution = DepthDistribution.empty(AXIS, ACROSS) if counts is None else DepthDistribution(counts, AXIS, ACROSS)
    return Content(distribution, panorama=SPAN, focus_curve=(bearings, 4.0 / np.cos(bearings)) if curve else None)


def full() -> np.ndarray:
    return np.full((AXIS.bins, ACROSS.columns), 4, np.uint32)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_what_the_picture_does_not_show_is_dimmed(direction: str) -> None:
    options = only(direction=direction)
    image, _ = draw_aux_image(GREY, content(counts=full()), FocusReading(), options)
    layout = arrange(WIDTH, HEIGHT, options)
    first, last = picture_span_px(layout, content())
    lines = image[360] if layout.vertical else image[:, 640]
    start, end = layout.across_span_px
    brightness = lines.astype(float).mean(axis=-1)
    inside, outside = (
        brightness[round(first) + 6 : round(last) - 5],
        np.r_[brightness[start : round(first) - 6], brightness[round(last) + 7 : end]],
    )
    assert outside.max() < 0.75 * inside.min()
    assert outside.min() > 0.4 * inside.max()


def test_the_part_is_where_the_bearings_are() -> None:
    first, last = picture_span_px(arrange(WIDTH, HEIGHT, ViewOptions()), content())
    assert first == pytest.approx(1280 * (math.pi - 0.6) / (2 * math.pi))
    assert last == pytest.approx(1280 * (math.pi + 0.5) / (2 * math.pi) - 1)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_focal_plane_is_a_curve_within_the_part(direction: str) -> None:
    bare, _ = draw_aux_image(GREY, content(counts=full()), FOCUS, only(direction=direction, mark_points_in_focus=False))
    image, where = draw_aux_image(
        GREY, content(counts=full()), FOCUS, only(direction=direction, focus_mark="line", mark_points_in_focus=False)
    )
    layout = arrange(WIDTH, HEIGHT, ViewOptions(direction=direction))  # type: ignore[arg-type]
    changed = (bare != image).any(axis=-1)
    ahead = changed[:, round(layout.across_px(ACROSS, 0.0))] if layout.vertical else changed[round(layout.across_px(ACROSS, 0.0))]
    aside = (
        changed[:, round(layout.across_px(ACROSS, -0.55))] if layout.vertical else changed[round(layout.across_px(ACROSS, -0.55))]
    )
    behind = (
        changed[:, round(layout.across_px(ACROSS, -2.0))] if layout.vertical else changed[round(layout.across_px(ACROSS, -2.0))]
    )
    assert np.flatnonzero(ahead).mean() == pytest.approx(where.focus_px, abs=2)
    expected = layout.depth_px(AXIS, 4.0 / math.cos(0.55))
    assert any(abs(at - expected) < 3 for at in np.flatnonzero(aside))
    assert not behind.any()


def test_in_focus_bends_with_the_plane() -> None:
    kinds = kinds_of_cells(content(), FOCUS, 324, 640, mark_plane=False)
    assert kinds is not None
    assert kinds.shape == (324, 640)
    columns = np.flatnonzero(kinds.any(axis=0))
    bearings = ACROSS.low + (columns + 0.5) * (ACROSS.high - ACROSS.low) / 640
    assert (bearings >= SPAN.low).all()
    assert (bearings <= SPAN.high).all()
    for column, bearing in zip(columns, bearings, strict=True):
        inside = np.flatnonzero(kinds[:, column])
        for bin_at, limit in ((inside[0], 3.0), (inside[-1] + 1, 5.0)):
            assert bin_at == pytest.approx(324 * AXIS.position_of(limit / math.cos(bearing)), abs=1.5)


def test_without_a_curve_the_plane_is_flat_within_the_part() -> None:
    image, where = draw_aux_image(GREY, content(curve=False), FOCUS, only(focus_mark="line"))
    row = image[round(where.focus_px)].astype(int)
    first, last = picture_span_px(arrange(WIDTH, HEIGHT, ViewOptions()), content())
    inked = np.flatnonzero(row[:, 2] - row[:, 0] > 60)
    assert inked.min() == pytest.approx(first, abs=3)
    assert (row[round(last) - 3, 2] - row[round(last) - 3, 0]) > 60


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("bearings", [(-0.7, -0.65), (2.0, 2.5)])
def test_a_curve_outside_the_part_is_not_drawn(direction: str, bearings: tuple[float, float]) -> None:
    curve = np.array(bearings), np.array([4.0, 4.0])
    given = Content(DepthDistribution(full(), AXIS, ACROSS), panorama=SPAN, focus_curve=curve)
    image, where = draw_aux_image(GREY, given, FOCUS, only(direction=direction, focus_mark="line"))
    assert image.shape == GREY.shape
    assert not math.isnan(where.focus_px)
