"""Motion blur by the camera's own motion: the flow against projected points, and what it does to a picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.simulation.camera_blur import add_moments, picture_flow
from auxfocus_ros.rig.simulation.motion_blur import SubframeMean

CAMERA = CameraModel(160, 120, 150.0, 150.0, 79.5, 59.5)
SPEED = st.floats(-0.5, 0.5)


@settings(deadline=None)
@given(st.tuples(SPEED, SPEED, SPEED), st.tuples(SPEED, SPEED, SPEED), st.floats(1.0, 20.0))
def test_flow_is_what_projected_points_do(turn: tuple[float, ...], shift: tuple[float, ...], depth_m: float) -> None:
    """A plane square to the view, seen before and after the camera has turned and moved for a millisecond."""
    step_s = 1e-3
    depth = np.full((120, 160), depth_m, np.float32)
    right, down = picture_flow(depth, CAMERA, np.array(turn), np.array(shift))
    rows, columns = np.mgrid[10:110:20, 10:150:20]
    rays = np.stack([(columns - 79.5) / 150.0, (rows - 59.5) / 150.0, np.ones_like(rows, dtype=np.float64)], axis=-1).reshape(
        -1, 3
    )
    rotation = cv2.Rodrigues(np.array(turn) * step_s)[0]
    moved = (rays * depth_m - np.array(shift) * step_s) @ rotation
    x, y = moved[:, 0] / moved[:, 2] * 150.0 + 79.5, moved[:, 1] / moved[:, 2] * 150.0 + 59.5
    flat = (rows.ravel(), columns.ravel())
    assert right[flat] == pytest.approx((x - columns.ravel()) / step_s, abs=0.5)
    assert down[flat] == pytest.approx((y - rows.ravel()) / step_s, abs=0.5)


def test_a_turn_smears_an_edge_over_its_path() -> None:
    """A pan that moves the picture by 9 pixels spreads a vertical edge over 9 pixels, and leaves a horizontal one alone."""
    turn = np.array([0.0, 9.0 / 150.0 / 0.01, 0.0])  # 9 px in 10 ms at the middle
    depth = np.full((120, 160), 10.0, np.float32)
    flow = picture_flow(depth, CAMERA, turn, np.zeros(3))
    upright, level = np.zeros((120, 160, 3), np.uint8), np.zeros((120, 160, 3), np.uint8)
    upright[:, 80:], level[60:] = 255, 255
    widths = []
    for picture in (upright, level):
        mean = SubframeMean(120, 160, 1.0)
        add_moments(mean, picture, flow, 0.01, 9)
        profile = mean.mean()[60, :, 0] if picture is upright else mean.mean()[:, 80, 0]
        widths.append(int(((profile > 5) & (profile < 250)).sum()))
    assert 7 <= widths[0] <= 10
    assert widths[1] <= 1


def test_at_rest_the_picture_stays_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    flow = picture_flow(np.full((120, 160), np.inf, np.float32), CAMERA, np.zeros(3), np.ones(3))
    mean = SubframeMean(120, 160)
    add_moments(mean, picture, flow, 0.01, 3)
    assert np.abs(mean.mean().astype(int) - picture).max() <= 1
