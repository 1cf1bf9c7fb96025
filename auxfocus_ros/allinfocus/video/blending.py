"""Which share of each pixel comes from the fused frame before: by a rule, or by the learned network."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.video.transfer import Offer
from auxfocus_ros.allinfocus.video.views import Map, View

CHANNELS = 10
"""Of the evidence that the network sees."""
SHARPER = (0.15, 0.55)
"""By how much the old energy's logarithm must be above the new one's for none and for all of the old pixel."""
COARSE_WEIGHT = 0.7
RESIDUAL_WINDOW_PX, CONTRAST_WINDOW_PX = 2.0, 4.0
RESIDUAL_LEVELS, RESIDUAL_SHARE = 3.0, 0.35
"""A difference of so many levels, and of this share of the local contrast, is nothing strange."""
STRANGE = (1.0, 1.6)
"""Strangeness that is fully trusted, and that is not trusted at all."""
DISAGREEMENT_PX, DISAGREEMENT_SHARE = (1.0, 2.0), 0.1
"""The same of there and back again, pixels of the half, and per pixel of motion."""
FADING = 0.25
"""Over the last part of its permitted age a pixel gives way to what is captured."""


def strangeness(new: View, offered: Offer) -> Map:
    """How much the new frame differs from the offered one, blurred alike, in units of what is to be expected."""
    residual = offered.motion.residual
    size = cv2.GaussianBlur(cv2.multiply(residual, residual), (0, 0), RESIDUAL_WINDOW_PX)
    mean = cv2.GaussianBlur(new.luma, (0, 0), CONTRAST_WINDOW_PX)
    contrast = cv2.GaussianBlur(cv2.multiply(new.luma, new.luma), (0, 0), CONTRAST_WINDOW_PX) - cv2.multiply(mean, mean)
    expected = np.maximum(contrast, 0.0) * np.float32(RESIDUAL_SHARE**2) + np.float32(RESIDUAL_LEVELS**2)
    return np.asarray(cv2.sqrt(size / expected), np.float32)


def rule(new: View, offered: Offer, age_limit: float) -> Map:
    """(h, w) float32, 0 to 1 at half the resolution: the sharper of the two, where the transfer can be trusted."""
    return np.asarray(sharper(new, offered) * trust(new, offered) * fade(offered.age, age_limit), np.float32)


def sharper(new: View, offered: Offer) -> Map:
    """(h, w) float32, 0 to 1: that the offered pixel is sharper than the new one."""
    more = np.maximum(offered.view.fine - new.fine, COARSE_WEIGHT * (offered.view.coarse - new.coarse))
    return _rising(more, *SHARPER)


def trust(new: View, offered: Offer) -> Map:
    """(h, w) float32, 0 to 1: that the offered pixel shows the same thing."""
    motion = offered.motion
    far = np.hypot(motion.flow[..., 0], motion.flow[..., 1])
    alike = 1.0 - _rising(strangeness(new, offered), *STRANGE)
    return np.asarray(
        motion.inside * alike * (1.0 - _rising(motion.disagreement_px - DISAGREEMENT_SHARE * far, *DISAGREEMENT_PX))
    )


def _rising(values: NDArray[Any], none: float, whole: float) -> Map:
    """0 up to `none`, 1 from `whole` on, straight between them: what is trusted is trusted wholly, frame after frame."""
    return np.asarray(np.clip((values - none) / (whole - none), 0.0, 1.0), np.float32)


def fade(age: Map, age_limit: float) -> Map:
    """1 for pixels that may still be transferred, falling to 0 at the limit."""
    return np.asarray(np.clip((1.0 - age / age_limit) / FADING, 0.0, 1.0), np.float32)


def evidence(new: View, offered: Offer) -> NDArray[np.float32]:
    """(CHANNELS, h, w) float32 about -1 to 1: what the network judges by."""
    motion, view = offered.motion, offered.view
    planes = np.empty((CHANNELS, *new.luma.shape), np.float32)
    for number, (values, scale, shift) in enumerate(
        (
            (new.luma, 1 / 128, -1.0),
            (view.luma, 1 / 128, -1.0),
            (new.fine, 0.3, -0.9),
            (view.fine, 0.3, -0.9),
            (new.coarse, 0.3, -0.9),
            (view.coarse, 0.3, -0.9),
            (motion.residual, 1 / 24, 0.0),
            (np.minimum(strangeness(new, offered), 4.0), 0.5, -1.0),
            (np.minimum(motion.disagreement_px, 4.0), 0.5, -1.0),
            (motion.inside, 2.0, -1.0),
        )
    ):
        np.multiply(values, np.float32(scale), out=planes[number])
        planes[number] += np.float32(shift)
    return np.clip(planes, -3.0, 3.0, out=planes)


def blended(new: np.ndarray, old: np.ndarray, share: Map) -> np.ndarray:
    """(1 - share) new + share old, rounded; pictures (H, W) or (H, W, 3) uint8, share at half the resolution."""
    full = doubled(share, new.shape[:2])
    return np.asarray(cv2.blendLinear(old, new, full, 1.0 - full))


def doubled(half: Map, shape: tuple[int, int]) -> Map:
    """A map of half the resolution at the full one (H, W)."""
    full = cv2.resize(half, (2 * half.shape[1], 2 * half.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(full[: shape[0], : shape[1]], np.float32)
