"""A frame as the fusion of video looks at it: brightness at half the resolution, and how much fine structure there is where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]

FINE_PX, COARSE_PX = 1.0, 1.5
"""Sigmas of the two high passes: of the picture, and of its half."""
FINE_WINDOW_PX, COARSE_WINDOW_PX = 2.0, 2.5
"""Sigmas of the windows in which structure is gathered, pixels of the half."""
NOISE_ENERGY = 2.0
"""Squared brightness levels, of 255, that count as noise."""


@dataclass(frozen=True, eq=False)
class View:
    """Maps at half the resolution, (ceil(H / 2), ceil(W / 2)) float32.

    luma: 0 to 255. fine, coarse: natural logarithms of the energy of structure of about 3 and of about 9 pixels, squared
    brightness levels above `NOISE_ENERGY`; they fall as blur grows.
    """

    luma: Map
    fine: Map
    coarse: Map


def view_of(picture: np.ndarray) -> View:
    """Of a picture (H, W) or (H, W, 3) uint8."""
    full = np.asarray(brightness(picture), np.float32)
    detail = cv2.subtract(full, cv2.GaussianBlur(full, (5, 5), FINE_PX))
    luma = halved(full)
    fine = cv2.GaussianBlur(halved(cv2.multiply(detail, detail)), (0, 0), FINE_WINDOW_PX)
    detail = cv2.subtract(luma, cv2.GaussianBlur(luma, (7, 7), COARSE_PX))
    coarse = cv2.GaussianBlur(cv2.multiply(detail, detail), (0, 0), COARSE_WINDOW_PX)
    return View(luma, log_energy(fine), log_energy(coarse))


def brightness(picture: np.ndarray) -> np.ndarray:
    """(H, W) uint8 of a picture (H, W) or (H, W, 3) uint8 BGR."""
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def log_energy(energy: NDArray[Any]) -> Map:
    """Its logarithm; what is far below the noise counts as the noise."""
    return np.asarray(cv2.log(energy + np.float32(NOISE_ENERGY)), np.float32)


def halved(full: NDArray[Any]) -> Map:
    """The mean of every two by two pixels; a last odd row or column is shared."""
    height, width = full.shape[:2]
    return np.asarray(cv2.resize(full, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA), np.float32)
