"""The simulated camera: the blur, the scale and the noise that it makes are those that were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.autofocus.plane_camera import LIGHTS, Light, PlaneCamera
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel

MODEL = ThinLensModel(load_lens("bench_25mm"))
DARK = Light("none", 0.0, 0.0)


def point(size_px: int = 401) -> np.ndarray:
    plane = np.zeros((size_px, size_px), np.uint8)
    plane[size_px // 2, size_px // 2] = 255
    return plane


@pytest.mark.parametrize("blades", [0, 6])
def test_a_point_becomes_a_disk_of_the_models_radius(blades: int) -> None:
    plane = np.full((401, 401), 0, np.uint8)
    plane[196:205, 196:205] = 255
    camera = PlaneCamera(plane, MODEL, 1600.0, 1700.0, size_px=201, light=DARK, gamma=1.0, blades=blades)
    seen = camera.capture().astype(np.float64)
    rows, columns = np.mgrid[-100:101, -100:101]
    moment = (seen * columns**2).sum() / seen.sum()
    radius_px = float(MODEL.radius_px(1700.0, 1600.0))
    square = (9**2 - 1) / 12.0  # the second moment of nine pixels in a row
    disk = radius_px**2 / 4.0 if not blades else polygon_moment(radius_px, blades)
    assert moment == pytest.approx(disk + square, rel=0.03)
    assert (seen * rows).sum() / seen.sum() == pytest.approx(0.0, abs=0.2)


def polygon_moment(radius_px: float, blades: int) -> float:
    """Second moment along an axis of a regular polygon with the disk's area: R^2 (2 + cos(2 pi / n)) / 12."""
    angle = 2.0 * np.pi / blades
    corner_squared = radius_px**2 * 2.0 * np.pi / (blades * np.sin(angle))
    return float(corner_squared * (2.0 + np.cos(angle)) / 12.0)


def test_in_focus_the_picture_is_the_plane() -> None:
    plane = np.random.default_rng(3).integers(0, 256, (256, 256), dtype=np.uint8)
    seen = PlaneCamera(plane, MODEL, 1500.0, 1500.0, size_px=128, light=DARK).capture()
    assert np.abs(seen.astype(int) - plane[64:192, 64:192]).max() <= 1


def test_breathing_follows_the_model() -> None:
    plane = np.zeros((512, 512), np.uint8)
    plane[:, 156] = plane[:, 355] = 255  # 199 px apart
    camera = PlaneCamera(plane, MODEL, 1500.0, 1600.0, size_px=256, light=DARK, gamma=1.0)
    row = camera.capture().astype(np.float64).sum(axis=0)
    left, right = (np.average(np.arange(128), weights=half) for half in (row[:128], row[128:]))
    assert (128 + right - left) / 199.0 == pytest.approx(float(MODEL.scale(1600.0, 1500.0)), rel=2e-3)


def test_noise_follows_the_light() -> None:
    for level in (40, 200):
        camera = PlaneCamera(np.full((256, 256), level, np.uint8), MODEL, 1500.0, 1500.0, size_px=256, light=LIGHTS[2], gamma=1.0)
        wanted = np.sqrt(LIGHTS[2].read ** 2 + LIGHTS[2].shot ** 2 * level / 255.0)
        assert camera.capture().std() / 255.0 == pytest.approx(wanted, rel=0.05)


def test_colour_and_seed() -> None:
    plane = np.random.default_rng(1).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    one, other = (PlaneCamera(plane, MODEL, 1500.0, 1530.0, size_px=128, seed=5).capture() for _ in range(2))
    assert one.shape == (128, 128, 3) and (one == other).all()


def test_a_plane_smaller_than_the_picture_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 512 px"):
        PlaneCamera(np.zeros((400, 600), np.uint8), MODEL, 1500.0, 1500.0)
