"""Rotation and translation in pairs of points: the essential matrix, and simpler motions that may explain them as well.

Between neighbouring pictures of a film, rotation and translation look much alike, and the best five points may say a motion that
is far from the best one for all. So that one is sought from several beginnings.

Source: US 12,387,354 B2, block 105, with x2^T [t]x R x1 = 0. The matrix is found by OpenCV (five points at a time; MAGSAC++,
Barath et al. 2020, against what does not fit). Of its four motions the one is taken that puts what was seen in front of both
cameras; `off_epipolar_px` tells, and not triangulated depths, which far things do not have.
"""

from __future__ import annotations

import cv2
import numpy as np

from auxfocus_ros.monodepth.geometry.epipolar import Array, off_epipolar_px, pose
from auxfocus_ros.monodepth.geometry.refinement import refine_rays
from auxfocus_ros.optics.camera import CameraModel

INLIER_PX = 0.5
CONFIDENCE = 0.999
FITS_PX = 2.0
"""What is farther off than this does not fit at all, how far ever."""
TURNS = 10
LEAST_SPREAD_PX = 0.05
STARTING_PAIRS = 400
ESSENTIAL_POINTS, PLANE_POINTS = 6, 5


def essential_motion(first: Array, second: Array, camera: CameraModel) -> Array | None:
    """The motion in pairs of rays (N, 3), by the essential matrix: (4, 4) with |t| = 1; None where none is found."""
    if len(first) < ESSENTIAL_POINTS:
        return None
    focal_px = _focal_px(camera)
    plain = np.diag([focal_px, focal_px, 1.0])
    cv2.setRNGSeed(0)
    try:
        found, _ = cv2.findEssentialMat(
            first[:, :2] * focal_px,
            second[:, :2] * focal_px,
            plain,
            method=cv2.USAC_MAGSAC,
            prob=CONFIDENCE,
            threshold=INLIER_PX,
        )
    except cv2.error:  # it gives up by an assertion where its samples are all alike
        return None
    if found is None or not np.isfinite(found).all():
        return None
    several = np.asarray(found, np.float64).reshape(-1, 3, 3)
    motions = [motion for one in several for motion in motions_in(one)]
    return best_motion(first, second, camera, motions)


def motions_in(essential: Array) -> list[Array]:
    """The four motions (4, 4) with |t| = 1 that an essential matrix (3, 3) can mean."""
    one, other, shift = cv2.decomposeEssentialMat(essential)
    direction = np.asarray(shift, np.float64)[:, 0]
    return [pose(np.asarray(turn), sign * direction) for turn in (one, other) for sign in (1.0, -1.0)]


def best_motion(first: Array, second: Array, camera: CameraModel, motions: list[Array]) -> Array:
    """Which of some motions fits pairs of rays best."""
    return min(motions, key=lambda motion: misfit_px(first, second, camera, motion))


def misfit_px(first: Array, second: Array, camera: CameraModel, motion: Array) -> float:
    """Mean distance of pairs of rays from what a motion allows, where what does not fit at all counts `FITS_PX`."""
    return float(np.minimum(off_epipolar_px(first, second, camera, motion), FITS_PX).mean())


def exact_motion(first: Array, second: Array, camera: CameraModel, beginnings: list[Array]) -> Array:
    """The motion (4, 4) with |t| = 1 that fits pairs of rays best, sought from these and from translations along the six axes.

    Args:
        first, second: (N, 3) rays, N at least 8.
        beginnings: (4, 4) each; those without translation are passed over.
    """
    turn = rotation_alone(first, second, camera)[:3, :3]
    tried = [*beginnings, *(pose(turn, sign * axis) for axis in np.eye(3) for sign in (1.0, -1.0))]
    some = np.random.default_rng(0).permutation(len(first))[:STARTING_PAIRS]
    coarse = [
        refine_rays(first[some], second[some], camera, unit_motion(motion))[0]
        for motion in tried
        if np.linalg.norm(motion[:3, 3]) > 0
    ]
    return refine_rays(first, second, camera, best_motion(first, second, camera, coarse))[0]


def unit_motion(motion: Array) -> Array:
    """A motion with its translation made one long; none stays none."""
    length = float(np.linalg.norm(motion[:3, 3]))
    return pose(motion[:3, :3], motion[:3, 3] / length if length > 0 else np.zeros(3))


def rotation_alone(first: Array, second: Array, camera: CameraModel) -> Array:
    """The rotation that explains pairs of rays best, robustly: (4, 4) with t = 0 (Kabsch's solution, weighted anew in turns)."""
    one = first / np.linalg.norm(first, axis=1)[:, None]
    two = second / np.linalg.norm(second, axis=1)[:, None]
    weights, motion = np.ones(len(one)), np.eye(4)
    for _ in range(TURNS):
        left, _, right = np.linalg.svd((two * weights[:, None]).T @ one)
        left[:, 2] *= np.linalg.det(left @ right)
        motion = pose(left @ right, np.zeros(3))
        off = off_epipolar_px(first, second, camera, motion)
        weights = 1.0 / (1.0 + np.square(off / max(float(np.median(off)), LEAST_SPREAD_PX)))
    return motion


def plane_motions(first: Array, second: Array, camera: CameraModel) -> tuple[list[Array], Array]:
    """The motions that pairs of rays would mean if all were of one plane.

    Returns:
        Those (4, 4) with |t| = 1 that have the plane in front of both cameras, mostly two; empty where no homography is found,
        or it is a rotation's. And (N,) how far each pair is from the homography, pixels; inf where there is none.
    """
    nothing: tuple[list[Array], Array] = [], np.full(len(first), np.inf)
    if len(first) < PLANE_POINTS:
        return nothing
    focal_px = _focal_px(camera)
    cv2.setRNGSeed(0)
    try:
        found, _ = cv2.findHomography(
            first[:, :2] * focal_px, second[:, :2] * focal_px, method=cv2.USAC_MAGSAC, ransacReprojThreshold=INLIER_PX
        )
    except cv2.error:
        return nothing
    if found is None or not np.isfinite(found).all():
        return nothing
    plain = np.diag([focal_px, focal_px, 1.0])
    there = first @ (np.linalg.inv(plain) @ found @ plain).T
    off = np.hypot(*((there[:, :2] / there[:, 2:] - second[:, :2]) * focal_px).T)
    _, turns, shifts, normals = cv2.decomposeHomographyMat(found, plain)
    motions = []
    for turn, shift, normal in zip(turns, shifts, normals, strict=True):
        length = float(np.linalg.norm(shift))
        if length > 1e-9 and np.median(first @ normal[:, 0]) > 0:
            motions.append(pose(np.asarray(turn, np.float64), np.asarray(shift, np.float64)[:, 0] / length))
    return motions, off


def _focal_px(camera: CameraModel) -> float:
    """One focal length for both directions: OpenCV measures its errors in a picture with square pixels."""
    return float(np.sqrt(camera.fx_px * camera.fy_px))
