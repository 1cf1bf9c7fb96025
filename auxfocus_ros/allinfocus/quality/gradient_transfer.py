"""Q_AB/F: how much of the frames' edges arrived in the fused picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Picture
from auxfocus_ros.allinfocus.quality.strips import frames_and_fused, grey, read_grey, strips

STRENGTH_GAIN, STRENGTH_SLOPE, STRENGTH_MIDDLE = 0.9994, -15.0, 0.5
ORIENTATION_GAIN, ORIENTATION_SLOPE, ORIENTATION_MIDDLE = 0.9879, -22.0, 0.8
WINDOW_PX = 3
Plane = NDArray[np.float32]


def q_abf(frames: Frames | Sequence[Picture], fused: Picture) -> float:
    """Gradient transfer Q_AB/F, 0 to 0.9748 (which the published constants give to edges that are kept exactly).

    Sobel's gradient gives each pixel a strength g and an orientation; of a frame's edge is kept Q = Q_g Q_a, sigmoids of the
    ratio of the strengths (the smaller over the larger) and of how near the orientations are (1: parallel, 0: at right angles).
    The measure is the mean of Q over all pixels and frames, weighted with the frame's strength g (the published L = 1). That sum
    is the published one for two frames, and runs over all of them for more. Orientations are those of lines: a turn by half a
    circle is none. Only pixels whose eight neighbours lie in the picture count.

    Args:
        frames: two or more, aligned: (H, W) or (H, W, 3), uint8 or uint16, at least 3 px each way.
        fused: of the same shape and type.

    Returns:
        NaN where no frame has any edge.

    Raises:
        InputError: fewer than two frames, or another shape or type.

    Source: Xydeas and Petrovic, Objective image fusion performance measure, 2000.
    """
    frames, fused = frames_and_fused(frames, fused, WINDOW_PX)
    kept, weight = 0.0, 0.0
    for rows in strips(frames.shape, WINDOW_PX):
        fused_x, fused_y = _gradient(grey(fused[slice(*rows)]))
        fused_strength = _length(fused_x, fused_y)
        for index in range(len(frames)):
            x, y = _gradient(read_grey(frames, index, rows))
            strength = _length(x, y)
            # The angle between two lines, 0 to a quarter of a circle, of their cross and dot products.
            angle = np.arctan2(np.abs(x * fused_y - y * fused_x), np.abs(x * fused_x + y * fused_y))
            larger = np.maximum(np.maximum(strength, fused_strength), np.float32(1.0))
            likeness = np.minimum(strength, fused_strength) / larger
            quality = _strength_kept(likeness) * _orientation_kept(1.0 - angle / np.float32(0.5 * math.pi))
            kept += float(np.sum(strength * quality, dtype=np.float64))
            weight += float(np.sum(strength, dtype=np.float64))
    return kept / weight if weight else math.nan


def _gradient(strip: Picture) -> tuple[Plane, Plane]:
    return _sobel(strip, 1, 0), _sobel(strip, 0, 1)


def _sobel(strip: Picture, along_x: int, along_y: int) -> Plane:
    whole = cv2.Sobel(strip, cv2.CV_32F, along_x, along_y)
    return np.ascontiguousarray(whole[1:-1, 1:-1], np.float32)


def _length(x: Plane, y: Plane) -> Plane:
    return np.asarray(cv2.magnitude(x, y), np.float32)


def _strength_kept(likeness: Plane) -> Plane:
    return np.asarray(STRENGTH_GAIN / (1.0 + np.exp(STRENGTH_SLOPE * (likeness - STRENGTH_MIDDLE))))


def _orientation_kept(likeness: Plane) -> Plane:
    return np.asarray(ORIENTATION_GAIN / (1.0 + np.exp(ORIENTATION_SLOPE * (likeness - ORIENTATION_MIDDLE))))
