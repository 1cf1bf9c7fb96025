"""Counts of real readings: a living room's depth images, and a 64-beam lidar on a road."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    SCALES,
    AcrossAxis,
    DepthAxis,
    count_depth_image,
    count_panorama,
    count_points,
    depth_to_points,
    field_of_view,
    place_by_bearing,
    project_cloud,
    robust_range_m,
    visible_from_camera,
)
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import Frame, open_source


def first_frame(path: Path) -> Frame:
    source = open_source("recording", path)
    try:
        return next(source.frames())
    finally:
        source.close()


@pytest.fixture(scope="module")
def room(samples: Path) -> Frame:
    return first_frame(samples / "rgbd_room")


@pytest.fixture(scope="module")
def road(samples: Path) -> Frame:
    return first_frame(samples / "rgb_lidar_road")


def axis_of(depth: NDArray[Any], scale: Any) -> DepthAxis:
    near, far = robust_range_m(depth) or (1.0, 2.0)
    return DepthAxis(near, far, 128, scale)


def in_doubt(depth: NDArray[Any], axis: DepthAxis) -> int:
    """How many depths are within float32's rounding of an edge of a bin."""
    place = np.interp(depth.astype(np.float64), axis.edges_m(), np.arange(axis.bins + 1))
    return int((np.abs(place - np.round(place)) < 2e-3).sum())


@pytest.mark.parametrize("scale", SCALES)
def test_a_real_depth_image_counts_as_histogram2d_does(room: Frame, scale: str) -> None:
    depth = room.depth_m
    assert depth is not None
    axis, across = axis_of(depth, scale), AcrossAxis.of_picture(depth.shape[1], 320)
    found = count_depth_image(depth, axis, across, limits_m=(1.5, 2.5))
    v, u = np.nonzero(np.isfinite(depth) & (depth > 0))
    readings = depth[v, u]
    reference, _, _ = np.histogram2d(readings, u, bins=[axis.edges_m(), across.edges()])
    assert np.abs(found.counts - reference).sum() <= 2 * in_doubt(readings, axis)
    assert found.total == len(readings)
    assert found.split == (((readings >= 1.5) & (readings <= 2.5)).sum(), (readings < 1.5).sum(), (readings > 2.5).sum())


def test_a_depth_image_and_its_points_give_one_distribution_in_metres(room: Frame) -> None:
    depth = room.depth_m
    assert depth is not None
    camera = room.camera.scaled_to(depth.shape[1], depth.shape[0])
    axis, across = axis_of(depth, "log"), AcrossAxis(-3.0, 3.0, 200, "metres")
    image = count_depth_image(depth, axis, across, camera=camera)
    points = project_cloud(depth_to_points(depth, camera), RigidTransform.identity(), camera)
    cloud = count_points(points, axis, across)
    # Some pixels of the border are rounded out of the picture.
    assert np.abs(image.counts.astype(int) - cloud.counts.astype(int)).sum() <= 0.02 * image.total


@pytest.mark.parametrize("scale", SCALES)
def test_a_real_scan_counts_as_histogram2d_does(road: Frame, scale: str) -> None:
    assert road.points is not None
    points = project_cloud(road.points, road.optical_from_points, road.camera)
    axis, across = axis_of(points.depth_m, scale), AcrossAxis.of_picture(road.width_px, 480)
    found = count_points(points, axis, across)
    reference, _, _ = np.histogram2d(points.depth_m, points.u_px, bins=[axis.edges_m(), across.edges()])
    doubt = in_doubt(points.depth_m, axis) + in_doubt(
        points.u_px + np.float32(1), DepthAxis(0.5, road.width_px + 0.5, 480, "linear")
    )
    assert np.abs(found.counts - reference).sum() <= 2 * doubt
    assert found.total == len(points) > 10_000


def test_the_whole_scan_by_bearing(road: Frame) -> None:
    assert road.points is not None
    found = place_by_bearing(road.points, road.optical_from_points, road.camera)
    shown = project_cloud(road.points, road.optical_from_points, road.camera)
    assert found.shown_count == len(shown) < len(found)
    low, high = found.span_rad
    assert -math.pi / 2 < low < 0 < high < math.pi / 2  # the camera looks ahead
    axis = axis_of(found.distance_m, "log")
    assert count_panorama(found, axis, AcrossAxis(*field_of_view(found.bearing_rad), 360, "radians")).within > 0.95 * len(found)


def test_little_of_a_real_scan_is_hidden_from_a_camera_beside_the_lidar(road: Frame) -> None:
    assert road.points is not None
    shown = project_cloud(road.points, road.optical_from_points, road.camera)
    visible = visible_from_camera(shown, road.width_px, road.height_px)
    assert 0.85 * len(shown) < np.count_nonzero(visible) < len(shown)
    # What is hidden is farther than most of what is round it.
    assert np.median(shown.depth_m[~visible]) > np.median(shown.depth_m[visible])
