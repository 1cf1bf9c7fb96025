"""What of a cloud the picture shows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import project_cloud
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

CAMERA = CameraModel(100, 80, 50.0, 50.0, 49.5, 39.5)
STILL = RigidTransform.identity()
# A lidar's frame: x forward, y left, z up. The optical frame: x right, y down, z forward.
OPTICAL_FROM_LIDAR = RigidTransform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([0.0, 0.0, 0.5]))


def test_by_hand() -> None:
    # 2 m ahead of the lidar, 1 m to its left, 0.5 m up; the camera 0.5 m behind it: x -1, y -0.5, z 2.5.
    found = project_cloud(np.array([[2.0, 1.0, 0.5]], np.float32), OPTICAL_FROM_LIDAR, CAMERA)
    np.testing.assert_allclose([found.u_px, found.v_px, found.depth_m], [[49.5 - 20], [39.5 - 10], [2.5]], rtol=1e-6)
    assert len(found) == 1


def test_what_is_not_shown() -> None:
    points = np.array(
        [
            [0, 0, 5],
            [0, 0, -5],
            [0, 0, 0],
            [math.nan, 0, 5],
            [0, 0, math.inf],
            [4.99, 0, 5],
            [5.01, 0, 5],  # u = 49.5 + 50 * 1.002 = 99.6, the picture ends at 99.5
            [0, 4.01, 5],  # v = 39.5 + 40.1
        ],
        np.float32,
    )
    found = project_cloud(points, STILL, CAMERA)
    np.testing.assert_allclose(found.u_px, [49.5, 99.4], rtol=1e-5)
    np.testing.assert_allclose(found.depth_m, [5, 5])


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32), st.integers(0, 300))
def test_as_done_step_by_step(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(0, 10, (count, 3)).astype(np.float32)
    found = project_cloud(points, OPTICAL_FROM_LIDAR, CAMERA)
    optical = OPTICAL_FROM_LIDAR.apply(points.astype(np.float64))
    u, v = CAMERA.project(optical)
    inside = (u > -0.49) & (u < 99.49) & (v > -0.49) & (v < 79.49)
    assert set(np.round(optical[inside, 2], 3)) <= set(np.round(found.depth_m.astype(np.float64), 3)) | {
        round(float(z) + step, 3) for z in found.depth_m for step in (-1e-3, 1e-3)
    }
    assert ((found.u_px >= -0.5) & (found.u_px < 99.5) & (found.v_px >= -0.5) & (found.v_px < 79.5)).all()
    assert (found.depth_m > 0).all()


def test_structured_clouds_of_any_layout() -> None:
    xyz = np.random.default_rng(1).uniform(1, 5, (40, 3)).astype(np.float32)
    expected = project_cloud(xyz, STILL, CAMERA)
    for fields in (
        [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4")],
        [("ring", "<u2"), ("z", "<f8"), ("y", ">f4"), ("x", "<f4")],
    ):
        cloud = np.zeros((8, 5), np.dtype(fields))  # organised
        for name, column in zip("xyz", xyz.T, strict=True):
            cloud[name] = column.reshape(8, 5)
        found = project_cloud(cloud, STILL, CAMERA)
        np.testing.assert_allclose(found.u_px, expected.u_px, rtol=1e-6)
        np.testing.assert_allclose(found.depth_m, expected.depth_m, rtol=1e-6)


def test_views_with_a_step_between_points() -> None:
    wide = np.random.default_rng(1).uniform(1, 5, (40, 7)).astype(np.float32)
    found = project_cloud(wide[:, 2:5], STILL, CAMERA)
    np.testing.assert_array_equal(found.depth_m, project_cloud(wide[:, 2:5].copy(), STILL, CAMERA).depth_m)


@pytest.mark.parametrize("points", [np.empty((0, 3), np.float32), np.full((9, 3), np.nan, np.float32)])
def test_nothing_to_see(points: np.ndarray) -> None:
    assert len(project_cloud(points, OPTICAL_FROM_LIDAR, CAMERA)) == 0


def test_clouds_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="no field z"):
        project_cloud(np.zeros(3, [("x", "f4"), ("y", "f4")]), STILL, CAMERA)
    with pytest.raises(InputError, match="float"):
        project_cloud(np.zeros((3, 3), np.int32), STILL, CAMERA)
    with pytest.raises(InputError, match=r"\(N, 3\)"):
        project_cloud(np.zeros((3, 4), np.float32), STILL, CAMERA)
