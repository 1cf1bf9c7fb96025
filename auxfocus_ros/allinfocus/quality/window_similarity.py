"""Q_Y: how like the frames' own structure each window of the fused picture is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Picture
from auxfocus_ros.allinfocus.quality.strips import frames_and_fused, grey, inner, peak, read_grey, strips
from auxfocus_ros.allinfocus.quality.structure import Moments, Plane, moments, similarity

WINDOW_PX = 7
ALIKE = 0.75
"""SSIM of two frames from which on both count."""
LEAST_VARIANCE = 1e-3
"""Of whole numbers in 49 pixels that are not all equal it is 0.02 at least: what is below is rounding."""


def q_y(frames: Frames | Sequence[Picture], fused: Picture) -> float:
    """Similarity Q_Y, at most 1: the mean over windows of 7 x 7 px of the published rule on the window's two frames A and B.

    Where SSIM(A, B) >= 0.75: l SSIM(A, F) + (1 - l) SSIM(B, F), l = var(A) / (var(A) + var(B)), which is 1/2 where both are 0;
    elsewhere the larger of SSIM(A, F) and SSIM(B, F). Of more than two frames, A and B are in each window the two of greatest
    variance, the two that have something to say there (of equal ones the earlier): a frame that is out of focus in a window
    has no part in it. For two frames that is the published measure.

    Args:
        frames: two or more, aligned: (H, W) or (H, W, 3), uint8 or uint16, at least 7 px each way.
        fused: of the same shape and type.

    Raises:
        InputError: fewer than two frames, or another shape or type.

    Source: Yang, Zhang, Wang and Liu, A novel similarity based quality metric for image fusion, 2008; SSIM with the constants of
    Wang et al., 2004.
    """
    frames, fused = frames_and_fused(frames, fused, WINDOW_PX)
    total, windows = 0.0, 0
    for rows in strips(frames.shape, WINDOW_PX):
        strip = np.stack([read_grey(frames, index, rows) for index in range(len(frames))])
        each = _rule(strip, grey(fused[slice(*rows)]), peak(fused))
        total += float(each.sum())
        windows += each.size
    return total / windows


def _rule(strip: Picture, fused: Picture, peak_value: float) -> Plane:
    """Of every window of a strip of all frames (N, h, w) and of the fused picture (h, w)."""
    every = [_exact_moments(frame.astype(np.float64)) for frame in strip]
    means, variances = (np.stack(planes) for planes in zip(*every, strict=True))
    number_a = variances.argmax(axis=0)
    a = Moments(_chosen(means, number_a), _chosen(variances, number_a))
    np.put_along_axis(variances, number_a[None], -1.0, axis=0)
    number_b = variances.argmax(axis=0)
    b = Moments(_chosen(means, number_b), _chosen(variances, number_b))

    of_fused = _exact_moments(fused.astype(np.float64))
    mean_af, mean_bf, mean_ab = _mean_products(strip, fused, number_a, number_b)
    like_a, like_b = similarity(a, of_fused, mean_af, peak_value), similarity(b, of_fused, mean_bf, peak_value)
    both = a.variance + b.variance
    share = np.divide(a.variance, both, out=np.full_like(both, 0.5), where=both > 0.0)
    alike = similarity(a, b, mean_ab, peak_value) >= ALIKE
    return np.where(alike, share * like_a + (1.0 - share) * like_b, np.maximum(like_a, like_b))


def _exact_moments(picture: Plane) -> Moments:
    own = moments(picture, _average)
    own.variance[own.variance < LEAST_VARIANCE] = 0.0
    return own


def _chosen(planes: NDArray[np.float64], number: NDArray[np.intp]) -> Plane:
    """Of planes (N, h, w), in every window the one whose number (h, w) is given."""
    return np.asarray(np.take_along_axis(planes, number[None], axis=0)[0])


def _mean_products(strip: Picture, fused: Picture, number_a: NDArray[np.intp], number_b: NDArray[np.intp]) -> tuple[Plane, ...]:
    """Means of A F, B F and A B over every window, where A and B are other frames in each."""
    (height, width), (rows, columns) = fused.shape, number_a.shape
    corner = np.arange(rows)[:, None] * width + np.arange(columns)
    corner_a, corner_b = (corner + number * (height * width) for number in (number_a, number_b))
    sums, pixels = np.zeros((3, rows, columns)), np.ascontiguousarray(strip).ravel()
    for y, x in product(range(WINDOW_PX), repeat=2):
        a, b = (pixels[corner + (y * width + x)].astype(np.float64) for corner in (corner_a, corner_b))
        f = fused[y : y + rows, x : x + columns].astype(np.float64)
        for number, (one, other) in enumerate(((a, f), (b, f), (a, b))):
            sums[number] += one * other
    return tuple(sums / WINDOW_PX**2)


def _average(plane: Plane) -> Plane:
    return inner(np.asarray(cv2.blur(plane, (WINDOW_PX, WINDOW_PX))), WINDOW_PX)
