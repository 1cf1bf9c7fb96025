"""Points behind what the camera sees: a wall and a post, with a lidar beside the camera."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution import ProjectedPoints, project_cloud, visible_from_camera
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

CAMERA = CameraModel(1280, 720, 1000.0, 1000.0, 639.5, 359.5)
LIDAR_AT = np.array([-0.6, -0.3, 0.0])
WALL_M, POST_M, GROUND_M = 12.0, 4.0, 1.5


def on_post(start: NDArray[np.float64], rays: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether rays meet the post: 0.4 m wide, from 1 m above the camera's height down to the ground."""
    hit = start + rays * ((POST_M - start[2]) / rays[:, 2:])
    return (np.abs(hit[:, 0]) < 0.2) & (hit[:, 1] > -1.0)


def scan(beams: int, azimuths: int) -> tuple[ProjectedPoints, NDArray[np.bool_]]:
    """A lidar's points of post, wall and ground, and which of them the camera truly sees."""
    elevation, azimuth = np.meshgrid(np.linspace(-0.35, 0.3, beams), np.linspace(-0.7, 0.7, azimuths), indexing="ij")
    rays = np.stack([np.tan(azimuth), np.tan(elevation) / np.cos(azimuth), np.ones_like(azimuth)], axis=-1).reshape(-1, 3)
    wall = (WALL_M - LIDAR_AT[2]) / rays[:, 2]
    with np.errstate(divide="ignore"):
        ground = np.where(rays[:, 1] > 0, (GROUND_M - LIDAR_AT[1]) / rays[:, 1], np.inf)
    reach = np.where(on_post(LIDAR_AT, rays), POST_M, np.minimum(wall, ground))
    points = project_cloud((LIDAR_AT + rays * reach[:, None]).astype(np.float32), RigidTransform.identity(), CAMERA)
    seen = np.column_stack([points.x_m, points.y_m, points.depth_m]).astype(np.float64)
    return points, (seen[:, 2] < POST_M + 0.01) | ~on_post(np.zeros(3), seen)


@pytest.mark.parametrize(("beams", "azimuths"), [(128, 600), (64, 400), (16, 400)])
def test_the_wall_behind_the_post_goes_and_all_else_stays(beams: int, azimuths: int) -> None:
    points, truth = scan(beams, azimuths)
    found = visible_from_camera(points, 1280, 720)
    assert (~truth).sum() > 20  # there is something to find
    assert (found & ~truth).sum() <= 0.15 * (~truth).sum()
    assert (~found & truth).sum() <= 0.01 * truth.sum()


def test_without_parallax_nothing_is_hidden() -> None:
    points, truth = scan(64, 400)
    seen = points.only(truth)
    assert len(seen) == truth.sum()
    np.testing.assert_array_equal(seen.y_m, points.y_m[truth])
    assert np.count_nonzero(visible_from_camera(seen, 1280, 720)) >= 0.99 * len(seen)


def test_slanted_ground_hides_nothing_of_itself() -> None:
    v, u = np.meshgrid(np.linspace(365, 719, 64), np.linspace(0, 1279, 400), indexing="ij")
    depth = (1000 * 1.5 / (v - 359.5)).astype(np.float32).ravel()
    flat = ProjectedPoints(u.astype(np.float32).ravel(), v.astype(np.float32).ravel(), depth, depth, depth)
    assert visible_from_camera(flat, 1280, 720).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_points(count: int) -> None:
    some = np.full(count, 5.0, np.float32)
    assert visible_from_camera(ProjectedPoints(some, some, some, some, some), 10, 10).sum() == count


def test_a_picture_that_cannot_be() -> None:
    some = np.ones(1, np.float32)
    with pytest.raises(InputError, match="greater than 0"):
        visible_from_camera(ProjectedPoints(some, some, some, some, some), 0, 10)


def test_a_point_at_the_very_edge() -> None:
    edge = np.array([-0.5, 99.49999], np.float32)
    assert visible_from_camera(ProjectedPoints(edge, edge, edge + 2, edge, edge), 100, 100).all()
