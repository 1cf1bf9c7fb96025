"""What one picture alone says of its blur: a distribution over the radius of the blur disk.

It is kept on a grid that is even in `log2(radius + 0.5)`: near focus the bins are some hundredths of a pixel wide, at 100 px
about 6 px, which is how well a radius can be told there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

LOG_OFFSET_PX = 0.5
LARGEST_RADIUS_PX = 255.5
BINS = 109
LEVELS = np.linspace(np.log2(LOG_OFFSET_PX), np.log2(LARGEST_RADIUS_PX + LOG_OFFSET_PX), BINS)
"""Centres of the bins, `log2(radius + 0.5)`: 9 octaves of 12 bins."""


def level_of(radius_px: Any) -> NDArray[np.float64]:
    """`log2(radius + 0.5)`, any shape."""
    return np.asarray(np.log2(np.asarray(radius_px, np.float64) + LOG_OFFSET_PX))


@dataclass(frozen=True)
class RadiusEstimate:
    """A distribution over the blur radius.

    probability: (BINS,) float64, >= 0, sum 1. radius_px: its median, pixels. sigma_px: half the width of its middle 68 %, pixels.
    """

    probability: NDArray[np.float64]
    radius_px: float = field(init=False)
    sigma_px: float = field(init=False)

    def __post_init__(self) -> None:
        """Work out the median and the spread."""
        cumulative = np.cumsum(self.probability) - 0.5 * self.probability
        low, middle, high = np.exp2(np.interp([0.159, 0.5, 0.841], cumulative, LEVELS)) - LOG_OFFSET_PX
        object.__setattr__(self, "radius_px", float(middle))
        object.__setattr__(self, "sigma_px", float(0.5 * (high - low)))

    def log_density(self, radius_px: Any) -> NDArray[np.float64]:
        """Natural logarithm of the density per pixel of radius, any shape; -inf nowhere: no bin is below 1e-9."""
        level = level_of(radius_px)
        width = LEVELS[1] - LEVELS[0]
        log_per_level = np.log(np.maximum(self.probability, 1e-9) / width)
        per_px = 1.0 / (np.log(2.0) * (np.asarray(radius_px, np.float64) + LOG_OFFSET_PX))
        return np.asarray(np.interp(level, LEVELS, log_per_level) + np.log(per_px))


class RadiusEstimator(Protocol):
    """Estimates the blur of a picture: the shipped network, or something else."""

    def estimate(self, picture: np.ndarray) -> RadiusEstimate:
        """Of a picture (H, W) or (H, W, 3) uint8, at least 64 px each way, evenly blurred."""
