"""Rigid motions: six numbers that a network can give, and the 4 x 4 matrix that they mean."""

from __future__ import annotations

import torch

from auxfocus_ros.monodepth.networks.geometry.shapes import demand_shape

_SMALL_SQUARE = 1e-6
"""Squared angles (rad2) below this: the series is then exact to the last digit and has a derivative at 0, as a root has not."""


def pose_matrix(vector: torch.Tensor) -> torch.Tensor:
    """The motion that six numbers mean: pose = [R t; 0 1] with R = I + sin(a) / a W + (1 - cos(a)) / a^2 W^2.

    Args:
        vector: (N, 6), a rotation vector (rad; its direction the axis, its length the angle a, W its cross-product matrix), then
            a translation in any unit of length. Differentiable everywhere, at no rotation too.

    Returns:
        (N, 4, 4), takes a point of the first camera's frame into the second's: p2 = R p1 + t.

    Raises:
        InputError: another shape.

    Source: Rodrigues' formula; US 12,387,354 B2, block 105 (the matrix spliced of R and t).
    """
    demand_shape("pose vector", vector, None, 6)
    turn, shift = vector.split(3, dim=1)
    square = turn.square().sum(1)[:, None, None]
    small = square < _SMALL_SQUARE
    angle = torch.where(small, 1.0, square).sqrt()
    first = torch.where(small, 1 - square / 6, angle.sin() / angle)
    second = torch.where(small, 0.5 - square / 24, 0.5 * (torch.sin(angle / 2) / (angle / 2)).square())
    cross = _cross_matrix(turn)
    rotation = torch.eye(3, dtype=vector.dtype, device=vector.device) + first * cross + second * (cross @ cross)
    return _spliced(rotation, shift[:, :, None])


def inverse_pose(pose: torch.Tensor) -> torch.Tensor:
    """The motion back, (N, 4, 4), of a motion (N, 4, 4): R^T and -R^T t. Raises InputError: another shape."""
    demand_shape("pose", pose, None, 4, 4)
    back = pose[:, :3, :3].mT
    return _spliced(back, -(back @ pose[:, :3, 3:]))


def _cross_matrix(vector: torch.Tensor) -> torch.Tensor:
    """(N, 3) -> (N, 3, 3), W with W p = vector x p."""
    x, y, z = vector.unbind(1)
    nought = torch.zeros_like(x)
    return torch.stack((nought, -z, y, z, nought, -x, -y, x, nought), 1).reshape(-1, 3, 3)


def _spliced(rotation: torch.Tensor, translation: torch.Tensor) -> torch.Tensor:
    """(N, 3, 3) and (N, 3, 1) -> (N, 4, 4)."""
    below = rotation.new_tensor((0.0, 0.0, 0.0, 1.0)).expand(len(rotation), 1, 4)
    return torch.cat((torch.cat((rotation, translation), 2), below), 1)
