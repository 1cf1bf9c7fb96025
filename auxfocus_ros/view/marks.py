"""The focus in the image: its line with the value, the frame of the depth of field, and words where neither can be drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.ink import Colour, fill_box, paste
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.marker_geometry import MarkerGeometry
from auxfocus_ros.view.palette import FOCUS, FOCUS_INK, HALO, QUIET
from auxfocus_ros.view.text import label, plate, triangle


def draw_frame(
    image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, focus: FocusReading, where: MarkerGeometry, opacity: float
) -> None:
    """Frame the depth of field, in place; a side that lies beyond the axis stays open.

    Source: US 12,395,751 B2, paragraphs 44 and 45.
    """
    if not shows_depth_of_field(axis, focus):
        return
    stroke = max(1.0, layout.unit_px)
    left, right = layout.plot.left - 0.5, layout.plot.right - 0.5
    for row, shown in ((where.far_px, focus.far_limit_m <= axis.far_m), (where.near_px, focus.near_limit_m >= axis.near_m)):
        if shown:
            fill_box(image, left, row - stroke, right, row + stroke, HALO, 0.35 * opacity)
            fill_box(image, left, row - stroke / 2, right, row + stroke / 2, FOCUS, 0.75 * opacity)
    for column in (left, right - stroke):
        fill_box(image, column, where.far_px, column + stroke, where.near_px, FOCUS, 0.75 * opacity)


def draw_limits(
    image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, focus: FocusReading, where: MarkerGeometry, opacity: float
) -> None:
    """Mark the depth of field along the axis and write those of its limits that are on it, in place."""
    if not shows_depth_of_field(axis, focus):
        return
    column, bar = float(layout.axis_column), 3.0 * layout.unit_px
    fill_box(image, column - bar / 2 - 1, where.far_px - 1, column + bar / 2 + 1, where.near_px + 1, HALO, 0.4 * opacity)
    fill_box(image, column - bar / 2, where.far_px, column + bar / 2, where.near_px, FOCUS, opacity)
    size = 0.85 * layout.text_px
    corner = layout.plot.right - round(0.7 * layout.text_px)
    room = 1.25 * layout.text_px  # The focus' value stands between the two: keep clear of it.
    if focus.far_limit_m <= axis.far_m:
        text = label(distance_text(focus.far_limit_m), size, FOCUS, opacity)
        lowest = np.fmin(where.far_px, where.focus_px - room)
        paste(image, text, corner - text.width, round(lowest - text.height + 0.5))
    if focus.near_limit_m >= axis.near_m:
        text = label(distance_text(focus.near_limit_m), size, FOCUS, opacity)
        highest = np.fmax(where.near_px, where.focus_px + room)
        paste(image, text, corner - text.width, round(highest + 0.5))


def shows_depth_of_field(axis: DepthAxis, focus: FocusReading) -> bool:
    """Whether any of the depth of field lies on the axis."""
    return focus.has_depth_of_field and focus.far_limit_m > axis.near_m and focus.near_limit_m < axis.far_m


def draw_focus(
    image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, focus: FocusReading, where: MarkerGeometry, opacity: float
) -> None:
    """Draw the focus line with its value, or say in words where the focus is if not on the axis, in place.

    Source: US 12,395,751 B2, paragraphs 42 and 62.
    """
    if math.isnan(where.focus_px):
        words, arrow = _words(axis, focus)
        _say(image, layout, words, arrow, FOCUS if arrow else QUIET, opacity)
        return
    unit, row = layout.unit_px, where.focus_px
    left, right = float(layout.axis_column), layout.plot.right - 0.5
    fill_box(image, left, row - 2.0 * unit, right, row + 2.0 * unit, HALO, 0.45 * opacity)
    fill_box(image, left, row - unit, right, row + unit, FOCUS, opacity)
    size = layout.text_px
    head = triangle(0.9 * size, "left", FOCUS, opacity)
    paste(image, head, round(left + 0.5 * size - head.width / 2), round(row - head.height / 2 + 0.5))
    value = plate(distance_text(focus.focus_distance_m), size, FOCUS_INK, FOCUS, opacity)
    top = min(max(round(row - value.height / 2 + 0.5), 0), layout.height_px - value.height)
    paste(image, value, layout.plot.right - round(0.3 * size) - value.width, top)


def say_no_readings(image: NDArray[np.uint8], layout: Layout, opacity: float) -> None:
    """Say in the middle of the plot that there is nothing to show, in place."""
    words = plate("no depth readings", layout.text_px, FOCUS_INK, QUIET, opacity)
    column, row = layout.plot.left + layout.plot.width / 2, layout.plot.top + layout.plot.height / 2
    paste(image, words, round(column - words.width / 2), round(row - words.height / 2))


def _words(axis: DepthAxis, focus: FocusReading) -> tuple[str, str]:
    """What to say of a focus that has no line, and which way it is: 'up', 'down', or '' where nobody knows."""
    if focus.state == "unknown":
        return "focus unknown", ""
    if focus.state == "infinity":
        return "focus at infinity", "up"
    if focus.state == "beyond_infinity":
        return "focus beyond infinity", "up"
    value = distance_text(focus.focus_distance_m)
    if focus.focus_distance_m > axis.far_m:
        return f"focus {value}, beyond the scale", "up"
    return f"focus {value}, nearer than the scale", "down"


def _say(image: NDArray[np.uint8], layout: Layout, words: str, arrow: str, ground: Colour, opacity: float) -> None:
    """Write words at the axis' end that the arrow points to (the upper one without an arrow), at the right, in place."""
    size = layout.text_px
    text = plate(words, size, FOCUS_INK, ground, opacity)
    centre = layout.plot.bottom + (layout.height_px - layout.plot.bottom) / 2 if arrow == "down" else layout.plot.top / 2
    right = layout.plot.right - round(0.3 * size)
    paste(image, text, right - text.width, round(centre - text.height / 2))
    if arrow:
        for column in (right - text.width - 0.6 * size, layout.axis_column + 1.6 * size):
            head = triangle(size, arrow, ground, opacity)
            paste(image, head, round(column - head.width / 2), round(centre - head.height / 2))
