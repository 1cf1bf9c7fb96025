"""Layers: one thing's points a layer, staggered like cards in a hand, the most important in front.

The front layer stands exactly where the scale is. Each one behind it is moved a little up and to the right, with a thin card
round its points, and its points in focus keep the colour of the focus wherever they are moved. What belongs to nothing, ground
and walls, is the backmost layer: faint, and where the scale is.

Source: US 12,395,751 B2, paragraphs 52 and 53.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.targets.target import Target, TargetState
from auxfocus_ros.view.content import Content, LayerStack
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.focus_span import kinds_of_cells
from auxfocus_ros.view.heat import PLAIN, PointStyle, brightness, fitted, full_count, paint_cells
from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_colours import target_colour
from auxfocus_ros.view.target_places import MOST_LOOKED_AT, edges_of

NO_LAYER = 255
_TOGETHER_SHARE = 0.05  # of the axis: things nearer to each other than that share a layer
_STEP_PX = 7.0  # from a layer to the next, in a picture of 720 rows
_REST: Colour = (140, 112, 84)  # of what belongs to nothing: faint beside any target's colour
_CARD_STRENGTH = 0.6


@dataclass(frozen=True, eq=False)
class LayerPlan:
    """Which things are drawn in which layer, 0 in front.

    Attributes:
        layer_of_segment: (largest segment + 1,) uint8, the layer of each segment's readings; 0, no thing, is in the backmost.
        ids: of the targets in each layer; the backmost, for everything else, has none.
    """

    layer_of_segment: NDArray[np.uint8]
    ids: tuple[tuple[int, ...], ...]

    @property
    def layers(self) -> int:
        """Number of layers, the backmost included."""
        return len(self.ids)


def assign_layers(targets: Sequence[Target], axis: DepthAxis, most_layers: int, segments: int) -> LayerPlan:
    """Share things out to layers.

    In order of attention each thing begins a layer of its own; one that is nearer to a layer's first thing than a twentieth of
    the axis shares that layer, and so does, with the nearest, one for which there is no layer left.

    Args:
        targets: the most important first; those that belong to no segment, or have no depth, have no layer.
        axis: the depth axis: what is near each other there cannot be told apart in layers either.
        most_layers: of things, >= 1; the backmost comes on top of that.
        segments: the largest segment of the frame.
    """
    members: list[list[tuple[float, int]]] = []
    table = np.full(max(segments, 0) + 1, NO_LAYER, np.uint8)
    for target in targets[:MOST_LOOKED_AT]:
        if not (0 < target.segment < len(table) and math.isfinite(target.depth_m) and table[target.segment] == NO_LAYER):
            continue
        if target.state == TargetState.LOST:
            continue
        position = axis.position_of(target.depth_m)
        gaps = [abs(position - layer[0][0]) for layer in members]
        nearest = int(np.argmin(gaps)) if gaps else -1
        if nearest < 0 or (gaps[nearest] >= _TOGETHER_SHARE and len(members) < most_layers):
            nearest = len(members)
            members.append([])
        members[nearest].append((position, target.id))
        table[target.segment] = nearest
    table[table == NO_LAYER] = len(members)
    return LayerPlan(table, (*(tuple(target_id for _, target_id in layer) for layer in members), ()))


def shift_px(layout: Layout, stack: LayerStack | None, target_id: int) -> tuple[int, int]:
    """How far to the right and downward a target's points are drawn from where the scale says, pixels."""
    if stack is None:
        return 0, 0
    layer = next((at for at, ids in enumerate(stack.ids) if target_id in ids), None)
    return (0, 0) if layer is None else _shift_px(layout, stack, layer)


