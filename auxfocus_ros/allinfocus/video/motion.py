"""Where every part of a new frame was in the fused frame before it, although one of the two is blurred there.

A blurred picture is compared with a sharp one after the sharp one was blurred as much: of a row of Gaussians the one is taken,
place by place, that leaves as much structure as the new frame has. On such a pair dense inverse search finds the motion, forwards
and backwards. A place that no motion explains better than standing still counts as standing: so a camera on a tripod copies
pixels and never resamples them.

Source of the flow: Kroeger, Timofte, Dai, Van Gool, "Fast Optical Flow using Dense Inverse Search" (2016), as OpenCV has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.video.views import Map

BLURS_PX = (0.0, 0.8, 1.5, 2.6, 4.5, 7.5)
"""Sigmas, pixels of the half resolution."""
WINDOW_PX = 3.0
"""Sigma in which structure is compared, pixels of a quarter of the resolution."""
FLAT_ENERGY = 0.3
"""Squared brightness levels a pixel that count as no structure."""
STANDING_WINDOW_PX = (13, 13)
STANDING_GAIN = 0.8
"""A motion is believed where it leaves at most this of the difference that standing still leaves."""
STANDING_LEVELS = 0.6
"""Less of a difference than this, brightness levels, is noise."""
REFINEMENTS, SMOOTHING_PX = 5, 0.7


@dataclass(frozen=True, eq=False)
class Motion:
    """All at half the resolution, (h, w) float32.

    flow: (h, w, 2), pixels of the half: a thing at p of the new frame was at p + flow of the old one. residual: brightness of
    the new frame less the old one's, moved and blurred alike, 0 to 255. disagreement_px: what going there and back again misses.
    inside: 1 where it was in the picture.
    """

    flow: NDArray[np.float32]
    residual: Map
    disagreement_px: Map
    inside: Map


class MotionFinder:
    """Finds the motion between frames of one size; keeps the last one as the start of the next."""

    def __init__(self) -> None:
        """Without a past."""
        self._forward, self._rest, self._backward = _finder(1, REFINEMENTS), _finder(1, REFINEMENTS), _finder(2, 0)
        self._last: NDArray[np.float32] | None = None

    def find(self, new: Map, old: Map) -> Motion:
        """The motion from `new` back to `old`, both (h, w) brightness at half the resolution and of one exposure."""
        start = self._last if self._last is not None else np.zeros((*new.shape, 2), np.float32)
        # Structure is compared where it is expected: at the place where the last motion leads.
        alike = blurred_alike(old, moved(new, -start))
        pair = _bytes(new), _bytes(alike)
        first = np.asarray(self._forward.calc(pair[0], pair[1], start.copy()), np.float32)
        back = np.asarray(self._backward.calc(pair[1], pair[0], -start), np.float32)
        # What is left of the motion is small: blur is compared where things are, and patches that do not fit together are mended.
        there = blurred_alike(moved(old, first), new)
        rest = np.asarray(self._rest.calc(pair[0], _bytes(there), np.zeros_like(start)), np.float32)
        flow = _standing(cv2.add(rest, moved(first, rest)), new, alike)
        self._last = flow
        x, y = places(flow)
        missed = cv2.add(flow, moved(back, flow))
        height, width = new.shape
        inside = ((x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)).astype(np.float32)
        disagreement = cv2.magnitude(missed[..., 0], missed[..., 1])
        return Motion(flow, np.asarray(new - moved(alike, flow)), np.asarray(disagreement, np.float32), inside)


def _bytes(luma: Map) -> np.ndarray:
    """Brightness as the search wants it, without its finest noise."""
    return np.asarray(cv2.GaussianBlur(luma, (3, 3), SMOOTHING_PX).astype(np.uint8))


def _finder(finest_scale: int, refinements: int) -> cv2.DISOpticalFlow:
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    finder.setFinestScale(finest_scale)
    finder.setVariationalRefinementIterations(refinements)
    return finder


def _standing(flow: Any, new: Map, old: Map) -> NDArray[np.float32]:
    """The flow, with 0 where standing still explains the frame about as well."""
    explained = cv2.absdiff(new, moved(old, flow))
    left = cv2.blur(explained, STANDING_WINDOW_PX)
    still = cv2.blur(cv2.absdiff(new, old), STANDING_WINDOW_PX)
    moves = (left < STANDING_GAIN * still - STANDING_LEVELS * (1 - STANDING_GAIN)) | (left < still - STANDING_LEVELS)
    share = cv2.blur(moves.astype(np.float32), STANDING_WINDOW_PX)
    return np.asarray(flow * (share > 0.25)[..., None], np.float32)


@lru_cache(maxsize=4)
def _grid(height: int, width: int) -> tuple[Map, Map]:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.ascontiguousarray(x), np.ascontiguousarray(y)


def places(flow: NDArray[np.float32]) -> tuple[Map, Map]:
    """x and y, (h, w) each, where a flow (h, w, 2) leads."""
    x, y = _grid(*flow.shape[:2])
    return np.asarray(x + flow[..., 0]), np.asarray(y + flow[..., 1])


def moved(values: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps (h, w) or (h, w, n) looked up where the flow leads; at the rim the nearest value."""
    x, y = places(flow)
    return np.asarray(cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def blurred_alike(sharp: Map, like: Map) -> Map:
    """`sharp` blurred, place by place, until it has no more structure than `like` has; never sharpened."""
    wanted = _structure(like)
    result = sharp.copy()
    before, before_structure = sharp, _structure(sharp)
    height, width = sharp.shape
    for sigma_px in BLURS_PX[1:]:
        blurred = cv2.GaussianBlur(sharp, (0, 0), sigma_px)
        structure = _structure(np.asarray(blurred))
        # 0 where the last rung is weak enough already, 1 where this one is still too strong; between them in proportion.
        span = np.maximum(before_structure - structure, np.float32(1e-3))
        share = np.clip((before_structure - wanted) / span, 0.0, 1.0)
        share = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
        result += share * cv2.subtract(blurred, before)
        before, before_structure = np.asarray(blurred), structure
    return np.asarray(result, np.float32)


def _structure(luma: Map) -> Map:
    """Logarithm of the local energy of gradients, at half the map's resolution."""
    small = np.asarray(cv2.resize(luma, ((luma.shape[1] + 1) // 2, (luma.shape[0] + 1) // 2), interpolation=cv2.INTER_AREA))
    x, y = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.125)
    energy = cv2.GaussianBlur(cv2.add(cv2.multiply(x, x), cv2.multiply(y, y)), (0, 0), WINDOW_PX)
    return np.asarray(cv2.log(np.asarray(energy) + np.float32(FLAT_ENERGY)), np.float32)
