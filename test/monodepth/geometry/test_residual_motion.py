"""What moves beyond the camera's own motion, in scenes whose flow is worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.residual_motion import ALONG_PX, ALONG_SHARE, residual_motion
from auxfocus_ros.optics.camera import CameraModel

WIDTH, HEIGHT, FX = 160, 96, 120.0
CAMERA = CameraModel(WIDTH, HEIGHT, FX, FX, 79.5, 30.0)
SURE = np.ones((HEIGHT, WIDTH), bool)
CAMERA_HEIGHT_M = 1.5
BOX = (slice(20, 71), slice(60, 90))
"""A thing that stands with its foot in row 70: 40.5 px below the horizon at the ground's depth 1.5 * 120 / 40.5 = 4.44 m."""
DEPTH_M = CAMERA_HEIGHT_M * FX / 40.5


def moved(x_m: float = 0.0, z_m: float = 0.0, turn_rad: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    """p2 = R p1 + t."""
    matrix = np.eye(4)
    matrix[:3, :3] = cv2.Rodrigues(np.array(turn_rad))[0]
    matrix[:3, 3] = (x_m, 0.0, z_m)
    return matrix


def scene(camera_motion: NDArray[np.float64], own_m: tuple[float, float, float]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Flow over a ground, under a far sky, of a thing that goes by itself so far; and where the thing is."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float64)
    depth = np.where(rows > 31, CAMERA_HEIGHT_M * FX / np.maximum(rows - 30.0, 0.5), 1e6)
    thing = np.zeros((HEIGHT, WIDTH), bool)
    thing[BOX] = True
    depth[thing] = DEPTH_M
    rays = np.stack([(columns - CAMERA.cx_px) / FX, (rows - CAMERA.cy_px) / FX, np.ones_like(rows)], -1)
    points = depth[..., None] * rays + np.where(thing[..., None], np.array(own_m), 0.0)
    there = points @ camera_motion[:3, :3].T + camera_motion[:3, 3]
    seen = there[..., :2] / there[..., 2:] * FX + [CAMERA.cx_px, CAMERA.cy_px]
    return (seen - np.stack([columns, rows], -1)).astype(np.float32), thing


@pytest.mark.parametrize(
    "camera_motion", [moved(x_m=-0.3), moved(z_m=-0.4), moved(x_m=0.1, z_m=-0.3, turn_rad=(0.01, -0.02, 0.005))]
)
def test_what_stands_does_not_move(camera_motion: NDArray[np.float64]) -> None:
    flow, thing = scene(camera_motion, (0.0, 0.0, 0.0))
    found = residual_motion(flow, SURE, thing, CAMERA, camera_motion)
    assert found.things == 1
    assert found.across_px < 0.05 and found.along_px == 0.0
    assert np.hypot(*found.angle_rad) * FX < 0.05


def test_what_moves_across_its_line_is_measured() -> None:
    # The camera goes sideways, the thing down: 0.1 m at 4.44 m are 2.7 px.
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    found = residual_motion(flow, SURE, thing, CAMERA, moved(x_m=-0.3))
    assert found.across_px == pytest.approx(FX * 0.1 / DEPTH_M, abs=0.05)
    assert found.angle_rad[1] == pytest.approx(0.1 / DEPTH_M, abs=0.001) and abs(found.angle_rad[0]) < 0.001


def test_what_moves_along_its_line_is_told_by_the_ground_at_its_foot() -> None:
    # 0.2 m the same way as everything else: 5.4 px more than the 8.1 px of what stands there, of which the doubt is taken off.
    flow, thing = scene(moved(x_m=-0.3), (-0.2, 0.0, 0.0))
    found = residual_motion(flow, SURE, thing, CAMERA, moved(x_m=-0.3))
    ground_px = FX * 0.3 / (CAMERA_HEIGHT_M * FX / 45.0)  # the ground is looked at a little below the foot
    own_px = FX * 0.5 / DEPTH_M
    assert found.across_px < 0.05
    assert found.along_px == pytest.approx(own_px - ground_px - ALONG_PX - ALONG_SHARE * ground_px, abs=0.5)
    assert found.angle_rad[0] < -0.01


def test_without_ground_below_it_only_what_is_across_is_said() -> None:
    flow, thing = scene(moved(x_m=-0.3), (-0.2, 0.0, 0.0))
    sure = SURE.copy()
    sure[71:] = False
    assert residual_motion(flow, sure, thing, CAMERA, moved(x_m=-0.3)).along_px == 0.0


def test_for_a_camera_that_stands_all_that_moves_moves_by_itself() -> None:
    flow, thing = scene(np.eye(4), (0.2, 0.0, 0.0))
    found = residual_motion(flow, SURE, thing, CAMERA, np.eye(4))
    assert found.angle_rad[0] == pytest.approx(0.2 / DEPTH_M, abs=1e-3)


def test_the_length_of_the_camera_s_step_does_not_matter() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    long, short = (residual_motion(flow, SURE, thing, CAMERA, moved(x_m=x)) for x in (-3.0, -0.01))
    assert long == short


def test_the_thing_that_moves_most_speaks_for_all() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    still, _ = scene(moved(x_m=-0.3), (0.0, 0.0, 0.0))
    both = np.zeros_like(thing)
    both[BOX] = True
    both[20:71, 110:140] = True  # stands, at its own depth
    standing = still.copy()
    standing[20:71, 110:140] = still[BOX][:, :30]
    standing[BOX] = flow[BOX]
    found = residual_motion(standing, SURE, both, CAMERA, moved(x_m=-0.3))
    assert found.things == 2 and found.across_px == pytest.approx(2.7, abs=0.1)


def test_too_little_to_judge_is_no_thing() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    assert residual_motion(flow, ~SURE, thing, CAMERA, moved(x_m=-0.3)).things == 0
    assert residual_motion(flow, SURE, np.zeros_like(thing), CAMERA, moved(x_m=-0.3)).things == 0


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_nothing_breaks_whatever_the_camera_does(x_m: float, z_m: float, pan_rad: float, tilt_rad: float) -> None:
    motion = moved(x_m=x_m, z_m=z_m, turn_rad=(tilt_rad, pan_rad, 0.0))
    flow, thing = scene(motion, (0.0, 0.0, 0.0))
    found = residual_motion(flow, SURE, thing, CAMERA, motion)
    assert np.isfinite(found.angle_rad).all()
    assert found.across_px < 0.2
