"""The depth axis as it is drawn: a line, ticks, labels in metres, and faint lines across the plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.ink import fill_box, paste
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.palette import HALO, SCALE
from auxfocus_ros.view.text import label

_ROWS_A_LABEL = 3.6  # times the text's height: the closest that labels stand
_ROWS_A_TICK = 0.7


def draw_grid(image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, opacity: float) -> None:
    """Draw a faint line across the plot at each labelled depth, in place."""
    for depth, _ in _labels(layout, axis):
        row = layout.row_of(axis, depth)
        fill_box(image, layout.axis_column, row - 0.5, layout.plot.right - 0.5, row + 0.5, SCALE, 0.14 * opacity)


def draw_scale(image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, opacity: float) -> None:
    """Draw the axis along the left of the plot, in place.

    Source: US 12,395,751 B2, paragraphs 32 and 33.
    """
    unit, column, plot, text = layout.unit_px, float(layout.axis_column), layout.plot, layout.text_px
    stroke = max(1.0, 1.2 * unit)
    fill_box(image, column - stroke, plot.top - 0.5, column + stroke, plot.bottom - 0.5, HALO, 0.5 * opacity)
    fill_box(image, column - stroke / 2, plot.top - 0.5, column + stroke / 2, plot.bottom - 0.5, SCALE, 0.9 * opacity)
    labels = _labels(layout, axis)
    labelled = {depth for depth, _ in labels}
    for depth in axis.round_depths(_ROWS_A_TICK * text / plot.height):
        if depth not in labelled:
            _tick(image, column, layout.row_of(axis, depth), 4.0 * unit, stroke, 0.55 * opacity)
    for depth, number in labels:
        row = layout.row_of(axis, depth)
        _tick(image, column, row, 8.0 * unit, stroke, 0.9 * opacity)
        sprite = label(number, text, SCALE, opacity)
        paste(image, sprite, round(column - 0.2 * text) - sprite.width, round(row - sprite.height / 2 + 0.5))
    head = label("m", text, SCALE, opacity)
    paste(image, head, round(column - head.width / 2), round(plot.top - 0.7 * text - head.height))


def _labels(layout: Layout, axis: DepthAxis) -> list[tuple[float, str]]:
    return axis.ticks(max(2, int(layout.plot.height / (_ROWS_A_LABEL * layout.text_px))))


def _tick(image: NDArray[np.uint8], column: float, row: float, length: float, stroke: float, opacity: float) -> None:
    fill_box(image, column, row - stroke, column + length + 1, row + stroke, HALO, 0.4 * opacity)
    fill_box(image, column, row - stroke / 2, column + length, row + stroke / 2, SCALE, opacity)
