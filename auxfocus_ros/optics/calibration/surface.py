"""The score over radius and scale: the surface whose top the calibration looks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.calibration.coarse import correlate
from auxfocus_ros.optics.calibration.refine import Match, PicturePair

_SIDE_PX = 160.0
_POINTS = 31
_SCALE_REACH = 0.05


@dataclass(frozen=True, eq=False)
class ScoreSurface:
    """radii_px: (n,), scales: (m,), scores: (n, m) normalised cross-correlation at the best shift; NaN: not compared."""

    radii_px: NDArray[np.float64]
    scales: NDArray[np.float64]
    scores: NDArray[np.float64]

    def table(self) -> NDArray[np.float64]:
        """All in one array, (n + 1, m + 1): the scales in the first row, the radii in the first column, NaN in the corner."""
        top = np.concatenate(([math.nan], self.scales))
        return np.vstack([top, np.column_stack([self.radii_px, self.scores])])


def score_surface(pair: PicturePair, match: Match, largest_px: float) -> ScoreSurface:
    """Score every radius and scale round a match.

    Args:
        pair: what was compared.
        match: what was found.
        largest_px: the largest radius that the patch allows, pixels.

    Returns:
        31 x 31 scores, radii from 0 to twice the one that was found, scales to 0.05 either side, at the resolution at which the
        patch is about 160 pixels wide, all on the same inner part of the patch.
    """
    side = min(pair.patch.width, pair.patch.height)
    level = max(0, round(math.log2(side / _SIDE_PX)))
    size = 2.0**level
    widest = min(max(2.0 * match.radius_px, 4.0 * size), largest_px)
    radii = np.linspace(0.0, widest, _POINTS)
    scales = match.scale + np.linspace(-_SCALE_REACH, _SCALE_REACH, _POINTS)
    # A wrong scale moves the best shift, most where the patch is far from the middle.
    near = (match.shift_px[0] / size, match.shift_px[1] / size, 4.0)
    found = correlate(pair, level, (radii / size).tolist(), scales.tolist(), near)
    rows = {radius: row for row, radius in enumerate((radii / size).tolist())}
    columns = {scale: column for column, scale in enumerate(scales.tolist())}
    scores = np.full((_POINTS, _POINTS), np.nan)
    for entry in found:
        scores[rows[entry.radius_px], columns[entry.scale]] = entry.score
    return ScoreSurface(radii, scales, scores)
