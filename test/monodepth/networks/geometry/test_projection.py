"""Where pixels fall in another picture, and what is seen there."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.projection import Projection, project, scaled_intrinsics, synthesise
from auxfocus_ros.monodepth.networks.geometry.transforms import inverse_pose, pose_matrix
from auxfocus_ros.optics.camera import CameraModel


def intrinsics(width: int, height: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor([[[1.1 * width, 0.0, 0.5 * width], [0.0, 1.2 * width, 0.45 * height], [0.0, 0.0, 1.0]]], dtype=dtype)


def moved(*vector: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return pose_matrix(torch.tensor([vector], dtype=dtype))


def at(*coordinates: tuple[float, float]) -> Projection:
    """One row of pixels that fall at these columns and rows of a picture of one row."""
    grid = torch.tensor(coordinates, dtype=torch.float64)[None, None]
    return Projection(grid, torch.ones(1, 1, 1, len(coordinates)), torch.ones(1, 1, 1, len(coordinates)))


def test_a_pixel_worked_out_by_hand() -> None:
    # fx = fy = 100 px, principal point (2, 1). Pixel (4, 2) at 2 m is the point (2 * 2 / 100, 1 * 2 / 100, 2) = (0.04, 0.02, 2).
    # A quarter turn about z and (0.1, -0.02, 0.5) make it (-0.02 + 0.1, 0.04 - 0.02, 2.5) = (0.08, 0.02, 2.5), which is seen at
    # (2 + 100 * 0.08 / 2.5, 1 + 100 * 0.02 / 2.5) = (5.2, 1.8).
    k = torch.tensor([[[100.0, 0.0, 2.0], [0.0, 100.0, 1.0], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    depth = torch.full((1, 1, 3, 6), 9.0, dtype=torch.float64)
    depth[0, 0, 2, 4] = 2.0
    found = project(depth, moved(0.0, 0.0, np.pi / 2, 0.1, -0.02, 0.5), k)
    np.testing.assert_allclose(found.coordinates[0, 2, 4], [5.2, 1.8], atol=1e-12)
    assert float(found.depth_m[0, 0, 2, 4]) == pytest.approx(2.5)
    assert float(found.valid[0, 0, 2, 4]) == 1.0


def test_every_pixel_falls_where_opencv_has_it() -> None:
    width, height, rng = 7, 5, np.random.default_rng(1)
    depth = rng.uniform(0.5, 9.0, (2, 1, height, width))
    vectors = rng.normal(0.0, 0.1, (2, 6))
    k = intrinsics(width, height).expand(2, 3, 3)
    found = project(torch.from_numpy(depth), pose_matrix(torch.from_numpy(vectors)), k)
    v, u = np.mgrid[:height, :width]
    for number, vector in enumerate(vectors):
        pixels = np.stack((u, v, np.ones_like(u)), -1).reshape(-1, 3)
        points = (pixels @ np.linalg.inv(k[number].numpy()).T) * depth[number].reshape(-1, 1)
        wanted, _ = cv2.projectPoints(points, vector[:3], vector[3:], k[number].numpy(), np.zeros(5))
        np.testing.assert_allclose(found.coordinates[number].reshape(-1, 2), wanted[:, 0], atol=1e-9)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), width=st.integers(1, 40), height=st.integers(1, 30))
def test_no_motion_gives_the_picture_itself(seed: int, width: int, height: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    picture = torch.rand(2, 3, height, width, generator=generator)
    depth = 0.1 + 50 * torch.rand(2, 1, height, width, generator=generator)
    found = project(depth, torch.eye(4).expand(2, 4, 4), intrinsics(width, height, torch.float32).expand(2, 3, 3))
    assert bool((found.valid == 1).all())
    np.testing.assert_allclose(found.depth_m, depth, rtol=1e-5)
    np.testing.assert_allclose(synthesise(picture, found), picture, atol=1e-4)


@settings(deadline=None)
@given(vector=st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=6), depth_m=st.floats(1.0, 50.0))
def test_a_motion_and_its_inverse_bring_every_pixel_back(vector: list[float], depth_m: float) -> None:
    width, height, pose = 9, 7, moved(*vector)
    k = intrinsics(width, height)
    there = project(torch.full((1, 1, height, width), depth_m, dtype=torch.float64), pose, k)
    # Each point as the first pixel of a picture of its own, whose camera looks so that it is seen at (0, 0).
    count = height * width
    shift = torch.eye(3, dtype=torch.float64).repeat(count, 1, 1)
    shift[:, :2, 2] = -there.coordinates.reshape(count, 2)
    back = project(there.depth_m.reshape(count, 1, 1, 1), inverse_pose(pose).expand(count, 4, 4), shift @ k)
    returned = back.coordinates.reshape(height, width, 2) + there.coordinates[0]
    v, u = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    np.testing.assert_allclose(returned, torch.stack((u, v), -1), atol=1e-8)
    np.testing.assert_allclose(back.depth_m.flatten(), depth_m, rtol=1e-9)


def test_points_behind_the_camera_or_out_of_the_picture_are_not_valid() -> None:
    k = torch.tensor([[[10.0, 0.0, 1.0], [0.0, 10.0, 0.0], [0.0, 0.0, 1.0]]])
    depth = torch.tensor([[[[1.0, 2.0, 4.0]]]])
    # 1.5 m ahead of where it was: the first point is behind it, the others are 0.5 m and 2.5 m away.
    ahead = project(depth, moved(0, 0, 0, 0, 0, -1.5, dtype=torch.float32), k)
    assert ahead.valid.flatten().tolist() == [0.0, 1.0, 0.0]  # the last, at x 4 / 10, falls at 1 + 10 * 0.4 / 2.5 = 2.6 > 2.5
    assert ahead.depth_m.flatten().tolist() == pytest.approx([-0.5, 0.5, 2.5])
    # On the axis of a camera whose principal point is the pixel (0, 0), a point behind is still at 0 / z: its depth alone tells.
    on_axis = project(depth, moved(0, 0, 0, 0, 0, -1.5, dtype=torch.float32), torch.diag(torch.tensor([10.0, 10.0, 1.0]))[None])
    assert on_axis.valid.flatten().tolist() == [0.0, 0.0, 0.0]  # the others, at x 0.2 and 0.8, fall at 4 and 3.2
    # Points at 1, 2 and 4 m, 0.1 m further left: 1, 0.5 and 0.25 px. The picture begins half a pixel before its first centre.
    left = project(depth, moved(0, 0, 0, -0.1, 0, 0, dtype=torch.float32), k)
    np.testing.assert_allclose(left.coordinates[0, 0, :, 0], [-1.0, 0.5, 1.75], atol=1e-6)
    assert left.valid.flatten().tolist() == [0.0, 1.0, 1.0]


def test_no_depth_is_not_valid_and_the_sky_moves_by_rotation_alone() -> None:
    k = intrinsics(4, 1)
    depth = torch.tensor([[[[0.0, torch.nan, -1.0, torch.inf]]]], dtype=torch.float64, requires_grad=True)
    found = project(depth, moved(0.0, -0.1, 0.0, 5.0, 0.0, 0.0), k)
    assert found.valid.flatten().tolist() == [0.0, 0.0, 0.0, 1.0]
    assert bool(torch.isfinite(found.coordinates).all())
    # The ray of column 3 is at atan((3 - 2) / 4.4); turned by -0.1 rad about y (down), so to the left.
    assert found.coordinates[0, 0, 3, 0].item() == pytest.approx(2.0 + 4.4 * np.tan(np.arctan(1 / 4.4) - 0.1))
    (gradient,) = torch.autograd.grad(found.coordinates.sum(), depth)
    assert gradient.flatten().tolist() == [0.0, 0.0, 0.0, 0.0]


def test_the_picture_is_bilinear_between_centres_and_its_border_goes_on() -> None:
    row = torch.tensor([[[[0.0, 1.0, 3.0, 7.0]]]], dtype=torch.float64)
    seen = synthesise(row, at((0.0, 0.0), (1.25, 0.0), (-3.0, 0.0), (99.0, 5.0)))
    np.testing.assert_allclose(seen.flatten(), [0.0, 1.0 + 0.25 * 2.0, 0.0, 7.0], atol=1e-12)


def test_a_step_aside_shifts_a_wall() -> None:
    # A wall 2 m away and 0.25 m to the right, fx 8 px: one pixel. What was in column x is in column x - 1 of the second.
    generator = torch.Generator().manual_seed(3)
    wall = torch.rand(1, 3, 6, 9, generator=generator)
    first, second = wall[..., :8], wall[..., 1:]
    k = torch.tensor([[[8.0, 0.0, 4.0], [0.0, 8.0, 3.0], [0.0, 0.0, 1.0]]])
    found = project(torch.full((1, 1, 6, 8), 2.0), moved(0, 0, 0, -0.25, 0, 0, dtype=torch.float32), k)
    np.testing.assert_allclose(synthesise(second, found)[..., 1:], first[..., 1:], atol=1e-5)
    assert found.valid[0, 0, 0].tolist() == [0.0] + [1.0] * 7


def test_gradients_of_the_projection() -> None:
    generator = torch.Generator().manual_seed(4)
    depth = (1 + 4 * torch.rand(2, 1, 3, 4, dtype=torch.float64, generator=generator)).requires_grad_()
    vector = (0.1 * torch.randn(2, 6, dtype=torch.float64, generator=generator)).requires_grad_()
    k = intrinsics(4, 3).repeat(2, 1, 1).requires_grad_()

    def both(depth: torch.Tensor, vector: torch.Tensor, k: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = project(depth, pose_matrix(vector), k)
        return found.coordinates, found.depth_m

    assert torch.autograd.gradcheck(both, (depth, vector, k))


def test_gradients_of_the_projection_image() -> None:
    generator = torch.Generator().manual_seed(5)
    picture = torch.rand(1, 2, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    # Between the centres of pixels: at them, bilinear sampling has a kink.
    whole = torch.stack(
        (torch.randint(0, 3, (1, 3, 4), generator=generator), torch.randint(0, 2, (1, 3, 4), generator=generator)), -1
    )
    between = 0.2 + 0.6 * torch.rand(1, 3, 4, 2, dtype=torch.float64, generator=generator)
    plane = torch.ones(1, 1, 3, 4)
    assert torch.autograd.gradcheck(
        lambda picture, grid: synthesise(picture, Projection(grid, plane, plane)), (picture, (whole + between).requires_grad_())
    )


def test_a_resized_camera_is_that_of_optics() -> None:
    camera = CameraModel(640, 480, 500.0, 510.0, 321.5, 236.0)
    resized = scaled_intrinsics(torch.from_numpy(camera.matrix())[None], 416 / 640, 128 / 480)
    np.testing.assert_allclose(resized[0], camera.scaled_to(416, 128).matrix(), atol=1e-9)


def test_other_shapes_are_refused() -> None:
    depth, pose, k = torch.ones(2, 1, 3, 4), torch.eye(4).repeat(2, 1, 1), torch.eye(3).repeat(2, 1, 1)
    with pytest.raises(InputError, match=r"depth: its shape is \(2, 3, 4\), it must be \(any, 1, any, any\)"):
        project(depth[:, 0], pose, k)
    with pytest.raises(InputError, match=r"pose: its shape is \(2, 3, 4\), it must be \(2, 4, 4\)"):
        project(depth, pose[:, :3], k)
    with pytest.raises(InputError, match="camera matrix K"):
        project(depth, pose, k[:1])
    with pytest.raises(InputError, match="second picture"):
        synthesise(torch.ones(2, 3, 3, 5), project(depth, pose, k))
