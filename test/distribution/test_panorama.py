"""The whole field of view: it stands still while the camera turns in it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from auxfocus_ros.distribution import (
    AcrossAxis,
    DepthAxis,
    LevelFrame,
    count_panorama,
    field_of_view,
    focus_curve,
    level_frame,
    picture_span,
    place_by_bearing,
    project_cloud,
)
from auxfocus_ros.optics import CameraModel, RigidTransform

quick = settings(deadline=None, max_examples=60)
CAMERA = CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5)
HALF_WIDTH_RAD = math.atan(320 / 500)
LEVEL = np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])  # optical axes in a frame with z up, looking along x
AXIS = DepthAxis(0.5, 60.0, 32)


def turned(pan: float, tilt: float, frame: LevelFrame, at: tuple[float, float, float] = (0.1, -0.2, 0.3)) -> RigidTransform:
    """Extrinsics of a camera that stands at a point of the cloud's frame, turned to the right by `pan` and up by `tilt`."""
    # In the optical frame: right about y, then up about x.
    turn = (Rotation.from_euler("y", pan) * Rotation.from_euler("x", tilt)).as_matrix()
    rotation = turn.T @ (LEVEL if frame is LevelFrame.Z_UP else np.eye(3))
    return RigidTransform(rotation, -rotation @ np.array(at))


def cloud(seed: int = 0, count: int = 3000) -> NDArray[np.float32]:
    points = np.random.default_rng(seed).normal(0, 12, (count, 3)).astype(np.float32)
    points[::50] = np.nan
    points[7, 1] = np.inf
    return points


def test_by_hand() -> None:
    # In a lidar's frame: ahead, to the left, to the right and up, behind; the camera 1 m ahead of the lidar.
    points = np.array([[5, 0, 0], [1, 3, 0], [1, -4, 9], [-2, 0, 0]], np.float32)
    found = place_by_bearing(points, RigidTransform(LEVEL, np.array([0.0, 0.0, -1.0])), CAMERA)
    np.testing.assert_allclose(found.bearing_rad, [0, -math.pi / 2, math.pi / 2, math.pi], atol=1e-6)
    np.testing.assert_allclose(found.distance_m, [4, 3, 4, 3], atol=1e-6)
    np.testing.assert_array_equal(found.in_picture, [True, False, False, False])
    assert found.span_rad == pytest.approx((-HALF_WIDTH_RAD, HALF_WIDTH_RAD))
    assert (len(found), found.shown_count) == (4, 1)
    hiding = found.hiding(np.array([False]))
    assert (len(hiding), hiding.shown_count) == (4, 0)
    assert found.shown_count == 1


@quick
@given(st.floats(-3.1, 3.1), st.floats(-0.7, 0.7), st.sampled_from(list(LevelFrame)))
def test_nothing_moves_while_the_camera_turns_but_what_it_shows(pan: float, tilt: float, frame: LevelFrame) -> None:
    points = cloud()
    still = place_by_bearing(points, turned(0.0, 0.0, frame), CAMERA, frame)
    moved = place_by_bearing(points, turned(pan, tilt, frame), CAMERA, frame)
    np.testing.assert_allclose(moved.distance_m, still.distance_m, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.cos(moved.bearing_rad - still.bearing_rad), 1.0, atol=1e-6)
    low, high = moved.span_rad
    assert -math.pi <= low < math.pi
    # What the picture shows lies in the span, and is what project_cloud gives.
    off = (moved.bearing_rad[moved.in_picture] - low) % (2 * math.pi)
    assert (off <= high - low + 1e-5).all()
    shown = project_cloud(points, turned(pan, tilt, frame), CAMERA)
    assert moved.shown_count == len(shown)
    np.testing.assert_allclose(
        np.sort(moved.distance_m[moved.in_picture]),
        np.sort(np.hypot(shown_right(shown, tilt), shown.x_m)),
        rtol=1e-3,
        atol=1e-3,
    )


def shown_right(shown, tilt: float):  # type: ignore[no-untyped-def]
    """Horizontal distance ahead, of points in the optical frame of a camera that looks up by `tilt`."""
    return shown.depth_m * math.cos(tilt) + shown.y_m * math.sin(tilt)


@pytest.mark.parametrize("frame", list(LevelFrame))
@pytest.mark.parametrize("pan", [0.0, 0.7, -0.7])
@pytest.mark.parametrize("tilt", [-0.6, 0.0, 0.6])
def test_which_way_is_up_is_seen_from_the_extrinsics(frame: LevelFrame, pan: float, tilt: float) -> None:
    assert level_frame(turned(pan, tilt, frame)) is frame


