"""Motions in pairs of rays: the essential matrix, a rotation alone, a plane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.monodepth.geometry.epipolar import cross_matrix, off_epipolar_px, pose, rotation_of
from auxfocus_ros.monodepth.geometry.essential import (
    essential_motion,
    exact_motion,
    misfit_px,
    motions_in,
    plane_motions,
    rotation_alone,
    unit_motion,
)
from auxfocus_ros.optics.camera import CameraModel

Seen = Callable[..., tuple[Any, Any]]
Apart = Callable[[Any, Any], tuple[float, float]]


def test_four_motions_are_in_a_matrix_and_one_is_the_true_one(motion: np.ndarray) -> None:
    motions = motions_in(cross_matrix(motion[:3, 3]) @ motion[:3, :3])
    assert len(motions) == 4
    assert sum(np.allclose(each, motion, atol=1e-9) for each in motions) == 1
    # The others: the translation turned round, and each turned by half a turn about it.
    half_turn = rotation_of(np.pi * motion[:3, 3])
    assert sum(np.allclose(each[:3, :3], half_turn @ motion[:3, :3], atol=1e-9) for each in motions) == 2
    assert all(np.linalg.det(each[:3, :3]) == pytest.approx(1) for each in motions)


@pytest.mark.parametrize("translation", [(1, 0, 0), (0, 0, 1), (0, 0, -1), (0, -0.6, 0.8)])
def test_the_motion_is_found_among_points_that_go_elsewhere(
    translation: tuple[float, float, float], seen: Seen, apart: Apart, camera: CameraModel
) -> None:
    truth = pose(rotation_of(np.array([0.02, 0.03, -0.01])), np.array(translation, float))
    first, second = seen(truth, noise_px=0.05)
    second[:90, :2] += np.random.default_rng(1).uniform(-0.1, 0.1, (90, 2))  # up to 16 px
    begun = essential_motion(first, second, camera)
    assert begun is not None
    found = exact_motion(first, second, camera, [begun])
    turn, degrees = apart(found, truth)
    assert turn < 2e-3 and degrees < 2
    assert np.linalg.norm(found[:3, 3]) == pytest.approx(1)


def test_the_same_points_always_give_the_same(seen: Seen, motion: np.ndarray, camera: CameraModel) -> None:
    first, second = seen(motion, noise_px=0.3)
    found = [essential_motion(first, second, camera) for _ in range(3)]
    assert found[0] is not None and np.array_equal(found[0], found[1]) and np.array_equal(found[1], found[2])  # type: ignore[arg-type]


def test_a_bad_beginning_does_not_end_badly(seen: Seen, motion: np.ndarray, apart: Apart, camera: CameraModel) -> None:
    first, second = seen(motion, noise_px=0.05)
    wrong = pose(np.eye(3), np.array([-0.6, 0.0, 0.8]))
    turn, degrees = apart(exact_motion(first, second, camera, [wrong]), motion)
    assert turn < 1e-3 and degrees < 1


def test_a_rotation_is_told_in_spite_of_what_moves(seen: Seen, camera: CameraModel) -> None:
    truth = pose(rotation_of(np.array([0.1, -0.05, 0.2])), np.zeros(3))
    first, second = seen(truth)
    second[:100, 0] += 0.05
    found = rotation_alone(first, second, camera)
    assert found == pytest.approx(truth, abs=1e-3)
    assert not found[:3, 3].any()


def test_a_plane_allows_the_true_motion_and_at_most_one_more(
    seen: Seen, motion: np.ndarray, apart: Apart, camera: CameraModel
) -> None:
    first, second = seen(motion, plane=True)
    motions, missed_px = plane_motions(first, second, camera)
    assert missed_px.max() < 1e-3
    assert 1 <= len(motions) <= 2
    turn, degrees = min(apart(each, motion) for each in motions)
    assert turn < 1e-4 and degrees < 0.1
    for each in motions:
        assert np.median(off_epipolar_px(first, second, camera, each)) < 1e-3
    assert np.percentile(plane_motions(*seen(motion), camera)[1], 75) > 0.5


def test_too_few_points_and_points_all_alike_give_no_motion(camera: CameraModel) -> None:
    one = np.array([[0.1, 0.2, 1.0]])
    assert essential_motion(np.repeat(one, 5, axis=0), np.repeat(one, 5, axis=0), camera) is None
    assert plane_motions(np.repeat(one, 4, axis=0), np.repeat(one, 4, axis=0), camera)[0] == []
    alike = np.repeat(one, 30, axis=0)
    assert plane_motions(alike, alike, camera)[0] == []
    found = essential_motion(alike, alike, camera)
    assert found is None or np.isfinite(found).all()


def test_misfit_counts_what_does_not_fit_no_more_than_two_pixels(seen: Seen, motion: np.ndarray, camera: CameraModel) -> None:
    first, second = seen(motion, count=100)
    second[:25, 1] += 1.0
    assert misfit_px(first, second, camera, motion) == pytest.approx(0.5, abs=1e-6)


def test_a_unit_motion_keeps_none_as_none() -> None:
    assert unit_motion(pose(np.eye(3), np.array([0, 3.0, 4.0])))[:3, 3].tolist() == [0, 0.6, 0.8]
    assert np.array_equal(unit_motion(np.eye(4)), np.eye(4))
