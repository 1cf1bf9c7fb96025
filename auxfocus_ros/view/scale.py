"""The depth axis as it is drawn: a line, ticks, labels in metres, and faint lines across the plot."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.targets.target import Target
from auxfocus_ros.view.focus_reading import distance_text
from auxfocus_ros.view.ink import Colour, Pen, Sprite, paste, sprite_drawn_by
from auxfocus_ros.view.layout import Layout, Rect
from auxfocus_ros.view.palette import HALO, SCALE
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.text import label

_ROWS_A_LABEL, _COLUMNS_A_LABEL = 3.6, 5.0  # times the text's height: the closest that labels stand
_PIXELS_A_TICK = 0.7
_GAP_OF_OBJECTS = 0.25  # the least between labels at objects' depths
_MOST_OBJECTS = 64  # beyond that, marks at their depths would be one solid bar


def draw_grid(sheet: Sheet) -> None:
    """Draw a faint line across the plot at each round depth that is labelled."""
    pen = Pen(1.0, SCALE, 0.14 * sheet.opacity)
    for depth, _ in _round_labels(sheet.layout, sheet.axis):
        sheet.at_depth(sheet.layout.depth_px(sheet.axis, depth), *_line_across(sheet.layout), pen)


def draw_scale(sheet: Sheet) -> None:
    """Draw the axis with round depths, along the left of the plot (or below it, where depth runs sideways).

    Source: US 12,395,751 B2, paragraphs 32 and 33.
    """
    sprite, at = _round_scale(sheet.layout, sheet.axis, sheet.across, sheet.opacity)
    paste(sheet.image, sprite, at.left, at.top)


def draw_scale_of_objects(sheet: Sheet, targets: tuple[Target, ...], in_focus: Colour) -> None:
    """Draw the axis with marks and numbers only where targets are; where numbers would overlap, the more important has its own.

    Args:
        sheet: what to draw on.
        targets: the most important first.
        in_focus: colour of those in focus.

    Source: US 12,395,751 B2, paragraph 33.
    """
    layout, axis = sheet.layout, sheet.axis
    _line(sheet)
    taken: list[tuple[float, float]] = []
    for target in targets[:_MOST_OBJECTS]:
        if not axis.near_m <= target.depth_m <= axis.far_m:
            continue
        at = layout.depth_px(axis, target.depth_m)
        colour = in_focus if target.in_focus else SCALE
        number = label(_object_label(target.depth_m), layout.text_px, colour, sheet.opacity)
        half = (number.height if layout.vertical else number.width) / 2 + _GAP_OF_OBJECTS * layout.text_px / 2
        free = all(at + half <= first or last <= at - half for first, last in taken)
        _tick(sheet, at, (8.0 if free else 5.0) * layout.unit_px, Pen(_stroke(layout), colour, 0.9 * sheet.opacity))
        if free:
            taken.append((at - half, at + half))
            _paste_number(sheet, number, at)
    _head(sheet, taken)


@lru_cache(maxsize=8)
def _round_scale(layout: Layout, axis: DepthAxis, across: AcrossAxis, opacity: float) -> tuple[Sprite, Rect]:
    """The axis with ticks and labels, and the part of the image that it fills; it changes seldom, and this is not cheap."""
    text = layout.text_px
    if layout.vertical:
        left, right = max(layout.axis_px - round(5 * text), 0), min(layout.axis_px + round(2 * text), layout.width_px)
        part = Rect(left, 0, right - left, layout.height_px)
    else:
        top, bottom = max(layout.axis_px - round(2 * text), 0), min(layout.axis_px + round(3 * text), layout.height_px)
        part = Rect(0, top, layout.width_px, bottom - top)
    plot = layout.plot
    moved = replace(
        layout,
        plot=Rect(plot.left - part.left, plot.top - part.top, plot.width, plot.height),
        axis_px=layout.axis_px - (part.left if layout.vertical else part.top),
    )
    return sprite_drawn_by(lambda image: _draw_round(Sheet(image, moved, axis, across, opacity)), part.height, part.width), part


def _draw_round(sheet: Sheet) -> None:
    layout, axis, opacity = sheet.layout, sheet.axis, sheet.opacity
    _line(sheet)
    labels = _round_labels(layout, axis)
    labelled = {depth for depth, _ in labels}
    for depth in axis.round_depths(min(_PIXELS_A_TICK * layout.text_px / layout.depth_length_px, 1.0)):
        if depth not in labelled:
            _tick(sheet, layout.depth_px(axis, depth), 4.0 * layout.unit_px, Pen(_stroke(layout), SCALE, 0.55 * opacity))
    taken: list[tuple[float, float]] = []
    for depth, number in labels:
        at = layout.depth_px(axis, depth)
        _tick(sheet, at, 8.0 * layout.unit_px, Pen(_stroke(layout), SCALE, 0.9 * opacity))
        sprite = label(number, layout.text_px, SCALE, opacity)
        _paste_number(sheet, sprite, at)
        taken.append((at - sprite.width / 2, at + sprite.width / 2))
    _head(sheet, taken)


@lru_cache(maxsize=8)
def _round_labels(layout: Layout, axis: DepthAxis) -> list[tuple[float, str]]:
    closest = (_ROWS_A_LABEL if layout.vertical else _COLUMNS_A_LABEL) * layout.text_px
    return axis.ticks(max(2, int(layout.depth_length_px / closest)))


def _object_label(depth_m: float) -> str:
    """The depth of an object in metres, as finely as `distance_text` writes it, without the unit."""
    return distance_text(depth_m).removesuffix(" m")


def _stroke(layout: Layout) -> float:
    return max(1.0, 1.2 * layout.unit_px)


def _line(sheet: Sheet) -> None:
    layout, stroke = sheet.layout, _stroke(sheet.layout)
    ends = (layout.depth_px_at(0.0), layout.depth_px_at(1.0))
    first, last = min(ends) + 0.5, max(ends) - 0.5
    sheet.along_depth(layout.axis_px, first, last, Pen(2 * stroke, HALO, 0.5 * sheet.opacity))
    sheet.along_depth(layout.axis_px, first, last, Pen(stroke, SCALE, 0.9 * sheet.opacity))


def _tick(sheet: Sheet, depth_px: float, length: float, pen: Pen) -> None:
    """A tick from the axis into the plot."""
    inward = 1 if sheet.layout.vertical else -1
    start = sheet.layout.axis_px
    halo = Pen(2 * pen.thickness_px, HALO, 0.4 * sheet.opacity)
    sheet.at_depth(depth_px, start, start + inward * (length + 1), halo)
    sheet.at_depth(depth_px, start, start + inward * length, pen)


def _paste_number(sheet: Sheet, number: Sprite, depth_px: float) -> None:
    """A number beside its tick: to the left of the axis, or below it; not over the image's edge."""
    layout = sheet.layout
    if layout.vertical:
        left = round(layout.axis_px - 0.2 * layout.text_px) - number.width
        paste(sheet.image, number, left, round(depth_px - number.height / 2 + 0.5))
    else:
        left = min(max(round(depth_px - number.width / 2 + 0.5), 0), max(sheet.image.shape[1] - number.width, 0))
        paste(sheet.image, number, left, round(layout.axis_px + 0.2 * layout.text_px))


def _head(sheet: Sheet, taken: list[tuple[float, float]]) -> None:
    """The unit: over the axis' upper end, or to the right of its numbers. `taken`: where along the axis numbers stand."""
    layout, plot = sheet.layout, sheet.layout.plot
    head = label("m", layout.text_px, SCALE, sheet.opacity)
    if layout.vertical:
        paste(sheet.image, head, round(layout.axis_px - head.width / 2), round(plot.top - 0.7 * layout.text_px - head.height))
    else:
        left = max([plot.right - head.width / 2, *(last for _, last in taken)])
        paste(sheet.image, head, round(left), round(layout.axis_px + 0.2 * layout.text_px))


def _line_across(layout: Layout) -> tuple[float, float]:
    """From the axis to the far side of the plot."""
    return (layout.axis_px, layout.plot.right - 1) if layout.vertical else (layout.plot.top, layout.axis_px)
