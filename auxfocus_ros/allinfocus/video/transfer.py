"""What the fused frame before offers to a new one: its picture moved to where things are now, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.video.motion import Motion, places
from auxfocus_ros.allinfocus.video.views import Map, View, view_of

LEAST_GAIN_CHANGE = 0.01
"""Smaller changes of exposure are not told from changes of blur."""
BLACK, WHITE = 8.0, 247.0
"""Brightness between which exposure is judged."""

LARGE_PX, LARGE_WINDOW, LARGE_NOISE = 8, 4.0, 0.5
"""Cells of likeness, pixels of the half; the window that takes their mean away, cells; their noise, brightness levels."""


@dataclass(frozen=True, eq=False)
class Offer:
    """A fused frame, moved to where a new one sees things.

    picture: of the new frame's shape and type. view: of that picture. motion: by which it was moved. age: (h, w) float32 at half
    the resolution, frames since each pixel was captured. gain: by which it was made as bright as the new frame.
    """

    picture: np.ndarray
    view: View
    motion: Motion
    age: Map
    gain: float


def offer(fused: np.ndarray, age: Map, motion: Motion, gain: float) -> Offer:
    """Move a fused picture and its pixels' ages. Pixels that do not move are copied as they are."""
    x, y = full_places(motion.flow, fused.shape[:2])
    moves = motion.flow.any()
    picture = cv2.remap(fused, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE) if moves else fused
    if gain != 1.0:
        picture = cv2.convertScaleAbs(picture, alpha=gain)
    half_x, half_y = places(motion.flow)
    older = cv2.remap(age, half_x, half_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = np.asarray(picture)
    return Offer(picture, view_of(picture), motion, np.asarray(older + 1.0, np.float32), gain)


def full_places(flow: NDArray[np.float32], shape: tuple[int, int]) -> tuple[Map, Map]:
    """x and y, (H, W) each, where a flow of half the resolution leads in a full picture of a shape (H, W)."""
    full = cv2.resize(flow, (2 * flow.shape[1], 2 * flow.shape[0]), interpolation=cv2.INTER_LINEAR)
    return places(np.asarray(2.0 * full[: shape[0], : shape[1]], np.float32))


def gain_between(new: Map, old: Map) -> float:
    """How much brighter `new` is than `old`, both brightness (h, w), 0 to 255; 1: as bright.

    The ratio is of means over large parts, which neither blur nor a little motion changes, and of them the median.
    """
    size = (max(1, new.shape[1] // 32), max(1, new.shape[0] // 32))
    one, other = (cv2.resize(luma, size, interpolation=cv2.INTER_AREA) for luma in (new, old))
    told = (np.minimum(one, other) > BLACK) & (np.maximum(one, other) < WHITE)
    if told.sum() < 0.2 * told.size:
        return 1.0
    gain = float(np.median(one[told] / other[told]))
    return gain if abs(gain - 1.0) > LEAST_GAIN_CHANGE else 1.0


def likeness(new: View, offered: Offer) -> float:
    """Correlation, -1 to 1, of what is large in both pictures, and is not yet taken by any blur: low in another scene."""
    size = (max(8, new.luma.shape[1] // LARGE_PX), max(8, new.luma.shape[0] // LARGE_PX))
    parts = []
    for luma in (new.luma, offered.view.luma):
        small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
        parts.append(small - cv2.GaussianBlur(small, (0, 0), LARGE_WINDOW))
    norm = float(np.sqrt((parts[0] ** 2).sum() * (parts[1] ** 2).sum()))
    noise = parts[0].size * LARGE_NOISE**2
    return float(((parts[0] * parts[1]).sum() + noise) / (norm + noise))
