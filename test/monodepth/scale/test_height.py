"""The scale from a known height of the camera above the ground."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.scale import scale_from_height
from auxfocus_ros.optics.camera import CameraModel

HEIGHT, WIDTH = 96, 160
CAMERA = CameraModel(WIDTH, HEIGHT, 100.0, 100.0, 79.5, 47.5)
ROW, COLUMN = np.mgrid[:HEIGHT, :WIDTH]
RAYS = np.stack([(COLUMN - 79.5) / 100.0, (ROW - 47.5) / 100.0, np.ones((HEIGHT, WIDTH))], axis=-1)


def ground_below(height_m: float, pitch_rad: float = 0.1, roll_rad: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(depth, up, where the ground is) of a camera that looks down by `pitch_rad` over a plane that a wall at 20 m ends."""
    up = np.array([math.sin(roll_rad), -math.cos(pitch_rad) * math.cos(roll_rad), -math.sin(pitch_rad) * math.cos(roll_rad)])
    fall = RAYS @ -up
    depth_m = np.where(fall > 1e-6, height_m / np.maximum(fall, 1e-6), np.inf)
    return np.minimum(depth_m, 20.0), up, depth_m < 20.0


@pytest.mark.parametrize("roll_rad", [0.0, 0.15])
@pytest.mark.parametrize("known_up", [True, False])
@pytest.mark.parametrize("marked", [True, False])
def test_a_bare_plane(roll_rad: float, known_up: bool, marked: bool) -> None:
    depth_m, up, ground = ground_below(1.5, roll_rad=roll_rad)
    estimate = scale_from_height(depth_m / 3.0, CAMERA, 1.5, ground=ground if marked else None, up=up if known_up else None)
    assert estimate.source == "height"
    assert estimate.scale == pytest.approx(3.0, rel=0.005)
    assert estimate.problem == ""


@pytest.mark.parametrize("known_up", [True, False])
def test_noise_and_things_that_stand_on_the_ground(known_up: bool) -> None:
    rng = np.random.default_rng(2)
    depth_m, up, ground = ground_below(1.5)
    depth_m[50:, 30:80] = np.minimum(depth_m[50:, 30:80], 2.2)
    predicted = depth_m * np.exp(rng.normal(0.0, 0.05, depth_m.shape)) / 0.6
    estimate = scale_from_height(predicted, CAMERA, 1.5, ground=ground, up=up if known_up else None)
    assert estimate.scale == pytest.approx(0.6, rel=0.05)
    assert estimate.sigma_relative < (0.04 if known_up else 0.25)


def test_an_error_of_the_height_is_one_of_the_scale() -> None:
    depth_m, up, _ = ground_below(2.0)
    sure, unsure = (scale_from_height(depth_m, CAMERA, 2.0, height_sigma_m=s, up=up) for s in (0.0, 0.4))
    assert unsure.sigma_relative == pytest.approx(math.hypot(sure.sigma_relative, 0.2))


def test_without_an_up_direction_it_is_less_sure() -> None:
    depth_m, up, _ = ground_below(2.0)
    assert (
        scale_from_height(depth_m, CAMERA, 2.0).sigma_relative
        > 2.0 * scale_from_height(depth_m, CAMERA, 2.0, up=up).sigma_relative
    )


def test_a_wall_is_no_ground() -> None:
    wall = np.full((HEIGHT, WIDTH), 3.0)
    estimate = scale_from_height(wall, CAMERA, 1.5)
    assert estimate.source == "none"
    assert "no plane of ground" in estimate.problem


def test_a_camera_that_looks_up_says_so() -> None:
    depth_m, _, _ = ground_below(1.5)
    up = np.array([0.0, 1.0, 0.0])
    assert "no plane of ground" in scale_from_height(depth_m, CAMERA, 1.5, up=up).problem


def test_no_points_of_ground() -> None:
    depth_m, _, ground = ground_below(1.5)
    assert "only 0 points" in scale_from_height(depth_m, CAMERA, 1.5, ground=np.zeros_like(ground)).problem
    assert "only 0 points" in scale_from_height(np.full_like(depth_m, np.nan), CAMERA, 1.5).problem


def test_bad_input() -> None:
    depth_m, _, ground = ground_below(1.5)
    for height_m in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(InputError, match="height above the ground"):
            scale_from_height(depth_m, CAMERA, height_m)
    with pytest.raises(InputError, match="must be"):
        scale_from_height(depth_m[1:], CAMERA, 1.5)
    with pytest.raises(InputError, match="must be"):
        scale_from_height(depth_m, CAMERA, 1.5, ground=ground[1:])
    with pytest.raises(InputError, match="up direction"):
        scale_from_height(depth_m, CAMERA, 1.5, up=np.zeros(3))
    bent = CameraModel(WIDTH, HEIGHT, 100.0, 100.0, 79.5, 47.5, "plumb_bob", (0.1, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(InputError, match="rectify"):
        scale_from_height(depth_m, bent, 1.5)
