"""The network that says what each pixel shows: scores over the classes of the table.

Source: US 12,387,354 B2, block 103. What becomes of the scores is in `monodepth/classes.py`.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from auxfocus_ros.monodepth.networks.layers import WIDTHS, Convolution, Down, Up

CLASSES = 8


class SegmentationNetwork(nn.Module):
    """A picture in, scores out."""

    architecture = "auxfocus monodepth segmentation 1"

    def __init__(self, classes: int = CLASSES) -> None:
        """classes: of the table."""
        super().__init__()
        self.down, self.up = Down(), Up()
        self.scores = Convolution(WIDTHS[0], 4 * classes)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """pictures (N, 3, H, W) RGB in 0 to 1, H and W multiples of 32; scores (N, classes, H, W)."""
        return functional.pixel_shuffle(self.scores(self.up(self.down(pictures))[0]), 2)
