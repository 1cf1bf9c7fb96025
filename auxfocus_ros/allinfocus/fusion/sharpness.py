"""How sharp every frame is everywhere, at half the picture's resolution.

What is finest decides, by the energy of the Laplacian; what it does not tell, for want of structure, is left to the same measure
at a quarter of the resolution, and what that does not tell to a sixteenth. So a bare place, or one that is blurred in all frames,
goes to the frame whose structure about it is the sharpest, not to one that blurs something over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Picture
from auxfocus_ros.allinfocus.fusion.noise import NoiseCount, at_levels
from auxfocus_ros.allinfocus.fusion.tiles import Plane, Progress, Tile, grey, tiles

CELL_PX = 2
MARGIN_PX = 32
SMOOTHING_PX = 0.5
"""Sigma of what the frames are smoothed with before the Laplacian: noise falls by half, a line of one pixel stays."""
CHROMA_SHARE = 0.25
"""How much the energy of Cr and Cb counts beside that of the luma: there are edges between colours that are equally light."""
WINDOW_CELLS = 1.0
"""Sigma of the window in which the energy of the Laplacian is the mean, at any resolution in cells of its own."""
LEAST_ENERGY = 100.0
"""Levels squared: structure below it counts for less and less."""
NOISE_SHARE = 3.0
"""In variances of the noise, as the Laplacian shows it, what counts for less and less."""
COARSE_CELL_PX = 4
COARSER_SHARES = (0.3, 0.6)
"""How much cells of 4 and of 16 px count, of what finer ones do not tell."""
COARSER_LEAST_ENERGY = 30.0
LAPLACIAN_GAIN = 20.0
"""Energy of the Laplacian of white noise over its variance."""


@dataclass(frozen=True, eq=False)
class Sharpness:
    """What the first look at all frames gives; cells are squares of 2 px.

    unsharp: (N, h, w) float16, 0 where a frame is the sharpest, near 1 or above where it has no structure and another has.
    difference: (h, w), levels (white: 255) between the lightest and the darkest frame. noise: (256,) variance of the noise by
    grey level.
    """

    unsharp: NDArray[np.float16]
    difference: Plane
    noise: NDArray[np.float32]


def measure(frames: Frames, tile_px: int, progress: Progress) -> Sharpness:
    """Look at all frames, tile by tile.

    Args:
        frames: two or more.
        tile_px: edge of a tile.
        progress: is told of the tiles.
    """
    cells, coarse_cells = (
        (-(-frames.shape[0] // cell_px), -(-frames.shape[1] // cell_px)) for cell_px in (CELL_PX, COARSE_CELL_PX)
    )
    seen = _Seen(
        np.empty((len(frames), *cells), np.float16),
        np.empty((len(frames), *coarse_cells), np.float16),
        np.empty(cells, np.float32),
        [],
    )
    progress.over(tiles(frames.shape, tile_px, MARGIN_PX), partial(_measure_tile, frames, seen))
    total = NoiseCount()
    for count in seen.counts:
        total.join(count)
    noise = total.variance_by_level()
    level = np.asarray(np.mean(seen.luma, axis=0, dtype=np.float32), np.float32)
    floor = np.float32(LEAST_ENERGY) + np.float32(NOISE_SHARE) * noise_of_laplacian(
        noise, _enlarged(level, COARSE_CELL_PX // CELL_PX, cells)
    )
    untold = _to_unsharpness(seen.amplitude, floor)
    _add_coarser(seen.amplitude, untold, seen.luma, at_levels(noise, level))
    return Sharpness(seen.amplitude, seen.difference, noise)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What tiles write into.

    amplitude: (N, h, w) root of the energy. luma: (N, h / 2, w / 2), in coarse cells. difference: (h, w). counts: of every tile.
    """

    amplitude: NDArray[np.float16]
    luma: NDArray[np.float16]
    difference: Plane
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
    inner = _within(tile.cells(CELL_PX), tile.outer_cells(CELL_PX))
    coarse_rows, coarse_columns = tile.cells(COARSE_CELL_PX)
    coarse_inner = _within(tile.cells(COARSE_CELL_PX), tile.outer_cells(COARSE_CELL_PX))
    count = NoiseCount()
    shape = tile.outer_rows[1] - tile.outer_rows[0], tile.outer_columns[1] - tile.outer_columns[0]
    darkest, lightest = np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32)
    for k in range(len(frames)):
        piece = tile.read(frames, k)
        luma = grey(piece)
        count.add(luma, tile.inner)
        energy = _energy(_smoothed(luma))
        if piece.ndim == 3:
            for chroma in _chroma(piece):
                energy += np.float32(CHROMA_SHARE) * _energy(_smoothed(chroma))
        seen.amplitude[k, rows, columns] = _amplitude(_halved(energy))[inner]
        seen.luma[k, coarse_rows, coarse_columns] = _halved(_halved(luma))[coarse_inner]
        np.minimum(darkest, luma, out=darkest)
        np.maximum(lightest, luma, out=lightest)
    seen.difference[rows, columns] = _halved(lightest - darkest)[inner]
    seen.counts.append(count)


