"""From a frame to its auxiliary focus image."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform, load_lens
from auxfocus_ros.rig.pcd import load_pcd
from auxfocus_ros.view import (
    Analysis,
    AuxFocusPipeline,
    DistributionOptions,
    FocusReading,
    FrameInput,
    MarkerGeometry,
    PipelineOptions,
    ViewOptions,
)

PICTURE = np.full((240, 320, 3), 90, np.uint8)
CAMERA = CameraModel(320, 240, 300.0, 300.0, 159.5, 119.5)
FOCUS = FocusReading("finite", 3.0, 2.5, 4.0)


def run(pipeline: AuxFocusPipeline, picture: np.ndarray = PICTURE, **depth: Any) -> tuple[Analysis, np.ndarray, MarkerGeometry]:
    analysis = pipeline.analyse(FrameInput(picture, **depth), FOCUS)
    return analysis, *pipeline.draw(analysis)


def cloud(count: int = 500) -> np.ndarray:
    random = np.random.default_rng(1)
    z = random.uniform(1.0, 9.0, count)
    return np.stack([z * random.uniform(-0.6, 0.6, count), z * random.uniform(-0.5, 0.5, count), z], 1).astype(np.float32)


def test_a_cloud() -> None:
    points = cloud()
    result, image, geometry = run(AuxFocusPipeline(), camera=CAMERA, points_m=points)
    u, v = CAMERA.project(points)
    shown = (u >= -0.5) & (u < 319.5) & (v >= -0.5) & (v < 239.5)
    assert result.distribution.total == shown.sum() == sum(result.split)
    assert result.split.inside == int((shown & (points[:, 2] >= 2.5) & (points[:, 2] <= 4)).sum())
    assert image.shape == PICTURE.shape
    assert result.focus is FOCUS
    assert geometry.axis_depth_m[0] == result.distribution.axis.near_m


def test_a_cloud_in_its_own_frame_and_a_camera_of_another_size() -> None:
    lidar = RigidTransform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([0.1, 0.2, 0.3]))
    points = lidar.inverse().apply(cloud())
    moved, *_ = run(AuxFocusPipeline(), camera=CAMERA.scaled_to(640, 480), points_m=points, optical_from_points=lidar)
    still, *_ = run(AuxFocusPipeline(), camera=CAMERA, points_m=cloud())
    assert moved.distribution.total == pytest.approx(still.distribution.total, abs=2)


@pytest.mark.parametrize("integers", [False, True])
def test_a_depth_image_of_another_size(integers: bool) -> None:
    depth = np.random.default_rng(1).uniform(1.0, 9.0, (60, 80)).astype(np.float32)
    depth[0] = 0
    given = (depth * 1000).astype(np.uint16) if integers else depth
    result, *_ = run(AuxFocusPipeline(), depth=given)
    assert result.distribution.total == 59 * 80 == sum(result.split)
    assert (result.distribution.across.low, result.distribution.across.high) == (-0.5, 319.5)  # the picture's pixels
    assert result.distribution.columns in {80, 40}  # as many depth pixels in each


@pytest.mark.parametrize(
    "depth", [{}, {"depth": np.zeros((60, 80), np.float32)}, {"points_m": np.empty((0, 3)), "camera": CAMERA}]
)
def test_without_readings_the_axis_and_the_focus_are_drawn_all_the_same(depth: dict) -> None:
    pipeline = AuxFocusPipeline(PipelineOptions(distribution=DistributionOptions(near_m=1.0, far_m=9.0)))
    result, image, geometry = run(pipeline, **depth)
    assert result.distribution.total == 0
    assert sum(result.split) == 0
    assert not math.isnan(geometry.focus_px)
    assert (image != PICTURE).any()


def test_the_axis_is_remembered_from_frame_to_frame() -> None:
    pipeline = AuxFocusPipeline()
    first, *_ = run(pipeline, camera=CAMERA, points_m=cloud())
    second, *_ = run(pipeline)
    assert second.distribution.axis == first.distribution.axis


def test_options_between_frames() -> None:
    pipeline = AuxFocusPipeline()
    automatic = run(pipeline, camera=CAMERA, points_m=cloud())[0].distribution.axis
    pipeline.options = PipelineOptions(distribution=DistributionOptions("dioptre", 0.5, 20.0, 77))
    axis = run(pipeline, camera=CAMERA, points_m=cloud())[0].distribution.axis
    assert (axis.scale, axis.near_m, axis.far_m, axis.bins) == ("dioptre", 0.5, 20.0, 77)
    pipeline.options = PipelineOptions(ViewOptions(layout="side_by_side"))
    result, image, _ = run(pipeline, camera=CAMERA, points_m=cloud())
    assert image.shape[1] > PICTURE.shape[1]
    assert (result.distribution.axis.near_m, result.distribution.axis.far_m) == (automatic.near_m, automatic.far_m)


def test_input_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="camera"):
        run(AuxFocusPipeline(), points_m=cloud())
    with pytest.raises(InputError, match="picture"):
        run(AuxFocusPipeline(), PICTURE.astype(float), camera=CAMERA, points_m=cloud())
    with pytest.raises(InputError, match="picture"):
        run(AuxFocusPipeline(), np.zeros(7, np.uint8))
    with pytest.raises(InputError, match="depth image"):
        run(AuxFocusPipeline(), depth=np.zeros((4, 4, 2), np.float32))


@pytest.mark.parametrize(
    "options",
    [
        {"near_m": -1.0},
        {"far_m": math.inf},
        {"near_m": 5.0, "far_m": 2.0},
        {"scale": "square"},
        {"depth_bins": 10**6},
        {"depth_bins": -1},
    ],
)
def test_options_that_cannot_be(options: dict) -> None:
    with pytest.raises(ConfigurationError):
        DistributionOptions(**options)


def test_a_real_room(shared_data: Path) -> None:
    picture = cv2.imread(str(shared_data / "rgbd_room/color/1.png"))
    depth = cv2.imread(str(shared_data / "rgbd_room/depth/1.pgm"), cv2.IMREAD_UNCHANGED)
    lens = load_lens("bench_25mm")
    focus = FocusReading.of_lens(lens, lens.position_for_distance(2.0))
    assert picture is not None
    assert depth is not None
    pipeline = AuxFocusPipeline()
    result = pipeline.analyse(FrameInput(picture, depth=depth), focus)
    axis = result.distribution.axis
    assert 0.5 <= axis.near_m <= 1.0
    assert 9.0 <= axis.far_m <= 15.0
    assert result.distribution.within > 0.98 * np.count_nonzero(depth)
    assert min(result.split) > 1000
    assert pipeline.draw(result)[0].shape == picture.shape


def test_a_real_road(shared_data: Path) -> None:
    picture = cv2.imread(str(shared_data / "rgb_lidar_road/1/calib.jpg"))
    points, _ = load_pcd(shared_data / "rgb_lidar_road/1/calib.pcd")
    lines = (shared_data / "rgb_lidar_road/1/calib.txt").read_text().splitlines()
    k, d, t = ([float(number) for number in line.split(":")[1].split()] for line in lines if ":" in line)
    camera = CameraModel(1920, 1200, k[0], k[4], k[2], k[5], "plumb_bob", tuple(d))
    transform = RigidTransform.from_matrix(np.array(t).reshape(3, 4))
    assert picture is not None
    result, *_ = run(AuxFocusPipeline(), picture, camera=camera, points_m=points, optical_from_points=transform)
    # The lorry ahead is 28 m away: a straight edge some 140 px wide in the middle of the left half.
    axis = result.distribution.axis
    columns = slice(result.distribution.columns * 620 // 1920, result.distribution.columns * 760 // 1920)
    rows = slice(int(axis.position_of(26.0) * axis.bins), int(axis.position_of(30.0) * axis.bins))
    lorry = result.distribution.counts[rows, columns]
    assert lorry.sum() > 0.3 * result.distribution.counts[:, columns].sum()
    assert result.distribution.total > 10000
