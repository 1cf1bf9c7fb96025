"""Where the search for a frame's warp may begin: far enough off, the steps of `matching` would run into another minimum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from auxfocus_ros.allinfocus.alignment.matching import warped
from auxfocus_ros.allinfocus.alignment.views import Floats, View
from auxfocus_ros.allinfocus.alignment.warps import Warp, at_scale, is_possible

SCALES = (1.0, 0.94, 1.06, 0.88, 1.14)
"""Between one frame and the next; what lies between them is found from the nearer one."""
FEATURES = 3000
ALIKE = 0.8
"""A feature's nearest likeness must be nearer than this share of its second nearest (Lowe 2004)."""
WITHIN_PX = 2.0
LEAST_FEATURES = 12


def shifted_starts(target: Sequence[View], frame: Sequence[View], near: Warp) -> Iterator[Warp]:
    """`near`, then with other scales, each shifted to where the coarsest level's textures fit best by phase correlation.

    Args:
        target: levels on the reference's pixels.
        frame: levels of the frame.
        near: what is expected.
    """
    full, coarse = frame[0].grey.shape, frame[-1].grey.shape
    factor = (coarse[1] / full[1], coarse[0] / full[0])
    size = (coarse[1], coarse[0])
    window = np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
    expected = at_scale(near, factor)
    yield near
    for scale in SCALES:
        about = np.array(
            [[scale, 0.0, 0.5 * (1 - scale) * (size[0] - 1)], [0.0, scale, 0.5 * (1 - scale) * (size[1] - 1)], [0.0, 0.0, 1.0]]
        )
        start = expected @ about
        # A copy: where no padding is needed, OpenCV multiplies the window into what it is given.
        (dx, dy), _ = cv2.phaseCorrelate(target[-1].texture.copy(), warped(frame[-1].texture, start, size), window)
        start = start @ np.array([[1.0, 0.0, dx], [0.0, 1.0, dy], [0.0, 0.0, 1.0]])
        if is_possible(start, size):
            yield at_scale(start, (1.0 / factor[0], 1.0 / factor[1]))


def start_by_features(target: Floats, frame: Floats) -> Warp | None:
    """The similarity that most features of two grey pictures (h, w) agree on; None where too few do. Source: SIFT, RANSAC."""
    finder = cv2.SIFT.create(FEATURES, contrastThreshold=0.01)
    whole = (np.rint(255.0 * np.clip(picture, 0.0, 1.0)).astype(np.uint8) for picture in (target, frame))
    (points, marks), (others, their_marks) = (finder.detectAndCompute(picture, None) for picture in whole)
    if len(points) < LEAST_FEATURES or len(others) < LEAST_FEATURES:
        return None
    pairs = [pair for pair in cv2.BFMatcher().knnMatch(marks, their_marks, 2) if len(pair) == 2]
    good = [first for first, second in pairs if first.distance < ALIKE * second.distance]
    if len(good) < LEAST_FEATURES:
        return None
    here = np.array([points[found.queryIdx].pt for found in good])
    there = np.array([others[found.trainIdx].pt for found in good])
    cv2.setRNGSeed(0)
    affine, agreed = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=WITHIN_PX)
    if affine is None or int(agreed.sum()) < LEAST_FEATURES:
        return None
    warp = np.vstack([affine, [0.0, 0.0, 1.0]])
    return warp if is_possible(warp, (frame.shape[1], frame.shape[0])) else None