def _within(own: tuple[slice, slice], outer: tuple[slice, slice]) -> tuple[slice, slice]:
    """A tile's own cells, in what is read."""
    (rows, columns), (top, left) = own, (span.start for span in outer)
    return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def _chroma(piece: Picture) -> tuple[Plane, Plane]:
    """Cr and Cb, to the scale of `grey`."""
    scale = np.float32(1.0 if piece.dtype == np.uint8 else 1.0 / 257.0)
    _, red, blue = cv2.split(cv2.cvtColor(piece, cv2.COLOR_BGR2YCrCb))
    return np.asarray(red * scale, np.float32), np.asarray(blue * scale, np.float32)


def _energy(piece: Plane) -> Plane:
    slope = cv2.Laplacian(piece, cv2.CV_32F)
    return np.asarray(cv2.multiply(slope, slope))


def _smoothed(piece: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(piece, (5, 5), SMOOTHING_PX))


def _amplitude(energy: Plane) -> Plane:
    return np.asarray(np.sqrt(cv2.GaussianBlur(energy, (9, 9), WINDOW_CELLS)))


def _halved(piece: Plane) -> Plane:
    """Means of cells; an odd last row or column is doubled."""
    odd = piece.shape[0] % 2, piece.shape[1] % 2
    even = cv2.copyMakeBorder(piece, 0, odd[0], 0, odd[1], cv2.BORDER_REPLICATE) if any(odd) else piece
    return np.asarray(cv2.resize(even, (even.shape[1] // 2, even.shape[0] // 2), interpolation=cv2.INTER_AREA))


def _enlarged(coarse: NDArray[Any], times: int, shape: tuple[int, ...]) -> Plane:
    """To cells so many times finer, of which there are `shape`: what was added to halve odd lengths is cut off."""
    size = coarse.shape[1] * times, coarse.shape[0] * times
    finer = cv2.resize(coarse.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(finer[: shape[0], : shape[1]])


def _to_unsharpness(amplitude: NDArray[np.float16], floor: Plane) -> Plane:
    """In place: (greatest - own) / (greatest + floor) of the energies. Returns the share that this does not tell, 0 to 1."""
    greatest = np.square(amplitude.max(axis=0), dtype=np.float32)
    for plane in amplitude:
        plane[...] = (greatest - np.square(plane, dtype=np.float32)) / (greatest + floor)
    return np.asarray(floor / (greatest + floor), np.float32)


def _add_coarser(unsharp: NDArray[np.float16], untold: Plane, luma: NDArray[np.float16], noise: Plane) -> None:
    """In place: what coarser cells tell where finer ones do not. luma: in coarse cells. noise: its variance there, per pixel."""
    planes, cell_px = [plane.astype(np.float32) for plane in luma], COARSE_CELL_PX
    for share in COARSER_SHARES:
        amplitude = np.stack([_amplitude(_energy(plane)).astype(np.float16) for plane in planes])
        floor = np.float32(COARSER_LEAST_ENERGY) + np.float32(NOISE_SHARE * LAPLACIAN_GAIN / cell_px**2) * noise
        coarse_untold = _to_unsharpness(amplitude, floor)
        for k, coarse in enumerate(amplitude):
            unsharp[k] += np.float32(share) * untold * _enlarged(coarse, cell_px // CELL_PX, untold.shape)
        untold = untold * _enlarged(coarse_untold, cell_px // CELL_PX, untold.shape)
        planes, noise, cell_px = [_halved(_halved(plane)) for plane in planes], _halved(_halved(noise)), 4 * cell_px