def paint_layers(sheet: Sheet, content: Content, options: ViewOptions, focus: FocusReading, style: PointStyle) -> None:
    """Lay the layers over the plot, in place of the one that holds all points.

    Args:
        sheet: the image.
        content: with the layers; nothing is drawn without.
        options: of the view.
        focus: where the focus stands; what is in focus has its colour in every layer.
        style: of the points.
    """
    stack = content.layers
    if stack is None:
        return
    layout, turned = sheet.layout, sheet.layout.direction.turned
    first, end = layout.across_span_px
    shape = (min(stack.counts.shape[1], layout.depth_length_px), min(stack.counts.shape[2], end - first))
    in_focus = kinds_of_cells(content, focus, *shape, mark_plane=options.mark_focal_plane)
    kinds = turned(np.ascontiguousarray(np.broadcast_to(np.uint8(PLAIN) if in_focus is None else in_focus, shape)))
    canvas = _Canvas(np.zeros_like(kinds), kinds.copy(), np.zeros_like(kinds))
    table = np.zeros((256, 1, 3), np.uint8)
    full, cards = full_count(content.distribution), Strokes()
    thick = max(1, round(layout.unit_px))
    for layer in reversed(range(len(stack.ids))):
        level = _level(fitted(stack.counts[layer], *shape), full)
        if level is None:
            continue
        colour, level = _colour(stack.ids[layer], options), turned(level)
        right, up = _cells_off(layout, stack, layer, kinds.shape)
        canvas.lay(level, kinds, layer + 1, right, up, focus_wins=style.mark_in_focus)
        table[layer + 1] = colour
        card = _card(sheet, stack, layer, level) if stack.ids[layer] else None
        if card is not None:
            cards.outline(card, Line(thick, colour, _CARD_STRENGTH * sheet.opacity))
    own = np.asarray(cv2.applyColorMap(canvas.colours, table), np.uint8)
    paint_cells(sheet.image, layout.plot, canvas.levels, canvas.kinds, style, own)
    cards.draw(sheet.image)


@dataclass(frozen=True, eq=False)
class _Canvas:
    """What the layers become, cell by cell as they stand in the image: see `paint_cells`; of the colours their numbers."""

    levels: NDArray[np.uint8]
    kinds: NDArray[np.uint8]
    colours: NDArray[np.uint8]

    def lay(
        self, level: NDArray[np.uint8], kinds: NDArray[np.uint8], colour: int, right: int, up: int, *, focus_wins: bool
    ) -> None:
        """Lay a layer on top, moved by so many cells; what is moved out of the plot is lost."""
        high, wide = level.shape
        if right >= wide or up >= high:
            return
        come, go = np.s_[up:, : wide - right], np.s_[: high - up, right:]
        points, focused = level[come], kinds[come]
        cv2.copyTo(points, points, self.levels[go])
        cv2.copyTo(focused, points, self.kinds[go])
        cv2.copyTo(np.full(points.shape, colour, np.uint8), points, self.colours[go])
        if focus_wins:  # no colour of its own: that of its kind
            cv2.copyTo(np.zeros(points.shape, np.uint8), cv2.min(points, focused), self.colours[go])


def _level(counts: NDArray[np.uint32], full: float) -> NDArray[np.uint8] | None:
    """Brightness of a layer's cells, worked out where there are readings; None: there are none."""
    rows = np.flatnonzero(counts.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(counts[rows[0] : rows[-1] + 1].any(axis=0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    level = np.zeros(counts.shape, np.uint8)
    level[part] = brightness(counts[part], full)
    return level


def _colour(ids: tuple[int, ...], options: ViewOptions) -> Colour:
    return target_colour(ids[0], options.focus_colour) if ids else _REST


def _cells_off(layout: Layout, stack: LayerStack, layer: int, shape: tuple[int, ...]) -> tuple[int, int]:
    """How far a layer is moved to the right and up, in cells."""
    right, down = _shift_px(layout, stack, layer)
    return round(right * shape[1] / layout.plot.width), round(-down * shape[0] / layout.plot.height)


def _card(sheet: Sheet, stack: LayerStack, layer: int, level: NDArray[np.uint8]) -> Box | None:
    """The card round a layer's points, in pixels of the image; `level` as it stands there."""
    layout, (high, wide) = sheet.layout, level.shape
    x, y, columns, rows = cv2.boundingRect(level)
    plot, pad = layout.plot, round(3 * layout.unit_px)
    card = Box(
        plot.left + x * plot.width // wide,
        plot.top + y * plot.height // high,
        plot.left - (-(x + columns) * plot.width // wide),
        plot.top - (-(y + rows) * plot.height // high),
    )
    return card.grown(pad).moved(*_shift_px(layout, stack, layer)).within(edges_of(layout.panel))


def _shift_px(layout: Layout, stack: LayerStack, layer: int) -> tuple[int, int]:
    """How far a layer is moved to the right and downward, pixels."""
    if not stack.ids[layer]:
        return 0, 0
    step = max(1, round(_STEP_PX * layout.unit_px / layout.cell_px)) * layout.cell_px
    return layer * step, -layer * step
