"""How sharp every frame is everywhere, at half the picture's resolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames
from auxfocus_ros.allinfocus.fusion.noise import NoiseCount, at_levels
from auxfocus_ros.allinfocus.fusion.tiles import Plane, Progress, Tile, grey, tiles

CELL_PX = 2
MARGIN_PX = 32
SMOOTHING_PX = 0.5
"""Sigma of what the frames are smoothed with before the Laplacian: noise falls by half, a line of one pixel stays."""
WINDOW_CELLS = 1.0
WIDE_CELLS, WIDE_DIVISOR = 16.0, 4
"""Sigmas of the windows in which the energy of the Laplacian is the mean; the wide one is computed on a coarser grid."""
LEAST_ENERGY = 100.0
"""Levels squared: structure below it counts for less and less."""
NOISE_SHARE = 3.0
"""In variances of the noise, as the Laplacian shows it, what counts for less and less."""


@dataclass(frozen=True, eq=False)
class Sharpness:
    """What the first look at all frames gives; cells are squares of 2 px.

    unsharp: (N, h, w) float16, 0 where a frame is the sharpest, near 1 where it has no structure and another has. difference:
    (h, w), levels (white: 255) between the lightest and the darkest frame. noise: (256,) variance of the noise by grey level.
    """

    unsharp: NDArray[np.float16]
    difference: Plane
    noise: NDArray[np.float32]


def measure(frames: Frames, tile_px: int, progress: Progress, wide_share: float) -> Sharpness:
    """Look at all frames, tile by tile.

    Args:
        frames: two or more.
        tile_px: edge of a tile.
        progress: is told of the tiles.
        wide_share: how much the wide window counts beside the narrow one.
    """
    cells = -(-frames.shape[0] // CELL_PX), -(-frames.shape[1] // CELL_PX)
    seen = _Seen(np.empty((len(frames), *cells), np.float16), np.empty(cells, np.float32), np.empty(cells, np.float32), [])
    progress.over(tiles(frames.shape, tile_px, MARGIN_PX), partial(_measure_tile, frames, seen))
    total = NoiseCount()
    for count in seen.counts:
        total.join(count)
    noise = total.variance_by_level()
    _to_unsharpness(seen.amplitude, noise_of_laplacian(noise, seen.level), wide_share)
    return Sharpness(seen.amplitude, seen.difference, noise)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What tiles write into. amplitude: (N, h, w) root of the energy. difference, level: (h, w). counts: of every tile."""

    amplitude: NDArray[np.float16]
    difference: Plane
    level: Plane
    counts: list[NoiseCount]


def noise_of_laplacian(noise: NDArray[np.float32], level: Plane) -> Plane:
    """What noise adds to the energy of the smoothed Laplacian."""
    taps = cv2.getGaussianKernel(5, SMOOTHING_PX)
    impulse = np.zeros((11, 11))
    impulse[3:8, 3:8] = taps @ taps.T
    gain = float(np.sum(cv2.Laplacian(impulse, cv2.CV_64F) ** 2))
    return at_levels(noise, level) * np.float32(gain)


def _measure_tile(frames: Frames, seen: _Seen, tile: Tile) -> None:
    rows, columns = tile.cells(CELL_PX)
    top, left = (outer.start for outer in tile.outer_cells(CELL_PX))
    inner = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    count = NoiseCount()
    shape = tile.outer_rows[1] - tile.outer_rows[0], tile.outer_columns[1] - tile.outer_columns[0]
    darkest, lightest, total = np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for k in range(len(frames)):
        piece = grey(tile.read(frames, k))
        count.add(piece, tile.inner)
        slope = cv2.Laplacian(cv2.GaussianBlur(piece, (5, 5), SMOOTHING_PX), cv2.CV_32F)
        energy = cv2.GaussianBlur(_halved(slope * slope), (9, 9), WINDOW_CELLS)
        seen.amplitude[k, rows, columns] = np.sqrt(energy[inner])
        np.minimum(darkest, piece, out=darkest)
        np.maximum(lightest, piece, out=lightest)
        total += piece
    seen.difference[rows, columns] = _halved(lightest - darkest)[inner]
    seen.level[rows, columns] = _halved(total)[inner] / np.float32(len(frames))
    seen.counts.append(count)


def _halved(piece: Plane) -> Plane:
    """Means of cells; an odd last row or column is doubled."""
    odd = piece.shape[0] % 2, piece.shape[1] % 2
    even = cv2.copyMakeBorder(piece, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE) if any(odd) else piece
    return np.asarray(cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA))


def _to_unsharpness(amplitude: NDArray[np.float16], noise: Plane, wide_share: float) -> None:
    """In place: (greatest - own) / (greatest + what does not count) of the energies, of the narrow and the wide window."""
    floor = np.float32(LEAST_ENERGY) + np.float32(NOISE_SHARE) * noise
    height, width = noise.shape
    small = max(1, width // WIDE_DIVISOR), max(1, height // WIDE_DIVISOR)
    wide = np.empty((len(amplitude), small[1], small[0]), np.float32)
    greatest = np.zeros((height, width), np.float32)
    for k, plane in enumerate(amplitude):
        energy = np.square(plane, dtype=np.float32)
        np.maximum(greatest, energy, out=greatest)
        cv2.GaussianBlur(cv2.resize(energy, small, interpolation=cv2.INTER_AREA), (0, 0), WIDE_CELLS / WIDE_DIVISOR, dst=wide[k])
    wide_greatest = wide.max(axis=0)
    wide_floor = cv2.resize(floor, small, interpolation=cv2.INTER_AREA)
    for k, plane in enumerate(amplitude):
        coarse = (wide_greatest - wide[k]) * (np.float32(wide_share) / (wide_greatest + wide_floor))
        unsharp = (greatest - np.square(plane, dtype=np.float32)) / (greatest + floor)
        plane[...] = unsharp + cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
