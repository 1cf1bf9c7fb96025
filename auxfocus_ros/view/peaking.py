"""Peaking: edges that are sharp, marked as cinema monitors do.

Sharp is not strong: a blurred edge of high contrast has a steeper slope than a sharp faint one. What tells them apart is how much
of the slope is left after a further blur of known width. An edge blurred with `s` pixels (the sigma of its line spread) keeps

    coarse / fine = sqrt((s^2 + fine_sigma^2) / (s^2 + coarse_sigma^2))

of it whatever its contrast: a sharp edge loses more than half, a blurred one next to nothing. So edges are marked where the slope
falls by more than a set ratio; noise, which the blur takes away, must not look like an edge and is kept out by a floor under the
coarse slope. Beside its crest an edge's slope falls off more slowly after the blur: the marks are thin by themselves.

Source: Zhuo and Sim, "Defocus map estimation from a single image" (2011), section 3.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour

_SHARPEST_PX = 0.35  # blur of an edge, sigma: the threshold 1 asks for less, 0.25 for less than four times that
_FINE_VARIANCE_PX2 = 1 / 3  # of the central difference, whose two halves are 2 pixels apart
_BLUR_VARIANCE_PX2 = 8 / 3  # of a mean of 5 pixels and one of 3, the quickest blur that is smooth enough
_REACH_PX = 3
_FLOOR = 26  # of the coarse slope, grey levels times eight: a sharp step of eight levels has it
_NOISE = 12  # on the fine slope, in the same unit
_FULL_ROWS = 1080  # a larger picture is looked at in a smaller copy, as on a screen
_BAND_ROWS = 96  # at a time, so that all that is worked out on them stays in the processor's cache
_OVERLAP = _REACH_PX + 1


def mark_sharp_edges(part: NDArray[np.uint8], colour: Colour, threshold: float, opacity: float = 1.0) -> None:
    """Mark the sharp edges of a picture, in place.

    Args:
        part: (H, W, 3) uint8 BGR, a picture or a part of one; a view of a larger image will do.
        colour: of the marks.
        threshold: how sharp an edge must be, 0 to 1: its blur (sigma, pixels) must be below 0.35 / threshold.
        opacity: of the marks, 0 to 1.
    """
    height, width = part.shape[:2]
    step = max(1, round(min(height, width) / _FULL_ROWS))
    if opacity <= 0 or min(height, width) < step:
        return
    ratio = _least_ratio(threshold)
    rows = height // step
    edges = [rows * band // -(-rows // _BAND_ROWS) for band in range(-(-rows // _BAND_ROWS) + 1)]
    kept = np.empty((0, 0), np.uint8)  # a band's last rows as they were before they were marked
    for first, last in pairwise(edges):
        above = len(kept)
        below = min(_OVERLAP, rows - last)
        grey = _grey(part[first * step : (last + below) * step], step)
        if above:
            grey = np.vstack([kept, grey])
        kept = grey[-below - _OVERLAP : len(grey) - below] if below else grey[-_OVERLAP:]
        sharp = _sharp(grey, ratio)[above : above + last - first].view(np.uint8)
        target = part[first * step : last * step]
        if step > 1:
            sharp = np.asarray(cv2.resize(sharp, (width, len(target)), interpolation=cv2.INTER_NEAREST), np.uint8)
        _ink(target, sharp, colour, opacity)


def sharp_edges(grey: NDArray[np.uint8], threshold: float) -> NDArray[np.bool_]:
    """Which pixels of a grey picture (H, W) lie on a sharp edge, (H, W); see `mark_sharp_edges`."""
    return _sharp(grey, _least_ratio(threshold))


def _least_ratio(threshold: float) -> float:
    """How many times steeper than after the blur an edge must be that is as blurred as the threshold still allows."""
    variance = (_SHARPEST_PX / max(threshold, 1e-3)) ** 2 + _FINE_VARIANCE_PX2
    return math.sqrt((variance + _BLUR_VARIANCE_PX2) / variance)


def _grey(part: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    if step > 1:
        size = (part.shape[1] // step, part.shape[0] // step)
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)


def _sharp(grey: NDArray[np.uint8], ratio: float) -> NDArray[np.bool_]:
    fine, coarse = _slope(grey), _slope(cv2.blur(cv2.blur(grey, (5, 5)), (3, 3)))
    excess = cv2.addWeighted(fine, 1.0, coarse, -ratio, -_NOISE)
    return (np.asarray(excess) > 0) & (coarse > _FLOOR)


def _slope(grey: cv2.typing.MatLike) -> NDArray[np.int16]:
    """Eight times the slope in grey levels a pixel: the sum of both directions, which cancels in a ratio of slopes."""
    right, down = (np.asarray(part, np.int16) for part in cv2.spatialGradient(grey))
    np.abs(right, out=right)
    np.abs(down, out=down)
    return np.add(right, down, out=right)


def _ink(part: NDArray[np.uint8], mask: NDArray[np.uint8], colour: Colour, opacity: float) -> None:
    ink = _solid(part.shape[0], part.shape[1], colour)
    cv2.copyTo(ink if opacity >= 1 else cv2.addWeighted(part, 1 - opacity, ink, opacity, 0.0), mask, part)


@lru_cache(maxsize=4)
def _solid(height: int, width: int, colour: Colour) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)
