"""The inner loops of painting cells and marks over a picture, compiled.

This module imports numba: import it inside functions only, so that nobody who does not draw waits for the compiler. What is
compiled is kept on disk. An image is handed over as (H, 3 W), which the compiler turns into vector instructions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.compiling import compiled

_HALF, _EIGHT, _FULL = np.uint16(128), np.uint16(8), np.uint16(255)


@compiled(inline="always")
def _shared(first: Any, second: Any) -> Any:
    """The product of two bytes, over 255, rounded."""
    x = np.uint16(np.uint16(np.uint16(first) * np.uint16(second)) + _HALF)
    return np.uint16(np.uint16(x + np.uint16(x >> _EIGHT)) >> _EIGHT)


@compiled()
def _blend_line(line: NDArray[np.uint8], colour: NDArray[np.uint8], keep: NDArray[np.uint8]) -> None:
    for at in range(len(line)):
        line[at] = np.uint8(_shared(line[at], keep[at]) + np.uint16(colour[at]))


@compiled()
def blend_cells(  # noqa: PLR0917 - compiled
    image: NDArray[np.uint8],
    top: int,
    left: int,
    codes: NDArray[np.uint16],
    tables: NDArray[np.uint8],
    row_edges: NDArray[np.int64],
    column_edges: NDArray[np.int64],
    own: NDArray[np.uint8],
) -> None:
    """Lay cells over an image, in place.

    Args:
        image: (H, 3 W).
        top, left: where the cells begin, pixels.
        codes: (rows, columns): 256 times the kind of a cell, plus its level.
        tables: (256 * kinds, 5) by code: blue, green and red laid on, how much of the image stays, how strong the point is.
        row_edges: (rows + 1,) pixels where the rows of cells end, from 0.
        column_edges: (columns + 1,) likewise.
        own: (rows, columns, 3) colours of the cells' own, black: none; of shape (0, 0, 3) where no cell has one.
    """
    rows, columns = codes.shape
    length, start = 3 * column_edges[columns], 3 * left
    colour = np.empty(length, np.uint8)
    keep = np.empty(length, np.uint8)
    has_own = own.shape[0] > 0
    for row in range(rows):
        for column in range(columns):
            code = codes[row, column]
            if row > 0 and code == codes[row - 1, column] and not has_own:
                continue  # as in the row before: most cells are empty
            blue, green, red, stays = tables[code, 0], tables[code, 1], tables[code, 2], tables[code, 3]
            if has_own and code & 255 and own[row, column].any():
                base, strong = code - (code & 255), tables[code, 4]
                weak = 255 - strong
                blue = np.uint8(_shared(tables[base, 0], weak) + _shared(own[row, column, 0], strong))
                green = np.uint8(_shared(tables[base, 1], weak) + _shared(own[row, column, 1], strong))
                red = np.uint8(_shared(tables[base, 2], weak) + _shared(own[row, column, 2], strong))
            for at in range(3 * column_edges[column], 3 * column_edges[column + 1], 3):
                colour[at], colour[at + 1], colour[at + 2] = blue, green, red
                keep[at], keep[at + 1], keep[at + 2] = stays, stays, stays
        for y in range(top + row_edges[row], top + row_edges[row + 1]):
            _blend_line(image[y, start : start + length], colour, keep)


@compiled()
def stamp_sprites(  # noqa: PLR0917 - compiled
    image: NDArray[np.uint8],
    tops: NDArray[np.int64],
    lefts: NDArray[np.int64],
    which: NDArray[np.int64],
    colours: NDArray[np.uint8],
    keeps: NDArray[np.uint8],
) -> None:
    """Lay many small sprites over an image, in place; what stands outside is left out.

    Args:
        image: (H, 3 W).
        tops, lefts: (N,) upper left pixel of each.
        which: (N,) which sprite.
        colours: (S, h, 3 w): colour of the sprites, multiplied with their opacity.
        keeps: (S, h, 3 w): how much of what is below stays, of 255.
    """
    high, wide = colours.shape[1:]
    height, width = image.shape
    for mark in range(len(which)):
        top, left, sprite = tops[mark], 3 * lefts[mark], which[mark]
        start, end = max(0, -left), min(wide, width - left)
        if start >= end:
            continue
        for y in range(max(0, -top), min(high, height - top)):
            _blend_line(image[top + y, left + start : left + end], colours[sprite, y, start:end], keeps[sprite, y, start:end])
