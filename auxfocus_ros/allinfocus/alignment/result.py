"""What aligning a focal stack gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Alignment:
    """How each of n frames lies to the reference.

    reference: index of the frame that the others are aligned to. warps: (n, 3, 3) float64, from the reference's pixels to each
    frame's, full size. gains: (n, channels) float64, what brings a frame's linear light to the reference's. quality: (n,), how
    well the textures correlate once aligned, 0 to 1. crop: (left, top, width, height) of the reference that all aligned frames
    cover. suspect: indices of frames that something is wrong with. reasons: what, one for each of `suspect`. aligned: (n,) bool,
    False: it is not known where the frame lies, and its warp is its neighbour's. needless: suspect frames that are aligned, and
    the sharpest nowhere.
    """

    reference: int
    warps: NDArray[np.float64]
    gains: NDArray[np.float64]
    quality: NDArray[np.float64]
    crop: tuple[int, int, int, int]
    suspect: tuple[int, ...]
    reasons: tuple[str, ...]
    aligned: NDArray[np.bool_]
    needless: tuple[int, ...] = ()

    @property
    def used(self) -> tuple[int, ...]:
        """The frames that are worth fusing."""
        return tuple(int(index) for index in np.flatnonzero(self.aligned) if index not in self.needless)
