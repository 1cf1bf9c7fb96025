"""Which points belong to which thing in the picture: the same colour of box, the same letter, or the thing's own colours.

Source: US 12,395,751 B2, paragraphs 54 and 55.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.targets.target import Target, TargetSource, TargetState
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.ink import Colour, Sprite, paste
from auxfocus_ros.view.layers import shift_px
from auxfocus_ros.view.offset_bars import strip_box
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import FOCUS_INK, QUIET, SCALE
from auxfocus_ros.view.placing import LabelPlaces, places_round
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_colours import target_colour, target_letter
from auxfocus_ros.view.target_marks import words_box
from auxfocus_ros.view.target_places import MOST_LOOKED_AT, box_in_picture, box_in_plot, edges_of, inset_of
from auxfocus_ros.view.text import plate

MOST_LINKED = 32
"""Objects: with more than that nobody finds anything."""

_POINTS_GROUND: Colour = (96, 60, 24)  # of a letter beside points
_POINTS_TINT = 0.16  # of a box round points
_DARK_INK_FROM = 100  # brightness of a plate on which dark letters read better than light ones
_LEAST_BRIGHTNESS = 150.0  # of an object's own colour: its points must be seen on a dark ground
_SAMPLES = 12  # along each side of a box
_MOST_COLOURED = 255


def draw_association(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    """Link things in the picture with their points by boxes of one colour, or by the same letter in both places.

    The most important targets are linked first, at most MOST_LINKED of them. No two labels overlap: where there is no room for
    one, it is left out. A target of which nobody knows the depth, or that lies beyond the axes, has no points to be linked with.

    Args:
        sheet: the image.
        content: with the targets.
        options: `association` says how; 'colours' is a matter of the points alone (see `cell_colours`).
    """
    if options.association == "boxes":
        _draw_boxes(sheet, content, options)
    elif options.association == "letters":
        _draw_letters(sheet, content, options)


def cell_colours(picture: NDArray[np.uint8], targets: tuple[Target, ...], owners: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The colours that points have in the picture: to each cell the colour of the thing that most of its readings belong to.

    Args:
        picture: (H, W, 3) uint8 BGR, or (H, W) grey, on which the targets' boxes lie.
        targets: the most important first; the first 255 that belong to a segment have a colour.
        owners: (bins, columns) uint16, the segment of each cell, 0: none.

    Returns:
        (bins, columns, 3) uint8 BGR: the median of the pixels in the middle of the target's box, bright enough to be seen; black
        in cells that belong to no target.
    """
    coloured = [target for target in targets if target.segment > 0][:_MOST_COLOURED]
    last = max((target.segment for target in coloured), default=0)
    table = np.zeros((last + 2, 4), np.uint8)  # four bytes are fetched at once; black for what lies beyond
    for target in reversed(coloured):  # of two with one segment the more important has the last word
        table[target.segment, :3] = _own_colour(picture, target)
    cells = np.take(table.view(np.uint32)[:, 0], owners, mode="clip").view(np.uint8).reshape(*owners.shape, 4)
    return np.asarray(cv2.cvtColor(cells, cv2.COLOR_BGRA2BGR), np.uint8)


class _Link(NamedTuple):
    target: Target
    in_picture: Box
    in_plot: Box


def _links(sheet: Sheet, content: Content) -> Iterator[_Link]:
    """Targets to be linked, the most important first."""
    least, found = max(4, round(8 * sheet.layout.unit_px)), 0
    panel = edges_of(sheet.layout.panel)
    for target in content.targets.targets[:MOST_LOOKED_AT]:
        if target.state == TargetState.LOST or target.source == TargetSource.WHOLE_FRAME:
            continue
        in_picture = box_in_picture(sheet.layout, target)
        in_plot = box_in_plot(sheet, target, content.panorama, least)
        if in_picture is None or in_plot is None:
            continue
        in_plot = in_plot.moved(*shift_px(sheet.layout, content.layers, target.id)).within(panel)
        if in_plot is not None:
            yield _Link(target, in_picture, in_plot)
            found += 1
            if found == MOST_LINKED:
                return


