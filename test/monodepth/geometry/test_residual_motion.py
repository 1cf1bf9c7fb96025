"""What moves beyond the camera's own motion, in scenes whose flow is worked out by hand."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.residual_motion import STRIP_PX, StripMotion, residual_motions
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


def only(
    flow: NDArray[np.float32], sure: NDArray[np.bool_], thing: NDArray[np.bool_], motion: NDArray[np.float64]
) -> StripMotion:
    """The one strip: the thing is 30 px wide."""
    (found,) = residual_motions(flow, sure, thing, CAMERA, motion)
    return found


@pytest.mark.parametrize(
    "camera_motion", [moved(x_m=-0.3), moved(z_m=-0.4), moved(x_m=0.1, z_m=-0.3, turn_rad=(0.01, -0.02, 0.005))]
)
def test_what_stands_does_not_move(camera_motion: NDArray[np.float64]) -> None:
    flow, thing = scene(camera_motion, (0.0, 0.0, 0.0))
    found = only(flow, SURE, thing, camera_motion)
    assert found.across_px < 0.05 and found.across_spread_px < 0.05
    # The ground is fitted at the foot, not a little below it where it is nearer.
    assert abs(found.along_px) < 0.03 * found.ground_px + 0.02 and abs(found.lower_px) < 0.03 * found.ground_px + 0.02
    assert np.hypot(*found.angle_rad) * FX < 0.03 * found.ground_px + 0.05
    assert (found.height_px, found.width_px, found.pixels, found.cut_off, found.still) == (51, 30, 49 * 28, False, False)


def test_what_moves_across_its_line_is_measured() -> None:
    # The camera goes sideways, the thing down: 0.1 m at 4.44 m are 2.7 px.
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    found = only(flow, SURE, thing, moved(x_m=-0.3))
    assert found.across_px == pytest.approx(FX * 0.1 / DEPTH_M, abs=0.05)
    assert found.angle_rad[1] == pytest.approx(0.1 / DEPTH_M, abs=0.001) and abs(found.angle_rad[0]) < 0.003


def test_what_moves_along_its_line_is_told_by_the_ground_at_its_foot() -> None:
    # 0.2 m the same way as everything else: 5.4 px more than the 8.1 px of what stands there.
    flow, thing = scene(moved(x_m=-0.3), (-0.2, 0.0, 0.0))
    found = only(flow, SURE, thing, moved(x_m=-0.3))
    assert found.across_px < 0.05
    assert found.ground_px == pytest.approx(FX * 0.3 / DEPTH_M, rel=0.03)
    assert found.along_px == pytest.approx(FX * 0.2 / DEPTH_M, abs=0.3)
    assert found.angle_rad[0] == pytest.approx(-0.2 / DEPTH_M, rel=0.06)
    assert found.reach_px == pytest.approx(FX)


def test_without_ground_below_it_only_what_is_across_is_said() -> None:
    flow, thing = scene(moved(x_m=-0.3), (-0.2, 0.1, 0.0))
    sure = SURE.copy()
    sure[68:] = False
    found = only(flow, sure, thing, moved(x_m=-0.3))
    assert math.isnan(found.along_px) and math.isnan(found.ground_px)
    assert found.angle_rad[1] == pytest.approx(0.1 / DEPTH_M, abs=0.001) and abs(found.angle_rad[0]) < 1e-4


def test_a_thing_at_the_lower_border_may_have_its_foot_outside() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.0, 0.0))
    thing[20:, 60:90] = True
    assert only(flow, SURE, thing, moved(x_m=-0.3)).cut_off


def test_for_a_camera_that_stands_all_that_moves_moves_by_itself() -> None:
    flow, thing = scene(np.eye(4), (0.2, 0.0, 0.0))
    found = only(flow, SURE, thing, np.eye(4))
    assert found.still and found.across_px == pytest.approx(FX * 0.2 / DEPTH_M, abs=0.1)
    assert found.angle_rad[0] == pytest.approx(0.2 / DEPTH_M, abs=1e-3)


def test_the_length_of_the_camera_s_step_does_not_matter() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    long, short = (only(flow, SURE, thing, moved(x_m=x)) for x in (-3.0, -0.01))
    assert long.angle_rad == short.angle_rad and long.ground_px == short.ground_px


def test_a_wide_area_is_looked_at_in_strips() -> None:
    moves, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    flow, _ = scene(moved(x_m=-0.3), (0.0, 0.0, 0.0))
    flow[BOX] = moves[BOX]
    wide = thing.copy()
    wide[20:71, 90:132] = True  # one area with what moves, and stands
    flow[20:71, 90:132] = flow[70:71, 90:132]
    found = residual_motions(flow, SURE, wide, CAMERA, moved(x_m=-0.3))
    assert len(found) == round(72 / STRIP_PX) == 3
    assert found[0].across_px == pytest.approx(2.7, abs=0.1) and found[2].across_px < 0.05
    assert abs(found[2].along_px) < 0.5
    assert sum(np.count_nonzero(strip.where) for strip in found) == np.count_nonzero(wide)


def test_too_little_to_judge_is_no_thing() -> None:
    flow, thing = scene(moved(x_m=-0.3), (0.0, 0.1, 0.0))
    assert residual_motions(flow, ~SURE, thing, CAMERA, moved(x_m=-0.3)) == []
    assert residual_motions(flow, SURE, np.zeros_like(thing), CAMERA, moved(x_m=-0.3)) == []


@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_nothing_breaks_whatever_the_camera_does(x_m: float, z_m: float, pan_rad: float, tilt_rad: float) -> None:
    motion = moved(x_m=x_m, z_m=z_m, turn_rad=(tilt_rad, pan_rad, 0.0))
    flow, thing = scene(motion, (0.0, 0.0, 0.0))
    found = only(flow, SURE, thing, motion)
    assert np.isfinite(found.angle_rad).all()
    assert found.across_px < 0.2
