"""The memory of scans: what it joins, what it leaves alone, and what it forgets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from auxfocus_ros.distribution.objects import ScanMemory, ScanMemoryOptions, SegmentationOptions, segment_points
from auxfocus_ros.distribution.objects.scan_memory import share_of_new
from auxfocus_ros.distribution.objects.scan_motion import older_from_newer, rotation_of, vector_of
from auxfocus_ros.distribution.projection import ProjectedPoints, project_cloud
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

CAMERA = CameraModel(640, 480, 560.0, 560.0, 319.5, 239.5)
HERE = RigidTransform.identity()


def directions(number, count=2500):
    """Rays (count, 3) of the scan of a number, in rosettes over the picture as two turning prisms draw them."""
    time_s = 0.1 * (number + 0.37) + 0.1 * np.arange(count) / count
    one, two = 2 * np.pi * 121.6 * time_s, -2 * np.pi * 77.8 * time_s
    x, y = 0.28 * (np.cos(one) + np.cos(two)), 0.21 * (np.sin(one) + np.sin(two))
    return np.column_stack((x, y, np.ones(count)))


def grid_directions():
    """The rays of a lidar that repeats: 48 rings."""
    v, u = np.mgrid[5:480:10, 2:640:5].reshape(2, -1)
    return np.column_stack(((u - 319.5) / 560.0, (v - 239.5) / 560.0, np.ones(u.size)))


def scan_of(rays, pose=HERE, block_x_m=None):
    """A room's cloud (N, 3) in the frame of a sensor at a pose: ground 1.5 m below, a wall 12 m ahead, one 5 m to the left, one
    6 m to the right, and a block of 1 x 1.5 m at 6 m, its left edge at block_x_m."""
    d = rays @ pose.rotation.T
    o = pose.translation_m
    with np.errstate(divide="ignore"):
        t = np.minimum.reduce([
            np.where(d[:, axis] * sign > 0, (sign * at - sign * o[axis]) / (d[:, axis] * sign), np.inf)
            for axis, sign, at in ((1, 1, 1.5), (2, 1, 12.0), (0, -1, -5.0), (0, 1, 6.0))
        ])  # fmt: skip
    if block_x_m is not None:
        near = (6.0 - o[2]) / d[:, 2]
        x, y = o[0] + near * d[:, 0], o[1] + near * d[:, 1]
        t = np.where((x >= block_x_m) & (x <= block_x_m + 1.0) & (y >= 0.0) & (y <= 1.5) & (near < t), near, t)
    return rays * t[:, None]


def seen(cloud):
    return project_cloud(cloud.astype(np.float32), HERE, CAMERA)


def xyz(points):
    return np.stack((points.x_m, points.y_m, points.depth_m))


def test_scans_that_do_not_repeat_are_joined_newest_first():
    memory = ScanMemory()
    scans = [seen(scan_of(directions(k))) for k in range(4)]
    joined = [memory.add(scan, CAMERA, 0.1 * k) for k, scan in enumerate(scans)]
    assert joined[0] is scans[0]
    assert memory.joins
    # The window of 0.25 s holds two older scans, a rig that stands still loses hardly any of their points.
    assert 2.8 * len(scans[3]) < len(joined[3]) <= sum(map(len, scans[1:]))
    np.testing.assert_array_equal(xyz(joined[3])[:, : len(scans[3])], xyz(scans[3]))


def test_scans_that_repeat_are_left_alone():
    memory = ScanMemory()
    rng = np.random.default_rng(3)
    for k in range(5):
        rays = grid_directions()
        scan = seen(scan_of(rays) * (1 + 0.002 * rng.standard_normal((len(rays), 1))))
        assert memory.add(scan, CAMERA, 0.1 * k) is scan
    assert not memory.joins


def test_a_lidar_that_stops_repeating_is_found_out():
    memory = ScanMemory()
    for k in range(40):
        rays = grid_directions() if k < 5 else directions(k, 800)
        joined = memory.add(seen((1 + 1e-3 * k) * scan_of(rays)), CAMERA, 0.1 * k)
        assert len(joined) == len(rays) or k > 20
    assert not memory.joins
    for k in range(40, 90):
        joined = memory.add(seen(scan_of(directions(k, 800))), CAMERA, 0.1 * k)
    assert memory.joins and len(joined) > 1600


def test_camera_that_turns_before_a_lidar_that_repeats():
    """Turned back, the directions are the same: nothing is joined."""
    memory = ScanMemory()
    cloud = scan_of(grid_directions())
    turn = RigidTransform(rotation_of(np.array([0.017, 0.031, 0.0])), np.zeros(3))
    for k in range(24):  # Longer than a lidar is taken at its word.
        scan = seen(cloud)
        assert memory.add(scan, CAMERA, 0.1 * k, turn if k else None) is scan
        if k % 8 == 7:
            turn = turn.inverse()
        cloud = turn.apply(cloud)


@pytest.mark.parametrize("told", [True, False])
def test_motion_is_taken_out(told):
    """A rig that turns and flies: older points land on the surfaces, whether it is told how it moves or not."""
    memory = ScanMemory()
    step = RigidTransform(rotation_of(np.array([0.004, 0.02, -0.003])), np.array([0.05, 0.01, 0.2]))
    pose = HERE
    for k in range(5):
        scan = seen(scan_of(directions(k), pose))
        joined = memory.add(scan, CAMERA, 0.1 * k, step.inverse() if told and k else None)
        last = pose
        pose = RigidTransform(pose.rotation @ step.rotation, pose.rotation @ step.translation_m + pose.translation_m)
    older = xyz(joined)[:, len(scan) :]
    assert older.shape[1] > 2000
    place = last.rotation @ older + last.translation_m[:, None]
    away = np.min(np.abs([place[1] - 1.5, place[2] - 12.0, place[0] + 5.0, place[0] - 6.0]), axis=0)
    assert np.quantile(away, 0.9) < (1e-3 if told else 0.06)


def test_what_moves_leaves_no_trail_where_the_newest_scan_looks():
    """Where the newest scan sees the wall, what stood there before is gone; where it does not look, nobody can say."""
    memory = ScanMemory()
    for k in range(3):
        left_m = -1.5 + 1.2 * k
        scan = seen(scan_of(directions(k, 9000), block_x_m=left_m))
        joined = memory.add(scan, CAMERA, 0.1 * k, HERE if k else None)
    older = xyz(joined)[:, len(scan) :]
    assert older.shape[1] > 12000
    trail = (np.abs(older[2] - 6.0) < 0.01) & (older[1] < 1.4) & (older[0] < left_m - 0.1)
    newest = cKDTree((xyz(scan)[:2] / xyz(scan)[2]).T)
    away, _ = newest.query((older[:2, trail] / 6.0).T)
    assert away.min() > 4e-3
    assert newest.query((older[:2] / older[2]).T)[0].min() < 1e-3


def test_objects_of_a_joined_cloud_are_labelled_in_the_newest():
    memory = ScanMemory()
    for k in range(3):
        scan = seen(scan_of(directions(k), block_x_m=-0.5))
        joined = memory.add(scan, CAMERA, 0.1 * k, HERE if k else None)
    scene = segment_points(joined, CAMERA, SegmentationOptions(), len(scan))
    assert len(scene.labels) == len(scan) < len(joined)
    block = next(found for found in scene.objects if abs(found.depth_m - 6.0) < 0.1)
    assert block.point_count == np.count_nonzero(scene.labels == block.segment) > 50
    assert block.box_px[2] == pytest.approx(560 / 6, rel=0.2) and block.box_px[3] == pytest.approx(140, rel=0.2)


@pytest.mark.parametrize("time_s", [0.05, 0.6])
def test_gaps_and_time_that_runs_backwards_clear_it(time_s):
    memory = ScanMemory()
    for k in range(3):
        memory.add(seen(scan_of(directions(k))), CAMERA, 0.1 * k)
    scan = seen(scan_of(directions(9)))
    assert memory.joins
    assert memory.add(scan, CAMERA, time_s) is scan
    assert not memory.joins


def test_the_same_cloud_again_is_not_joined_to_itself():
    memory = ScanMemory()
    scans = [seen(scan_of(directions(k))) for k in range(3)]
    for k, scan in enumerate(scans):
        joined = memory.add(scan, CAMERA, 0.1 * k)
    again = memory.add(scans[2], CAMERA, 0.2)
    assert len(again) == pytest.approx(len(joined), rel=0.02)


def test_a_camera_that_is_faster_than_the_lidar():
    """Each cloud comes with three pictures, by whose times it goes: it is still found out that the scans do not repeat."""
    memory = ScanMemory()
    for k in range(12):
        scan = seen(scan_of(directions(k // 3)))
        joined = memory.add(scan, CAMERA, k / 30)
    assert memory.joins
    assert len(joined) > 2.8 * len(scan)


def test_memory_is_bounded_and_may_be_off():
    bounded, off = ScanMemory(ScanMemoryOptions(most_points=3000)), ScanMemory(ScanMemoryOptions(window_s=0.0))
    for k in range(4):
        scan = seen(scan_of(directions(k)))
        joined = bounded.add(scan, CAMERA, 0.1 * k)
        assert len(joined) <= len(scan) + 3000
        assert off.add(scan, CAMERA, 0.1 * k) is scan


def test_few_points_and_another_place_are_left_alone():
    memory = ScanMemory()
    for k in range(3):
        memory.add(seen(scan_of(directions(k))), CAMERA, 0.1 * k)
    few = seen(scan_of(directions(7, 20)))
    assert memory.add(few, CAMERA, 0.3) is few
    rays = directions(8)
    elsewhere = seen(rays * np.random.default_rng(1).uniform(1.0, 90.0, (len(rays), 1)))
    assert memory.add(elsewhere, CAMERA, 0.4) is elsewhere


def test_share_of_new_directions():
    points = scan_of(directions(1)).T.astype(np.float32)
    assert share_of_new(points, points) == 0.0
    assert share_of_new(points, 3 * points) == 0.0
    assert share_of_new(points, scan_of(directions(2)).T.astype(np.float32)) > 0.4


def test_scans_without_common_surfaces_give_no_motion():
    rng = np.random.default_rng(5)
    rays = directions(1)
    one, two = ((rays * rng.uniform(2.0, 50.0, (len(rays), 1))).T.astype(np.float32) for _ in range(2))
    field = np.array([0.02, -0.57, 0.57, -0.43, 0.43])
    assert older_from_newer(one, two, field, (np.eye(3), np.zeros(3))) is None


@given(st.lists(st.floats(-1.7, 1.7), min_size=3, max_size=3))
def test_turn_there_and_back(vector):
    turn = rotation_of(np.array(vector))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(vector_of(turn), vector, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(-0.2, 0.4), min_size=1, max_size=6))
def test_any_clouds_at_any_times_keep_the_newest_first(seed, steps):
    rng = np.random.default_rng(seed)
    memory, time_s = ScanMemory(), 10.0
    for step in steps:
        time_s += step
        count = int(rng.integers(0, 400))
        u, v = rng.uniform(0, 639, count).astype(np.float32), rng.uniform(0, 479, count).astype(np.float32)
        z = np.exp(rng.normal(1.0, 1.0, count)).astype(np.float32)
        scan = ProjectedPoints(u, v, z, (u - np.float32(319.5)) / 560 * z, (v - np.float32(239.5)) / 560 * z)
        joined = memory.add(scan, CAMERA, time_s)
        np.testing.assert_array_equal(xyz(joined)[:, :count], xyz(scan))
        assert (joined.depth_m > 0).all() and (joined.u_px >= -0.5).all() and (joined.u_px < 639.5).all()


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="time must be finite"):
        ScanMemory().add(seen(scan_of(directions(1))), CAMERA, float("nan"))
    with pytest.raises(ConfigurationError, match="window_s is 3, it must be 0 to 2 s"):
        ScanMemoryOptions(window_s=3.0)
    with pytest.raises(ConfigurationError, match="most_points is -1, it must be"):
        ScanMemoryOptions(most_points=-1)
