"""Where readings stand across, as the counting takes it: a plane of depths, and a place or a column for each.

Points, bearings and depth images differ only in how a reading's place across is known: from the reading itself, from its pixel
alone, or from its pixel and its depth. Here each becomes one `Readings`, which one loop goes through (`scan.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.panorama import PanoramaPoints
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel

_OFF = -(1 << 20)  # as a column: beside the axis, whatever is added to it
_ALONG = 1e-9  # of the sine or the cosine: a direction nearer to an image axis than this runs along it
_EMPTY = np.empty(0, np.float32)
_EMPTY_PLANE = np.empty((0, 0), np.float32)
_EMPTY_COLUMNS = np.empty(0, np.int32)
PLAIN: tuple[Literal["C", "A"], ...] = ("C", "A")
"""For `numpy.require`: what the compiled loops take, contiguous and at an address that suits the type."""


@dataclass(frozen=True, eq=False)
class Readings:
    """Depths, and where they stand across.

    Attributes:
        depth: (H, W) float32 or uint16, C-contiguous; points are one row.
        unit_m: metres a unit of `depth`.
        x_columns, y_columns: (W,) and (H,) int32: the column is their sum; with empty ones the place across is a number:
        x_factors, y_factors: (W,) and (H,) float32: the place is their sum; with empty ones it is in
        plane: (H, W) float32.
        by_depth: the place is to be multiplied by the depth.
    """

    depth: NDArray[Any]
    unit_m: float = 1.0
    x_columns: NDArray[np.int32] = field(default_factory=lambda: _EMPTY_COLUMNS)
    y_columns: NDArray[np.int32] = field(default_factory=lambda: _EMPTY_COLUMNS)
    x_factors: NDArray[np.float32] = field(default_factory=lambda: _EMPTY)
    y_factors: NDArray[np.float32] = field(default_factory=lambda: _EMPTY)
    plane: NDArray[np.float32] = field(default_factory=lambda: _EMPTY_PLANE)
    by_depth: bool = False


def readings_of_points(points: ProjectedPoints | PanoramaPoints, across: AcrossAxis) -> Readings:
    """Points, each with its own place across.

    Raises:
        InputError: arrays that are not of one length, or an axis across in a unit that the points do not have.
    """
    if isinstance(points, PanoramaPoints) != (across.unit == "radians"):
        kind = "a panorama's points" if isinstance(points, PanoramaPoints) else "the picture's points"
        raise InputError(f"counting points: an axis across in {across.unit} does not fit {kind}")
    if isinstance(points, PanoramaPoints):
        return _readings_of_places(points.distance_m, points.bearing_rad)
    first, second = (points.u_px, points.v_px) if across.unit == "pixels" else (points.x_m, points.y_m)
    cosine, sine = _direction(across.angle_rad)
    with np.errstate(over="ignore", invalid="ignore"):  # what float32 cannot hold becomes infinite, which is no reading
        place = first if sine == 0 and cosine == 1 else second if cosine == 0 and sine == 1 else first * cosine + second * sine
    return _readings_of_places(points.depth_m, place)


def readings_of_image(depth: NDArray[Any], across: AcrossAxis, unit_m: float, camera: CameraModel | None) -> Readings:
    """Pixels of a depth image.

    Raises:
        InputError: another type or shape, a unit out of range, metres across without the depth image's camera, or radians.
    """
    if depth.ndim != 2 or depth.dtype not in (np.float32, np.uint16):
        raise InputError(f"depth image: wanted (H, W) float32 metres or uint16, got shape {depth.shape} of {depth.dtype}")
    if not depth.shape[1]:
        raise InputError(f"depth image: the width must be greater than 0 px, got shape {depth.shape}")
    if not 0 < unit_m < np.inf:
        raise InputError(f"depth image: the unit must be greater than 0 m, got {unit_m!r}")
    depth = np.require(depth, requirements=PLAIN)
    unit = 1.0 if depth.dtype == np.float32 else unit_m
    cosine, sine = _direction(across.angle_rad)
    x, y = np.arange(depth.shape[1], dtype=np.float64), np.arange(depth.shape[0], dtype=np.float64)
    if across.unit == "pixels":
        # Columns in float64 and by the formula of their edges, so that every pixel's middle is on the right side.
        if sine == 0:
            return Readings(depth, unit, _columns_of(x * cosine, across), np.zeros(len(y), np.int32))
        if cosine == 0:
            return Readings(depth, unit, np.zeros(len(x), np.int32), _columns_of(y * sine, across))
        return Readings(depth, unit, x_factors=(x * cosine).astype(np.float32), y_factors=(y * sine).astype(np.float32))
    if across.unit == "radians":
        raise InputError("depth image: an axis across in radians is for clouds: make points of the depth image first")
    if camera is None or (camera.height_px, camera.width_px) != depth.shape:
        size = "none" if camera is None else f"one of {camera.width_px} x {camera.height_px}"
        raise InputError(
            f"depth image: metres across need the camera model of the {depth.shape[1]} x {depth.shape[0]} depth image, got {size}"
        )
    if camera.distortion_model != "equidistant" and not any(camera.distortion):
        # The rays of a camera without distortion are known at once, also of one whose focal length changes with the focus.
        x_factors = cosine * (x - camera.cx_px) / camera.fx_px
        y_factors = sine * (y - camera.cy_px) / camera.fy_px
        return Readings(
            depth, unit, x_factors=x_factors.astype(np.float32), y_factors=y_factors.astype(np.float32), by_depth=True
        )
    return Readings(depth, unit, plane=_ray_plane(camera, cosine, sine), by_depth=True)


def _readings_of_places(depth_m: NDArray[Any], place: NDArray[Any]) -> Readings:
    with np.errstate(over="ignore"):
        depth, places = (np.require(part, np.float32, PLAIN) for part in (depth_m, place))
    if depth.ndim != 1 or depth.shape != places.shape:
        raise InputError(f"points: wanted arrays of one shape (N,), got {depth.shape} and {places.shape}")
    return Readings(depth[None], plane=places[None])


def _columns_of(place: NDArray[np.float64], across: AcrossAxis) -> NDArray[np.int32]:
    column = np.floor((place - across.low) * across.columns / (across.high - across.low))
    return np.where((column >= 0) & (column < across.columns), column, _OFF).astype(np.int32)


def _direction(angle_rad: float) -> tuple[float, float]:
    """Cosine and sine, exactly 0 and 1 along the image's axes."""
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    if abs(sine) < _ALONG:
        return math.copysign(1.0, cosine), 0.0
    return (0.0, math.copysign(1.0, sine)) if abs(cosine) < _ALONG else (cosine, sine)


@lru_cache(maxsize=2)
def _ray_plane(camera: CameraModel, cosine: float, sine: float) -> NDArray[np.float32]:
    rays = camera.ray_table()
    plane = rays[..., 0] * np.float32(cosine)
    if sine:
        plane += rays[..., 1] * np.float32(sine)
    plane.setflags(write=False)
    return plane
