"""The whole depth sensor's field of view, in a frame that stands still while the camera turns.

A picture shows a part of what a scanner sees. For a gimbal to turn inside the whole, readings are placed by their bearing and by
their horizontal distance from the camera, both in the cloud's own frame: where that frame does not turn, what is drawn stays put,
and only the part that the picture shows moves over it.

The cloud's frame is one of the two that sensors use: x ahead, y left, z up, or x right, y down, z ahead. Which one it is is seen
from the extrinsics: a camera stands upright more or less, so that the nearer of z and -y to the camera's own up is up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.projection import cloud_columns, project_columns
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.optics.camera import distortion_of
from auxfocus_ros.optics.distortion import undistorted_rays

_SAMPLES = 33  # along each side of the picture: a side is curved by distortion, and by tilt
_STEEP = 1e-6  # horizontal length of a unit vector that has no bearing worth the name
_SECTORS = 72
_FEW = 5e-4  # share of the readings: fewer in a sector may be strays
_LEAST_GAP_RAD = math.radians(29.9)


@dataclass(frozen=True, eq=False)
class PanoramaPoints:
    """All of a cloud's points by bearing and horizontal distance, in the cloud's order; points that are no returns are left out.

    Attributes:
        bearing_rad: (N,) float32, to the right of straight ahead in the cloud's frame, -pi to pi.
        distance_m: (N,) float32, horizontal distance from the camera, metres.
        in_picture: (N,) bool, whether the picture shows the point; those that it does are `project_cloud`'s, in its order.
        span_rad: (low, high), bearings between which the picture lies: low from -pi to pi, high - low above 0 and at most 2 pi,
            so that high is beyond pi where the picture looks backwards.
    """

    bearing_rad: NDArray[np.float32]
    distance_m: NDArray[np.float32]
    in_picture: NDArray[np.bool_]
    span_rad: tuple[float, float]

    def __len__(self) -> int:
        """Number of points."""
        return len(self.distance_m)

    @property
    def shown_count(self) -> int:
        """Number of points that the picture shows."""
        return int(np.count_nonzero(self.in_picture))

    def hiding(self, visible: NDArray[np.bool_]) -> PanoramaPoints:
        """The same points, of which the picture shows only those that the camera sees.

        Args:
            visible: (shown_count,) bool, as `visible_from_camera` says of what the picture shows.
        """
        in_picture = self.in_picture.copy()
        in_picture[self.in_picture] = visible
        return replace(self, in_picture=in_picture)


class LevelFrame(Enum):
    """Which way is up in a cloud's frame."""

    Z_UP = "z up"
    Y_DOWN = "y down"

    @property
    def axes(self) -> NDArray[np.float64]:
        """(3, 3): what is right, down and ahead in the cloud's frame; a bearing is atan2(right, ahead)."""
        return _AXES[self]


_AXES = {LevelFrame.Z_UP: np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]), LevelFrame.Y_DOWN: np.eye(3)}


def level_frame(optical_from_points: RigidTransform) -> LevelFrame:
    """The frame in which the camera stands the more upright.

    A camera on a gimbal that looks down steeply does not show it: find it once, while the camera looks about level, and keep it.
    """
    up = -optical_from_points.rotation[1]  # the camera's, in the cloud's frame
    return LevelFrame.Z_UP if up[2] >= -up[1] else LevelFrame.Y_DOWN


def place_by_bearing(
    points: NDArray[Any], optical_from_points: RigidTransform, camera: CameraModel, frame: LevelFrame | None = None
) -> PanoramaPoints:
    """Place a cloud's points by bearing and horizontal distance from the camera.

    Args:
        points: as for `project_cloud`.
        optical_from_points: from the cloud's frame to the camera's optical frame, at the time of the cloud.
        camera: the picture's camera.
        frame: which way is up in the cloud's frame; None: as `level_frame` says.

    Returns:
        The points; while the camera turns about its own centre, bearings and distances stay as they are.

    Raises:
        InputError: as of `project_cloud`.

    Source: US 12,395,751 B2, paragraph 56.
    """
    cloud = cloud_columns(points)
    _, shown = project_columns(cloud, optical_from_points, camera)
    axes = (frame or level_frame(optical_from_points)).axes
    centre = optical_from_points.inverse().translation_m
    # All three coordinates take part, so that a point with one that is not finite comes out as not finite.
    with np.errstate(invalid="ignore", over="ignore"):
        right, _, ahead = axes.astype(np.float32) @ (cloud - centre.astype(np.float32)[:, None])
        distance = np.hypot(right, ahead)
        bearing = np.arctan2(right, ahead)
    returns = np.isfinite(distance)
    in_picture = np.zeros(len(returns), np.bool_)
    in_picture[shown] = True
    if not returns.all():
        bearing, distance, in_picture = bearing[returns], distance[returns], in_picture[returns]
    return PanoramaPoints(bearing, distance, in_picture, picture_span(optical_from_points, camera, frame))


