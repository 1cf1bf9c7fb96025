"""The epipolar constraint of two views: rays, and how far a pair of points is from what a motion allows.

Everything is in pixels where it is compared, so that a threshold means the same for every camera.
Source: US 12,387,354 B2, block 105, as it is meant: x2^T [t]x R x1 = 0 with x = K^-1 p. Sampson's distance: Hartley and
Zisserman, "Multiple View Geometry" (2003), 11.4.3.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel, distortion_of
from auxfocus_ros.optics.distortion import undistorted_rays

Array = NDArray[np.float64]
NARROWEST_DEG, WIDEST_DEG = 0.5, 175.0
FAR_OFF_PX = 1e6
"""What a motion puts behind the camera is so far from wherever it was seen."""


def check_intrinsics(camera: CameraModel, picture_shape: tuple[int, ...]) -> None:
    """That intrinsics are those of a picture.

    Args:
        camera: pixels of that picture.
        picture_shape: (height, width) or (height, width, channels).

    Raises:
        InputError: of another size, a principal point outside the picture, or an angle of view that no such camera has.
    """
    height, width = picture_shape[:2]
    if (camera.height_px, camera.width_px) != (height, width):
        raise InputError(
            f"intrinsics: they are of {camera.width_px} x {camera.height_px} px, the picture has {width} x {height}; give "
            "those of this picture, or scale them with it"
        )
    if not (0 <= camera.cx_px <= width - 1 and 0 <= camera.cy_px <= height - 1):
        raise InputError(
            f"intrinsics: the principal point ({camera.cx_px:g}, {camera.cy_px:g}) lies outside the picture, "
            f"{width} x {height} px"
        )
    for name, focal_px, side_px in (("fx", camera.fx_px, width), ("fy", camera.fy_px, height)):
        view_deg = np.degrees(2 * np.arctan(0.5 * side_px / focal_px))
        if not NARROWEST_DEG <= view_deg <= WIDEST_DEG:
            raise InputError(
                f"intrinsics: {name} is {focal_px:g} px, an angle of view of {view_deg:.3g} degrees over {side_px} px; wanted "
                f"{NARROWEST_DEG:g} to {WIDEST_DEG:g} degrees (is the focal length in pixels?)"
            )


def rays(camera: CameraModel, points_px: NDArray[np.floating]) -> Array:
    """Camera coordinates of pixels: (N, 2) pixels to (N, 3) K^-1 p, z = 1, without distortion; NaN where there is no ray."""
    points = np.asarray(points_px, np.float64)
    x, y = (points[:, 0] - camera.cx_px) / camera.fx_px, (points[:, 1] - camera.cy_px) / camera.fy_px
    flat = undistorted_rays(distortion_of(camera), x, y)
    return np.column_stack((flat, np.ones(len(flat))))


def cross_matrix(vector: Array) -> Array:
    """[t]x (3, 3) of t (3,): cross_matrix(t) @ p is t x p."""
    x, y, z = vector
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def pose(rotation: Array, translation: Array) -> Array:
    """(4, 4) of R (3, 3) and t (3,), as block 105 splices them: p2 = R p1 + t."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, translation
    return matrix


def rotation_of(vector: Array) -> Array:
    """R (3, 3) of a rotation vector (3,), radians."""
    return np.asarray(cv2.Rodrigues(np.asarray(vector, np.float64))[0])


def off_epipolar_px(first: Array, second: Array, camera: CameraModel, motion: Array) -> Array:
    """How far each second point lies from where a motion allows what was seen at the first to be.

    That is half of the epipolar line: it begins where something infinitely far away would be, and ends at the epipole. A motion
    without translation allows one place only. So what a plain epipolar distance lets pass, a thing that would have to be behind
    the camera, counts here.

    Args:
        first, second: (N, 3) rays, see `rays`.
        motion: (4, 4).

    Returns:
        (N,) pixels, >= 0.
    """
    focal = np.array([camera.fx_px, camera.fy_px])
    turned = first @ motion[:3, :3].T
    ahead = turned[:, 2] > 1e-6
    depth = np.where(ahead, turned[:, 2], 1.0)[:, None]
    at_infinity = turned[:, :2] / depth
    missed = (second[:, :2] - at_infinity) * focal
    way = (motion[:2, 3] - at_infinity * motion[2, 3]) / depth * focal
    length = np.hypot(way[:, 0], way[:, 1])
    unit = way / np.maximum(length, 1e-12)[:, None]
    # A translation towards the camera lets things leave the picture; one away from it lets none go past the epipole.
    longest = length * depth[:, 0] / motion[2, 3] if motion[2, 3] > 1e-12 else np.inf
    along = np.clip((missed * unit).sum(axis=1), 0.0, longest)
    rest = missed - along[:, None] * unit
    return np.asarray(np.where(ahead, np.hypot(rest[:, 0], rest[:, 1]), FAR_OFF_PX))


def sampson_px(first: Array, second: Array, camera: CameraModel, essential: Array) -> Array:
    """Signed distance (N,), pixels, of pairs of rays (N, 3) from the constraint x2^T E x1 = 0, to first order."""
    line_2, line_1 = first @ essential.T, second @ essential
    slope = np.square(line_2[:, :2] / (camera.fx_px, camera.fy_px)) + np.square(line_1[:, :2] / (camera.fx_px, camera.fy_px))
    return np.asarray((second * line_2).sum(axis=1) / np.sqrt(np.maximum(slope.sum(axis=1), 1e-24)))
