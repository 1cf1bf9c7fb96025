"""A stereo depth camera and a single-beam rangefinder: what they make of the true depth.

A stereo camera finds, for each pixel of its left imager, the same spot in the right one. How far it has moved there, the
disparity, is focal length times baseline over depth; what a stereo camera does wrong is wrong in the disparity. Its depth image
is that of the left imager.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.opengl import load_mujoco

SEEN_GROUPS = np.array([1, 1, 1, 1, 0, 0], np.uint8)
"""Geom groups that a rangefinder meets: not glass (4), not the rig itself (5)."""
BLOCK_ROWS = 32
"""Depth images are worked on in blocks that fit a processor's cache."""
SLANT_PX = 2
"""Pixels of a row so near to each other that fall on the same column of the right image belong to one surface."""
NEAREST_M = 1e-3
"""What is nearer to a depth camera is taken to be this near."""
BEAM_RAYS = 19
LEAST_ECHO = 0.2
"""Of the power that comes back from the largest range when the whole beam meets a surface squarely: what is still heard."""
ECHO_LENGTH_M = 0.6
"""Rays whose ranges differ by less than half the way of light during a pulse (4 ns) make one echo."""
_GOLDEN_ANGLE = math.pi * (3.0 - math.sqrt(5.0))
_EVERYWHERE_M = 1e9


@dataclass(frozen=True)
class DepthCamera:
    """A stereo depth camera.

    Field, baseline and range are those of Intel's RealSense D435 (its data sheet).

    width_px, height_px, field_rad: its own image and horizontal field of view, for whoever renders for it.
    range_min_m, range_max_m: what it reports. baseline_m: between its imagers.
    disparity_noise_px: standard deviation; below 0.1 on good texture (Intel's white papers on tuning the D400).
    disparity_step_px: disparities are multiples of this, 1/32 pixel (white paper on the D400's subpixel linearity); 0: they are
        not rounded.
    grazing_rad: surfaces met at a larger angle from their normal are not matched.
    enabled: False: only the limits of the range are left.
    """

    width_px: int = 848
    height_px: int = 480
    field_rad: float = math.radians(87.0)
    range_min_m: float = 0.3
    range_max_m: float = 10.0
    baseline_m: float = 0.05
    disparity_noise_px: float = 0.08
    disparity_step_px: float = 1.0 / 32.0
    grazing_rad: float = math.radians(83.0)
    enabled: bool = True

    def __post_init__(self) -> None:
        """Check the ranges. Raises ConfigurationError."""
        if min(self.width_px, self.height_px) < 1:
            raise ConfigurationError(f"depth camera: its image must have pixels, got {self.width_px} x {self.height_px}")
        if not 0.0 < self.field_rad < math.pi:
            raise ConfigurationError(f"depth camera: field_rad must lie between 0 and pi, got {self.field_rad}")
        _check_range("depth camera", self.range_min_m, self.range_max_m)
        if not 0.0 < self.baseline_m < math.inf:
            raise ConfigurationError(f"depth camera: baseline_m must be above 0, got {self.baseline_m}")
        if not (0.0 <= self.disparity_noise_px < math.inf and 0.0 <= self.disparity_step_px < math.inf):
            raise ConfigurationError("depth camera: disparity_noise_px and disparity_step_px must be 0 or more pixels")
        if not 0.0 < self.grazing_rad <= 0.5 * math.pi:
            raise ConfigurationError(f"depth camera: grazing_rad must be above 0 and at most pi / 2, got {self.grazing_rad}")

    @property
    def fx_px(self) -> float:
        """Focal length of its own image, pixels."""
        return 0.5 * self.width_px / math.tan(0.5 * self.field_rad)

    def measure(self, depth_true_m: np.ndarray, fx_px: float, rng: np.random.Generator) -> np.ndarray:
        """The depth image that the camera gives.

        Args:
            depth_true_m: (H, W) z of what the left imager sees, without glass, metres; +inf: sky; 0 or NaN: nothing is known.
            fx_px: focal length of that image, pixels, the same both ways; its principal point is the image's middle.
            rng: of the noise.

        Returns:
            (H, W) float32, metres, 0: no reading.

        Raises:
            InputError: no image, or a focal length that is not above 0.
        """
        depth = np.asarray(depth_true_m, np.float32)
        if depth.ndim != 2 or not depth.size:
            raise InputError(f"depth image: wanted shape (height, width), got {depth.shape}")
        if not 0.0 < fx_px < math.inf:
            raise InputError(f"focal length of a depth image must be above 0 pixels, got {fx_px}")
        if not self.enabled:
            return np.where((depth >= self.range_min_m) & (depth <= self.range_max_m), depth, np.float32(0.0))
        measured = np.zeros_like(depth)
        for top in range(0, len(depth), BLOCK_ROWS):
            rows = slice(top, min(top + BLOCK_ROWS, len(depth)))
            measured[rows] = self._measure_rows(depth, rows, fx_px, rng)
        return measured

    def _measure_rows(self, depth: np.ndarray, rows: slice, fx_px: float, rng: np.random.Generator) -> np.ndarray:
        """Some rows of the measured image."""
        scale = np.float32(fx_px * self.baseline_m)
        first = max(rows.start - 1, 0)
        around = depth[first : rows.stop + 1]  # one row more on each side, for the slopes
        own = slice(rows.start - first, rows.stop - first)
        # Pixels; 0 at infinity and where nothing is known.
        disparity = np.divide(scale, np.maximum(around, NEAREST_M), out=np.zeros_like(around), where=around > 0.0)
        middle_row = 0.5 * (len(depth) - 1) - first
        lost = _grazing(disparity, fx_px, middle_row, math.cos(self.grazing_rad))[own] | _unmatched(disparity[own])
        # z = f b / d, so that dz = z^2 / (f b) dd: the error of the depth grows with its square.
        noisy = rng.standard_normal(lost.shape, np.float32)
        noisy *= np.float32(self.disparity_noise_px)
        noisy += disparity[own]
        if self.disparity_step_px > 0.0:
            noisy *= np.float32(1.0 / self.disparity_step_px)
            np.rint(noisy, out=noisy)
            noisy *= np.float32(self.disparity_step_px)
        seen = (depth[rows] >= self.range_min_m) & (depth[rows] <= self.range_max_m) & ~lost & (noisy > 0.0)
        measured = np.divide(scale, noisy, out=np.zeros_like(noisy), where=seen)
        measured[(measured < self.range_min_m) | (measured > self.range_max_m)] = 0.0
        return measured


