"""The depth axis as it is drawn: a line, ticks, labels in metres, and faint lines across the plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.ink import fill_box, paste
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.palette import SCALE
from auxfocus_ros.view.text import label

_ROWS_A_LABEL = 3.6  # times the text's height: the closest that labels stand
_ROWS_A_TICK = 0.7
_HALO = (10, 8, 6)


def draw_scale(image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, opacity: float) -> None:
    """Draw the axis along the left of the plot, in place.

    Source: US 12,395,751 B2, paragraphs 32 and 33.
    """
    unit, column, plot = layout.unit_px, float(layout.axis_column), layout.plot
    stroke = max(1.0, 1.2 * unit)
    fill_box(image, column - stroke, plot.top - 0.5, column + stroke, plot.bottom - 0.5, _HALO, 0.5 * opacity)
    fill_box(image, column - stroke / 2, plot.top - 0.5, column + stroke / 2, plot.bottom - 0.5, SCALE, 0.9 * opacity)
    ticks = axis.ticks(max(2, int(plot.height / (_ROWS_A_LABEL * layout.text_px))))
    labelled = {depth for depth, _ in ticks}
    for depth in axis.round_depths(_ROWS_A_TICK * layout.text_px / plot.height):
        if depth not in labelled:
            _tick(image, column, layout.row_of(axis, depth), 4.0 * unit, stroke, 0.55 * opacity)
    for depth, text in ticks:
        row = layout.row_of(axis, depth)
        fill_box(image, column, row - 0.5, plot.right - 0.5, row + 0.5, SCALE, 0.14 * opacity)
        _tick(image, column, row, 8.0 * unit, stroke, 0.9 * opacity)
        sprite = label(text, layout.text_px, SCALE, opacity)
        gap = round(0.5 * layout.text_px)
        paste(image, sprite, layout.axis_column - gap - sprite.width, round(row - sprite.height / 2 + 0.5))
    head = label("m", layout.text_px, SCALE, opacity)
    paste(image, head, round(column - head.width / 2), round(plot.top - 0.4 * layout.text_px - head.height))


def _tick(image: NDArray[np.uint8], column: float, row: float, length: float, stroke: float, opacity: float) -> None:
    fill_box(image, column, row - stroke, column + length + 1, row + stroke, _HALO, 0.4 * opacity)
    fill_box(image, column, row - stroke / 2, column + length, row + stroke / 2, SCALE, opacity)
