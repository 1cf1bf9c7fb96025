"""The frames that a run has captured, and how they are laid over each other to be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus import spectra
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate, RadiusEstimator
from auxfocus_ros.autofocus.spectra import CrossPower, Placing, Plane
from auxfocus_ros.autofocus.terms import Sight
from auxfocus_ros.errors import InputError

OFF_AXIS_PX = 2000.0
"""A region may lie so far from the principal point, about which the scale changes."""
SHAKE_PX = 6.0
_DETAIL_FREQUENCY = (0.02, 0.2)


@dataclass(frozen=True)
class Frame:
    """A frame of the region.

    plane: (H, W) its middle in linear light. shape: (height, width) of the picture it came from. noise: its power. detail: the
    signal in its middle frequencies, against its mean level. estimate: what the network says of it alone, None: nothing.
    estimate_of_half: the same of the picture at half its size, in pixels of that; only for a camera that is not known.
    """

    position_steps: float
    plane: Plane
    shape: tuple[int, int]
    noise: float
    detail: float
    estimate: RadiusEstimate | None
    estimate_of_half: RadiusEstimate | None = None


def take_frame(
    sight: Sight, gamma: float, window_px: int, estimator: RadiusEstimator | None, *, known_camera: bool = True
) -> Frame:
    """A frame from what was seen; raises InputError for a picture that cannot be.

    Cameras smooth and compress their noise, and what is left of it looks like the detail of a picture that is a little blurred.
    Where nothing is known of the camera, the picture at half its size, in which there is less of that, is estimated as well.
    """
    linear = spectra.luminance(sight.picture, gamma)
    plane = spectra.cut_middle(linear, window_px)
    estimate = estimator.estimate(sight.picture) if estimator is not None else None
    seen = spectra.cross_power([plane])
    low, high = _DETAIL_FREQUENCY
    band = (seen.frequency >= low) & (seen.frequency <= high)
    noise = float(seen.noise[0])
    detail = float((np.maximum(seen.power[band, 0, 0] - noise, 0.0) * seen.count[band]).sum() / seen.count[band].sum())
    detail /= float(plane.mean()) ** 2 + 1e-6
    height, width = sight.picture.shape[:2]
    of_half = None
    if estimator is not None and not known_camera and min(height, width) >= 2 * spectra.SMALLEST_PX:
        half = cv2.resize(sight.picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        of_half = estimator.estimate(np.asarray(half, np.uint8))
    return Frame(float(sight.position_steps), plane, (height, width), noise, detail, estimate, of_half)


def demand_one_shape(frames: Sequence[Frame]) -> None:
    """Raise InputError when the last frame is of another size than the first."""
    first, last = frames[0].shape, frames[-1].shape
    if first != last:
        raise InputError(f"a frame of {last[1]} x {last[0]} px after frames of {first[1]} x {first[0]}: all must be of one size")


def laid_over(frames: Sequence[Frame], scale_between: Callable[[Frame, Frame], float]) -> tuple[list[Plane], NDArray[np.float64]]:
    """The frames' planes as the one with the most detail shows them: of its scale, in its place, of its exposure.

    Args:
        frames: of one shape.
        scale_between: how much larger things are in the first of two frames than in the second.

    Returns:
        The planes, and (k,) by how much each was enlarged: blurs have grown with it.
    """
    reference = max(frames, key=lambda frame: frame.detail)
    planes, scales = [], np.ones(len(frames))
    for n, frame in enumerate(frames):
        if frame is reference or frame.position_steps == reference.position_steps:
            planes.append(frame.plane)
            continue
        placing = _moved(reference.plane, frame.plane, scale_between(reference, frame))
        planes.append(spectra.place(frame.plane, placing))
        scales[n] = placing.scale
    return spectra.same_exposure(planes, [frame is reference for frame in frames].index(True)), scales


def compared(planes: Sequence[Plane], frames: Sequence[Frame]) -> CrossPower:
    """Power and cross-power of the planes of some frames."""
    return spectra.cross_power(planes, [frame.noise for frame in frames])


def quarters(planes: Sequence[Plane]) -> list[list[Plane]]:
    """The planes' four quarters, each in all frames; none where they would be too small."""
    height, width = planes[0].shape
    high, wide = height // 32 * 16, width // 32 * 16
    if min(high, wide) < spectra.SMALLEST_PX:
        return []
    corners = [(y, x) for y in (0, height - high) for x in (0, width - wide)]
    return [[np.ascontiguousarray(plane[y : y + high, x : x + wide]) for plane in planes] for y, x in corners]


def _moved(reference: Plane, plane: Plane, scale: float) -> Placing:
    reach = min(abs(scale - 1.0) * OFF_AXIS_PX + SHAKE_PX, 0.25 * min(plane.shape))
    x, y, _ = spectra.shift_between(reference, spectra.place(plane, Placing(scale)), reach)
    return Placing(scale, x, y)
