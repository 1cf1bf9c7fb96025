"""Offset bars: a strip of zones along the picture's upper edge that says how far each zone is before or behind the focus.

Focus pullers know the idea from cinema rangefinders. The line in the middle is the focus. A bar that hangs from it is nearer, one
that rises from it is farther; the band about it is the depth of field, and a bar that ends in it is green. Beyond the band a bar
grows with the logarithm of the offset, its colour turns from yellow to red, and one that is too far off ends in an arrow head. A
zone without a reading has a dash.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from auxfocus_ros.view.content import ZoneOffset
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.ink import Colour, paste
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import HALO, QUIET, SCALE
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Strokes
from auxfocus_ros.view.text import label, triangle

SHARP: Colour = (92, 214, 76)
_SOON_SHARP: Colour = (48, 214, 240)
_FAR_OFF: Colour = (52, 64, 235)
_FARTHEST = 16.0  # offsets beyond that end in an arrow head
_BAND_SHARE = 0.26  # of half the bars' room: where an offset of 1 ends
_COLOUR_STEPS = 24
_NUMBER_TEXT = 0.72


def strip_box(layout: Layout) -> Box:
    """Where the strip stands; without offset bars in the options it has no height."""
    picture = layout.picture
    return Box(picture.left, picture.top, picture.right, picture.top + layout.strip_px)


def draw_offset_bars(sheet: Sheet, offsets: Sequence[ZoneOffset], focus: FocusReading, options: ViewOptions) -> None:
    """Draw the strip of zones.

    Args:
        sheet: the image.
        offsets: of the zones, from left to right; nothing is drawn without.
        focus: where the focus stands; without a depth of field the depths are written and there are no bars.
        options: of the view; nothing is drawn without `offset_bars`.
    """
    if not offsets or not options.offset_bars:
        return
    strip, strokes = _Strip.of(sheet), Strokes()
    strip.add_ground(strokes, in_focus=focus.has_depth_of_field)
    heads = [strip.add_zone(strokes, zone) for zone in offsets]
    strokes.draw(sheet.image)
    for head in heads:
        if head is not None:
            sprite = triangle(head.size_px, head.way, head.colour, sheet.opacity)
            paste(sheet.image, sprite, round(head.column - sprite.width / 2), round(head.row - sprite.height / 2))
    for zone in offsets:
        _write_depth(sheet, strip, zone)


def short_distance(distance_m: float) -> str:
    """A distance in two digits, metres without the unit: '0.45', '3.2', '14', '140'; from a kilometre on with it."""
    if distance_m >= 1000:
        return f"{distance_m / 1000:.0f} km"
    digits = 1 - math.floor(math.log10(max(distance_m, 0.01)))
    rounded = round(distance_m, digits)
    return f"{rounded:.{max(1 - math.floor(math.log10(max(rounded, 0.01))), 0)}f}"


def bar_length(offset: float) -> float:
    """How far a bar reaches, as a share of its room, -1 to 1, for an offset in units of half the depth of field."""
    size = abs(offset)
    if size <= 1.0:
        return _BAND_SHARE * offset
    beyond = math.log(min(size, _FARTHEST)) / math.log(_FARTHEST)
    return math.copysign(_BAND_SHARE + (1.0 - _BAND_SHARE) * beyond, offset)


def bar_colour(offset: float, in_focus: bool) -> Colour:
    """Green inside the depth of field, beyond it from yellow to red."""
    if in_focus:
        return SHARP
    share = min(max(math.log(max(abs(offset), 1.0)) / math.log(_FARTHEST), 0.0), 1.0)
    share = round(share * _COLOUR_STEPS) / _COLOUR_STEPS  # few colours, for what is drawn with them is kept
    return tuple(round(near + share * (far - near)) for near, far in zip(_SOON_SHARP, _FAR_OFF, strict=True))  # type: ignore[return-value]


class _Head(NamedTuple):
    """An arrow head: what is too far off ends in one."""

    colour: Colour
    way: Literal["up", "down"]
    column: float
    row: float
    size_px: float


@dataclass(frozen=True)
class _Strip:
    """The strip: its line of the focus, how far bars reach from it, and how much room the numbers have below them."""

    layout: Layout
    opacity: float
    box: Box
    number_px: float
    numbers_px: int
    middle: int
    reach: int

    @classmethod
    def of(cls, sheet: Sheet) -> _Strip:
        """The strip of an image."""
        box, number = strip_box(sheet.layout), _NUMBER_TEXT * sheet.layout.text_px
        numbers = round(2.1 * number)
        half = (box.height - numbers) // 2
        return cls(sheet.layout, sheet.opacity, box, number, numbers, box.top + half, half - 2)

    def add_ground(self, strokes: Strokes, *, in_focus: bool) -> None:
        """Dark, with the line of the focus, and the band of the depth of field where there is one."""
        box, middle = self.box, self.middle
        strokes.fill(box, HALO, 0.8 * self.opacity)
        strokes.fill(box._replace(top=box.bottom - 1), SCALE, 0.3 * self.opacity)
        if in_focus:
            half = max(2, round(_BAND_SHARE * self.reach))
            strokes.fill(box._replace(top=middle - half, bottom=middle + half + 1), SHARP, 0.16 * self.opacity)
        thick = max(1, round(self.layout.unit_px))
        strokes.fill(box._replace(top=middle - thick // 2, bottom=middle - thick // 2 + thick), SCALE, 0.6 * self.opacity)

    def add_zone(self, strokes: Strokes, zone: ZoneOffset) -> _Head | None:
        """A zone's bar; what comes back is its arrow head, if it has one."""
        left, right = (self.box.left + round(share * self.box.width) for share in (zone.left_share, zone.right_share))
        column, middle = (left + right) // 2, self.middle
        if left > self.box.left:
            edge = Box(left, self.box.top + 3, left + 1, self.box.bottom - 3)
            strokes.fill(edge, SCALE, 0.22 * self.opacity)
        half = max(2, round(min(0.17 * (right - left), 1.4 * self.layout.text_px)))
        if math.isnan(zone.offset):
            dash = max(2, half // 3)
            strokes.fill(Box(column - dash, middle - 1, column + dash, middle + 2), QUIET, 0.75 * self.opacity)
            return None
        colour, off = bar_colour(zone.offset, zone.in_focus), abs(zone.offset) > _FARTHEST
        end = middle - round(bar_length(zone.offset) * self.reach)  # farther: up
        size = min(1.2 * self.layout.text_px, 2.0 * half)
        stop = end + round(math.copysign(0.6 * size, zone.offset)) if off else end
        bar = Box(column - half, min(middle, stop), column + half, max(middle, stop) + 1)
        if bar.height < 3:  # exactly in focus: a bar all the same
            bar = bar._replace(top=middle - 1, bottom=middle + 2)
        strokes.fill(bar.grown(1), HALO, 0.6 * self.opacity)
        strokes.fill(bar, colour, 0.95 * self.opacity)
        way: Literal["up", "down"] = "up" if zone.offset > 0 else "down"
        return _Head(colour, way, column, end + math.copysign(0.5 * size, zone.offset), size) if off else None


def _write_depth(sheet: Sheet, strip: _Strip, zone: ZoneOffset) -> None:
    """The depth of a zone below its bar, where there is room."""
    words = "-" if math.isnan(zone.depth_m) else short_distance(zone.depth_m)
    number = label(words, strip.number_px, SHARP if zone.in_focus else SCALE, sheet.opacity)
    if number.width <= (zone.right_share - zone.left_share) * strip.box.width:
        centre = strip.box.left + (zone.left_share + zone.right_share) / 2 * strip.box.width
        top = strip.box.bottom - strip.numbers_px + (strip.numbers_px - number.height) // 2
        paste(sheet.image, number, round(centre - number.width / 2), top)