def test_the_span_of_a_level_camera_and_of_one_that_looks_backwards() -> None:
    assert picture_span(turned(0.5, 0.0, LevelFrame.Z_UP), CAMERA) == pytest.approx((0.5 - HALF_WIDTH_RAD, 0.5 + HALF_WIDTH_RAD))
    low, high = picture_span(turned(math.pi, 0.0, LevelFrame.Y_DOWN), CAMERA)
    assert (low, high) == pytest.approx((math.pi - HALF_WIDTH_RAD, math.pi + HALF_WIDTH_RAD))


@pytest.mark.parametrize("tilt", [-math.pi / 2, math.pi / 2, -1.4])
def test_a_camera_that_looks_straight_down_or_up_shows_every_bearing(tilt: float) -> None:
    low, high = picture_span(turned(0.3, tilt, LevelFrame.Z_UP), CAMERA, LevelFrame.Z_UP)
    assert high - low == pytest.approx(2 * math.pi)


def test_the_focal_plane_of_a_level_camera() -> None:
    bearing, distance = focus_curve(4.0, turned(0.5, 0.0, LevelFrame.Z_UP), CAMERA)
    assert (np.diff(bearing) > 0).all()
    assert (bearing[0], bearing[-1]) == pytest.approx((0.5 - HALF_WIDTH_RAD, 0.5 + HALF_WIDTH_RAD))
    np.testing.assert_allclose(distance, 4.0 / np.cos(bearing - 0.5))
    assert np.isinf(focus_curve(math.inf, turned(0.5, 0.0, LevelFrame.Z_UP), CAMERA)[1]).all()


@quick
@given(st.floats(-3.1, 3.1), st.floats(-1.0, 1.0), st.floats(0.3, 50.0))
def test_points_of_the_focal_plane_lie_on_its_curve(pan: float, tilt: float, depth: float) -> None:
    extrinsics = turned(pan, tilt, LevelFrame.Z_UP)
    in_plane = np.column_stack([np.linspace(-0.6, 0.6, 9) * depth, np.zeros(9), np.full(9, depth)])
    points = place_by_bearing(extrinsics.inverse().apply(in_plane), extrinsics, CAMERA, LevelFrame.Z_UP)
    bearing, distance = focus_curve(depth, extrinsics, CAMERA, LevelFrame.Z_UP)
    low, high = points.span_rad
    assert low - 1e-9 <= bearing[0] <= bearing[-1] <= high + 1e-9
    unrolled = low + (points.bearing_rad - low) % (2 * math.pi)
    np.testing.assert_allclose(np.interp(unrolled, bearing, distance), points.distance_m, rtol=2e-3)


def test_a_distorted_camera_spans_more_than_one_without() -> None:
    barrel = CameraModel(640, 480, 500.0, 500.0, 319.5, 239.5, "plumb_bob", (-0.2, 0.0, 0.0, 0.0, 0.0))
    plain = picture_span(turned(0.0, 0.0, LevelFrame.Z_UP), CAMERA)
    low, high = picture_span(turned(0.0, 0.0, LevelFrame.Z_UP), barrel)
    assert low < plain[0] < plain[1] < high


def test_counts_of_a_panorama() -> None:
    points = place_by_bearing(cloud(), turned(0.0, 0.0, LevelFrame.Z_UP), CAMERA)
    found = count_panorama(points, AXIS, AcrossAxis(-math.pi, math.pi, 72, "radians"), (2.0, 10.0))
    assert found.total == len(points) == 3000 - 60 - 1
    assert sum(found.split) == found.total


@pytest.mark.parametrize("points", [np.empty((0, 3), np.float32), np.full((5, 3), np.nan, np.float32)])
def test_nothing_to_see(points: NDArray[np.float32]) -> None:
    found = place_by_bearing(points, turned(0.2, 0.0, LevelFrame.Z_UP), CAMERA)
    assert (len(found), found.shown_count) == (0, 0)
    assert count_panorama(found, AXIS, AcrossAxis(-math.pi, math.pi, 72, "radians")).total == 0


def test_the_field_of_a_sensor_that_looks_ahead_and_of_one_that_looks_round() -> None:
    ahead = np.random.default_rng(1).uniform(-0.6, 0.6, 20_000)
    strays = np.array([-2.0, 2.0])
    assert field_of_view(np.concatenate([ahead, strays])) == pytest.approx((-math.radians(35), math.radians(35)))
    assert field_of_view(np.random.default_rng(1).uniform(-3.1, 3.1, 20_000)) == (-math.pi, math.pi)
    assert field_of_view(np.empty(0)) == (-math.pi, math.pi)


def test_the_field_only_grows() -> None:
    first = field_of_view(np.linspace(-0.6, 0.2, 1000))
    second = field_of_view(np.linspace(-0.1, 0.6, 1000), first)
    assert second == pytest.approx((-math.radians(35), math.radians(35)))
    assert field_of_view(np.linspace(-0.1, 0.1, 1000), second) == second
    assert field_of_view(np.empty(0), second) == second
