"""Points as marks whose shape and size say how many readings they stand for.

Cells are gathered into larger ones, each wide enough for a mark. The shape says the decade of the number (a dot from 1, a ring
from 10, a square from 100, a diamond from 1000), its size the part of the decade: from 1, 2 or 5 times it. A legend says so.

Source: US 12,395,751 B2, paragraphs 36 and 46.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.focus_span import kinds_of_cells
from auxfocus_ros.view.heat import IN_FOCAL_PLANE, IN_FOCUS, PointStyle, fitted, paint_cells
from auxfocus_ros.view.ink import paste
from auxfocus_ros.view.palette import HALO, SCALE, focal_plane_colour, ramp
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.text import LARGER, halo_of, label, shrunk

_CELLS_A_MARK = 5
_DECADES, _SIZES = 4, 3
_STEPS = np.array([mantissa * 10**decade for decade in range(_DECADES) for mantissa in (1, 2, 5)], np.int64)
_RADII = (0.26, 0.34, 0.44)  # of the room for a mark
_FAINTEST = 60  # of 255: brightness of the smallest mark
_HALO_STRENGTH = 0.7
_LEGEND_TEXT = 0.8


def paint_point_marks(
    sheet: Sheet,
    content: Content,
    focus: FocusReading,
    style: PointStyle,
    *,
    mark_plane: bool,
    own: NDArray[np.uint8] | None = None,
) -> None:
    """Lay marks over the plot, and dim and tint it beneath, in place.

    Args:
        sheet: what to draw on.
        content: with the distribution.
        focus: where the focus stands.
        style: colours and strength.
        mark_plane: give marks in the focal plane a colour of their own.
        own: (bins, columns, 3) colours of the cells' own, black: none.
    """
    layout, pitch = sheet.layout, _CELLS_A_MARK * sheet.layout.cell_px
    first, end = layout.across_span_px
    counts = content.distribution.counts
    bins = min(max(layout.depth_length_px // pitch, 1), counts.shape[0])
    columns = min(max((end - first) // pitch, 1), counts.shape[1])
    kinds = kinds_of_cells(content, focus, bins, columns, mark_plane=mark_plane)
    turned = None if kinds is None else layout.direction.turned(kinds)
    paint_cells(sheet.image, layout.plot, layout.direction.turned(np.zeros((bins, columns), np.uint8)), turned, style)
    sums = np.add.reduceat(counts, np.arange(bins) * counts.shape[0] // bins, axis=0)
    sums = np.add.reduceat(sums, np.arange(columns) * counts.shape[1] // columns, axis=1)
    at_bin, at_column = np.nonzero(sums)
    stamps = np.searchsorted(_STEPS, sums[at_bin, at_column], side="right") - 1
    inks = _inks(stamps, None if kinds is None else np.broadcast_to(kinds, sums.shape)[at_bin, at_column], style)
    if own is not None:
        colours = fitted(own, bins, columns)[at_bin, at_column]
        inks = np.where(colours.any(axis=1, keepdims=True), colours, inks)
    depths = layout.depth_px_at(0.0) + (at_bin + 0.5) / bins * (layout.depth_px_at(1.0) - layout.depth_px_at(0.0))
    sides = first - 0.5 + (at_column + 0.5) / columns * (end - first)
    rows, across = (depths, sides) if layout.vertical else (sides, depths)
    _stamp(sheet, pitch, (rows, across), stamps, inks)


def draw_legend(sheet: Sheet) -> None:
    """Say at the lower right of the plot which shape stands for which number; nothing where there is no room for it."""
    layout, text, plot = sheet.layout, _LEGEND_TEXT * sheet.layout.text_px, sheet.layout.plot
    side = round(1.3 * text)
    numbers = [label(f"{10**decade:d}+", text, SCALE, sheet.opacity) for decade in range(_DECADES)]
    width = sum(side + number.width for number in numbers) + round(0.8 * text) * _DECADES
    height = max(number.height for number in numbers)
    left = plot.right - width
    bottom = plot.bottom if layout.vertical else layout.axis_px
    top = bottom - round(0.5 * text) - height
    if left < plot.left + 0.3 * plot.width or top < plot.top + 0.6 * plot.height:
        return
    for decade, number in enumerate(numbers):
        middle = np.array([top + (height - 1) / 2]), np.array([left + side / 2])
        _stamp(sheet, side, middle, np.array([decade * _SIZES + _SIZES - 1]), np.array([SCALE], np.uint8))
        paste(sheet.image, number, left + side, top)
        left += side + number.width + round(0.8 * text)


def _stamp(
    sheet: Sheet,
    side: int,
    middles: tuple[NDArray[np.float64], NDArray[np.float64]],
    stamps: NDArray[np.int64],
    inks: NDArray[np.uint8],
) -> None:
    """Lay marks over the image: rows and columns of their middles, which shape (N,), colours (N, 3)."""
    from auxfocus_ros.view.blending import stamp_sprites

    # One sprite for each pair of shape and colour that occurs: there are few.
    keys = (stamps << 24) + (inks.astype(np.int64) @ np.array([1, 1 << 8, 1 << 16]))
    found, which = np.unique(keys, return_inverse=True)
    ink, halo = _masks(side)
    shapes, colours = found >> 24, (found[:, None] >> np.array([0, 8, 16])) & 255
    strong, dark = ink[shapes][..., None], halo[shapes][..., None]
    painted = strong * colours[:, None, None] + (1 - strong) * dark * np.array(HALO)
    keeps = np.repeat(1 - sheet.opacity * (1 - (1 - strong) * (1 - dark)), 3, axis=3)
    lines = (len(found), ink.shape[1], 3 * ink.shape[2])
    offset = (ink.shape[1] - 1) / 2
    stamp_sprites(
        sheet.image.reshape(len(sheet.image), -1),
        np.rint(middles[0] - offset).astype(np.int64),
        np.rint(middles[1] - offset).astype(np.int64),
        which.astype(np.int64),
        np.rint(sheet.opacity * painted).astype(np.uint8).reshape(lines),
        np.rint(255 * keeps).astype(np.uint8).reshape(lines),
    )


def _inks(stamps: NDArray[np.int64], kinds: NDArray[np.uint8] | None, style: PointStyle) -> NDArray[np.uint8]:
    """Colours of marks, (N, 3) uint8: brighter for more."""
    level = np.linspace(_FAINTEST, 255, len(_STEPS)).astype(int)
    inks = ramp(style.colours)[level].astype(np.uint8)[stamps]
    if kinds is not None:
        if style.mark_in_focus:
            inks[kinds == IN_FOCUS] = ramp(style.focus_colour)[level].astype(np.uint8)[stamps[kinds == IN_FOCUS]]
        inks[kinds == IN_FOCAL_PLANE] = focal_plane_colour(style.focus_colour)
    return inks


@lru_cache(maxsize=8)
def _masks(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Ink and halo of the marks, each (12, side + 2, side + 2), 0 to 1."""
    whole = side + 2
    inks = [shrunk(_outline(decade, radius * side * LARGER, whole * LARGER)) for decade in range(_DECADES) for radius in _RADII]
    return np.stack(inks), np.stack([_HALO_STRENGTH * halo_of(ink, 1.0) for ink in inks])


def _outline(decade: int, radius: float, size: int) -> NDArray[np.uint8]:
    """One shape, drawn large: 0 a dot, 1 a ring, 2 a square, 3 a diamond."""
    shape = np.zeros((size, size), np.uint8)
    centre = (size // 2, size // 2)
    if decade == 0:
        cv2.circle(shape, centre, round(0.8 * radius), 255, -1)
    elif decade == 1:
        cv2.circle(shape, centre, round(radius), 255, -1)
        cv2.circle(shape, centre, round(radius - max(0.42 * radius, LARGER)), 0, -1)
    elif decade == 2:
        half = round(0.86 * radius)
        cv2.rectangle(shape, (centre[0] - half, centre[1] - half), (centre[0] + half, centre[1] + half), 255, -1)
    else:
        turn = np.arange(4) * math.pi / 2
        corners = np.stack([np.cos(turn), np.sin(turn)], axis=1) * 1.15 * radius + size // 2
        cv2.fillPoly(shape, [np.rint(corners).astype(np.int32)], 255)
    return shape
