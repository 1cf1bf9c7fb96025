"""A motion made exact: rotation and direction of translation that fit thousands of flow vectors best.

Gauss-Newton on Sampson's distance with Levenberg's damping, five unknowns: three of the rotation, two of the direction on the
sphere (the length of a translation cannot be seen). What does not fit, because it moves or was found wrongly, loses its
weight by Cauchy's function, whose width follows the errors that are there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.epipolar import Array, cross_matrix, off_epipolar_px, pose, rays, rotation_of, sampson_px
from auxfocus_ros.optics.camera import CameraModel

MOST_VECTORS = 4000
STEPS = 20
LEAST_STEP = 1e-5
"""A step this small, radians, is none."""
CAUCHY = 2.385
"""Width over standard deviation at which Cauchy's weights keep 95 % of least squares' precision."""
LEAST_SPREAD_PX = 0.03
"""Flow is never better than this."""
LEAST_VECTORS = 8


def refine_pose(flow: NDArray[np.float32], camera: CameraModel, keep: NDArray[np.bool_], start: Array) -> tuple[Array, float]:
    """The motion that fits a flow best, near a first guess.

    Args:
        flow: (H, W, 2) pixels, from the first picture to the second.
        camera: of pictures of that size.
        keep: (H, W), which vectors count: sure ones, of what stands.
        start: (4, 4) guess; the length of its translation and which of the two ways it points are kept.

    Returns:
        (4, 4) motion; median over the vectors of their distance from it in pixels (`off_epipolar_px`).

    Raises:
        InputError: shapes that do not fit, fewer than 8 vectors, or a start without translation.
    """
    if flow.shape != (*keep.shape, 2) or keep.shape != (camera.height_px, camera.width_px):
        raise InputError(
            f"refinement: the flow is {flow.shape}, the mask {keep.shape}, the camera {camera.width_px} x {camera.height_px} px; "
            "wanted (H, W, 2), (H, W) and W x H"
        )
    rows, columns = np.nonzero(keep)
    if len(rows) > MOST_VECTORS:
        chosen = np.random.default_rng(0).choice(len(rows), MOST_VECTORS, replace=False)
        rows, columns = rows[chosen], columns[chosen]
    points = np.column_stack((columns, rows)).astype(np.float64)
    first, second = rays(camera, points), rays(camera, points + flow[rows, columns])
    seen = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    return refine_rays(first[seen], second[seen], camera, start)


def refine_rays(first: Array, second: Array, camera: CameraModel, start: Array) -> tuple[Array, float]:
    """As `refine_pose`, of pairs of rays (N, 3)."""
    length = float(np.linalg.norm(start[:3, 3]))
    if len(first) < LEAST_VECTORS:
        raise InputError(f"refinement: {len(first)} vectors are kept, at least {LEAST_VECTORS} are needed")
    if not length > 0:
        raise InputError("refinement: the start has no translation, so there is no direction to refine")
    rotation, direction = start[:3, :3].copy(), start[:3, 3] / length
    damping = 1e-6
    error = sampson_px(first, second, camera, cross_matrix(direction) @ rotation)
    for _ in range(STEPS):
        width = CAUCHY * max(1.4826 * float(np.median(np.abs(error))), LEAST_SPREAD_PX)
        weights = 1.0 / (1.0 + np.square(error / width))
        slopes = _slopes(first, second, camera, rotation, direction)
        normal, gradient = (slopes * weights) @ slopes.T, slopes @ (weights * error)
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal)) + 1e-12 * np.eye(5), -gradient)
        tried = rotation_of(step[:3]) @ rotation, _unit(direction + step[3:] @ _across(direction))
        tried_error = sampson_px(first, second, camera, cross_matrix(tried[1]) @ tried[0])
        if _cost(tried_error, width) <= _cost(error, width):
            (rotation, direction), error, damping = tried, tried_error, max(damping / 10, 1e-9)
            if np.abs(step).max() < LEAST_STEP:
                break
        else:
            damping = max(damping * 30, 1e-6)
    motion = pose(rotation, direction * length)
    return motion, float(np.median(off_epipolar_px(first, second, camera, motion)))


def _cost(error: Array, width: float) -> float:
    return float(np.log1p(np.square(error / width)).sum())


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)


def _across(direction: Array) -> Array:
    """(2, 3): two unit vectors at right angles to a direction and to each other."""
    return np.linalg.svd(direction[None])[2][1:]


def _slopes(first: Array, second: Array, camera: CameraModel, rotation: Array, direction: Array) -> Array:
    """Derivatives (5, N) of Sampson's distances by a rotation vector applied after R, and by the direction's two."""
    scale = np.array([[camera.fx_px**-2], [camera.fy_px**-2]])
    cross = cross_matrix(direction)
    essential = cross @ rotation
    changes = [cross @ cross_matrix(axis) @ rotation for axis in np.eye(3)]
    changes += [cross_matrix(axis) @ rotation for axis in _across(direction)]
    one, two = np.ascontiguousarray(first.T), np.ascontiguousarray(second.T)
    line_2, line_1 = essential @ one, essential[:, :2].T @ two
    flat_2, flat_1 = line_2[:2] * scale, line_1 * scale
    slope = np.maximum((flat_2 * line_2[:2]).sum(axis=0) + (flat_1 * line_1).sum(axis=0), 1e-24)
    share = (two * line_2).sum(axis=0) / slope
    result = np.empty((5, len(first)))
    for row, change in zip(result, changes, strict=True):
        turn_2, turn_1 = change @ one, change[:, :2].T @ two
        row[:] = (two * turn_2).sum(axis=0) - share * ((flat_2 * turn_2[:2]).sum(axis=0) + (flat_1 * turn_1).sum(axis=0))
    return np.asarray(result / np.sqrt(slope))
