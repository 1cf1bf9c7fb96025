"""Refinement: from a rough motion to the exact one, robustly, keeping the length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.epipolar import cross_matrix, pose, rotation_of, sampson_px
from auxfocus_ros.monodepth.geometry.refinement import _across, _slopes, refine_pose, refine_rays
from auxfocus_ros.optics.camera import CameraModel

Seen = Callable[..., tuple[Any, Any]]
Apart = Callable[[Any, Any], tuple[float, float]]


def roughly(motion: np.ndarray, turn_rad: float = 0.01, away: float = 0.15) -> np.ndarray:
    """A motion near another: turned by so much, its translation's direction moved by so much."""
    direction = motion[:3, 3] / np.linalg.norm(motion[:3, 3]) + away * np.array([0.6, -0.64, 0.48])
    length = np.linalg.norm(motion[:3, 3])
    return pose(
        rotation_of(turn_rad * np.array([0.6, 0.8, 0.0])) @ motion[:3, :3], direction / np.linalg.norm(direction) * length
    )


def test_derivatives_are_those_of_differences(seen: Seen, motion: np.ndarray) -> None:
    camera = CameraModel(192, 144, 160.0, 120.0, 95.5, 71.5)
    first, second = seen(motion, count=40, noise_px=2.0)
    rotation, direction = motion[:3, :3], motion[:3, 3]
    slopes = _slopes(first, second, camera, rotation, direction)
    step = 1e-6
    for number in range(5):
        errors = []
        for sign in (1, -1):
            change = np.zeros(5)
            change[number] = sign * step
            moved = direction + change[3:] @ _across(direction)
            essential = cross_matrix(moved / np.linalg.norm(moved)) @ rotation_of(change[:3]) @ rotation
            errors.append(sampson_px(first, second, camera, essential))
        assert slopes[number] == pytest.approx((errors[0] - errors[1]) / (2 * step), rel=1e-4, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(
        st.tuples(*[st.floats(-0.1, 0.1)] * 3),
        st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda way: np.linalg.norm(way) > 0.2),
        st.floats(0.1, 2.0),
    )
)
def test_a_known_motion_comes_back(seen: Seen, apart: Apart, camera: CameraModel, drawn: tuple[Any, Any, float]) -> None:
    turn, way, length = drawn
    truth = pose(rotation_of(np.array(turn)), np.array(way) / np.linalg.norm(way) * length)
    first, second = seen(truth)
    found, missed_px = refine_rays(first, second, camera, roughly(truth, 0.003 * length, 0.05))
    turned, degrees = apart(found, truth)
    assert turned < 1e-4 and degrees < 0.1
    assert missed_px < 1e-2
    assert np.linalg.norm(found[:3, 3]) == pytest.approx(length)
    assert found[:3, :3] @ found[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)


def test_what_moves_by_itself_does_not_pull(seen: Seen, motion: np.ndarray, apart: Apart, camera: CameraModel) -> None:
    first, second = seen(motion, count=600, noise_px=0.1)
    second[:90, :2] += (0.03, 0.02)  # these go 6 px elsewhere, all alike
    turned, degrees = apart(refine_rays(first, second, camera, roughly(motion))[0], motion)
    assert turned < 1e-3 and degrees < 1.0


def flow_of(motion: np.ndarray, camera: CameraModel) -> np.ndarray:
    """(H, W, 2) over a ground of steps."""
    rows, columns = np.mgrid[: camera.height_px, : camera.width_px].astype(float)
    depth = 8.0 + 4.0 * ((columns // 24 + rows // 18) % 3)
    points = np.stack([(columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px, np.ones_like(rows)], -1)
    there = (points * depth[..., None]) @ motion[:3, :3].T + motion[:3, 3]
    x, y = (
        camera.fx_px * there[..., 0] / there[..., 2] + camera.cx_px,
        camera.fy_px * there[..., 1] / there[..., 2] + camera.cy_px,
    )
    return np.stack([x - columns, y - rows], -1).astype(np.float32)


def test_a_flow_gives_its_motion_and_the_mask_is_respected(motion: np.ndarray, apart: Apart, camera: CameraModel) -> None:
    truth = motion.copy()
    truth[:3, 3] *= 0.5
    flow, keep = flow_of(truth, camera), np.ones((144, 192), bool)
    flow[:, :120] = (3.0, 1.0)  # more than half of the picture says something else
    keep[:, :120] = False
    found, missed_px = refine_pose(flow, camera, keep, roughly(truth, 0.003, 0.05))
    turned, degrees = apart(found, truth)
    assert turned < 2e-4 and degrees < 0.2 and missed_px < 0.01
    assert np.linalg.norm(found[:3, 3]) == pytest.approx(0.5)
    assert apart(refine_pose(flow, camera, ~keep, roughly(truth))[0], truth)[0] > 1e-3


def test_what_cannot_be_refined_is_said(motion: np.ndarray, camera: CameraModel) -> None:
    flow, keep = np.zeros((144, 192, 2), np.float32), np.ones((144, 192), bool)
    with pytest.raises(InputError, match="no translation"):
        refine_pose(flow, camera, keep, np.eye(4))
    with pytest.raises(InputError, match="at least 8"):
        refine_pose(flow, camera, np.zeros_like(keep), motion)
    with pytest.raises(InputError, match="wanted"):
        refine_pose(flow[:-1], camera, keep, motion)
