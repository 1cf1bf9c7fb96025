"""What a detector found in a picture."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.targets.target import TargetSource


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
