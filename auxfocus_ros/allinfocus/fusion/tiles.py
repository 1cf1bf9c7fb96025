"""A picture in tiles, each read with a margin, and worked on by a few threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Picture, Span
from auxfocus_ros.errors import ConfigurationError

Plane = NDArray[np.float32]
Told = Callable[[int, int], None]
"""Called with how many tiles are done, and of how many."""

TILE_PX = 768
ALIGNMENT_PX = 32
"""Tiles and their margins begin at multiples of it, so that whatever is coarser than the picture falls on the same grid."""
WORKERS = 2
"""More would hold more tiles in memory at once; OpenCV's own threads take what is left of the processor."""


@dataclass(frozen=True)
class Tile:
    """A piece of a picture: its own rows and columns, and those that are read, which hold a margin where there is one."""

    rows: Span
    columns: Span
    outer_rows: Span
    outer_columns: Span

    @property
    def here(self) -> tuple[slice, slice]:
        """Its own pixels, in the picture."""
        return slice(*self.rows), slice(*self.columns)

    @property
    def inner(self) -> tuple[slice, slice]:
        """Its own pixels, in what is read."""
        top, left = self.outer_rows[0], self.outer_columns[0]
        return slice(self.rows[0] - top, self.rows[1] - top), slice(self.columns[0] - left, self.columns[1] - left)

    def cells(self, cell_px: int) -> tuple[slice, slice]:
        """Its own pixels, in the picture, on a grid so many times coarser."""
        return _coarser(self.rows, cell_px), _coarser(self.columns, cell_px)

    def outer_cells(self, cell_px: int) -> tuple[slice, slice]:
        """All that is read, on such a grid."""
        return _coarser(self.outer_rows, cell_px), _coarser(self.outer_columns, cell_px)

    def read(self, frames: Frames, index: int) -> Picture:
        """This piece of a frame, with its margin."""
        return frames.read(index, self.outer_rows, self.outer_columns)


def _coarser(span: Span, cell_px: int) -> slice:
    return slice(span[0] // cell_px, -(-span[1] // cell_px))


def check_tile_px(tile_px: int) -> int:
    """Raise ConfigurationError unless it is a multiple of ALIGNMENT_PX."""
    if tile_px < ALIGNMENT_PX or tile_px % ALIGNMENT_PX:
        raise ConfigurationError(f"tile_px is {tile_px}: it must be a multiple of {ALIGNMENT_PX}")
    return tile_px


def tiles(shape: tuple[int, ...], tile_px: int, margin_px: int) -> list[Tile]:
    """Cut a picture of shape (H, W, ...) into squares of `tile_px`; the margin is rounded up to a multiple of ALIGNMENT_PX."""
    margin = -(-margin_px // ALIGNMENT_PX) * ALIGNMENT_PX
    rows, columns = (list(_spans(length, tile_px, margin)) for length in shape[:2])
    return [Tile(row, column, outer_row, outer_column) for row, outer_row in rows for column, outer_column in columns]


def _spans(length: int, step: int, margin: int) -> Iterator[tuple[Span, Span]]:
    for start in range(0, length, step):
        end = min(start + step, length)
        yield (start, end), (max(start - margin, 0), min(end + margin, length))


class Progress:
    """Counts tiles over all passes and tells it."""

    def __init__(self, of: int, told: Told | None) -> None:
        """of: how many there will be."""
        self._done, self._of, self._told = 0, of, told

    def over(self, pieces: list[Tile], work: Callable[[Tile], None]) -> None:
        """Do some work on all tiles; errors are raised here. Works write to places of their own."""
        with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as threads:
            for _ in threads.map(work, pieces):
                self._done += 1
                if self._told is not None:
                    self._told(self._done, self._of)


def grey(piece: Picture) -> Plane:
    """The luma of a piece as float32, whose white is 255 whatever the depth."""
    luma = piece if piece.ndim == 2 else np.asarray(cv2.cvtColor(piece, cv2.COLOR_BGR2GRAY))
    return np.asarray(luma * np.float32(1.0 if luma.dtype == np.uint8 else 1.0 / 257.0), np.float32)


def rounded(piece: Plane, dtype: np.dtype[np.generic]) -> Picture:
    """To whole levels within what the type holds."""
    return np.asarray(np.clip(np.rint(piece), 0, np.iinfo(dtype).max), dtype)  # type: ignore[type-var]


def take(pieces: list[Picture], number: NDArray[np.uint16]) -> Picture:
    """Each pixel from the piece whose number (h, w) is given."""
    taken = pieces[0].copy()
    for k, piece in enumerate(pieces[1:], 1):
        here = number == k
        if here.any():
            np.copyto(taken, piece, where=here if piece.ndim == 2 else here[..., None])
    return taken
