"""The axis across as it is drawn: ticks with numbers along the near edge of the plot, in metres or in degrees of bearing.

Pixels of the picture need no scale: the picture is there.
"""

from __future__ import annotations

import math

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.view.ink import Pen, Sprite
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.palette import HALO, SCALE
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.text import label

_LABEL_TEXT, _SIDEWAYS_LABEL_TEXT = 5.5, 3.0  # times the text's height: the closest that labels stand
_TEXT = 0.9  # height of the numbers against other text
_DEGREES = (1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 45.0, 90.0)


def has_scale(across: AcrossAxis) -> bool:
    """Whether the axis across has a scale of its own."""
    return across.unit != "pixels"


def draw_scale_across(sheet: Sheet) -> None:
    """Draw the scale of the axis across; nothing where it counts the picture's pixels.

    Source: US 12,395,751 B2, paragraphs 34 and 39.
    """
    if not has_scale(sheet.across):
        return
    layout, opacity, text = sheet.layout, sheet.opacity, sheet.layout.text_px
    edge = layout.depth_px_at(0.0)
    outward = -1 if layout.direction.rising else 1
    first, end = _drawn_span(layout)
    stroke = max(1.0, layout.unit_px)
    sheet.at_depth(edge, first, end - 1, Pen(2 * stroke, HALO, 0.4 * opacity))
    sheet.at_depth(edge, first, end - 1, Pen(stroke, SCALE, 0.6 * opacity))
    length = 5.0 * layout.unit_px
    ticks = across_ticks(layout, sheet.across)
    unit = "°" if sheet.across.unit == "radians" else "m"
    for index, (value, number) in enumerate(ticks):
        at = layout.across_px(sheet.across, value)
        sheet.along_depth(at, edge, edge + outward * length, Pen(2 * stroke, HALO, 0.4 * opacity))
        sheet.along_depth(at, edge, edge + outward * length, Pen(stroke, SCALE, 0.9 * opacity))
        beyond = edge + outward * (length + 0.1 * text)
        words = number
        if index == len(ticks) - 1:
            if unit == "m" and not layout.vertical:  # beside a sideways axis there is no room in the number's line
                _paste_outside(sheet, label(unit, _TEXT * text, SCALE, opacity), beyond, outward, at + 1.3 * text)
            else:
                words += " m" if unit == "m" else unit
        _paste_outside(sheet, label(words, _TEXT * text, SCALE, opacity), beyond, outward, at)


def _paste_outside(sheet: Sheet, sprite: Sprite, edge_px: float, outward: int, across_px: float) -> None:
    """A label before the near edge of the plot, its middle at a place across; within the panel."""
    long = sprite.height if sheet.layout.vertical else sprite.width
    sheet.paste_centred(sprite, edge_px + outward * long / 2, across_px)


def across_ticks(layout: Layout, across: AcrossAxis) -> list[tuple[float, str]]:
    """Round values across with their labels, rising, those that stand clear of the depth axis; metres or degrees."""
    in_degrees = across.unit == "radians"
    factor = 180.0 / math.pi if in_degrees else 1.0
    first, end = layout.across_span_px
    closest = (_LABEL_TEXT if layout.vertical else _SIDEWAYS_LABEL_TEXT) * layout.text_px
    wanted = factor * (across.high - across.low) * closest / (end - first)
    step = _round_step(wanted, in_degrees=in_degrees)
    low, high = math.ceil(factor * across.low / step - 1e-9), math.floor(factor * across.high / step + 1e-9)
    start, stop = _drawn_span(layout)
    # Clear of the numbers of the depth axis: they are to the left of it, or below it.
    start, stop = (start + 2.0 * layout.text_px, stop) if layout.vertical else (start, stop - 2.5 * layout.text_px)
    values = [number * step for number in range(low, high + 1)]
    return [(value / factor, f"{value:.6g}") for value in values if start <= layout.across_px(across, value / factor) <= stop]


def _drawn_span(layout: Layout) -> tuple[float, float]:
    """The part of the plot that the scale is drawn along: what is on the plot's side of the depth axis."""
    first, end = layout.across_span_px
    return (max(first, layout.axis_px), end) if layout.vertical else (first, min(end, layout.axis_px + 1))


def _round_step(wanted: float, *, in_degrees: bool) -> float:
    """The smallest round step that is not smaller than the wanted one."""
    if in_degrees and wanted > _DEGREES[0] / 2:
        return next((step for step in _DEGREES if step >= wanted), math.ceil(wanted / _DEGREES[-1]) * _DEGREES[-1])
    power = math.floor(math.log10(wanted))
    return next(step for step in (float(f"{mantissa}e{power}") for mantissa in (1, 2, 5, 10)) if step >= wanted * (1 - 1e-9))
