"""Where each pixel of one picture falls in another, by its depth and the camera's motion, and what is seen there.

The projection is the inner loop of training, on two processor cores. K R K^-1 takes a pixel's column and row each by itself, so
one sum over the picture is all that its rays cost, and nothing has to be kept per size and camera. The depth enters by its
inverse, which leaves the coordinates as they are: they are divided by the depth in the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from auxfocus_ros.monodepth.networks.geometry.shapes import demand_shape

_LEAST_DEPTH_RATIO = 1e-3
"""Depth in the second camera by that in the first. Below it a point is behind the second camera, or as good as in it."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Where the pixels of a first picture fall in a second one.

    coordinates: (N, H, W, 2), column and row in the second picture (px), pixel (0, 0) with its centre at (0, 0); finite also
    where they are not valid. depth_m: (N, 1, H, W), z in the second camera's frame. valid: (N, 1, H, W), 1 where the pixel has a
    depth, its point lies in front of the second camera and falls within the picture (up to the outer edge of its outermost
    pixels), else 0.
    """

    coordinates: torch.Tensor
    depth_m: torch.Tensor
    valid: torch.Tensor


def project(depth_m: torch.Tensor, pose: torch.Tensor, k: torch.Tensor) -> Projection:
    """P = K pose Z K^-1 H, divided by the depth that comes of it.

    The source prints the product alone: it is homogeneous, and is a pixel only after the division by its third row.
    Differentiable in all three arguments.

    Args:
        depth_m: (N, 1, H, W) of the first picture, z; 0, negative and NaN: none, +inf: infinitely far, R alone moves it.
        pose: (N, 4, 4), from the first camera's frame into the second's, its translation in the unit of the depth.
        k: (N, 3, 3) of both cameras, in pixels of this size, third row 0 0 1.

    Raises:
        InputError: another shape.

    Source: US 12,387,354 B2, block 106.
    """
    demand_shape("depth", depth_m, None, 1, None, None)
    demand_shape("pose", pose, len(depth_m), 4, 4)
    demand_shape("camera matrix K", k, len(depth_m), 3, 3)
    height, width = depth_m.shape[2:]
    turned, moved = k @ pose[:, :3, :3] @ torch.linalg.inv(k), k @ pose[:, :3, 3:]
    columns = turned[:, :, :1] * torch.arange(width, dtype=k.dtype, device=k.device)  # (N, 3, W)
    rows = turned[:, :, 1:2] * torch.arange(height, dtype=k.dtype, device=k.device) + turned[:, :, 2:]  # (N, 3, H)
    known = depth_m > 0
    inverse = torch.where(known, depth_m, 1.0).reciprocal()
    points = torch.addcmul(columns[:, :, None, :] + rows[:, :, :, None], moved[:, :, :, None], inverse)  # (N, 3, H, W), by depth
    ratio = points[:, 2:]
    planes = points[:, :2] / ratio.clamp_min(_LEAST_DEPTH_RATIO)
    valid = known & (ratio > _LEAST_DEPTH_RATIO)
    for plane, size in ((planes[:, :1], width), (planes[:, 1:], height)):
        valid = valid & (plane >= -0.5) & (plane <= size - 0.5)
    return Projection(planes.permute(0, 2, 3, 1), depth_m * ratio, valid.to(depth_m.dtype))


def synthesise(second: torch.Tensor, projection: Projection) -> torch.Tensor:
    """The projection image: what a second picture shows where each pixel of the first falls in it.

    Args:
        second: (N, C, H, W).
        projection: of the first picture's pixels into it.

    Returns:
        (N, C, H, W), bilinear between pixel centres; beyond them its border goes on. Differentiable in the picture and the
        coordinates.

    Raises:
        InputError: another shape.

    Source: US 12,387,354 B2, block 106, read as its later use demands: each pixel of the first picture is given the second's
    colour, where the printed "arranging each pixel according to the projection coordinates" would scatter the first's and leave
    holes.
    """
    count, height, width, _ = projection.coordinates.shape
    demand_shape("second picture", second, count, None, height, width)
    # Outer edges are at -1 and 1 here (align_corners False): a picture of one column has edges, but no distance between centres.
    size = second.new_tensor((width, height))
    grid = projection.coordinates * (2 / size) + (1 / size - 1)
    return F.grid_sample(second, grid, padding_mode="border", align_corners=False)


def scaled_intrinsics(k: torch.Tensor, width_ratio: float, height_ratio: float) -> torch.Tensor:
    """K (N, 3, 3) of the same picture resized by these ratios, new size to old.

    Pixel centres are at whole numbers, so the picture's edge is at -0.5 and the principal point moves as (c + 0.5) s - 0.5.
    """
    demand_shape("camera matrix K", k, None, 3, 3)
    x, y = width_ratio, height_ratio
    return k.new_tensor(((x, 0.0, 0.5 * x - 0.5), (0.0, y, 0.5 * y - 0.5), (0.0, 0.0, 1.0))) @ k
