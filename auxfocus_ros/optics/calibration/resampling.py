"""Scale and shift of a picture as two products of matrices, smooth in both, with their derivatives.

A change of scale and a shift act on rows and columns apart, so the moved picture is `rows @ picture @ columns.T`. Each row of
these matrices is a Gaussian about the place that is looked up. It smooths by less than a pixel, which is done to the picture
that is compared with as well; in return the result is free of the grid: interpolated values that depend on how a place falls
between pixels would pull every estimate towards whole pixels, and make sharp pictures look blurred.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.calibration.light import Light

SMOOTHING_PX = 0.8
"""Sigma of the Gaussian, in pixels of the defocused picture; at 0.8 its sampling errs by 1e-5."""


def smoothed(light: Light) -> Light:
    """A picture with the smoothing that `resampled` brings along."""
    return np.asarray(cv2.GaussianBlur(light, (0, 0), SMOOTHING_PX, borderType=cv2.BORDER_REFLECT), np.float32)


@dataclass(frozen=True, eq=False)
class Axis:
    """Where the pixels of a window of the defocused picture are looked up in the focused one, along one axis.

    weights, slopes: (window, source) float32; slopes is the derivative of weights for a shift of the place looked up, a pixel.
    offsets_px: (window,) float32, places looked up against the fixed point, in pixels of the focused picture.
    """

    weights: NDArray[np.float32]
    slopes: NDArray[np.float32]
    offsets_px: NDArray[np.float32]

    @classmethod
    def of(cls, window: tuple[int, int], source: tuple[int, int], centre_px: float, scale: float, shift_px: float) -> Axis:
        """The look-up along one axis.

        Args:
            window: first pixel and number of pixels of the window in the defocused picture.
            source: the same of the part of the focused picture that is given.
            centre_px: the fixed point in the focused picture, pixel edges at whole numbers.
            scale: of the defocused picture against the focused one.
            shift_px: where the fixed point has gone, pixels of the defocused picture.
        """
        offsets = (np.arange(window[1]) + (window[0] + 0.5 - centre_px - shift_px)) / scale
        places = offsets[:, None] + (centre_px - source[0] - 0.5) - np.arange(source[1])[None, :]
        sigma = SMOOTHING_PX / scale
        weights = np.exp(places * places * (-0.5 / sigma**2))
        total = weights.sum(axis=1, keepdims=True)
        weights /= np.maximum(total, 1e-12)
        slopes = weights * places * (-1.0 / sigma**2)
        slopes -= weights * slopes.sum(axis=1, keepdims=True)
        return cls(weights.astype(np.float32), slopes.astype(np.float32), offsets.astype(np.float32))


def resampled(light: Light, rows: Axis, columns: Axis) -> Light:
    """A part of the focused picture moved into the window, (rows, columns) of the window."""
    return np.asarray(rows.weights @ light @ columns.weights.T)


def resampled_with_slopes(light: Light, rows: Axis, columns: Axis) -> tuple[Light, Light, Light]:
    """The moved picture, and its derivatives along y and x of the focused picture, per pixel."""
    across = light @ columns.weights.T
    along_x = rows.weights @ (light @ columns.slopes.T)
    return rows.weights @ across, rows.slopes @ across, along_x