def _draw_boxes(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    things, points, thickness = Strokes(), Strokes(), max(1, round(1.6 * sheet.layout.unit_px))
    links, inset = list(_links(sheet, content)), inset_of(sheet.layout)
    for link in reversed(links):  # the most important on top
        line = Line(thickness, target_colour(link.target.id, options.focus_colour), sheet.opacity)
        points.fill(link.in_plot, line.colour, _POINTS_TINT * sheet.opacity)
        for strokes, box in ((things, link.in_picture), (points, link.in_plot)):
            (strokes.dashed if link.target.state == TargetState.HELD else strokes.outline)(box, line)
    things.draw(sheet.image, spared=inset)
    points.draw(sheet.image)
    places = _places(sheet, content, options)
    room = edges_of(sheet.layout.picture)
    for link in links:
        if link.target.label and not (link.target.selected and options.show_targets):
            colour = target_colour(link.target.id, options.focus_colour)
            tag = plate(link.target.label[:24], 0.85 * sheet.layout.text_px, _ink_on(colour), colour, sheet.opacity)
            place = places.take(tag, places_round(link.in_picture, tag, 1), room, apart=inset)
            if place is not None:
                paste(sheet.image, tag, *place)


def _draw_letters(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    places, size = _places(sheet, content, options), sheet.layout.text_px
    picture, panel = edges_of(sheet.layout.picture), edges_of(sheet.layout.panel)
    gap = round(0.2 * size)
    for link in _links(sheet, content):
        letter, placed = target_letter(link.target.id), []
        # In an overlay both stand over the picture: dark on light is the thing, light on dark its points.
        for box, room, apart, ink, ground in (
            (link.in_picture, picture, inset_of(sheet.layout), FOCUS_INK, QUIET),
            (link.in_plot, panel, None, SCALE, _POINTS_GROUND),
        ):
            sign = plate(letter, size, ink, ground, sheet.opacity)
            place = places.take(sign, [*_on(box, sign, gap), *places_round(box, sign, gap)], room, apart)
            if place is not None:
                placed.append((sign, *place))
        if len(placed) == 2:  # a letter in one place alone says nothing
            for sign, left, top in placed:
                paste(sheet.image, sign, left, top)


def _places(sheet: Sheet, content: Content, options: ViewOptions) -> LabelPlaces:
    """Places for labels, clear of the depth axis, of the offset bars and of the words about the target of interest."""
    layout = sheet.layout
    taken = []
    if options.show_scale:
        before, after = round(3.6 * layout.text_px), round(0.4 * layout.text_px)
        if layout.vertical:
            taken.append(Box(layout.axis_px - before, layout.plot.top, layout.axis_px + after, layout.plot.bottom))
        else:
            taken.append(Box(layout.plot.left, layout.axis_px - after, layout.plot.right, layout.axis_px + before // 2))
    if options.offset_bars and content.offsets:
        taken.append(strip_box(layout))
    words = words_box(sheet, content, options)
    if words is not None:
        taken.append(words)
    return LabelPlaces(taken)


def _on(box: Box, sign: Sprite, gap: int) -> list[tuple[int, int]]:
    """In the upper part of a box that is large enough, else above its middle."""
    large = box.width >= 2 * sign.width and box.height >= 2.5 * sign.height
    top = box.top + gap if large else box.top - gap - sign.height
    return [((box.left + box.right - sign.width) // 2, top)]


def _ink_on(colour: Colour) -> Colour:
    return FOCUS_INK if 0.11 * colour[0] + 0.59 * colour[1] + 0.3 * colour[2] >= _DARK_INK_FROM else SCALE


def _own_colour(picture: NDArray[np.uint8], target: Target) -> NDArray[np.uint8]:
    """The median of the pixels in the middle of a target's box, BGR, bright enough to be seen; grey without a box."""
    left, top, width, height = target.box_px
    rows, columns = _middle(top, height, picture.shape[0]), _middle(left, width, picture.shape[1])
    pixels = picture[rows, columns].reshape(-1, picture.shape[2] if picture.ndim == 3 else 1)
    colour = np.broadcast_to(np.sort(pixels, axis=0)[len(pixels) // 2].astype(np.float32), 3)
    brightness = float(colour @ np.array([0.11, 0.59, 0.3], np.float32))
    if brightness < _LEAST_BRIGHTNESS:
        stronger = colour * min(_LEAST_BRIGHTNESS / max(brightness, 1.0), 255.0 / max(float(colour.max()), 1.0))
        reached = float(stronger @ np.array([0.11, 0.59, 0.3], np.float32))
        colour = stronger + (255.0 - stronger) * max(0.0, (_LEAST_BRIGHTNESS - reached) / max(255.0 - reached, 1.0))
    return np.rint(np.maximum(colour, 1.0)).astype(np.uint8)


def _middle(start: float, length: float, size: int) -> slice:
    """A sample of the middle half of a side of a box, within a picture; at least one pixel."""
    first, last = (min(max(round(start + share * length), 0), size - 1) for share in (0.25, 0.75))
    return slice(first, last + 1, max(1, (last + 1 - first) // _SAMPLES))
