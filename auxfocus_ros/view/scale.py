"""The depth axis as it is drawn: a line, ticks, labels in metres, and faint lines across the plot."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.ink import Pen, Sprite, across, along, paste, sprite_drawn_by
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.palette import HALO, SCALE
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.text import label

_ROWS_A_LABEL = 3.6  # times the text's height: the closest that labels stand
_ROWS_A_TICK = 0.7


def draw_grid(sheet: Sheet) -> None:
    """Draw a faint line across the plot at each labelled depth."""
    layout, pen = sheet.layout, Pen(1.0, SCALE, 0.14 * sheet.opacity)
    for depth, _ in _labels(layout, sheet.axis):
        across(sheet.image, layout.row_of(sheet.axis, depth), layout.axis_column, layout.plot.right - 1, pen)


def draw_scale(sheet: Sheet) -> None:
    """Draw the axis along the left of the plot.

    Source: US 12,395,751 B2, paragraphs 32 and 33.
    """
    sprite, left = _scale(sheet.layout, sheet.axis, sheet.opacity)
    paste(sheet.image, sprite, left, 0)


@lru_cache(maxsize=8)
def _scale(layout: Layout, axis: DepthAxis, opacity: float) -> tuple[Sprite, int]:
    """The axis with ticks and labels, and the column where it begins; the axis changes seldom, and this is not cheap."""
    left = max(layout.axis_column - round(5 * layout.text_px), 0)
    width = min(layout.axis_column + round(2 * layout.text_px), layout.width_px) - left

    def draw(image: NDArray[np.uint8]) -> None:
        _draw(Sheet(image, layout, axis, opacity), layout.axis_column - left)

    return sprite_drawn_by(draw, layout.height_px, width), left


def _draw(sheet: Sheet, column: int) -> None:
    layout, axis, opacity = sheet.layout, sheet.axis, sheet.opacity
    unit, plot, text = layout.unit_px, layout.plot, layout.text_px
    stroke = max(1.0, 1.2 * unit)
    along(sheet.image, column, plot.top, plot.bottom - 1, Pen(2 * stroke, HALO, 0.5 * opacity))
    along(sheet.image, column, plot.top, plot.bottom - 1, Pen(stroke, SCALE, 0.9 * opacity))
    labels = _labels(layout, axis)
    labelled = {depth for depth, _ in labels}
    for depth in axis.round_depths(_ROWS_A_TICK * text / plot.height):
        if depth not in labelled:
            _tick(sheet, column, layout.row_of(axis, depth), 4.0 * unit, Pen(stroke, SCALE, 0.55 * opacity))
    for depth, number in labels:
        row = layout.row_of(axis, depth)
        _tick(sheet, column, row, 8.0 * unit, Pen(stroke, SCALE, 0.9 * opacity))
        sprite = label(number, text, SCALE, opacity)
        paste(sheet.image, sprite, round(column - 0.2 * text) - sprite.width, round(row - sprite.height / 2 + 0.5))
    head = label("m", text, SCALE, opacity)
    paste(sheet.image, head, round(column - head.width / 2), round(plot.top - 0.7 * text - head.height))


@lru_cache(maxsize=8)
def _labels(layout: Layout, axis: DepthAxis) -> list[tuple[float, str]]:
    return axis.ticks(max(2, int(layout.plot.height / (_ROWS_A_LABEL * layout.text_px))))


def _tick(sheet: Sheet, column: int, row: float, length: float, pen: Pen) -> None:
    across(sheet.image, row, column, column + length + 1, Pen(2 * pen.thickness_px, HALO, 0.4 * sheet.opacity))
    across(sheet.image, row, column, column + length, pen)
