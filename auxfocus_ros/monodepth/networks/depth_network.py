"""The network that sees depth in one picture: convolution and deconvolution, several scales, inverse depth.

What it gives is bounded and even in its logarithm, so that an error of a tenth costs alike near and far. It speaks of a camera of
`CANONICAL_FX_PX`: whoever looks through another focal length divides by its own, and one network serves all fields of view.

Source: US 12,387,354 B2, block 102, with inverse depth at several scales as block 108's loss wants it.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from auxfocus_ros.monodepth.networks.layers import WIDTHS, Convolution, Down, Up

CANONICAL_FX_PX = 200.0
"""Focal length, in pixels of the network's picture, for which its inverse depth is in 1/m."""
NEAREST_M, FARTHEST_M = 0.2, 200.0
SCALES = 4
"""Sizes at which it answers: the picture's own, a half, a quarter, an eighth."""


class DepthNetwork(nn.Module):
    """A picture in, inverse depth out."""

    architecture = "auxfocus monodepth depth 1"

    def __init__(self) -> None:
        """As `layers.WIDTHS` say."""
        super().__init__()
        self.down, self.up = Down(), Up()
        self.finest = Convolution(WIDTHS[0], 4)
        self.coarser = nn.ModuleList(Convolution(width, 1) for width in WIDTHS[: SCALES - 1])

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """Inverse depth.

        Args:
            pictures: (N, 3, H, W) RGB in 0 to 1; H and W multiples of 32.

        Returns:
            (N, 1, h, w) in 1/m for a camera of CANONICAL_FX_PX, the picture's own size first; in evaluation that one alone.
        """
        risen = self.up(self.down(pictures))
        answers = [functional.pixel_shuffle(self.finest(risen[0]), 2)]
        if self.training:
            answers += [head(features) for head, features in zip(self.coarser, risen, strict=False)]
        return [inverse_depth(answer) for answer in answers]


def inverse_depth(answer: torch.Tensor) -> torch.Tensor:
    """1/m of what a head gives: the logarithm goes from 1 / FARTHEST_M to 1 / NEAREST_M; 0 is in the middle."""
    low, high = -math.log(FARTHEST_M), -math.log(NEAREST_M)
    return torch.exp(low + (high - low) * torch.sigmoid(0.5 * answer.float()))
