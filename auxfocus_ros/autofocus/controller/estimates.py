"""What a network's estimate of one frame is worth as evidence."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.radius_estimate import LEVELS, RadiusEstimate, level_of

_BIN = float(LEVELS[1] - LEVELS[0])
_BINS_OWN_WIDTH = 0.85 * _BIN
"""The spread that an estimate between two bins is given by their width alone."""
_LEAST_SPREAD = 0.2 * _BIN
_LEAST_SPREAD_PX = 0.07
_NARROW_SHARE = 0.7


def log_density(estimate: RadiusEstimate, radius_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Natural logarithm of the density per pixel of radius, at radii of any shape.

    A network that puts all it believes in two neighbouring bins tells the radius far better than the bins are wide, by how much
    in each. So the bins' distribution is mixed with a Gaussian in level about the median, of the distribution's spread less the
    bins' own.
    """
    radius = estimate.radius_px
    low, high = level_of(max(radius - estimate.sigma_px, 0.0)), level_of(radius + estimate.sigma_px)
    spread = 0.5 * float(high - low)
    least = math.hypot(_LEAST_SPREAD, _LEAST_SPREAD_PX / (math.log(2.0) * (radius + 0.5)))
    sigma = math.hypot(math.sqrt(max(spread * spread - _BINS_OWN_WIDTH**2, 0.0)), least)
    z = (level_of(radius_px) - level_of(radius)) / sigma
    per_px = 1.0 / (math.log(2.0) * (np.asarray(radius_px, np.float64) + 0.5))
    narrow = np.exp(-0.5 * z * z) / (math.sqrt(2.0 * math.pi) * sigma) * per_px
    return np.asarray(np.log(_NARROW_SHARE * narrow + (1.0 - _NARROW_SHARE) * np.exp(estimate.log_density(radius_px))))
