"""The scale from a known motion, and the motions that cannot give one."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.scale import readings_from_motion, scale_from_motion, scale_from_translation
from auxfocus_ros.optics.camera import CameraModel

HEIGHT, WIDTH = 60, 80
CAMERA = CameraModel(WIDTH, HEIGHT, 300.0, 300.0, 39.5, 29.5)
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)
ROW, COLUMN = np.mgrid[:HEIGHT, :WIDTH]
DEPTH_M = 3.0 + 0.03 * COLUMN


def pose(translation_m: tuple[float, float, float], turn_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = cv2.Rodrigues(np.array(turn_rad))[0]
    matrix[:3, 3] = translation_m
    return matrix


def flow_of(motion: np.ndarray, noise_px: float = 0.0) -> np.ndarray:
    """What a motion does to each pixel of the ramp DEPTH_M."""
    points = np.stack([(COLUMN - 39.5) / 300.0 * DEPTH_M, (ROW - 29.5) / 300.0 * DEPTH_M, DEPTH_M], axis=-1)
    moved = points @ motion[:3, :3].T + motion[:3, 3]
    second = moved[..., :2] / moved[..., 2:] * 300.0 + np.array([39.5, 29.5])
    noise = np.random.default_rng(5).normal(0.0, noise_px, (HEIGHT, WIDTH, 2))
    return np.asarray(second - np.stack([COLUMN, ROW], axis=-1) + noise)


def test_triangulation_by_hand() -> None:
    flow = np.zeros((HEIGHT, WIDTH, 2))
    flow[..., 0] = -15.0  # 0.1 m to the right at f = 300 px: depth 0.1 * 300 / 15 = 2 m
    readings, parallax_px, looked_at = readings_from_motion(flow, EVERYWHERE, CAMERA, pose((-0.1, 0.0, 0.0)))
    assert readings.depth_m == pytest.approx(2.0)
    assert parallax_px == pytest.approx(15.0)
    assert len(readings) == looked_at
    assert readings.sigma_m[0] == pytest.approx(2.0 * np.hypot(0.3, 0.3) / 15.0)  # flow 0.3 px, rotation 0.001 rad of 300 px


@pytest.mark.parametrize("translation", [(0.1, 0.0, 0.0), (0.0, -0.15, 0.02), (0.05, 0.1, 0.3)])
def test_depths_come_out_whatever_the_camera_turned(translation: tuple[float, float, float]) -> None:
    motion = pose(translation, (0.02, -0.03, 0.05))
    readings, _, _ = readings_from_motion(flow_of(motion), EVERYWHERE, CAMERA, motion)
    assert len(readings) > 1000
    rows, columns = readings.v_px.astype(int), readings.u_px.astype(int)
    assert readings.depth_m == pytest.approx(DEPTH_M[rows, columns])


def test_scale_with_noise_and_something_that_moves() -> None:
    motion = pose((0.2, 0.0, 0.05), (0.01, 0.02, 0.0))
    flow = flow_of(motion, noise_px=0.3)
    flow[:, :20] += (6.0, 0.0)  # along its epipolar lines: only the majority tells
    estimate = scale_from_motion(DEPTH_M / 1.7, flow, EVERYWHERE, CAMERA, motion)
    assert estimate.source == "motion"
    assert estimate.scale == pytest.approx(1.7, rel=0.04)
    assert 0.01 < estimate.sigma_relative < 0.1


def test_the_translations_error_is_that_of_the_scale() -> None:
    motion = pose((0.2, 0.0, 0.0))
    sure, unsure = (
        scale_from_motion(DEPTH_M, flow_of(motion), EVERYWHERE, CAMERA, motion, translation_sigma_m=s) for s in (0.0, 0.04)
    )
    assert unsure.sigma_relative == pytest.approx(np.hypot(sure.sigma_relative, 0.2))


@pytest.mark.parametrize(
    ("motion", "said"),
    [
        (pose((0.0, 0.0, 0.0), (0.0, 0.1, 0.0)), "only turned, by 5.7 degrees"),
        (pose((0.001, 0.0, 0.0), (0.0, 0.1, 0.0)), "only turned"),
        (pose((0.0, 0.0, 0.0)), "stood still"),
        (pose((0.008, 0.0, 0.0)), "shifts 0 of"),
        (np.full((4, 4), np.nan), "not finite"),
    ],
)
def test_motions_without_a_scale(motion: np.ndarray, said: str) -> None:
    flow = flow_of(motion) if np.isfinite(motion).all() else np.zeros((HEIGHT, WIDTH, 2))
    estimate = scale_from_motion(DEPTH_M, flow, EVERYWHERE, CAMERA, motion)
    assert estimate.source == "none"
    assert said in estimate.problem


def test_a_translation_within_its_error_is_none() -> None:
    motion = pose((0.05, 0.0, 0.0))
    assert not scale_from_motion(DEPTH_M, flow_of(motion), EVERYWHERE, CAMERA, motion, translation_sigma_m=0.02).metric


def test_flow_against_the_motion_gives_nothing() -> None:
    motion = pose((0.2, 0.0, 0.0))
    assert not scale_from_motion(DEPTH_M, -flow_of(motion), EVERYWHERE, CAMERA, motion).metric


def test_translations_compared() -> None:
    estimate = scale_from_translation(pose((0.02, 0.0, 0.04)), pose((0.1, 0.0, 0.2)), translation_sigma_m=0.03)
    assert estimate.scale == pytest.approx(5.0)
    assert estimate.sigma_relative == pytest.approx(math.hypot(0.2, 0.03 / math.hypot(0.1, 0.2)))
    apart = scale_from_translation(pose((0.02, 0.0, 0.0)), pose((0.0, 0.0, 0.2)))
    assert "90 degrees apart" in apart.problem
    assert "nothing" in scale_from_translation(pose((0.0, 0.0, 0.0)), pose((0.0, 0.0, 0.2))).problem
    assert "only turned" in scale_from_translation(pose((0.1, 0.0, 0.0)), pose((0.0, 0.0, 0.0), (0.1, 0.0, 0.0))).problem


def test_bad_input() -> None:
    motion = pose((0.2, 0.0, 0.0))
    with pytest.raises(InputError, match="one size"):
        scale_from_motion(DEPTH_M[:-1], flow_of(motion), EVERYWHERE, CAMERA, motion)
    with pytest.raises(InputError, match="80 x 60 px"):
        readings_from_motion(flow_of(motion)[1:], EVERYWHERE[1:], CAMERA, motion)
    bent = CameraModel(WIDTH, HEIGHT, 300.0, 300.0, 39.5, 29.5, "plumb_bob", (0.1, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="rectify"):
        readings_from_motion(flow_of(motion), EVERYWHERE, bent, motion)
