"""The target of interest: brackets round it in the picture, its points marked in the distribution, and its state in words.

A target that is not seen for a moment is drawn with dashes, and how long its depth has been held is said. A lost one is said so
plainly in the middle of the picture's upper edge: who pulls focus must not trust a depth that nobody measures any more.

Source: US 12,395,751 B2, paragraphs 47 and 48.
"""

from __future__ import annotations

import math

from auxfocus_ros.distribution.targets.target import Target, TargetSource, TargetState
from auxfocus_ros.view.boxes import add_brackets
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_reading import distance_text
from auxfocus_ros.view.ink import Colour, Sprite, paste
from auxfocus_ros.view.layers import shift_px
from auxfocus_ros.view.offset_bars import strip_box
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import FOCUS_COLOURS, FOCUS_INK, SCALE
from auxfocus_ros.view.placing import LabelPlaces, places_round
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_places import box_in_picture, box_in_plot, edges_of, inset_of
from auxfocus_ros.view.text import label, plate

_ALARM: Colour = (48, 56, 224)
_BAND_STRENGTH = 0.3  # of what is laid over the depths within one standard deviation
_MOST_LETTERS = 24  # of a label


def draw_targets(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    """Draw the target of interest and its state, if there is one.

    Args:
        sheet: the image.
        content: with the targets.
        options: of the view; nothing is drawn without `show_targets`.
    """
    target = content.targets.selected
    if not options.show_targets:
        return
    if target is not None and target.state in (TargetState.TRACKED, TargetState.HELD):
        thing, strokes, colour = Strokes(), Strokes(), _colour(target, options)
        held = target.state == TargetState.HELD
        box = box_in_picture(sheet.layout, target)
        if box is not None and target.source != TargetSource.WHOLE_FRAME:
            add_brackets(thing, box, sheet.layout, colour, sheet.opacity, heavy=True, dashed=held)
        points = _box_of_points(sheet, content, target)
        if points is not None:
            line = Line(max(1, round(1.6 * sheet.layout.unit_px)), colour, sheet.opacity)
            _add_points(strokes, sheet, content, points, line)
        thing.draw(sheet.image, spared=inset_of(sheet.layout))
        strokes.draw(sheet.image)
        if points is not None:
            _write_depth(sheet, points, target, colour)
    words = _words(sheet, content, options)
    if words is not None:
        sprite, left, top = words
        paste(sheet.image, sprite, left, top)


def words_box(sheet: Sheet, content: Content, options: ViewOptions) -> Box | None:
    """Where the words about the target of interest stand, for other labels to keep clear of; None: there are none."""
    words = _words(sheet, content, options)
    if words is None:
        return None
    sprite, left, top = words
    return Box(left, top, left + sprite.width, top + sprite.height)


def words_of(target: Target | None, message: str = "") -> str:
    """What is said of the target of interest.

    Args:
        target: it; None: none is selected.
        message: what the keeper of the targets says of one that is held or lost.

    Returns:
        'car 12.3 m', 'car 12.3 m, held 1.2 s', 'target lost'; empty where there is nothing to say.
    """
    if target is None or target.state == TargetState.NONE:
        return message
    if target.state == TargetState.LOST:
        return message or "target lost"
    depth = distance_text(target.depth_m) if math.isfinite(target.depth_m) else "depth unknown"
    named = " ".join(part for part in (target.label[:_MOST_LETTERS], depth) if part)
    return named if target.state == TargetState.TRACKED else f"{named}, {message or 'held'}"


def _words(sheet: Sheet, content: Content, options: ViewOptions) -> tuple[Sprite, int, int] | None:
    """The words with their place."""
    target, layout, size = content.targets.selected, sheet.layout, sheet.layout.text_px
    text = words_of(target, content.targets.message) if options.show_targets else ""
    if not text:
        return None
    room = edges_of(layout.picture)
    box = box_in_picture(layout, target) if target is not None else None
    seen = target is not None and target.state in (TargetState.TRACKED, TargetState.HELD)
    if target is None or not seen or box is None or target.source == TargetSource.WHOLE_FRAME:
        sprite = plate(text, 1.25 * size, FOCUS_INK if seen else SCALE, SCALE if seen else _ALARM, sheet.opacity)
        top = strip_box(layout).bottom if options.offset_bars and content.offsets else room.top
        top += round((0.8 if layout.vertical else 4.0) * size)  # sideways the focus' value stands at the upper edge
        return sprite, (room.left + room.right - sprite.width) // 2, top
    sprite = plate(text, size, FOCUS_INK, _colour(target, options), sheet.opacity)
    gap = round(4 * layout.unit_px)
    candidates = [at for at in places_round(box, sprite, gap) if room.top <= at[1] <= room.bottom - sprite.height]
    for apart in (inset_of(layout), None):  # over an inset rather than nowhere
        place = LabelPlaces().take(sprite, candidates or [(box.left, box.top)], room, apart)
        if place is not None:
            return sprite, *place
    return None


def _colour(target: Target, options: ViewOptions) -> Colour:
    return FOCUS_COLOURS[options.focus_colour] if target.in_focus else SCALE


def _box_of_points(sheet: Sheet, content: Content, target: Target) -> Box | None:
    pad = round(3 * sheet.layout.unit_px)
    box = box_in_plot(sheet, target, content.panorama, max(4, round(8 * sheet.layout.unit_px)))
    if box is None:
        return None
    moved = box.grown(pad).moved(*shift_px(sheet.layout, content.layers, target.id))
    return moved.within(edges_of(sheet.layout.panel))


def _add_points(strokes: Strokes, sheet: Sheet, content: Content, points: Box, line: Line) -> None:
    """A frame round the points, a line at the depth, and a band over the depths within a standard deviation of it."""
    layout, target, colour = sheet.layout, content.targets.selected, line.colour
    assert target is not None
    right, down = shift_px(layout, content.layers, target.id)
    shift = down if layout.vertical else right
    sigma = target.depth_sigma_m if math.isfinite(target.depth_sigma_m) else 0.0
    near, far = (
        layout.depth_px(sheet.axis, depth) + shift for depth in (max(target.depth_m - sigma, 1e-6), target.depth_m + sigma)
    )
    at = round(layout.depth_px(sheet.axis, target.depth_m) + shift)
    first, last = round(min(near, far)), round(max(near, far)) + 1
    reach = round(5 * layout.unit_px)
    half = line.thickness_px // 2
    if layout.vertical:
        band = points._replace(top=first, bottom=last)
        middle = Box(points.left - reach, at - half, points.right + reach, at - half + line.thickness_px)
    else:
        band = points._replace(left=first, right=last)
        middle = Box(at - half, points.top - reach, at - half + line.thickness_px, points.bottom + reach)
    inside = band.within(points)
    if inside is not None:
        strokes.fill(inside, colour, _BAND_STRENGTH * sheet.opacity)
    strokes.fill(middle, colour, sheet.opacity)
    (strokes.dashed if target.state == TargetState.HELD else strokes.outline)(points, line)


def _write_depth(sheet: Sheet, points: Box, target: Target, colour: Colour) -> None:
    """The depth with its standard deviation, beside the frame round the points."""
    layout = sheet.layout
    sprite = label(depth_text(target.depth_m, target.depth_sigma_m), 0.9 * layout.text_px, colour, sheet.opacity)
    room = edges_of(layout.panel)
    _, _, _, after, before, *_ = places = places_round(points, sprite, round(6 * layout.unit_px))
    values = round(6 * layout.text_px) if layout.vertical else 0  # the focus' values stand at the right
    beside = (after,) if after[0] + sprite.width <= room.right - values else (before, after)
    fitting = [place for place in beside if room.left <= place[0] <= room.right - sprite.width]
    place = LabelPlaces().take(sprite, [*fitting, places[0]], room)
    if place is not None:
        paste(sheet.image, sprite, *place)


def depth_text(depth_m: float, sigma_m: float) -> str:
    """A depth and its standard deviation, both to the last digit of the depth: '12.3 m +/- 0.2'; without one that is smaller."""
    text = distance_text(depth_m)
    number, unit = text.split()
    sigma = f"{sigma_m:.{len(number.partition('.')[2])}f}"
    return f"{text} +/- {sigma}" if unit == "m" and math.isfinite(sigma_m) and float(sigma) > 0 else text