def _unmatched(disparity_px: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels whose spot the right imager does not see.

    A spot in column u lies in column u - d there. Either that is outside, which makes a band without depth on the left (RealSense
    D400 data sheet, 'invalid depth band'); or a nearer thing, which here stands further to the right, lies in the same column:
    the shadow on the left of things.
    """
    height, width = disparity_px.shape
    columns = np.arange(width)
    place = np.rint(columns - disparity_px)
    outside = place < 0.0
    place += 1.0
    np.maximum(place, 0.0, out=place)  # column 0 is for all that lies outside
    spots = place.astype(np.intp)
    spots += (np.arange(height) * (width + 1))[:, None]
    seen = np.zeros(height * (width + 1), np.int32)
    seen[spots] = columns  # the last one written, which is the furthest to the right and so the nearest, stays
    # Neighbours on a slanting surface may fall on the same column without hiding each other.
    return np.asarray(outside | (seen[spots] - columns > SLANT_PX))


def _grazing(disparity_px: np.ndarray, focal_px: float, middle_row: float, least_cosine: float) -> np.ndarray:
    """(H, W) bool: pixels that see a surface at an angle whose cosine is below `least_cosine`.

    The disparity d over a plane is linear in the pixel's place (u, v) from the principal point. With its slopes d_u and d_v, the
    plane's normal is along (f d_u, f d_v, d - u d_u - v d_v), and its product with the ray (u / f, v / f, 1) is d.
    """
    height, width = disparity_px.shape
    u = np.arange(width, dtype=np.float32) - np.float32(0.5 * (width - 1))
    v = (np.arange(height, dtype=np.float32) - np.float32(middle_row))[:, None]
    d_u, d_v = _slope(disparity_px, 1), _slope(disparity_px, 0)
    normal = d_u * u
    normal += d_v * v
    np.subtract(disparity_px, normal, out=normal)
    np.square(normal, out=normal)
    np.square(d_u, out=d_u)
    d_u += np.square(d_v, out=d_v)
    d_u *= np.float32(focal_px**2)
    normal += d_u
    normal *= np.float32(1.0) + (np.square(u) + np.square(v)) / np.float32(focal_px**2)
    normal *= np.float32(least_cosine**2)
    return np.asarray(np.square(disparity_px) < normal)


def _slope(values: np.ndarray, axis: int) -> np.ndarray:
    """Change from pixel to pixel: the smaller of both sides (0 on ridges and borders), so that a thing's edge is no slope."""
    step = np.diff(values, axis=axis)
    slope = np.zeros_like(values)
    if values.shape[axis] < 3:
        return slope
    before, after = (step[:-1], step[1:]) if axis == 0 else (step[:, :-1], step[:, 1:])
    inner = slope[1:-1] if axis == 0 else slope[:, 1:-1]
    least, most = np.minimum(before, after), np.maximum(before, after)
    np.maximum(least, 0.0, out=least)
    np.minimum(most, 0.0, out=most)
    np.add(least, most, out=inner)
    return slope


@dataclass(frozen=True)
class Rangefinder:
    """A laser rangefinder with one beam, of the class that drones carry to measure their height.

    range_min_m, range_max_m: what it reports. sigma_m: standard deviation of a reading. beam_width_rad: full width of its beam.
    """

    range_min_m: float = 0.2
    range_max_m: float = 50.0
    sigma_m: float = 0.03
    beam_width_rad: float = math.radians(0.5)

    def __post_init__(self) -> None:
        """Check the ranges. Raises ConfigurationError."""
        _check_range("rangefinder", self.range_min_m, self.range_max_m)
        if not 0.0 <= self.sigma_m < math.inf:
            raise ConfigurationError(f"rangefinder: sigma_m must be 0 or more metres, got {self.sigma_m}")
        if not 0.0 <= self.beam_width_rad <= 0.5:
            raise ConfigurationError(f"rangefinder: beam_width_rad must be from 0 to 0.5, got {self.beam_width_rad}")

    def read(
        self, model: Any, data: Any, position_m: np.ndarray, direction: np.ndarray, rng: np.random.Generator | None = None
    ) -> float:
        """One reading: the first echo that is strong enough to be heard.

        Power falls with the square of the range, with the cosine of the angle at which the surface is met, and with the share of
        the beam that meets it. Glass and the rig itself are not met.

        Args:
            model, data: mujoco.MjModel and MjData with its kinematics computed; nothing of them is changed.
            position_m: (3,) in the world. direction: (3,) of the beam in the world, of any length above 0.
            rng: of the noise; None: no noise.

        Returns:
            Metres; +inf: nothing within reach; NaN: something, but no echo (too near, too thin, met too flatly).

        Raises:
            InputError: a position or direction that makes no sense.
        """
        mujoco = load_mujoco()
        origin, axis = np.array(position_m, np.float64), np.array(direction, np.float64)
        if origin.shape != (3,) or not np.isfinite(origin).all():
            raise InputError(f"position of a rangefinder: wanted three finite numbers in metres, got {origin.tolist()}")
        if axis.shape != (3,) or not np.isfinite(axis).all() or not axis.any():
            raise InputError(f"direction of a rangefinder: wanted three finite numbers, not all 0, got {axis.tolist()}")
        rays = _beam(axis / np.linalg.norm(axis), self.beam_width_rad)
        geom, range_m, normal = np.empty(BEAM_RAYS, np.int32), np.empty(BEAM_RAYS), np.zeros((BEAM_RAYS, 3))
        mujoco.mj_multiRay(
            model, data, origin, rays.reshape(-1), SEEN_GROUPS, 1, -1, geom, range_m, normal.reshape(-1), BEAM_RAYS, _EVERYWHERE_M
        )
        met = (geom >= 0) & (range_m <= self.range_max_m)
        if not met.any():
            return math.inf
        power = np.abs(np.einsum("ij,ij->i", normal, rays)) / np.square(np.maximum(range_m, 1e-6) / self.range_max_m) / BEAM_RAYS
        for first_m in np.sort(range_m[met]):
            echo = met & (range_m >= first_m) & (range_m < first_m + ECHO_LENGTH_M)
            if power[echo].sum() >= LEAST_ECHO:
                reading = float(range_m[np.flatnonzero(echo)[0]])  # of the ray nearest to the axis
                break
        else:
            return math.nan
        if reading < self.range_min_m:
            return math.nan
        if rng is not None:
            reading += self.sigma_m * float(rng.standard_normal())
        return min(max(reading, self.range_min_m), self.range_max_m)


def _beam(axis: np.ndarray, width_rad: float) -> np.ndarray:
    """(BEAM_RAYS, 3) unit vectors spread evenly over a round beam, from its axis outwards. axis: (3,) unit vector."""
    helper = np.eye(3)[np.argmin(np.abs(axis))]
    across = np.cross(axis, helper)
    across /= np.linalg.norm(across)
    up = np.cross(axis, across)
    index = np.arange(BEAM_RAYS)
    off_axis = 0.5 * width_rad * np.sqrt(index / (BEAM_RAYS - 1))[:, None]
    turn = (index * _GOLDEN_ANGLE)[:, None]
    return np.asarray(np.cos(off_axis) * axis + np.sin(off_axis) * (np.cos(turn) * across + np.sin(turn) * up))


def _check_range(what: str, least_m: float, most_m: float) -> None:
    if not 0.0 < least_m < most_m < math.inf:
        raise ConfigurationError(f"{what}: range_min_m must be above 0 and below range_max_m, got {least_m} and {most_m}")
