"""Points of a depth image."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import depth_to_points, project_cloud
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

CAMERA = CameraModel(4, 3, 2.0, 2.0, 1.5, 1.0)


def test_by_hand() -> None:
    depth = np.array([[0.0, 4.0, math.nan, 2.0], [math.inf, -1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]], np.float32)
    expected = [[-1.0, -2.0, 4.0], [1.5, -1.0, 2.0], [-0.75, 0.5, 1.0]]
    np.testing.assert_allclose(depth_to_points(depth, CAMERA), expected)
    millimetres = np.array([[0, 4000, 0, 2000], [0, 0, 0, 0], [1000, 0, 0, 0]], np.uint16)
    found = depth_to_points(millimetres, CAMERA)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float32


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.booleans())
def test_projecting_the_points_gives_the_image_back(seed: int, distorted: bool) -> None:
    camera = CameraModel(80, 60, 70.0, 70.0, 39.5, 29.5, *(("plumb_bob", (-0.2, 0.05, 0.001, 0.0)) if distorted else ()))
    depth = np.random.default_rng(seed).uniform(0.5, 9.0, (60, 80)).astype(np.float32)
    found = project_cloud(depth_to_points(depth, camera), RigidTransform.identity(), camera)
    # Half a thousandth of a pixel of rounding may push a corner over the edge.
    assert len(found) >= 4796
    u, v = np.round(found.u_px).astype(int), np.round(found.v_px).astype(int)
    np.testing.assert_allclose(found.depth_m, depth[v, u])
    np.testing.assert_allclose(found.u_px, u, atol=0.01)


def test_no_readings_have_no_points() -> None:
    assert depth_to_points(np.zeros((3, 4), np.uint16), CAMERA).shape == (0, 3)


def test_images_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="uint16"):
        depth_to_points(np.zeros((3, 4), np.int32), CAMERA)
    with pytest.raises(InputError, match="of 4 x 3, got an image of 8 x 6"):
        depth_to_points(np.zeros((6, 8), np.float32), CAMERA)
    with pytest.raises(InputError, match="unit"):
        depth_to_points(np.zeros((3, 4), np.uint16), CAMERA, unit_m=-1.0)
