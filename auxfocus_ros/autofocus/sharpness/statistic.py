"""Measures made of how the grey levels are distributed, wherever they are in the picture: blur draws them together.

Each takes a grey picture (H, W), uint8 or float of 0 to 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

OUTLIERS = 0.001
"""Share of the pixels that may lie beyond each end of the histogram's range: hot pixels and noise."""


def variance(grey: np.ndarray) -> float:
    """`mean (g - m)^2 / m` with `m = mean g`, 0 of a black picture: brighter light alone makes a picture no sharper.

    Source: Groen, Young and Ligthart 1985; 'normalised variance' of Santos et al. 1997; Yao et al. 2006.
    """
    mean, deviation = cv2.meanStdDev(grey)
    return float(deviation[0, 0] ** 2 / mean[0, 0]) if mean[0, 0] > 0.0 else 0.0


def entropy(grey: np.ndarray) -> float:
    """`- sum p(l) log2 p(l)` over the 256 grey levels, bits; `p(l)` is the share of level `l`.

    Source: Firestone et al. 1991, Comparison of autofocus methods; Santos et al. 1997.
    """
    share = _histogram(grey) / grey.size
    share = share[share > 0.0]
    return float(-(share * np.log2(share)).sum()) + 0.0


def histogram(grey: np.ndarray) -> float:
    """Range of the histogram, levels: from the darkest to the brightest, at most `OUTLIERS` of the pixels left out at each end.

    Source: 'range' of Firestone et al. 1991 and Santos et al. 1997, who leave none out.
    """
    count = np.cumsum(_histogram(grey))
    left_out = OUTLIERS * grey.size
    darkest = int(np.searchsorted(count, left_out, side="right"))
    brightest = int(np.searchsorted(count, grey.size - left_out, side="left"))
    return float(brightest - darkest)


def _histogram(grey: np.ndarray) -> NDArray[np.float64]:
    levels = grey if grey.dtype == np.uint8 else np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return np.bincount(levels.ravel(), minlength=256).astype(np.float64)
