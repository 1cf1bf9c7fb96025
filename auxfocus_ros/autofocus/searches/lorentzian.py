"""The curve that sharpness follows over lens position: it falls with the square of the defocus, down to what noise leaves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PLACES = 401
WIDTHS = 24


def lorentzian_peak_steps(
    positions_steps: NDArray[np.float64], values: NDArray[np.float64], low_steps: float, high_steps: float
) -> float:
    """Where the curve `F(z) = a / (1 + ((z - z0) / w)^2) + b`, with `a, b >= 0`, that fits best has its peak `z0`.

    `z0` is tried all over the range and `w` from a five-hundredth to half of it; for each pair `a` and `b` follow by least
    squares of the relative errors, so that the low values far from focus weigh as much as the high ones.

    Args:
        positions_steps: (N,).
        values: (N,), the sharpness there, > 0.
        low_steps, high_steps: the range in which the peak may be.

    Source: Yazdanfar et al. 2008, Simple and robust image-based autofocusing for digital microscopy (a Lorentzian of Brenner's
    measure, three samples); the offset `b` is ours.
    """
    span = high_steps - low_steps
    places, widths = np.linspace(low_steps, high_steps, PLACES), np.geomspace(0.002, 0.5, WIDTHS) * span
    for _ in range(3):
        place, width, gap = _best_pair(positions_steps, values, places, widths)
        reach = places[1] - places[0]
        places = np.clip(np.linspace(place - reach, place + reach, 41), low_steps, high_steps)
        widths = np.geomspace(width / gap, width * gap, 9)
    return place


def _best_pair(
    positions: NDArray[np.float64], values: NDArray[np.float64], places: NDArray[np.float64], widths: NDArray[np.float64]
) -> tuple[float, float, float]:
    """The place and width that fit best, and the ratio of a width to the next."""
    defocus = positions[None, None, :] - places[:, None, None]
    shape = 1.0 / (1.0 + (defocus / widths[None, :, None]) ** 2) / values  # places x widths x samples
    level = 1.0 / values
    ss, sl, ll = (shape * shape).sum(-1), (shape * level).sum(-1), (level * level).sum()
    s1, l1, count = shape.sum(-1), level.sum(), len(values)
    determinant = np.maximum(ss * ll - sl * sl, 1e-12 * ss * ll)
    height, offset = (s1 * ll - l1 * sl) / determinant, (l1 * ss - s1 * sl) / determinant
    alone = s1 / ss
    height, offset = np.where(offset < 0.0, alone, np.maximum(height, 0.0)), np.maximum(offset, 0.0)
    error = height**2 * ss + offset**2 * ll + count + 2.0 * (height * offset * sl - height * s1 - offset * l1)
    place, width = np.unravel_index(int(np.argmin(error)), error.shape)
    return float(places[place]), float(widths[width]), float(widths[1] / widths[0])
