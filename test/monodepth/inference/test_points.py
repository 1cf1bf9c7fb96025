"""Points of a depth image."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.inference import points_of
from auxfocus_ros.optics import CameraModel


def test_points_lie_on_the_pixels_rays() -> None:
    camera = CameraModel(3, 2, 2.0, 4.0, 1.0, 0.0)
    depth_m = np.array([[1.0, 2.0, 3.0], [0.0, np.nan, np.inf]], np.float32)
    picture = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    xyz, rgb = points_of(depth_m, camera, picture)
    # x = (u - 1) / 2 z; the second row's v is 1, but none of its pixels has a depth.
    np.testing.assert_allclose(xyz, [[-0.5, 0.0, 1.0], [0.0, 0.0, 2.0], [1.5, 0.0, 3.0]])
    np.testing.assert_array_equal(rgb, [[2, 1, 0], [5, 4, 3], [8, 7, 6]])
    assert xyz.dtype == np.float32 and rgb.dtype == np.uint8


def test_thinned_points_are_some_of_them() -> None:
    camera = CameraModel(5, 3, 2.0, 4.0, 1.0, 0.0)
    depth_m = np.arange(1, 16, dtype=np.float32).reshape(3, 5)
    picture = np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
    xyz, rgb = points_of(depth_m, camera, picture)
    thin, thin_rgb = points_of(depth_m, camera, picture, step_px=2)
    some = [0, 2, 4, 10, 12, 14]  # rows 0 and 2, columns 0, 2 and 4
    np.testing.assert_array_equal(thin, xyz[some])
    np.testing.assert_array_equal(thin_rgb, rgb[some])


@pytest.mark.parametrize(
    ("model", "coefficients"), [("plumb_bob", (-0.2, 0.05, 0.001, -0.002, 0.0)), ("equidistant", (0.02, -0.01, 0.003, 0.0))]
)
def test_a_distorted_cameras_points_fall_back_on_their_pixels(model: str, coefficients: tuple[float, ...]) -> None:
    camera = CameraModel(64, 48, 50.0, 50.0, 31.0, 24.0, model, coefficients)
    depth_m = np.random.default_rng(0).uniform(0.5, 20.0, (48, 64)).astype(np.float32)
    xyz, _ = points_of(depth_m, camera, np.zeros((48, 64, 3), np.uint8))
    assert len(xyz) == 48 * 64
    u_px, v_px = camera.project(xyz)
    np.testing.assert_allclose(u_px.reshape(48, 64), np.tile(np.arange(64), (48, 1)), atol=0.01)
    np.testing.assert_allclose(v_px.reshape(48, 64), np.tile(np.arange(48)[:, None], (1, 64)), atol=0.01)


def test_a_camera_of_another_size_is_refused() -> None:
    camera = CameraModel(64, 48, 50.0, 50.0, 31.0, 24.0)
    with pytest.raises(InputError, match="do not fit"):
        points_of(np.ones((24, 32), np.float32), camera, np.zeros((24, 32, 3), np.uint8))
