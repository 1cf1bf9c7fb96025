"""Structural similarity of two windows, of their means, variances and covariance."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

K_1, K_2 = 0.01, 0.03
Plane = NDArray[np.float64]
Average = Callable[[Plane], Plane]
"""The mean over the window about each pixel."""


class Moments(NamedTuple):
    """Of every window of a picture."""

    mean: Plane
    variance: Plane


def moments(picture: Plane, average: Average) -> Moments:
    """Mean and variance of every window."""
    mean = average(picture)
    return Moments(mean, np.maximum(average(picture * picture) - mean * mean, 0.0))


def similarity(one: Moments, other: Moments, mean_of_product: Plane, peak: float) -> Plane:
    """SSIM of each window, at most 1. mean_of_product: of the two pictures, over the windows. peak: highest value there can be.

    Source: Wang et al., Image quality assessment: from error visibility to structural similarity, 2004, eq. 13.
    """
    c_1, c_2 = (K_1 * peak) ** 2, (K_2 * peak) ** 2
    product = one.mean * other.mean
    luminance = (2.0 * product + c_1) / (one.mean**2 + other.mean**2 + c_1)
    covariance = mean_of_product - product
    return np.asarray(luminance * (2.0 * covariance + c_2) / (one.variance + other.variance + c_2))
