"""The focus in the image: a line or an arrow with its value, and words where it cannot be drawn."""

from __future__ import annotations

import math

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.view.across_scale import has_scale
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.ink import Colour, Pen, Sprite, paste
from auxfocus_ros.view.options import FocusMark
from auxfocus_ros.view.palette import FOCUS_INK, HALO, QUIET
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.shown_focus import ShownFocus, draw_curve
from auxfocus_ros.view.text import plate, triangle

_ARROW_TEXT = 2.6  # length of the arrow, in heights of the text


def draw_focus(sheet: Sheet, shown: ShownFocus, mark: FocusMark) -> None:
    """Draw the focus line, curve or arrow with its value; nothing where the focus is not on the axis (see `say_focus`).

    Args:
        sheet: what to draw on.
        shown: the focus.
        mark: 'line' across the plot, or 'arrow' at the axis; 'none' draws nothing.

    Source: US 12,395,751 B2, paragraphs 42 and 62.
    """
    at = shown.where.focus_px
    if mark == "none" or math.isnan(at):
        return
    value = plate(distance_text(shown.focus.focus_distance_m), sheet.layout.text_px, FOCUS_INK, shown.colour, sheet.opacity)
    if mark == "arrow":
        _arrow(sheet, at, value, shown.colour)
        return
    if shown.curve is not None:
        end = draw_curve(sheet, shown, 1.0, 2.0 * sheet.layout.unit_px, sheet.opacity)
        at = at if end is None else end
    else:
        _line(sheet, shown)
    size = value.width if sheet.layout.vertical else value.height
    sheet.paste_centred(value, at, sheet.layout.value_start_px(shown.span_px, size) + size / 2)


def say_focus(sheet: Sheet, shown: ShownFocus, mark: FocusMark) -> None:
    """Say in words where the focus is, if it is not on the axis; arguments as `draw_focus`'."""
    if mark != "none" and math.isnan(shown.where.focus_px):
        words, towards_far = _words(sheet.axis, shown.focus)
        _say(sheet, words, towards_far, shown.colour if towards_far is not None else QUIET)


def say_no_readings(sheet: Sheet, text: str) -> None:
    """Say in the middle of the plot that there is nothing to show, in a few words."""
    words, plot = plate(text, sheet.layout.text_px, FOCUS_INK, QUIET, sheet.opacity), sheet.layout.plot
    paste(sheet.image, words, plot.left + (plot.width - words.width) // 2, plot.top + (plot.height - words.height) // 2)


def _line(sheet: Sheet, shown: ShownFocus) -> None:
    layout, unit, size = sheet.layout, sheet.layout.unit_px, sheet.layout.text_px
    first, last = shown.span_px
    if layout.vertical:
        first = max(first, layout.axis_px)
        head_at, way = first + 0.5 * size, "left"
    else:
        last = min(last, layout.axis_px)
        head_at, way = last - 0.5 * size, "down"
    sheet.at_depth(shown.where.focus_px, first, last, Pen(4.0 * unit, HALO, 0.45 * sheet.opacity))
    sheet.at_depth(shown.where.focus_px, first, last, Pen(2.0 * unit, shown.colour, sheet.opacity))
    sheet.paste_centred(triangle(0.9 * size, way, shown.colour, sheet.opacity), shown.where.focus_px, head_at)


def _arrow(sheet: Sheet, depth_px: float, value: Sprite, colour: Colour) -> None:
    """An arrow that points at the axis from the plot, with the value at its tail."""
    layout, unit, size = sheet.layout, sheet.layout.unit_px, sheet.layout.text_px
    inward, way = (1, "left") if layout.vertical else (-1, "down")
    tip, tail = layout.axis_px + inward * 2 * unit, layout.axis_px + inward * _ARROW_TEXT * size
    sheet.at_depth(depth_px, tip + inward * 0.5 * size, tail, Pen(4.0 * unit, HALO, 0.45 * sheet.opacity))
    sheet.at_depth(depth_px, tip + inward * 0.5 * size, tail, Pen(2.5 * unit, colour, sheet.opacity))
    sheet.paste_centred(triangle(1.2 * size, way, colour, sheet.opacity), depth_px, tip + inward * 0.6 * size)
    long = value.width if layout.vertical else value.height
    sheet.paste_centred(value, depth_px, tail + inward * long / 2)


def _words(axis: DepthAxis, focus: FocusReading) -> tuple[str, bool | None]:
    """What to say of a focus that has no line, and whether it is beyond the far end of the axis; None where nobody knows."""
    if focus.state == "unknown":
        return "focus unknown", None
    if focus.state == "infinity":
        return "focus at infinity", True
    if focus.state == "beyond_infinity":
        return "focus beyond infinity", True
    value = distance_text(focus.focus_distance_m)
    if focus.focus_distance_m > axis.far_m:
        return f"focus {value}, beyond the scale", True
    return f"focus {value}, nearer than the scale", False


def _say(sheet: Sheet, words: str, towards_far: bool | None, ground: Colour) -> None:
    """Write words at that end of the axis (at the far one where nobody knows), with arrows where it is known."""
    layout, size, panel = sheet.layout, sheet.layout.text_px, sheet.layout.panel
    far = towards_far is not False
    way = (layout.direction if far else layout.direction.opposite).name.lower()
    text = plate(words, size, FOCUS_INK, ground, sheet.opacity)
    head = triangle(size, way, ground, sheet.opacity)
    room = round(1.2 * size)  # for an arrow beside the words
    edge = layout.depth_px_at(1.0 if far else 0.0)
    before = edge < layout.depth_px_at(0.5)
    if layout.vertical:
        top, bottom = (layout.clear_top_px, edge) if before else (edge, panel.bottom)
        centre = (top + bottom) / 2
        if not far and has_scale(sheet.across):  # whose numbers stand there
            centre = edge + (1 if before else -1) * text.height / 2
        left = max(layout.plot.right - round(0.3 * size) - text.width, panel.left)
        paste(sheet.image, text, left, round(centre - text.height / 2))
        heads = [(left - 0.6 * size, centre), (layout.axis_px + 1.6 * size, centre)]
        heads = heads if left - 1.2 * size > layout.axis_px + 2.2 * size else heads[:1]
    else:
        top = max(layout.plot.top, layout.clear_top_px) + round(0.3 * size)
        left = round(edge + 0.5) + room if before else round(edge + 0.5) - room - text.width
        left = min(max(left, panel.left), panel.right - text.width)
        paste(sheet.image, text, left, top)
        beside = left - 0.6 * size if before else left + text.width + 0.6 * size
        heads = [(beside, top + text.height / 2), (beside, layout.axis_px - 1.6 * size)]
    if towards_far is not None:
        for x, y in heads:
            paste(sheet.image, head, round(x - head.width / 2), round(y - head.height / 2))
