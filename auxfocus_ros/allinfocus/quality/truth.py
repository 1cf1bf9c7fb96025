"""A picture against the truth."""

from __future__ import annotations

import math

import cv2
import numpy as np

from auxfocus_ros.allinfocus.fusion.frames import Picture, check_alike
from auxfocus_ros.allinfocus.quality.strips import check_window, grey, inner, peak, strips
from auxfocus_ros.allinfocus.quality.structure import Plane, moments, similarity

WINDOW_PX, SIGMA_PX = 11, 1.5


def psnr_db(picture: Picture, truth: Picture) -> float:
    """Peak signal-to-noise ratio over all pixels and channels, decibels; infinite where the two are equal.

    Args:
        picture: (H, W) or (H, W, 3), uint8 or uint16.
        truth: of the same shape and type.

    Raises:
        InputError: another shape or type.
    """
    check_alike([truth, picture], ["the truth", "the picture"])
    total = 0.0
    for rows in strips(truth.shape, 1):
        difference = np.subtract(picture[slice(*rows)], truth[slice(*rows)], dtype=np.float64)
        total += float(np.vdot(difference, difference))
    return 10.0 * math.log10(peak(truth) ** 2 * truth.size / total) if total else math.inf


def ssim(picture: Picture, truth: Picture) -> float:
    """Structural similarity of the luma, the mean over all windows that lie in the picture; at most 1, which equal pictures have.

    Args:
        picture: (H, W) or (H, W, 3), uint8 or uint16, at least 11 px each way.
        truth: of the same shape and type.

    Raises:
        InputError: another shape or type, or too small.

    Source: Wang et al., 2004: a Gaussian window of 11 x 11 px, sigma 1.5 px, K1 0.01, K2 0.03.
    """
    check_alike([truth, picture], ["the truth", "the picture"])
    check_window(truth, WINDOW_PX)
    total, windows = 0.0, 0
    for rows in strips(truth.shape, WINDOW_PX):
        one, other = (grey(whole[slice(*rows)]).astype(np.float64) for whole in (picture, truth))
        each = similarity(moments(one, _average), moments(other, _average), _average(one * other), peak(truth))
        total += float(each.sum())
        windows += each.size
    return total / windows


def _average(plane: Plane) -> Plane:
    return inner(np.asarray(cv2.GaussianBlur(plane, (WINDOW_PX, WINDOW_PX), SIGMA_PX)), WINDOW_PX)
