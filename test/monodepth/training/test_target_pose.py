"""The pose that is projected by: known, estimated and refined, and its length by a depth that is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate import Gate, GateOptions, StaticAndDynamic, judge
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.monodepth.training.couple_motion import STILL, CoupleMotion, couple_motion
from auxfocus_ros.monodepth.training.target_pose import (
    NO_DEPTH,
    UNEXPLAINED,
    UNTOLD,
    estimated_pose,
    known_pose,
    length_by_depth,
    triangulated,
    with_length_by_depth,
)


class Says:
    """A PoseEstimator that always says the same."""

    def __init__(self, matrix: np.ndarray, problem: str = "") -> None:
        self._said = PoseEstimate(matrix, False, problem)

    def estimate(self, *pictures: Any, **how: Any) -> PoseEstimate:
        return self._said


def asked(sequence: Any, estimator: Says) -> tuple[Any, CoupleMotion, Any]:
    first, second = (StaticAndDynamic(sequence.pictures[n], sequence.classes[n] == 5) for n in (0, 1))
    decision = judge(first, second, sequence.camera, estimator, Gate(np.ones((4, 4))), options=GateOptions())
    return sequence, couple_motion(first, second, sequence.camera), decision


def test_triangulated_depth_by_hand() -> None:
    # A point at x 1, z 4, which a camera a metre to the right sees straight ahead: t = (-1, 0, 0).
    first = np.array([[1.0, 0.0, 4.0], [0.0, 0.0, 1.0]]) / [[np.sqrt(17.0)], [1.0]]
    second = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]])  # of the other one the rays are parallel
    depth, told = triangulated(first, second, np.eye(3), np.array([-1.0, 0.0, 0.0]))
    assert depth[0] == pytest.approx(4.0) and told.tolist() == [True, False]
    # Seen to the wrong side, it would be behind.
    assert not triangulated(first[:1], second[:1], np.eye(3), np.array([1.0, 0.0, 0.0]))[1][0]


def test_a_known_pose(film: Any) -> None:
    sequence, motion, decision = asked(film(2), Says(np.eye(4)))
    found = known_pose(sequence, (0, 1), motion, decision)
    assert found.matrix[:3, 3] == pytest.approx([-0.08, 0.0, -0.03]) and not found.problem
    assert known_pose(sequence, (0, 0), motion, decision).problem == STILL
    unknown = type(sequence)("x", sequence.pictures, sequence.camera, sequence.stamps_s)
    with pytest.raises(ConfigurationError, match="'x': its poses are not known"):
        known_pose(unknown, (0, 1), motion, decision)


def test_an_estimate_is_refined_and_keeps_its_length(film: Any) -> None:
    guess = np.eye(4)
    guess[:3, 3] = np.array([-0.09, 0.01, -0.02]) * 3  # the direction is about right, the length is not
    sequence, motion, decision = asked(film(2), Says(guess))
    found = estimated_pose(None)(sequence, (0, 1), motion, decision)
    true = np.array([-0.08, 0.0, -0.03])
    cosine = found.matrix[:3, 3] @ true / np.linalg.norm(found.matrix[:3, 3]) / np.linalg.norm(true)
    assert cosine > 0.99 and np.linalg.norm(found.matrix[:3, 3]) == pytest.approx(np.linalg.norm(guess[:3, 3]))
    assert np.allclose(found.matrix[:3, :3], np.eye(3), atol=0.005) and not found.problem
    assert np.array_equal(estimated_pose(Says(guess))(sequence, (0, 1), motion, decision).matrix, found.matrix)


def test_problems_of_an_estimate(film: Any) -> None:
    guess = np.eye(4)
    guess[0, 3] = -0.1
    sequence, motion, decision = asked(film(2), Says(guess))
    assert estimated_pose(Says(guess, "a plane"))(sequence, (0, 1), motion, decision).problem == UNTOLD
    assert estimated_pose(Says(np.eye(4)))(sequence, (0, 1), motion, decision).problem == STILL
    wild = np.random.default_rng(0).normal(0, 8, motion.flow_px.shape).astype(np.float32)
    confused = CoupleMotion(wild, np.ones_like(motion.counts), "")
    assert estimated_pose(Says(guess))(sequence, (0, 1), confused, decision).problem == UNEXPLAINED


def test_length_by_the_depth_that_is_seen(film: Any) -> None:
    sequence, motion, decision = asked(film(2, way_m=(0.2, 0.0, 0.0)), Says(np.eye(4)))
    pose = sequence.motion(0, 1)
    true = np.asarray(sequence.depth_m[0], np.float32)
    assert length_by_depth(pose, sequence, motion, true) == pytest.approx(0.2, rel=0.05)
    twice = with_length_by_depth(known_pose, lambda one, frame: 2 * one.depth_m[frame])
    assert np.linalg.norm(twice(sequence, (0, 1), motion, decision).matrix[:3, 3]) == pytest.approx(0.4, rel=0.05)
    blind = with_length_by_depth(known_pose, lambda one, frame: np.full_like(true, np.nan))
    assert blind(sequence, (0, 1), motion, decision).problem == NO_DEPTH
