"""The focus in the image: its line with the value, the frame of the depth of field, and words where neither can be drawn."""

from __future__ import annotations

import math

import numpy as np

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.ink import Colour, Pen, across, along, paste
from auxfocus_ros.view.marker_geometry import MarkerGeometry
from auxfocus_ros.view.palette import FOCUS, FOCUS_INK, HALO, QUIET
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.text import label, plate, triangle


def shows_depth_of_field(axis: DepthAxis, focus: FocusReading) -> bool:
    """Whether any of the depth of field lies on the axis."""
    return focus.has_depth_of_field and focus.far_limit_m > axis.near_m and focus.near_limit_m < axis.far_m


def draw_frame(sheet: Sheet, focus: FocusReading, where: MarkerGeometry) -> None:
    """Frame the depth of field; a side that lies beyond the axis stays open.

    Source: US 12,395,751 B2, paragraphs 44 and 45.
    """
    if not shows_depth_of_field(sheet.axis, focus):
        return
    stroke = max(1.0, sheet.layout.unit_px)
    halo, line = Pen(2 * stroke, HALO, 0.35 * sheet.opacity), Pen(stroke, FOCUS, 0.75 * sheet.opacity)
    left, right = sheet.layout.plot.left, sheet.layout.plot.right - 1
    far_shown, near_shown = _limits_shown(sheet.axis, focus)
    for row, shown in ((where.far_px, far_shown), (where.near_px, near_shown)):
        if shown:
            across(sheet.image, row, left, right, halo)
            across(sheet.image, row, left, right, line)
    for column in (left + stroke / 2 - 0.5, right - stroke / 2 + 0.5):
        along(sheet.image, column, where.far_px, where.near_px, line)


def draw_limits(sheet: Sheet, focus: FocusReading, where: MarkerGeometry) -> None:
    """Mark the depth of field along the axis, and write those of its limits that are on it."""
    if not shows_depth_of_field(sheet.axis, focus):
        return
    layout = sheet.layout
    column, bar = float(layout.axis_column), 3.0 * layout.unit_px
    along(sheet.image, column, where.far_px - 1, where.near_px + 1, Pen(bar + 2, HALO, 0.4 * sheet.opacity))
    along(sheet.image, column, where.far_px, where.near_px, Pen(bar, FOCUS, sheet.opacity))
    size = 0.85 * layout.text_px
    corner = layout.plot.right - round(0.7 * layout.text_px)
    room = 1.25 * layout.text_px  # the focus' value stands between the two: keep clear of it
    far_shown, near_shown = _limits_shown(sheet.axis, focus)
    if far_shown:
        text = label(distance_text(focus.far_limit_m), size, FOCUS, sheet.opacity)
        lowest = np.fmin(where.far_px, where.focus_px - room)
        paste(sheet.image, text, corner - text.width, round(lowest - text.height + 0.5))
    if near_shown:
        text = label(distance_text(focus.near_limit_m), size, FOCUS, sheet.opacity)
        highest = np.fmax(where.near_px, where.focus_px + room)
        paste(sheet.image, text, corner - text.width, round(highest + 0.5))


def draw_focus(sheet: Sheet, focus: FocusReading, where: MarkerGeometry) -> None:
    """Draw the focus line with its value, or say in words where the focus is if not on the axis.

    Source: US 12,395,751 B2, paragraphs 42 and 62.
    """
    if math.isnan(where.focus_px):
        words, arrow = _words(sheet.axis, focus)
        _say(sheet, words, arrow, FOCUS if arrow else QUIET)
        return
    layout, opacity, row = sheet.layout, sheet.opacity, where.focus_px
    left, right, size = layout.axis_column, layout.plot.right - 1, layout.text_px
    across(sheet.image, row, left, right, Pen(4.0 * layout.unit_px, HALO, 0.45 * opacity))
    across(sheet.image, row, left, right, Pen(2.0 * layout.unit_px, FOCUS, opacity))
    head = triangle(0.9 * size, "left", FOCUS, opacity)
    paste(sheet.image, head, round(left + 0.5 * size - head.width / 2), round(row - head.height / 2 + 0.5))
    value = plate(distance_text(focus.focus_distance_m), size, FOCUS_INK, FOCUS, opacity)
    top = min(max(round(row - value.height / 2 + 0.5), 0), layout.height_px - value.height)
    paste(sheet.image, value, layout.plot.right - round(0.3 * size) - value.width, top)


def say_no_readings(sheet: Sheet) -> None:
    """Say in the middle of the plot that there is nothing to show."""
    words, plot = plate("no depth readings", sheet.layout.text_px, FOCUS_INK, QUIET, sheet.opacity), sheet.layout.plot
    paste(sheet.image, words, plot.left + (plot.width - words.width) // 2, plot.top + (plot.height - words.height) // 2)


def _limits_shown(axis: DepthAxis, focus: FocusReading) -> tuple[bool, bool]:
    """Whether the far limit and the near limit are on the axis."""
    return focus.far_limit_m <= axis.far_m, focus.near_limit_m >= axis.near_m


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


def _say(sheet: Sheet, words: str, arrow: str, ground: Colour) -> None:
    """Write words at the axis' end that the arrow points to (the upper one without an arrow), at the right."""
    layout, size = sheet.layout, sheet.layout.text_px
    text = plate(words, size, FOCUS_INK, ground, sheet.opacity)
    centre = (layout.plot.bottom + layout.height_px) / 2 if arrow == "down" else layout.plot.top / 2
    right = layout.plot.right - round(0.3 * size)
    paste(sheet.image, text, right - text.width, round(centre - text.height / 2))
    if arrow:
        head = triangle(size, arrow, ground, sheet.opacity)
        for column in (right - text.width - 0.6 * size, layout.axis_column + 1.6 * size):
            paste(sheet.image, head, round(column - head.width / 2), round(centre - head.height / 2))
