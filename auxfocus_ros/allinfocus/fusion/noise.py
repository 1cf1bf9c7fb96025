"""How noisy frames are, by grey level, told from their flattest places."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.tiles import Plane

BLOCK_PX = 8
LEVELS, STEPS = 16, 256
# Variances from 2^-12 to 2^12, in steps of a tenth of an octave or so.
OCTAVES = 24.0
FLATTEST = 0.1
"""Share of the blocks of a level that is taken to hold nothing but noise."""
TO_MEAN = 1.35
"""Mean variance of blocks of noise over that of the flattest tenth."""
FEWEST_BLOCKS = 50

# White noise of variance 1 keeps it; a slope gives 0.
_KERNEL = np.outer((1.0, -2.0, 1.0), (1.0, -2.0, 1.0)).astype(np.float32) / 6.0


class NoiseCount:
    """Counts blocks by grey level and by the variance of what is finest in them."""

    def __init__(self) -> None:
        """Nothing counted."""
        self._counts = np.zeros((LEVELS, STEPS), np.int64)

    def add(self, piece: Plane, inner: tuple[slice, slice]) -> None:
        """Count whole blocks of the inner part of a piece (white: 255)."""
        fine = cv2.filter2D(piece, cv2.CV_32F, _KERNEL)[inner]
        level, variance = _block_means(piece[inner]), _block_means(fine * fine)
        row = np.clip(level * (LEVELS / 256.0), 0, LEVELS - 1).astype(np.intp)
        octave = np.log2(np.maximum(variance, 2.0**-12)) + 0.5 * OCTAVES
        column = np.clip(octave * (STEPS / OCTAVES), 0, STEPS - 1).astype(np.intp)
        counted = np.bincount((row * STEPS + column).ravel(), minlength=LEVELS * STEPS)
        self._counts += counted.reshape(LEVELS, STEPS)

    def join(self, other: NoiseCount) -> None:
        """Add what another counted."""
        self._counts += other._counts

    def variance_by_level(self) -> NDArray[np.float32]:
        """(256,) variance of the noise at each grey level, levels squared; levels that are seldom take their neighbours'."""
        total = self._counts.sum(axis=1)
        seen = np.flatnonzero(total >= FEWEST_BLOCKS)
        if not len(seen):
            return np.zeros(256, np.float32)
        steps = [int(np.searchsorted(np.cumsum(self._counts[row]), FLATTEST * total[row])) for row in seen]
        variance = TO_MEAN * np.exp2((np.array(steps) + 0.5) * (OCTAVES / STEPS) - 0.5 * OCTAVES)
        middles = (seen + 0.5) * (256 / LEVELS)
        return np.interp(np.arange(256), middles, variance).astype(np.float32)


def at_levels(variance_by_level: NDArray[np.float32], piece: Plane) -> Plane:
    """The variance of the noise of every pixel of a piece, by its grey level."""
    return np.asarray(cv2.LUT(np.clip(piece, 0, 255).astype(np.uint8), variance_by_level))


def _block_means(piece: Plane) -> Plane:
    rows, columns = piece.shape[0] // BLOCK_PX, piece.shape[1] // BLOCK_PX
    if not rows or not columns:
        return np.zeros((0, 0), np.float32)
    whole = np.ascontiguousarray(piece[: rows * BLOCK_PX, : columns * BLOCK_PX])
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA))