def picture_span(
    optical_from_points: RigidTransform, camera: CameraModel, frame: LevelFrame | None = None
) -> tuple[float, float]:
    """The bearings (low, high), radians, between which what the picture shows lies; see `PanoramaPoints.span_rad`."""
    level_from_optical = (frame or level_frame(optical_from_points)).axes @ optical_from_points.rotation.T
    heading = _heading(level_from_optical)
    down = level_from_optical[1]
    if any(_shows(camera, direction) for direction in (down, -down)):  # every bearing meets straight down, or straight up
        low, high = heading - math.pi, heading + math.pi
    else:
        right, _, ahead = level_from_optical @ _rays_of(camera).T
        off = (np.arctan2(right, ahead) - heading + math.pi) % (2 * math.pi) - math.pi
        low, high = heading + float(off.min()), heading + float(off.max())
    turn = math.floor((low + math.pi) / (2 * math.pi)) * 2 * math.pi
    return low - turn, high - turn


def focus_curve(
    depth_m: float, optical_from_points: RigidTransform, camera: CameraModel, frame: LevelFrame | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The focal plane in a panorama: where the picture's middle row meets it.

    Args:
        depth_m: of the focal plane in the optical frame, metres, > 0; +inf gives distances of +inf.
        optical_from_points, camera, frame: as for `place_by_bearing`.

    Returns:
        bearings (n,), radians, rising from one side of the picture to the other (and so beyond pi where it looks backwards), and
        horizontal distances (n,), metres. Of a level camera that is the depth over the cosine of the bearing off its axis.
    """
    level_from_optical = (frame or level_frame(optical_from_points)).axes @ optical_from_points.rotation.T
    heading = _heading(level_from_optical)
    right, _, ahead = level_from_optical @ _middle_row(camera).T
    off = (np.arctan2(right, ahead) - heading + math.pi) % (2 * math.pi) - math.pi
    order = np.argsort(off)
    low, _ = picture_span(optical_from_points, camera, frame)
    bearing = heading + off[order]
    turn = math.floor((bearing[0] - low) / (2 * math.pi) + 1e-9) * 2 * math.pi
    return bearing - turn, depth_m * np.hypot(right, ahead)[order]


def field_of_view(bearing_rad: NDArray[np.floating[Any]], present: tuple[float, float] | None = None) -> tuple[float, float]:
    """The bearings that a depth sensor covers, for an axis across that holds all that it may see.

    Args:
        bearing_rad: (N,) of its readings, -pi to pi.
        present: the field so far; it only grows, so that the axis comes to rest.

    Returns:
        (low, high), radians, multiples of 5 degrees; the whole circle where less than 30 degrees are missing, where it goes
        through straight behind, and where there is no reading.
    """
    counts, edges = np.histogram(bearing_rad, bins=_SECTORS, range=(-math.pi, math.pi))
    seen = np.flatnonzero(counts > _FEW * counts.sum())
    if len(seen):
        low, high = float(edges[seen[0]]), float(edges[seen[-1] + 1])
        if present is not None:
            low, high = min(low, present[0]), max(high, present[1])
        if high - low <= 2 * math.pi - _LEAST_GAP_RAD:
            return low, high
    elif present is not None:
        return present
    return -math.pi, math.pi


def _heading(level_from_optical: NDArray[np.float64]) -> float:
    """Bearing of the optical axis; looking straight down or up, of what is at the picture's upper (lower) edge."""
    right, down, ahead = level_from_optical[:, 2]
    if math.hypot(right, ahead) < _STEEP:
        right, _, ahead = -math.copysign(1.0, down) * level_from_optical[:, 1]
    return math.atan2(right, ahead)


def _shows(camera: CameraModel, direction: NDArray[np.float64]) -> bool:
    u, v = (float(pixel[0]) for pixel in camera.project(direction[None]))
    return -0.5 <= u < camera.width_px - 0.5 and -0.5 <= v < camera.height_px - 0.5


@lru_cache(maxsize=4)
def _rays_of(camera: CameraModel) -> NDArray[np.float64]:
    """Rays (n, 3) of a grid over the picture that has its border in it."""
    return _rays(
        camera,
        *np.meshgrid(np.linspace(-0.5, camera.width_px - 0.5, _SAMPLES), np.linspace(-0.5, camera.height_px - 0.5, _SAMPLES)),
    )


@lru_cache(maxsize=4)
def _middle_row(camera: CameraModel) -> NDArray[np.float64]:
    u = np.linspace(-0.5, camera.width_px - 0.5, _SAMPLES)
    return _rays(camera, u, np.full(_SAMPLES, (camera.height_px - 1) / 2))


def _rays(camera: CameraModel, u_px: NDArray[np.float64], v_px: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = (u_px - camera.cx_px) / camera.fx_px, (v_px - camera.cy_px) / camera.fy_px
    rays = undistorted_rays(distortion_of(camera), x, y).reshape(-1, 2)
    rays = rays[np.isfinite(rays).all(axis=1)]
    if not len(rays):
        rays = np.zeros((1, 2))  # a lens that reaches nothing but its axis
    return np.column_stack([rays, np.ones(len(rays))])
