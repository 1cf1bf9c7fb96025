"""Sequences brought to the size that is learned from; distortion taken out."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.monodepth.training.preparing import learning_size, prepared, undistorted_camera, undistortion_maps
from auxfocus_ros.optics.camera import CameraModel


@pytest.mark.parametrize(
    ("own", "wanted", "size"),
    [
        ((320, 96), (0, 0), (320, 96)),  # as they are
        ((640, 192), (0, 0), (640, 192)),
        ((640, 480), (0, 0), (288, 224)),  # too many: as the network sees them in use
        ((100, 70), (128, 96), (128, 96)),
        ((640, 480), (320, 0), (320, 256)),  # 240 is nearest to 256 or 224: 7.5 rounds to the even 8
        ((640, 480), (0, 192), (256, 192)),
    ],
)
def test_learning_size(own: tuple[int, int], wanted: tuple[int, int], size: tuple[int, int]) -> None:
    assert learning_size(CameraModel(*own, 300, 300, own[0] / 2, own[1] / 2), *wanted) == size


def test_prepared_has_all_planes_at_the_size(film: Any) -> None:
    sequence = film(3)
    half = prepared(sequence, 64, 32)
    assert half.pictures.shape == (3, 32, 64, 3) and half.depth_m.shape == half.classes.shape == (3, 32, 64)
    assert half.camera.fx_px == pytest.approx(80 * 64 / 96) and half.camera.fy_px == pytest.approx(40)
    assert half.camera.cy_px == pytest.approx((31.5 + 0.5) / 2 - 0.5)
    assert set(np.unique(half.classes)) <= {1, 3, 5}
    same = prepared(sequence, 96, 64)
    assert np.array_equal(same.pictures, sequence.pictures) and same.pictures is not sequence.pictures
    assert np.allclose(same.depth_m.astype(float), sequence.depth_m, rtol=1e-3)


@pytest.mark.parametrize(
    "camera",
    [
        CameraModel(320, 240, 260, 255, 155, 122, "plumb_bob", (-0.25, 0.06, 0.001, -0.002, 0.0)),
        CameraModel(320, 240, 150, 150, 160, 118, "equidistant", (0.02, -0.004, 0.0, 0.0)),
    ],
)
def test_a_point_is_seen_where_the_undistorted_camera_has_it(camera: CameraModel) -> None:
    wanted = undistorted_camera(camera)
    assert wanted.distortion_model == "none" and (wanted.width_px, wanted.height_px) == (320, 240)
    map_u, map_v = undistortion_maps(camera, wanted)
    # No empty margin: each pixel is found inside the distorted picture, but for the rounding of its edge.
    assert map_u.min() > -1 and map_u.max() < 320 and map_v.min() > -1 and map_v.max() < 240
    dot = np.array([[0.3, -0.2, 1.0]])
    u, v = camera.project(dot)
    picture = np.zeros((240, 320), np.float32)
    cv2.circle(picture, (round(float(u[0])), round(float(v[0]))), 3, 255.0, -1)
    found = np.argwhere(cv2.remap(picture, map_u, map_v, cv2.INTER_LINEAR) > 100).mean(axis=0)
    plain_u, plain_v = wanted.project(dot)
    assert found == pytest.approx([float(plain_v[0]), float(plain_u[0])], abs=1.0)
