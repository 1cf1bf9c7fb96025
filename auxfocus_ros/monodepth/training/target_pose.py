"""The pose that a couple of frames is projected by: who says it, made exact with the flow of the static rest, and its length.

Source: US 12,387,354 B2, block 105; the points are those of the static rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate import PairDecision
from auxfocus_ros.monodepth.geometry.refinement import refine_pose
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate, PoseEstimator
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.couple_motion import STILL, CoupleMotion, rays
from auxfocus_ros.monodepth.training.pairs import TargetPose

MOST_MISSED_PX = 1.0
"""Median distance of the flow from what the refined motion allows: above it, the motion explains nothing."""
UNTOLD = "the camera's motion cannot be told (the gate's log says why)"
UNEXPLAINED = "no motion of the camera explains what is seen to move"
NO_DEPTH = "the parallax agrees with no depth"
LEAST_WAY_M = 1e-6
LEAST_ANGLE_RAD = 0.002
"""Between the rays to a point, for its depth to be told from them."""
LEAST_POINTS = 50


def known_pose(sequence: Sequence, frames: tuple[int, int], motion: CoupleMotion, decision: PairDecision) -> PoseEstimate:
    """What the sequence itself says. Raises ConfigurationError where it says nothing."""
    matrix = sequence.motion(*frames)
    if matrix is None:
        raise ConfigurationError(f"sequence '{sequence.name}': its poses are not known; wanted --pose network or epipolar")
    return PoseEstimate(matrix, metric=True, problem=STILL if np.linalg.norm(matrix[:3, 3]) < LEAST_WAY_M else "")


def estimated_pose(estimator: PoseEstimator | None) -> TargetPose:
    """What an estimator tells from the static images, refined by the flow; its own length is kept.

    estimator: None: the gate's, whose answer stands in the decision already.
    """

    def target_pose(sequence: Sequence, frames: tuple[int, int], motion: CoupleMotion, decision: PairDecision) -> PoseEstimate:
        if estimator is None:
            found = decision.target_pose
        else:
            keep = [~one.movable if one.movable.any() else None for one in (decision.first, decision.second)]
            found = estimator.estimate(
                decision.first.picture, decision.second.picture, sequence.camera, keep_first=keep[0], keep_second=keep[1]
            )
        if found.problem:
            return PoseEstimate(found.matrix, found.metric, UNTOLD)
        if np.linalg.norm(found.matrix[:3, 3]) < LEAST_WAY_M:
            return PoseEstimate(found.matrix, found.metric, STILL)
        matrix, missed_px = refine_pose(motion.flow_px, sequence.camera, motion.counts, found.matrix)
        return PoseEstimate(matrix, found.metric, UNEXPLAINED if missed_px > MOST_MISSED_PX else "")

    return target_pose


def with_length_by_depth(target_pose: TargetPose, depth_of: Callable[[Sequence, int], NDArray[np.float32]]) -> TargetPose:
    """The same poses, each so long that the depth which parallax then tells has the median ratio 1 to a depth seen before.

    So what is learned changes the shape of the depth and not, from frame to frame, its scale.

    Args:
        target_pose: rotation and direction.
        depth_of: (H, W) depth of a frame of a sequence, metres.
    """

    def scaled(sequence: Sequence, frames: tuple[int, int], motion: CoupleMotion, decision: PairDecision) -> PoseEstimate:
        found = target_pose(sequence, frames, motion, decision)
        if found.problem:
            return found
        length = length_by_depth(found.matrix, sequence, motion, depth_of(sequence, frames[0]))
        matrix = found.matrix.copy()
        matrix[:3, 3] *= length / np.linalg.norm(matrix[:3, 3])
        return PoseEstimate(matrix if length else found.matrix, True, "" if length else NO_DEPTH)

    return scaled


def length_by_depth(pose: NDArray[np.float64], sequence: Sequence, motion: CoupleMotion, depth_m: NDArray[np.float32]) -> float:
    """Length of a pose's translation, metres, by the depth of the first picture; 0 where too few points have parallax."""
    rows, columns = np.nonzero(motion.counts & np.isfinite(depth_m) & (depth_m > 0))
    start = np.column_stack([columns, rows])
    first, second = rays(start, sequence.camera), rays(start + motion.flow_px[rows, columns], sequence.camera)
    away, told = triangulated(first, second, pose[:3, :3], pose[:3, 3] / np.linalg.norm(pose[:3, 3]))
    ratio = depth_m[rows, columns][told] / away[told]
    return float(np.median(ratio)) if len(ratio) >= LEAST_POINTS else 0.0


def triangulated(
    first: NDArray[Any], second: NDArray[Any], rotation: NDArray[Any], translation: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Depth z of points that two cameras see, from x2 x (z R x1 + t) = 0 by least squares.

    Args:
        first, second: (N, 3), unit vectors to the points from each camera.
        rotation, translation: (3, 3) and (3,), from the first camera's frame into the second's.

    Returns:
        (N,) depth in the first camera's frame in the translation's unit; (N,) bool, where it is above 0 and the rays are far
        enough from parallel.
    """
    turned = first @ rotation.T
    across, moved = np.cross(second, turned), np.cross(second, np.broadcast_to(translation, second.shape))
    squared = np.einsum("ij,ij->i", across, across)
    told = squared > LEAST_ANGLE_RAD**2
    length = -np.einsum("ij,ij->i", across, moved) / np.where(told, squared, 1.0)
    return length * first[:, 2], told & (length > 0)
