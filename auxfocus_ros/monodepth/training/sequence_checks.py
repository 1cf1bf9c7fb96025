"""Whether a sequence can be learned from at all, said before long work begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

BLACK = 12
"""Brightness, of 255, that 99 of 100 values of a black frame do not exceed."""
BLACK_FRAME = "a black frame"
MOST_OFF_CENTRE = 0.25
"""Of the picture's side, how far from its middle the principal point may lie."""
LEAST_FOCAL, MOST_FOCAL = 0.25, 12.0
"""Focal lengths that occur, in widths of the picture: fields of view from 127 to 5 degrees."""


def check_sequence(sequence: Sequence, gap: int) -> None:
    """Raise ConfigurationError for a sequence too short to hold a pair `gap` apart, or with intrinsics that cannot be its own."""
    frames = len(sequence)
    if frames <= gap:
        has = "one frame" if frames == 1 else f"{frames} frames"
        raise ConfigurationError(
            f"sequence '{sequence.name}': it has {has}, wanted {gap + 1} or more: a frame is compared with the one {gap} after it"
        )
    problem = camera_problem(sequence.camera)
    if problem:
        raise ConfigurationError(f"sequence '{sequence.name}': {problem}")


def camera_problem(camera: CameraModel) -> str:
    """Why intrinsics do not fit the picture that they are said to be of; empty: they may."""
    width, height = camera.width_px, camera.height_px
    off = max(abs(camera.cx_px - (width - 1) / 2) / width, abs(camera.cy_px - (height - 1) / 2) / height)
    if off > MOST_OFF_CENTRE:
        return (
            f"the intrinsics do not fit the picture: their principal point is {camera.cx_px:g}, {camera.cy_px:g}, wanted it near "
            f"the middle of {width} x {height} px (are they of another size?)"
        )
    low, high = width * LEAST_FOCAL, width * MOST_FOCAL
    if not (low <= camera.fx_px <= high and low <= camera.fy_px <= high):
        return (
            f"the intrinsics do not fit the picture: their focal length is {camera.fx_px:g}, {camera.fy_px:g} px, wanted {low:g} "
            f"to {high:g} px for pictures {width} px wide"
        )
    return ""


def is_black(picture: NDArray[np.uint8]) -> bool:
    """Whether there is nothing in a picture, (H, W, 3)."""
    return bool(np.percentile(picture, 99) <= BLACK)


def reasons_text(left_out: Mapping[str, int]) -> str:
    """'12 x the camera stands still, 2 x a black frame': the commonest reason first."""
    return ", ".join(f"{count} x {reason}" for reason, count in Counter(left_out).most_common())
