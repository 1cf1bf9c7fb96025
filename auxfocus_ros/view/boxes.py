"""What is in focus, shown in the picture: brackets round each thing, as viewfinders have them."""

from __future__ import annotations

from itertools import islice

from auxfocus_ros.distribution.targets.target import TargetSource, TargetState
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import FOCUS_COLOURS
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_places import MOST_LOOKED_AT, box_in_picture, edges_of, inset_of

MOST_BOXED = 32
"""Objects that are boxed, the most important ones."""


def draw_boxes_in_focus(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    """Put brackets of the focus colour in the picture round each target that is seen and in focus.

    The target of interest is left to `draw_targets` where that draws it.

    Source: US 12,395,751 B2, paragraph 42.
    """
    inside = (
        target
        for target in content.targets.targets[:MOST_LOOKED_AT]
        if target.in_focus
        and target.state == TargetState.TRACKED
        and target.source != TargetSource.WHOLE_FRAME
        and not (target.selected and options.show_targets)
    )
    strokes, colour = Strokes(), FOCUS_COLOURS[options.focus_colour]
    for target in islice(inside, MOST_BOXED):
        box = box_in_picture(sheet.layout, target)
        if box is not None:
            add_brackets(strokes, box, sheet.layout, colour, sheet.opacity)
    strokes.draw(sheet.image, spared=inset_of(sheet.layout))


def add_brackets(
    strokes: Strokes, box: Box, layout: Layout, colour: Colour, opacity: float, *, heavy: bool = False, dashed: bool = False
) -> None:
    """Brackets round a box in the picture, a little outside it, but never outside the picture.

    Args:
        strokes: to which they are added.
        box: in the image.
        layout: of the image.
        colour: of the brackets.
        opacity: 0 to 1.
        heavy: thicker, for the target of interest.
        dashed: a dashed line all round instead.
    """
    unit = layout.unit_px
    line = Line(max(1, round((3.0 if heavy else 2.0) * unit)), colour, opacity)
    round_it = box.grown(round(3 * unit)).within(edges_of(layout.picture)) or box
    if dashed:
        strokes.dashed(round_it, line)
    else:
        leg = min(max(round(0.25 * min(box.width, box.height)), round(7 * unit)), round(32 * unit))
        strokes.brackets(round_it, leg, line)
