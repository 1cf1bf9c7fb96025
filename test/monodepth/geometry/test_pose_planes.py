"""What the pose network sees, against flow that is worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np

from auxfocus_ros.monodepth.geometry.pose_planes import (
    CELL_PX,
    CHANNELS,
    FLOW,
    PairFlow,
    at_working_size,
    both_pair_flows,
    pair_flow,
    pose_planes,
)
from auxfocus_ros.optics.camera import CameraModel

CAMERA = CameraModel(32, 16, 20.0, 20.0, 15.5, 7.5)
COUNTS = 4


def of_flow(x_px: float, y_px: float) -> PairFlow:
    flow = np.zeros((16, 32, 2), np.float32)
    flow[...] = (x_px, y_px)
    return PairFlow(np.full((16, 32, 3), 51, np.uint8), CAMERA, flow, np.ones((16, 32), bool))


def test_flow_is_given_in_the_camera_s_own_unit() -> None:
    planes = pose_planes(of_flow(2.0, -1.0))
    assert planes.shape == (CHANNELS, 16 // CELL_PX, 32 // CELL_PX)
    np.testing.assert_allclose(planes[2], FLOW * 2.0 / 20.0, rtol=1e-4)  # 2 px of 20 px focal length
    np.testing.assert_allclose(planes[3], -FLOW * 1.0 / 20.0, rtol=1e-4)
    # The first cell's middle is at 1.5 px: (1.5 - 15.5) / 20.
    np.testing.assert_allclose(planes[0][0, 0], -0.7, rtol=1e-5)
    np.testing.assert_allclose(planes[1][0, 0], -0.3, rtol=1e-5)
    np.testing.assert_allclose(planes[5], 0.2, rtol=1e-5)  # 51 of 255
    np.testing.assert_allclose(planes[6], 0.0, atol=1e-6)


def test_what_is_not_looked_at_has_no_say() -> None:
    pair = of_flow(1.0, 0.0)
    pair.flow[:, 16:] = (-3.0, 2.0)
    keep = np.zeros((16, 32), bool)
    keep[:, :16] = True
    planes = pose_planes(pair, keep)
    np.testing.assert_allclose(planes[COUNTS][:, :4], 1.0)
    np.testing.assert_allclose(planes[COUNTS][:, 4:], 0.0)
    np.testing.assert_allclose(planes[2][:, :4], FLOW / 20.0, rtol=1e-4)
    assert not planes[2][:, 4:].any() and not planes[5:, :, 4:].any()


def test_large_pictures_are_brought_to_the_working_size() -> None:
    lot = np.random.default_rng(3)
    texture = np.asarray(cv2.resize(lot.integers(0, 255, (90, 160, 3), np.uint8), (1280, 720), interpolation=cv2.INTER_CUBIC))
    shifted = np.roll(texture, 20, axis=1)
    pair = pair_flow(texture, shifted, CameraModel(1280, 720, 1000.0, 1000.0, 639.5, 359.5))
    height, width = pair.flow.shape[:2]
    assert width * height < 40_000 and width % CELL_PX == height % CELL_PX == 0
    middle = pair.flow[height // 4 : -height // 4, width // 4 : -width // 4, 0]
    assert abs(float(np.median(middle)) - 20.0 * width / 1280.0) < 0.3
    mask = at_working_size(np.ones((720, 1280), bool), pair)
    assert mask is not None and mask.shape == (height, width) and mask.all()
    assert at_working_size(None, pair) is None


def test_the_flow_back_is_that_of_the_pictures_exchanged() -> None:
    lot = np.random.default_rng(4)
    first = np.asarray(cv2.resize(lot.integers(0, 255, (16, 32, 3), np.uint8), (128, 64), interpolation=cv2.INTER_CUBIC))
    second, camera = np.roll(first, 3, axis=1), CameraModel(128, 64, 90.0, 90.0, 63.5, 31.5)
    there, back = both_pair_flows(first, second, camera)
    np.testing.assert_array_equal(back.flow, pair_flow(second, first, camera).flow)
    np.testing.assert_array_equal(back.first, second)
    assert abs(float(np.median(there.flow[..., 0])) - 3.0) < 0.1
