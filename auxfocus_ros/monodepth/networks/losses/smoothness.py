"""Depth should be smooth where the picture is."""

from __future__ import annotations

import torch

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.shapes import demand_shape


def smoothness(inverse: torch.Tensor, picture: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
    """L_s = sum over x and y of the mean of |d(1/D)| exp(-|dI|), with 1/D divided by its mean.

    Two things are mended in the printed formula. It takes the gradient of the inverse depth as it is, and would have everything
    far away; so each picture's inverse depth is divided by its mean over the counted pixels first. And it is printed for one
    pixel: the mean is taken over the steps between neighbours, right and down, both of which count. |dI| is the mean over the
    channels.

    Args:
        inverse: (N, 1, H, W) inverse depth of any scale, > 0 and finite; both sides at least 2.
        picture: (N, C, H, W) in [0, 1].
        keep: (N, 1, H, W), 1 where a pixel counts, else 0; None: all do.

    Returns:
        A scalar, at least 0; 0, with no gradient, when nothing counts.

    Raises:
        InputError: another shape, or a side of 1.

    Source: US 12,387,354 B2, block 108.
    """
    demand_shape("inverse depth", inverse, None, 1, None, None)
    demand_shape("picture", picture, len(inverse), None, *inverse.shape[2:])
    if min(inverse.shape[2:]) < 2:
        raise InputError(f"inverse depth of {inverse.shape[3]} x {inverse.shape[2]} px: its gradient needs at least 2 x 2")
    if keep is None:
        keep = torch.ones_like(inverse)
    demand_shape("mask", keep, *inverse.shape)
    counted = keep.sum((1, 2, 3), keepdim=True)
    mean = (inverse * keep).sum((1, 2, 3), keepdim=True) / counted.clamp_min(1)
    even = inverse / torch.where(counted > 0, mean, 1.0)
    return _along(3, even, picture, keep) + _along(2, even, picture, keep)


def _along(axis: int, even: torch.Tensor, picture: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
    """Mean of the weighted steps along an axis."""
    steps = even.shape[axis] - 1
    counts = keep.narrow(axis, 0, steps) * keep.narrow(axis, 1, steps)
    edges = picture.diff(dim=axis).abs().mean(1, keepdim=True)
    return (even.diff(dim=axis).abs() * torch.exp(-edges) * counts).sum() / counts.sum().clamp_min(1)
