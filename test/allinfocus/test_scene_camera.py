"""The camera over a scene of known depth: sharp where it is focused, blurred elsewhere, breathing as the lens says."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.autofocus.plane_camera import Light
from auxfocus_ros.optics import load_lens

NO_NOISE = Light("none", 0.0, 0.0)


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Fine noise; the left half at 1 m, the right one at 4 m."""
    picture = np.random.default_rng(1).integers(60, 200, (96, 192, 3)).astype(np.uint8)
    depth = np.ones((96, 192), np.float32)
    depth[:, 96:] = 4.0
    return picture, depth


def test_each_half_is_sharp_at_its_own_position() -> None:
    picture, depth = scene()
    lens = load_lens("vga_25mm")
    for metres, sharp, other in ((1.0, slice(10, 70), slice(120, 180)), (4.0, slice(120, 180), slice(10, 70))):
        camera = SceneCamera(picture, depth, lens, lens.position_for_distance(metres), light=NO_NOISE)
        error = np.abs(camera.capture().astype(int) - picture)
        assert error[:, sharp].mean() < 1.0
        assert error[:, other].mean() > 10.0


def test_the_truth_of_positions() -> None:
    picture, depth = scene()
    lens = load_lens("vga_25mm")
    best = SceneCamera(picture, depth, lens, 500.0).best_position_steps()
    assert best[0, 0] == pytest.approx(lens.position_for_distance(1.0))
    assert best[0, -1] == pytest.approx(lens.position_for_distance(4.0))


def test_breathing_enlarges_a_near_focus() -> None:
    picture = np.zeros((201, 201, 3), np.uint8)
    picture[:, 150:153] = 255
    lens = load_lens("vga_25mm")
    near = lens.position_for_distance(0.6)
    camera = SceneCamera(picture, np.full((201, 201), 0.6, np.float32), lens, near, light=NO_NOISE, breathing=True)
    column = float(np.average(np.arange(201), weights=camera.capture()[100, :, 0].astype(float)))
    # v / f = u / (u - f) at 0.6 m: 0.6 / 0.575; the line stands 51 px from the middle
    assert column - 100 == pytest.approx(51 * 0.6 / 0.575, abs=0.15)


def test_noise_is_by_its_seed() -> None:
    picture, depth = scene()
    lens = load_lens("vga_25mm")
    one, same, other = (SceneCamera(picture, depth, lens, 400.0, seed=seed).capture() for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
