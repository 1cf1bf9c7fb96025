"""What brings a frame's exposure and white balance to the reference's: one factor for each channel, in linear light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.alignment.views import Floats
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA

BLUR_PX = 3.0
"""So much blur makes differently focused pictures alike, at the size at which they are compared."""
DARKEST, BRIGHTEST = 0.06, 0.94
"""As coded: below, noise and the black level count; above, light is clipped."""
LEAST_SHARE = 0.01
"""Of the picture that must be neither dark nor bright, lest a factor is guessed."""
CLIPPED = 0.985


@dataclass(frozen=True, eq=False)
class Exposure:
    """gains: (channels,), what linear light is multiplied by. lost: share of the picture that is clipped in the frame alone."""

    gains: NDArray[np.float64]
    lost: float


def exposure_of(reference: Floats, frame: Floats, inside: Floats) -> Exposure:
    """Compare a frame, on the reference's pixels, with the reference.

    Args:
        reference, frame: (h, w) or (h, w, 3) float32, 0 to 1, coded with gamma 2.2.
        inside: (h, w), 1 where the frame has pixels.

    Returns:
        The medians of the ratios of light; 1 for a channel of which too little can be compared.
    """
    there = inside > 0.5
    light = [_light(reference), _light(frame)]
    low, high = DARKEST**DEFAULT_GAMMA, BRIGHTEST**DEFAULT_GAMMA
    gains = []
    for channel in range(light[0].shape[2]):
        mine, other = light[0][..., channel], light[1][..., channel]
        usable = there & (mine > low) & (mine < high) & (other > low) & (other < high)
        enough = usable.sum() > LEAST_SHARE * max(1, there.sum())
        gains.append(float(np.exp(np.median(np.log(mine[usable] / other[usable])))) if enough else 1.0)
    brightest = [picture if picture.ndim == 2 else picture.max(axis=2) for picture in (reference, frame)]
    clipped = there & (brightest[1] > CLIPPED) & (brightest[0] < BRIGHTEST)
    return Exposure(np.array(gains), float(clipped.sum() / max(1, there.sum())))


def _light(coded: Floats) -> Floats:
    linear = np.power(coded, np.float32(DEFAULT_GAMMA))
    blurred = cv2.GaussianBlur(linear, (0, 0), BLUR_PX, borderType=cv2.BORDER_REFLECT)
    return np.asarray(blurred if blurred.ndim == 3 else blurred[..., None], np.float32)
