"""What of two frames tells depth: parallax, and neither standing still, nor turning, nor a cut."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.monodepth.gate import StaticAndDynamic
from auxfocus_ros.monodepth.training.couple_motion import (
    CUT,
    NOT_STATIC,
    STILL,
    TURNED,
    beyond_rotation_px,
    couple_motion,
    likeness,
)
from auxfocus_ros.optics.camera import CameraModel

CAMERA = CameraModel(320, 240, 300.0, 280.0, 150.0, 125.0)


def seen(sequence: Any, frame: int) -> StaticAndDynamic:
    return StaticAndDynamic(sequence.pictures[frame], sequence.classes[frame] == 5)


@pytest.mark.parametrize(
    ("film_options", "problem"),
    [
        ({}, ""),
        ({"turn_rad": 0.01}, ""),
        ({"thing_m": (0.1, 0.0, 0.0)}, ""),
        ({"way_m": (0.0, 0.0, 0.0)}, STILL),
        ({"way_m": (0.0, 0.0, 0.0), "thing_m": (0.1, 0.0, 0.0)}, STILL),
        ({"way_m": (0.0, 0.0, 0.0), "turn_rad": 0.02}, TURNED),
    ],
)
def test_a_problem_is_said(film: Any, film_options: dict[str, Any], problem: str) -> None:
    sequence = film(2, **film_options)
    motion = couple_motion(seen(sequence, 0), seen(sequence, 1), sequence.camera)
    assert motion.problem == problem
    assert not (motion.counts & (sequence.classes[0] == 5)).any()


def test_a_cut_and_a_picture_full_of_what_can_move(film: Any) -> None:
    one, other = film(2), film(2, seed=7)
    assert couple_motion(seen(one, 0), seen(other, 0), one.camera).problem == CUT
    full = np.ones(one.pictures.shape[1:3], bool)
    first, second = (StaticAndDynamic(picture, full) for picture in one.pictures)
    assert couple_motion(first, second, one.camera).problem == NOT_STATIC


def test_what_a_rotation_explains_is_no_parallax() -> None:
    random = np.random.default_rng(1)
    start = np.column_stack([random.uniform(0, 319, 500), random.uniform(0, 239, 500)])
    k, turn = CAMERA.matrix(), cv2.Rodrigues(np.array([0.02, -0.03, 0.01]))[0]
    ahead = np.column_stack([start, np.ones(500)]) @ np.linalg.inv(k).T @ turn.T @ k.T
    flow = ahead[:, :2] / ahead[:, 2:] - start
    assert np.abs(beyond_rotation_px(start, flow, CAMERA)).max() < 1e-6
    flow[:50] += [3.0, 4.0]  # a tenth of the points moves 5 px further
    beyond = beyond_rotation_px(start, flow, CAMERA)
    assert np.median(beyond[:50]) == pytest.approx(5.0, abs=0.2)
    assert np.percentile(beyond[50:], 80) < 0.2


def test_likeness_of_a_shifted_picture_and_of_another() -> None:
    random = np.random.default_rng(2)
    wide = cv2.GaussianBlur(random.integers(0, 255, (60, 90), dtype=np.uint8), (0, 0), 1.5)
    flow = np.zeros((60, 80, 2), np.float32)
    flow[..., 0] = 5.0
    everywhere = np.ones((60, 80), bool)
    everywhere[:, 70:] = False
    first, second = np.ascontiguousarray(wide[:, :80]), np.ascontiguousarray(np.roll(wide, 5, axis=1)[:, :80])
    assert likeness(first, second, flow, everywhere) == pytest.approx(1.0, abs=1e-3)
    assert abs(likeness(first, np.ascontiguousarray(second[::-1]), flow, everywhere)) < 0.3
    assert likeness(np.full_like(first, 9), second, flow, everywhere) == 0.0
