"""The axis across: along any direction, in pixels and in metres."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, ProjectedPoints, count_depth_image, count_points, project_cloud
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

quick = settings(deadline=None, max_examples=40)
AXIS = DepthAxis(0.5, 30.0, 32, "log")
CAMERA = CameraModel(64, 48, 60.0, 60.0, 31.5, 23.5)


def some_depths(seed: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    random = np.random.default_rng(seed)
    depth = random.uniform(0.3, 40.0, shape).astype(np.float32)
    depth[random.random(shape) < 0.1] = np.nan
    return depth


def pixels_as_points(depth: NDArray[Any], camera: CameraModel = CAMERA) -> ProjectedPoints:
    """Each pixel of a depth image as a point."""
    v, u = np.indices(depth.shape, np.float32)
    rays = camera.ray_table()
    flat = [plane.ravel() for plane in (u, v, depth, rays[..., 0] * depth, rays[..., 1] * depth)]
    return ProjectedPoints(*flat)


def test_positions_and_edges_by_hand() -> None:
    across = AcrossAxis(-2.0, 6.0, 4, "metres")
    np.testing.assert_array_equal(across.edges(), [-2, 0, 2, 4, 6])
    assert across.position_of(0.0) == 0.25
    np.testing.assert_array_equal(across.position_of(np.array([-2.0, 6.0, 10.0])), [0, 1, 1.5])
    assert AcrossAxis.of_picture(1280, 320) == AcrossAxis(-0.5, 1279.5, 320, "pixels", 0.0)


@quick
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 60), st.integers(1, 90))
def test_projecting_along_the_horizontal_is_transposing_the_picture(seed: int, height: int, width: int, columns: int) -> None:
    depth = some_depths(seed, (height, width))
    upright = count_depth_image(depth, AXIS, AcrossAxis.of_picture(height, columns, math.pi / 2), limits_m=(2.0, 9.0))
    turned = count_depth_image(depth.T, AXIS, AcrossAxis.of_picture(height, columns), limits_m=(2.0, 9.0))
    np.testing.assert_array_equal(upright.counts, turned.counts)
    assert (upright.nearer, upright.farther, upright.split) == (turned.nearer, turned.farther, turned.split)


def test_the_opposite_direction_is_the_mirror_image() -> None:
    depth = some_depths(3, (20, 50))
    there = count_depth_image(depth, AXIS, AcrossAxis(-0.5, 49.5, 10))
    back = count_depth_image(depth, AXIS, AcrossAxis(-49.5, 0.5, 10, angle_rad=math.pi))
    np.testing.assert_array_equal(there.counts, back.counts[:, ::-1])


@quick
@given(st.integers(0, 2**32), st.floats(-7.0, 7.0), st.integers(1, 50))
def test_any_direction_is_that_of_histogram2d(seed: int, angle: float, columns: int) -> None:
    random = np.random.default_rng(seed)
    n = 600
    u, v = random.uniform(0, 64, n).astype(np.float32), random.uniform(0, 48, n).astype(np.float32)
    depth = random.uniform(0.3, 40.0, n).astype(np.float32)
    across = AcrossAxis(-30.0, 61.0, columns, "pixels", angle)
    place = u.astype(np.float64) * math.cos(angle) + v.astype(np.float64) * math.sin(angle)
    clear = (np.abs(across.edges()[:, None] - place) > 1e-3).all(axis=0)
    clear &= (np.abs(np.log(AXIS.edges_m()[:, None] / depth)) > 1e-4).all(axis=0)
    points = ProjectedPoints(*(part[clear] for part in (u, v, depth, u, v)))
    reference, _, _ = np.histogram2d(depth[clear], place[clear], bins=[AXIS.edges_m(), across.edges()])
    np.testing.assert_array_equal(count_points(points, AXIS, across).counts, reference)


@quick
@given(st.integers(0, 2**32), st.floats(-7.0, 7.0), st.sampled_from(["pixels", "metres"]), st.booleans(), st.booleans())
def test_a_depth_image_counts_as_its_pixels_do(seed: int, angle: float, unit: Any, distorted: bool, integers: bool) -> None:
    camera = CameraModel(64, 48, 60.0, 60.0, 31.5, 23.5, "plumb_bob", (-0.2, 0.05, 0.001, 0.0, 0.0)) if distorted else CAMERA
    metres = some_depths(seed, (48, 64))
    depth = (np.nan_to_num(metres) * 1000).astype(np.uint16) if integers else metres
    across = AcrossAxis(-40.3, 70.1, 23, unit, angle) if unit == "pixels" else AcrossAxis(-7.1, 6.9, 23, unit, angle)
    image = count_depth_image(depth, AXIS, across, camera=camera, limits_m=(2.0, 20.0))
    if integers:
        metres = (depth / 1000).astype(np.float32)
    points = count_points(pixels_as_points(metres, camera), AXIS, across, (2.0, 20.0))
    # A few pixels may lie so near an edge that rounding puts them on either side.
    assert np.abs(image.counts.astype(int) - points.counts.astype(int)).sum() <= 12
    assert abs(image.total - points.total) <= 6


def test_in_metres_a_thing_is_as_wide_as_it_is_in_the_world() -> None:
    # Two boards 2 m wide, one at 4 m and one at 16 m: 8 columns of 0.25 m each, whatever the distance. In pixels one has four
    # times the width of the other.
    camera = CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5)
    axis = DepthAxis(2.0, 32.0, 16, "log")
    board = np.stack(np.meshgrid(np.linspace(-0.99, 0.99, 199), np.linspace(-0.5, 0.5, 40)), axis=-1).reshape(-1, 2)
    cloud = np.concatenate([np.column_stack([board, np.full(len(board), z)]) for z in (4.001, 16.001)]).astype(np.float32)
    points = project_cloud(cloud, RigidTransform.identity(), camera)
    metres = count_points(points, axis, AcrossAxis(-4.0, 4.0, 32, "metres"))
    pixels = count_points(points, axis, AcrossAxis.of_picture(640, 320))
    for bin_ in (4, 12):
        np.testing.assert_array_equal(np.flatnonzero(metres.counts[bin_]), np.arange(12, 20))
    widths = [int(np.count_nonzero(pixels.counts[bin_])) for bin_ in (4, 12)]
    assert widths[0] == pytest.approx(4 * widths[1], abs=4)


def test_a_board_in_a_depth_image_is_as_wide_too() -> None:
    camera = CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5)
    axis = DepthAxis(2.0, 32.0, 16, "log")
    depth = np.full((480, 640), np.nan, np.float32)
    depth[:200, 196:444] = 4.001  # x from (195.5 - 319.5) / 500 * 4 = -0.99 m to 0.99 m
    depth[200:, 289:351] = 16.001
    found = count_depth_image(depth, axis, AcrossAxis(-4.0, 4.0, 32, "metres"), camera=camera)
    for bin_ in (4, 12):
        np.testing.assert_array_equal(np.flatnonzero(found.counts[bin_]), np.arange(12, 20))


def test_units_that_the_readings_do_not_have() -> None:
    depth = np.ones((48, 64), np.float32)
    radians, metres = AcrossAxis(-1.0, 1.0, 8, "radians"), AcrossAxis(-1.0, 1.0, 8, "metres")
    with pytest.raises(InputError, match="radians"):
        count_points(pixels_as_points(depth), AXIS, radians)
    with pytest.raises(InputError, match="radians"):
        count_depth_image(depth, AXIS, radians)
    with pytest.raises(InputError, match="camera model of the 64 x 48 depth image, got none"):
        count_depth_image(depth, AXIS, metres)
    with pytest.raises(InputError, match="got one of 128 x 96"):
        count_depth_image(depth, AXIS, metres, camera=CAMERA.scaled_to(128, 96))


@pytest.mark.parametrize(
    ("low", "high", "columns", "unit", "angle"),
    [
        (1.0, 1.0, 4, "pixels", 0.0),
        (2.0, 1.0, 4, "pixels", 0.0),
        (0.0, math.inf, 4, "metres", 0.0),
        (0.0, 1.0, 0, "metres", 0.0),
        (0.0, 1.0, 20_000, "metres", 0.0),
        (0.0, 1.0, 4, "miles", 0.0),
        (0.0, 1.0, 4, "pixels", math.nan),
    ],
)
def test_an_axis_that_cannot_be(low: float, high: float, columns: int, unit: Any, angle: float) -> None:
    with pytest.raises(ConfigurationError, match="axis across") as caught:
        AcrossAxis(low, high, columns, unit, angle)
    assert "\n" not in str(caught.value)
