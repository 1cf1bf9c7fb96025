"""What stands where in the auxiliary focus image, and the one place that turns depths and places across into pixels.

Pixels are counted by their centres: row 0 reaches from -0.5 to 0.5, and the edges of a plot lie between pixels. Depth runs along
one side of the plot, from its near end to its far end, by the direction; the axis across runs along the other, to the right or
downward.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.view.direction import Direction
from auxfocus_ros.view.options import ViewOptions

_TEXT_HEIGHT_PX = 12.0  # of a capital, in a picture of 720 rows
_SMALLEST_TEXT_PX = 8.0
_END_SHARE = 0.05  # of the panel's height, before and behind a plot whose depth is vertical
_END_TEXT, _SIDEWAYS_END_TEXT = 2.2, 4.2  # the same in heights of the text; sideways there must be room for a number
_LABELS_TEXT, _SIDEWAYS_LABELS_TEXT = 4.0, 2.4  # room for the labels of the depth axis
_STRIP_TEXT, _STRIP_SHARE = 7.6, 0.22  # height of the strip of offset bars: of the text's, and at most of the picture's
_CELL_PX = 2  # side of a distribution's cell in a picture of 720 rows: a single point of a lidar must be seen


class Rect(NamedTuple):
    """A rectangle of whole pixels; right and bottom are the first pixel outside."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column outside."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row outside."""
        return self.top + self.height


@dataclass(frozen=True)
class Layout:
    """Where everything is drawn.

    Attributes:
        width_px, height_px: size of the auxiliary focus image.
        picture: where the picture stands.
        panel: what the distribution is drawn on: the picture itself, an inset in it, or the ground beside it.
        plot: where the distribution's cells are drawn, within the panel.
        direction: which way depth grows.
        axis_px: column of the line of the depth axis (row, where depth runs sideways); labels stand to its left (below it).
        text_px: height of a capital.
        unit_px: the length that was 1 pixel in a picture of 720 rows.
        strip_px: rows at the picture's top that the offset bars take; 0 without.
    """

    width_px: int
    height_px: int
    picture: Rect
    panel: Rect
    plot: Rect
    direction: Direction
    axis_px: int
    text_px: float
    unit_px: float
    strip_px: int = 0

    @property
    def vertical(self) -> bool:
        """Whether depth runs vertically, and the axis across horizontally."""
        return self.direction.vertical

    @property
    def depth_length_px(self) -> int:
        """Length of the plot along the depth, pixels."""
        return self.plot.height if self.vertical else self.plot.width

    @property
    def across_span_px(self) -> tuple[int, int]:
        """First pixel of the plot along the axis across, and the first after it."""
        return (self.plot.left, self.plot.right) if self.vertical else (self.plot.top, self.plot.bottom)

    def depth_px_at(self, position: float) -> float:
        """The row (column, where depth runs sideways) of a position on the depth axis: 0 its near end, 1 its far end."""
        start = self.plot.top if self.vertical else self.plot.left
        length = self.depth_length_px
        return start - 0.5 + length * (position if self.direction.rising else 1.0 - position)

    def depth_px(self, axis: DepthAxis, depth_m: float) -> float:
        """The row (column, where depth runs sideways) of a depth, clipped to the axis; NaN stays NaN."""
        return self.depth_px_at(axis.position_of(depth_m))

    def across_px(self, across: AcrossAxis, value: float) -> float:
        """The column (row, where depth runs sideways) of a value on the axis across, clipped to it; NaN stays NaN."""
        first, end = self.across_span_px
        position = float(across.position_of(value))
        if not math.isnan(position):
            position = min(max(position, 0.0), 1.0)
        return first - 0.5 + position * (end - first)

    def value_start_px(self, span_px: tuple[float, float], size_px: float, indent_px: float = 0.0) -> float:
        """Where along the axis across a line's value begins: near the end of the line that is away from the depth axis.

        Args:
            span_px: first and last pixel of the line. One that fills only a part of the plot has its values beyond its end, where
                there is room.
            size_px: of the value, along the axis across.
            indent_px: how much farther it is from that end.
        """
        text, (first, end) = self.text_px, self.across_span_px
        part = span_px[0] > first + 1 or span_px[1] < end - 2
        if self.vertical:
            if part and span_px[1] + 8 * text <= end:
                return span_px[1] + 0.5 * text + indent_px
            return span_px[1] - 0.3 * text - indent_px - size_px
        if part and span_px[0] - 3 * text >= first:
            return span_px[0] - 0.5 * text - indent_px - size_px
        return max(span_px[0], self.clear_top_px) + 0.3 * text + indent_px

    @property
    def clear_top_px(self) -> int:
        """First row of the panel that the offset bars do not cover."""
        covered = self.picture.top + self.strip_px
        return covered if self.panel == self.picture else self.panel.top

    def cells_rect(  # noqa: PLR0917 - both axes with their ends
        self, axis: DepthAxis, near_m: float, far_m: float, across: AcrossAxis, low: float, high: float
    ) -> tuple[float, float, float, float]:
        """The part of the plot between two depths and two values across: left, top, right, bottom, in pixels of the image."""
        depths = sorted((self.depth_px(axis, near_m), self.depth_px(axis, far_m)))
        sides = sorted((self.across_px(across, low), self.across_px(across, high)))
        (left, right), (top, bottom) = (sides, depths) if self.vertical else (depths, sides)
        return left, top, right, bottom

    @property
    def cell_px(self) -> int:
        """Side of a cell that shows well at this size."""
        return _cell_px(self.unit_px)


def arrange(picture_width_px: int, picture_height_px: int, options: ViewOptions, inset_at: Rect | None = None) -> Layout:
    """Lay out an image around a picture of the given size.

    Args:
        picture_width_px, picture_height_px: size of the picture.
        options: of the view.
        inset_at: where an inset stands in the picture (see `inset_places`); None: the first of those places.
    """
    width, height = picture_width_px, picture_height_px
    text = text_height_px(width, height, options)
    unit = _unit_px(width, height)
    direction = Direction.of_name(options.direction)
    picture, panel = Rect(0, 0, width, height), Rect(0, 0, width, height)
    strip = strip_height_px(width, height, options)
    if options.layout == "inset":
        panel = inset_at if inset_at is not None else inset_places(width, height, options)[0]
    elif options.layout == "side_by_side":
        beside = max(round(width * options.panel_share), round(8 * text))
        beside += (width + beside) % 2  # video encoders want even sides
        picture, panel = _row(width, beside, height, panel_first=options.panel_first)
    elif options.layout == "top_bottom":
        below = max(round(height * options.panel_share), round(8 * text))
        below += (height + below) % 2
        lying, lying_panel = _row(height, below, width, panel_first=options.panel_first)
        picture, panel = _transposed(lying), _transposed(lying_panel)
    # Where the plot stands over the picture, above it or below it, its columns stand over, above or below the picture's.
    full = options.layout in {"overlay", "top_bottom" if direction.vertical else "side_by_side"}
    free = panel
    if options.layout == "overlay" and direction.vertical:  # sideways the plot's rows are the picture's, all of them
        free = Rect(0, strip, width, height - strip)
    plot, axis_px = _plot(free, direction, text, _cell_px(unit), full=full, labels=options.show_scale)
    image_width, image_height = max(picture.right, panel.right), max(picture.bottom, panel.bottom)
    return Layout(image_width, image_height, picture, panel, plot, direction, axis_px, text, unit, strip)


def inset_places(picture_width_px: int, picture_height_px: int, options: ViewOptions) -> tuple[Rect, ...]:
    """Where an inset may stand: in the corners, the upper right first, and at the middles of the edges."""
    width, height = picture_width_px, picture_height_px
    gap = round(0.8 * text_height_px(width, height, options))
    wide = min(max(round(options.inset_share * width), 48), width)
    high = min(max(round(options.inset_share * height), 48), height)
    left = min(gap, (width - wide) // 2)
    right = width - wide - left
    bottom = height - high - min(gap, (height - high) // 2)
    top = min(gap + strip_height_px(width, height, options), bottom)
    middle, centre = (width - wide) // 2, (height - high) // 2
    corners = [(right, top), (left, top), (right, bottom), (left, bottom)]
    edges = [(middle, top), (middle, bottom), (left, centre), (right, centre)]
    return tuple(dict.fromkeys(Rect(x, y, wide, high) for x, y in corners + edges))


def counts_shape(
    picture_width_px: int, picture_height_px: int, options: ViewOptions, source_width_px: int = 0
) -> tuple[int, int]:
    """How many bins and columns to count for a picture, so that cells stand on whole pixels and single points are seen.

    Args:
        picture_width_px, picture_height_px: size of the picture.
        options: of the view.
        source_width_px: size of the depth image that will be counted, if one is, along the axis across; the columns are then a
            divisor of it, so that each takes as many pixels.

    Returns:
        (bins, columns).
    """
    layout = arrange(picture_width_px, picture_height_px, options)
    first, end = layout.across_span_px
    bins = max(1, layout.depth_length_px // layout.cell_px)
    columns = max(1, (end - first) // layout.cell_px)
    if source_width_px > 0:
        columns = source_width_px // -(-source_width_px // columns)
    return bins, columns


def text_height_px(picture_width_px: int, picture_height_px: int, options: ViewOptions) -> float:
    """Height of a capital in an image round a picture of this size."""
    return max(_TEXT_HEIGHT_PX * _unit_px(picture_width_px, picture_height_px), _SMALLEST_TEXT_PX) * options.text_scale


def strip_height_px(picture_width_px: int, picture_height_px: int, options: ViewOptions) -> int:
    """Rows at the top of a picture of this size that the offset bars take; 0 without them."""
    if not options.offset_bars:
        return 0
    text = text_height_px(picture_width_px, picture_height_px, options)
    return min(round(_STRIP_TEXT * text), round(_STRIP_SHARE * picture_height_px))


def _plot(panel: Rect, direction: Direction, text: float, cell: int, *, full: bool, labels: bool) -> tuple[Rect, int]:
    """The plot within a panel, and where its depth axis stands. `full`: it spans the panel, and the labels are drawn over it."""
    if not direction.vertical:
        across, depth = panel.height, panel.width
        room = round(_SIDEWAYS_LABELS_TEXT * text) if labels else round(0.8 * text)
        end = min(round(_SIDEWAYS_END_TEXT * text), depth // 4)
    else:
        across, depth = panel.width, panel.height
        room = round(_LABELS_TEXT * text) if labels else round(0.8 * text)
        end = min(max(round(_END_SHARE * depth), round(_END_TEXT * text)), depth // 4)
    room = min(room, across // 3)
    length = max((depth - 2 * end) // cell * cell, 1)  # whole cells are painted fastest
    if full:
        before, wide = 0, across
    else:
        after = min(round((0.8 if direction.vertical else 1.6) * text), across // 6)
        wide = max((across - room - after) // cell * cell, 1)
        before = room if direction.vertical else after
    if direction.vertical:
        plot = Rect(panel.left + before, panel.top + end, wide, length)
        return plot, panel.left + room
    plot = Rect(panel.left + end, panel.top + before, length, wide)
    return plot, panel.bottom - 1 - room if full else plot.bottom - 1


def _row(picture: int, beside: int, height: int, *, panel_first: bool) -> tuple[Rect, Rect]:
    """The picture and a panel beside it."""
    if panel_first:
        return Rect(beside, 0, picture, height), Rect(0, 0, beside, height)
    return Rect(0, 0, picture, height), Rect(picture, 0, beside, height)


def _transposed(rect: Rect) -> Rect:
    return Rect(rect.top, rect.left, rect.height, rect.width)


def _unit_px(width: int, height: int) -> float:
    return min(height / 720.0, width / 960.0)


def _cell_px(unit_px: float) -> int:
    return max(_CELL_PX, round(_CELL_PX * unit_px))
