"""Every direction of depth in every layout: marks stand where the layout says, and nothing else is touched."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.view import Content, FocusReading, Rect, ViewOptions, arrange, counts_shape, draw_aux_image
from auxfocus_ros.view.options import DIRECTIONS, LAYOUTS

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
ALL = [(layout, direction) for layout in LAYOUTS for direction in DIRECTIONS]


def only(**options: Any) -> ViewOptions:
    return ViewOptions(
        **{"show_scale": False, "focus_mark": "none", "focus_area": "none", "dimming": 0.0, "opacity": 1.0, **options}
    )


def content_for(options: ViewOptions, cell: tuple[int, int] | None = None) -> Content:
    """One reading at a depth and a place across, or none."""
    bins, columns = counts_shape(WIDTH, HEIGHT, options)
    vertical = options.direction in {"up", "down"}
    across = AcrossAxis.of_picture(WIDTH if vertical else HEIGHT, columns, 0.0 if vertical else math.pi / 2)
    counts = np.zeros((bins, columns), np.uint32)
    if cell is not None:
        counts[cell] = 5
    return Content(DepthDistribution(counts, DepthAxis(1.0, 16.0, bins), across))


def amber(image: NDArray[np.uint8]) -> NDArray[Any]:
    return image[..., 2].astype(int) - image[..., 0].astype(int)


def part(image: NDArray[np.uint8], rect: Rect) -> NDArray[Any]:
    return image[rect.top : rect.bottom, rect.left : rect.right]


@pytest.mark.parametrize(("layout", "direction"), ALL)
@pytest.mark.parametrize("distance", [1.0, 2.37, 16.0])
def test_the_focus_line_stands_where_the_marker_says(layout: str, direction: str, distance: float) -> None:
    options = only(layout=layout, direction=direction, focus_mark="line", point_colours="grey")
    image, where = draw_aux_image(GREY, content_for(options, (0, 0)), FocusReading("finite", distance), options)
    plot = where.plot
    across_at = (plot.left + plot.width // 2) if direction in {"up", "down"} else (plot.top + plot.height // 2)
    line = amber(image)[:, across_at] if direction in {"up", "down"} else amber(image)[across_at]
    line = np.where(line > 20, line, 0).astype(float)
    assert (line * np.arange(len(line))).sum() / line.sum() == pytest.approx(where.focus_px, abs=0.35)
    near, far = where.axis_px[0], where.axis_px[-1]
    share = DepthAxis(1.0, 16.0, 8).position_of(distance)
    assert where.focus_px == pytest.approx(near + share * (far - near))


@pytest.mark.parametrize(("layout", "direction"), ALL)
def test_a_reading_is_drawn_in_its_cell_and_nowhere_else(layout: str, direction: str) -> None:
    options = only(layout=layout, direction=direction)
    empty = content_for(options)
    bins, columns = empty.distribution.counts.shape
    cell = (bins // 3, columns // 5)
    one, where = draw_aux_image(GREY, content_for(options, cell), FocusReading(), options)
    other, _ = draw_aux_image(GREY, content_for(options, (bins - 1, columns - 1)), FocusReading(), options)
    changed = (one != other).any(axis=-1)
    drawn = arrange(WIDTH, HEIGHT, options)
    axis, across = empty.distribution.axis, empty.distribution.across
    edges_m, edges = axis.edges_m(), across.edges()
    expected = np.zeros_like(changed)
    for row, column in (cell, (bins - 1, columns - 1)):
        left, top, right, bottom = drawn.cells_rect(
            axis, edges_m[row], edges_m[row + 1], across, edges[column], edges[column + 1]
        )
        expected[round(top + 0.5) : round(bottom + 0.5), round(left + 0.5) : round(right + 0.5)] = True
    np.testing.assert_array_equal(changed, expected)
    assert where.plot == drawn.plot


@pytest.mark.parametrize("layout", ["side_by_side", "top_bottom", "inset"])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("panel_first", [False, True])
def test_nothing_is_drawn_on_the_picture_but_the_panel(layout: str, direction: str, panel_first: bool) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    options = ViewOptions(layout=layout, direction=direction, panel_first=panel_first)  # type: ignore[arg-type]
    focus = FocusReading("finite", 4.0, 3.0, 5.0)
    image, where = draw_aux_image(picture, content_for(options, (9, 9)), focus, options)
    assert image.shape == (where.image_height_px, where.image_width_px, 3)
    assert not image.shape[0] % 2
    assert not image.shape[1] % 2
    panel = arrange(WIDTH, HEIGHT, options).panel
    shown = part(image, where.picture).copy()
    if layout == "inset":
        part(shown, panel)[:] = part(picture, panel)
    np.testing.assert_array_equal(shown, picture)
    assert (amber(part(image, panel)) > 60).any()


@pytest.mark.parametrize("layout", ["overlay", "inset"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_opacity_nought_is_the_picture(layout: str, direction: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    options = ViewOptions(layout=layout, direction=direction, opacity=0.0, point_style="marks", peaking=True)  # type: ignore[arg-type]
    image, _ = draw_aux_image(picture, content_for(options, (9, 9)), FocusReading("finite", 4.0, 3.0, 5.0), options)
    np.testing.assert_array_equal(image, picture)


@pytest.mark.parametrize(("layout", "direction"), ALL)
@pytest.mark.parametrize(
    ("focus", "end"), [(FocusReading("infinity", math.inf), 1.0), (FocusReading("finite", 0.4), 0.0), (FocusReading(), 1.0)]
)
def test_words_stand_at_the_end_that_they_speak_of(layout: str, direction: str, focus: FocusReading, end: float) -> None:
    silent, said = only(layout=layout, direction=direction), only(layout=layout, direction=direction, focus_mark="line")
    before, _ = draw_aux_image(GREY, content_for(silent, (9, 9)), focus, silent)
    after, where = draw_aux_image(GREY, content_for(said, (9, 9)), focus, said)
    rows, columns = np.nonzero((before != after).any(axis=-1))
    assert len(rows) > 300
    panel = arrange(WIDTH, HEIGHT, said).panel
    assert panel.top <= rows.min() <= rows.max() < panel.bottom
    assert panel.left <= columns.min() <= columns.max() < panel.right
    along = rows if direction in {"up", "down"} else columns
    near, far = where.axis_px[0], where.axis_px[-1]
    middle = (near + far) / 2
    assert (np.median(along) - middle) * ((far - near) if end else (near - far)) > 0


def test_a_curve_has_its_ends_where_the_depths_are() -> None:
    """The limits of the depth of field stand on both sides of the focus in every direction."""
    for direction in DIRECTIONS:
        options = ViewOptions(direction=direction)
        _, where = draw_aux_image(GREY, content_for(options, (9, 9)), FocusReading("finite", 4.0, 3.0, 6.0), options)
        assert (where.near_px - where.focus_px) * (where.far_px - where.focus_px) < 0


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("mark", ["line", "arrow"])
def test_a_focus_at_the_very_end_keeps_its_value_in_the_image(direction: str, mark: str) -> None:
    options = only(direction=direction, focus_mark=mark)
    ends = [draw_aux_image(GREY, content_for(options, (9, 9)), FocusReading("finite", d), options)[0] for d in (1.0, 16.0)]
    middle = draw_aux_image(GREY, content_for(options, (9, 9)), FocusReading("finite", 4.0), options)[0]
    plates = [(amber(image) > 120).sum() for image in (*ends, middle)]
    assert min(plates) > 0.8 * max(plates)
