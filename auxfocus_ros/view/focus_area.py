"""The depth of field in the image: a framed band, its limits in words, or a mark at every object inside it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.targets.target import Target
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.focus_span import shows_depth_of_field
from auxfocus_ros.view.ink import Colour, Pen, Sprite, paste
from auxfocus_ros.view.options import FocusArea
from auxfocus_ros.view.palette import FOCUS_INK, HALO
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.shown_focus import ShownFocus, draw_curve
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_places import box_in_plot, edges_of
from auxfocus_ros.view.text import label, plate

_LIMIT_TEXT = 0.85  # height of the limits' numbers against other text
_MOST_MARKED = 24  # objects: beyond that nobody reads the boxes
_SIGN = "✓"


def draw_frame(sheet: Sheet, shown: ShownFocus) -> None:
    """Frame the depth of field; a side that lies beyond the axis stays open.

    Source: US 12,395,751 B2, paragraphs 44 and 45.
    """
    if not shows_depth_of_field(sheet.axis, shown.focus):
        return
    where, span = shown.where, shown.span_px
    stroke = max(1.0, sheet.layout.unit_px)
    halo, line = Pen(2 * stroke, HALO, 0.35 * sheet.opacity), Pen(stroke, shown.colour, 0.75 * sheet.opacity)
    for limit, at, on_axis in _limits(sheet.axis, shown):
        if on_axis and shown.curve is not None:
            draw_curve(sheet, shown, limit / shown.focus.focus_distance_m, stroke, 0.75 * sheet.opacity)
        elif on_axis:
            sheet.at_depth(at, *span, halo)
            sheet.at_depth(at, *span, line)
    if shown.curve is None:
        for side in (span[0] + stroke / 2 - 0.5, span[1] - stroke / 2 + 0.5):
            sheet.along_depth(side, where.far_px, where.near_px, line)


def draw_limits(sheet: Sheet, shown: ShownFocus, *, framed: bool) -> None:
    """Mark the depth of field along the axis, and write those of its limits that are on it.

    The numbers stand at the frame's end that is away from the axis; where the depth of field is not framed they stand beside the
    axis.
    """
    if not shows_depth_of_field(sheet.axis, shown.focus):
        return
    layout, bar, opacity = sheet.layout, 3.0 * sheet.layout.unit_px, sheet.opacity
    low, high = sorted((shown.where.near_px, shown.where.far_px))
    sheet.along_depth(layout.axis_px, low - 1, high + 1, Pen(bar + 2, HALO, 0.4 * opacity))
    sheet.along_depth(layout.axis_px, low, high, Pen(bar, shown.colour, opacity))
    farther = 1 if layout.direction.rising else -1
    for (limit, at, on_axis), way in zip(_limits(sheet.axis, shown), (farther, -farther), strict=True):
        if on_axis:
            number = label(distance_text(limit), _LIMIT_TEXT * layout.text_px, shown.colour, opacity)
            _paste_limit(sheet, shown, number, (at, way), framed=framed)


def mark_objects_in_focus(sheet: Sheet, content: Content, shown: ShownFocus, area: FocusArea) -> None:
    """Draw a box round the points of each target that is inside the depth of field, or a sign beside them.

    Args:
        sheet: what to draw on.
        content: with the targets.
        shown: the focus.
        area: 'boxes' or 'characters'; nothing is drawn for others.

    Source: US 12,395,751 B2, paragraph 46.
    """
    if area not in {"boxes", "characters"} or not shows_depth_of_field(sheet.axis, shown.focus):
        return
    strokes, signs = Strokes(), []
    pad = max(1, round(3.0 * sheet.layout.unit_px))
    stroke = max(1, round(1.5 * sheet.layout.unit_px))
    line = Line(stroke, shown.colour, 0.95 * sheet.opacity, halo_px=max(1, round(sheet.layout.unit_px)))
    for target in [target for target in content.targets.targets if target.in_focus][:_MOST_MARKED]:
        box = box_in_plot(sheet, _part_in_focus(target, shown.focus), content.panorama, least_px=2 * sheet.layout.cell_px)
        box = None if box is None else box.grown(pad).within(edges_of(sheet.layout.plot))
        if box is None:
            continue
        if area == "boxes":
            strokes.outline(box, line)
        else:
            signs.append(box)
    strokes.draw(sheet.image)
    for box in signs:
        _sign_beside(sheet, box, shown.colour)


def _part_in_focus(target: Target, focus: FocusReading) -> Target:
    """A target with only that part of its spread that is inside the depth of field; at least its own depth."""
    near = np.fmax(np.fmin(target.depth_near_m, target.depth_m), focus.near_limit_m)
    far = np.fmin(np.fmax(target.depth_far_m, target.depth_m), focus.far_limit_m)
    return replace(target, depth_near_m=min(float(near), target.depth_m), depth_far_m=max(float(far), target.depth_m))


def _sign_beside(sheet: Sheet, box: Box, colour: Colour) -> None:
    """A tick to the right of the box, or to its left where the plot ends."""
    sign = plate(_SIGN, 0.8 * sheet.layout.text_px, FOCUS_INK, colour, sheet.opacity)
    plot = sheet.layout.plot
    left = box.right if box.right + sign.width <= plot.right else max(box.left - sign.width, plot.left)
    top = min(max((box.top + box.bottom - sign.height) / 2, plot.top), plot.bottom - sign.height)
    paste(sheet.image, sign, left, round(top))


def _paste_limit(sheet: Sheet, shown: ShownFocus, number: Sprite, at_way: tuple[float, int], *, framed: bool) -> None:
    """A limit's number outside the depth of field: on one side of its line (-1: above or left), clear of the focus' value."""
    layout, text, focus_px, (at, way) = sheet.layout, sheet.layout.text_px, shown.where.focus_px, at_way
    if layout.vertical:
        room, long, size = 1.25 * text, number.height, number.width
        start = layout.value_start_px(shown.span_px, size, 0.4 * text) if framed else layout.axis_px + 1.2 * text
    else:
        value = plate(distance_text(shown.focus.focus_distance_m), text, FOCUS_INK, shown.colour, sheet.opacity)
        room, long, size = value.width / 2, number.width, number.height
        start = layout.axis_px - 1.2 * text - size
        if framed:
            start = layout.value_start_px(shown.span_px, value.height) + (value.height - size) / 2
    edge = at if math.isnan(focus_px) else (max if way > 0 else min)(at, focus_px + way * room)
    before = round(edge + 0.5) if way > 0 else round(edge - long + 0.5)
    first, end = (layout.panel.top, layout.panel.bottom) if layout.vertical else (layout.panel.left, layout.panel.right)
    if first <= before and before + long <= end:  # else there is no room for it
        paste(sheet.image, number, *((round(start), before) if layout.vertical else (before, round(start))))


def _limits(axis: DepthAxis, shown: ShownFocus) -> list[tuple[float, float, bool]]:
    """The far limit and the near limit: metres, where it is drawn, and whether it is on the axis."""
    focus, where = shown.focus, shown.where
    return [
        (focus.far_limit_m, where.far_px, focus.far_limit_m <= axis.far_m),
        (focus.near_limit_m, where.near_px, focus.near_limit_m >= axis.near_m),
    ]
