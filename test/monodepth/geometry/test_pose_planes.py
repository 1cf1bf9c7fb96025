"""What the pose network sees, against motions whose flow is worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.pose_planes import (
    ACROSS,
    CELL_PX,
    CHANNELS,
    FLOW,
    INVERSE,
    PairFlow,
    at_working_size,
    pair_flow,
    pose_planes,
)
from auxfocus_ros.optics.camera import CameraModel

CAMERA = CameraModel(32, 16, 20.0, 20.0, 15.5, 7.5)
COUNTS, ACROSS_PLANE, INVERSE_PLANE, GIVEN = 4, 5, 6, 7


def of_flow(x_px: float, y_px: float) -> PairFlow:
    flow = np.zeros((16, 32, 2), np.float32)
    flow[...] = (x_px, y_px)
    return PairFlow(np.full((16, 32, 3), 51, np.uint8), CAMERA, flow, np.ones((16, 32), bool))


def moved(x_m: float = 0.0, y_m: float = 0.0, z_m: float = 0.0) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 3] = (x_m, y_m, z_m)
    return matrix


def test_without_a_prior_flow_is_given_in_the_camera_s_own_unit() -> None:
    planes = pose_planes(of_flow(2.0, -1.0))
    assert planes.shape == (CHANNELS, 16 // CELL_PX, 32 // CELL_PX)
    np.testing.assert_allclose(planes[2], FLOW * 2.0 / 20.0, rtol=1e-4)  # 2 px of 20 px focal length
    np.testing.assert_allclose(planes[3], -FLOW * 1.0 / 20.0, rtol=1e-4)
    assert not planes[ACROSS_PLANE].any() and not planes[INVERSE_PLANE].any() and not planes[GIVEN].any()
    # The first cell's middle is at 1.5 px: (1.5 - 15.5) / 20.
    np.testing.assert_allclose(planes[0][0, 0], -0.7, rtol=1e-5)
    np.testing.assert_allclose(planes[12], 0.2, rtol=1e-5)  # 51 of 255
    np.testing.assert_allclose(planes[13], 0.0, atol=1e-6)


def test_what_stands_lies_on_its_epipolar_line_where_its_depth_puts_it() -> None:
    # A camera whose points go 0.5 m to the left: at 5 m, 20 * 0.5 / 5 = 2 px to the left.
    planes = pose_planes(of_flow(-2.0, 0.0), prior=moved(x_m=-0.5))
    np.testing.assert_allclose(planes[INVERSE_PLANE], INVERSE * 0.5 / 5.0, rtol=1e-3)
    np.testing.assert_allclose(planes[ACROSS_PLANE], 0.0, atol=1e-4)
    np.testing.assert_allclose(planes[GIVEN], 1.0)
    np.testing.assert_allclose(planes[8], -1.0)
    # However long the prior says that the step was.
    np.testing.assert_allclose(pose_planes(of_flow(-2.0, 0.0), prior=moved(x_m=-0.05)), planes, rtol=1e-3, atol=1e-4)


def test_what_moves_across_the_line_is_seen_to() -> None:
    planes = pose_planes(of_flow(-2.0, 0.4), prior=moved(x_m=-0.5))
    assert np.abs(planes[ACROSS_PLANE]).min() > 0.9 * ACROSS * 0.4 / 20.0


def test_the_prior_s_rotation_is_taken_out() -> None:
    turn = np.eye(4)
    turn[:3, :3] = cv2.Rodrigues(np.array([0.01, -0.02, 0.03]))[0]
    rows, columns = np.mgrid[:16, :32]
    rays = np.stack([(columns - 15.5) / 20.0, (rows - 7.5) / 20.0, np.ones((16, 32))], -1) @ turn[:3, :3].T
    there = 20.0 * rays[..., :2] / rays[..., 2:] + [15.5, 7.5]
    flow = (there - np.stack([columns, rows], -1)).astype(np.float32)
    planes = pose_planes(PairFlow(np.zeros((16, 32, 3), np.uint8), CAMERA, flow, np.ones((16, 32), bool)), prior=turn)
    np.testing.assert_allclose(planes[2:4], 0.0, atol=1e-3)
    assert np.abs(pose_planes(PairFlow(np.zeros((16, 32, 3), np.uint8), CAMERA, flow, np.ones((16, 32), bool)))[2:4]).max() > 0.1


def test_what_is_not_asked_for_is_seen_only_beside_a_prior() -> None:
    pair = of_flow(1.0, 0.0)
    pair.flow[:, 16:] = (-3.0, 2.0)
    keep = np.zeros((16, 32), bool)
    keep[:, :16] = True
    planes = pose_planes(pair, keep)
    np.testing.assert_allclose(planes[COUNTS][:, :4], 1.0)
    np.testing.assert_allclose(planes[COUNTS][:, 4:], 0.0)
    np.testing.assert_allclose(planes[2][:, :4], FLOW / 20.0, rtol=1e-4)
    assert not planes[2][:, 4:].any() and not planes[11:, :, 4:].any()
    beside = pose_planes(pair, keep, moved(x_m=-0.5))
    np.testing.assert_array_equal(beside[COUNTS], planes[COUNTS])
    np.testing.assert_allclose(beside[11], 1.0)
    np.testing.assert_allclose(beside[2][:, 4:], -FLOW * 3.0 / 20.0, rtol=1e-4)


def test_large_pictures_are_brought_to_the_working_size() -> None:
    lot = np.random.default_rng(3)
    texture = cv2.resize(lot.integers(0, 255, (90, 160, 3), np.uint8), (1280, 720), interpolation=cv2.INTER_CUBIC)
    shifted = np.roll(texture, 20, axis=1)
    pair = pair_flow(texture, shifted, CameraModel(1280, 720, 1000.0, 1000.0, 639.5, 359.5))
    height, width = pair.flow.shape[:2]
    assert width * height < 40_000 and width % CELL_PX == height % CELL_PX == 0
    middle = pair.flow[height // 4 : -height // 4, width // 4 : -width // 4, 0]
    assert abs(float(np.median(middle)) - 20.0 * width / 1280.0) < 0.3
    mask = at_working_size(np.ones((720, 1280), bool), pair)
    assert mask is not None and mask.shape == (height, width) and mask.all()
    assert at_working_size(None, pair) is None
