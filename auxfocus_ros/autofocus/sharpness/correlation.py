"""The measure that asks how much more a pixel is like its neighbour than like the one after."""

from __future__ import annotations

import numpy as np


def autocorrelation(grey: np.ndarray) -> float:
    """`mean g(x, y) g(x+1, y) - g(x, y) g(x+2, y)`, over rows, and the same over columns added.

    Both products are summed over the pixels that have both neighbours, so that an even picture gives 0 whatever its size. Noise
    that is independent from pixel to pixel adds nothing to it in the mean.

    Args:
        grey: (H, W), uint8 or float, at least 3 px each way.

    Source: Vollath 1987, Automatic focusing by correlative methods, function F4.
    """
    light = np.asarray(grey, np.float32)
    along_x = light[:, :-2] * (light[:, 1:-1] - light[:, 2:])
    along_y = light[:-2] * (light[1:-1] - light[2:])
    return float(along_x.mean(dtype=np.float64) + along_y.mean(dtype=np.float64))
