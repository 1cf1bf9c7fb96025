"""The measure made of spatial frequencies."""

from __future__ import annotations

import cv2
import numpy as np
from scipy import fft

BLOCK_PX = 8


def dct_energy(grey: np.ndarray) -> float:
    """Energy of the AC coefficients of 8 x 8 blocks, for each pixel: `mean over blocks of sum C(u, v)^2, (u, v) != (0, 0), / 64`.

    `C` is the orthonormal cosine transform (DCT-II) of a block. The picture is continued by its border to whole blocks.

    Args:
        grey: (H, W), uint8 or float.

    Source: Baina and Dublet 1995, Automatic focus and iris control for video cameras.
    """
    height, width = grey.shape
    below, right = -height % BLOCK_PX, -width % BLOCK_PX
    whole = cv2.copyMakeBorder(np.asarray(grey, np.float32), 0, below, 0, right, cv2.BORDER_REPLICATE)
    blocks = whole.reshape(whole.shape[0] // BLOCK_PX, BLOCK_PX, whole.shape[1] // BLOCK_PX, BLOCK_PX)
    coefficients = fft.dctn(blocks, axes=(1, 3), norm="ortho")
    coefficients[:, 0, :, 0] = 0.0
    return float(np.square(coefficients).mean())
