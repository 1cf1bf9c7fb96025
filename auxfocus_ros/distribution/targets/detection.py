"""What a detector found in a picture, and what every detector does with pictures and boxes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.targets.target import TargetSource
from auxfocus_ros.errors import InputError

_NMS_OVERLAP = 0.4


@dataclass(frozen=True)
class Detection:
    """One thing that a detector found.

    box_px: left, top, width, height in the picture, pixels, within it, width and height >= 1. label: its class, as 'face'.
    source: FACE, PERSON or DETECTOR. confidence: 0 to 1, by the detector's own measure.
    """

    box_px: BoxPx
    label: str
    source: TargetSource
    confidence: float


def check_picture(picture: NDArray[Any]) -> None:
    """Raise InputError for what is not (H, W, 3) or (H, W) uint8, or has no pixels."""
    good = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
    if not good or picture.dtype != np.uint8 or not picture.size:
        raise InputError(
            f"detectors: wanted a picture (H, W, 3) BGR or (H, W) grey, uint8, got {picture.shape} of {picture.dtype}"
        )


def without_doubles(boxes: Iterable[BoxPx], confidences: Iterable[float], threshold: float) -> list[int]:
    """Which boxes to keep: those of at least `threshold` that do not overlap a surer one by more than 0.4."""
    import cv2

    kept = cv2.dnn.NMSBoxes(list(boxes), [float(value) for value in confidences], threshold, _NMS_OVERLAP)
    return [int(index) for index in np.ravel(np.asarray(kept, np.int64))]
