"""The network of the blur maps: statistics of windows about the middle of a cell in, a distribution over its blur's radius out.

It is fully convolutional. Its context steps look at places 64 px apart whatever the grid: on cells of 64 px at neighbours, on
cells of 16 px at every fourth one (dilation 4). So the weights are one and the same for every grid, and of a grid nothing but
its own cells is computed.
"""

from __future__ import annotations

import torch
from torch import nn

from auxfocus_ros.allinfocus.networks.blur_map_features import CELLS_PX, FEATURES
from auxfocus_ros.autofocus.radius_estimate import BINS

CONTEXT_PX = 64
CONTEXT_STEPS = 2
FEATURE_NOISE = 0.1
REACH_PX = 256 + CONTEXT_STEPS * CONTEXT_PX
"""How far from a cell's middle the picture has a say in it: the coarsest differences in the largest window, and the context."""


class _Context(nn.Module):
    """Adds to what is known of a cell what is known of its eight neighbours, CONTEXT_PX away."""

    def __init__(self, width: int, narrow: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(width, narrow, 3)
        self.back = nn.Conv2d(narrow, width, 1)

    def forward(self, known: torch.Tensor, dilation: int) -> torch.Tensor:
        """(N, width, rows, columns)."""
        padded = nn.functional.pad(known, (dilation,) * 4, mode="replicate")
        around = nn.functional.conv2d(padded, self.around.weight, self.around.bias, dilation=dilation)
        added: torch.Tensor = self.back(nn.functional.gelu(around))
        return known + added


class BlurMapNetwork(nn.Module):
    """Features in, the logarithm of a distribution over `radius_estimate.LEVELS` for each cell out (up to a constant).

    Means and scales of the features are buffers, taken from the training data by `normalise_by`.
    """

    architecture = "auxfocus blur map 2"

    def __init__(self, width: int = 128, narrow: int = 80, dropout: float = 0.2) -> None:
        """width: channels kept of a cell. narrow: channels of what is seen around it."""
        super().__init__()
        self.first = nn.Conv2d(FEATURES, width, 1)
        self.of_cell = nn.Embedding(len(CELLS_PX), width)
        self.second = nn.Conv2d(width, width, 1)
        self.contexts = nn.ModuleList(_Context(width, narrow) for _ in range(CONTEXT_STEPS))
        self.dropout = nn.Dropout2d(dropout)
        self.third = nn.Conv2d(width, width, 1)
        self.last = nn.Conv2d(width, BINS, 1)
        self.features_mean: torch.Tensor
        self.features_scale: torch.Tensor
        self.register_buffer("features_mean", torch.zeros(FEATURES))
        self.register_buffer("features_scale", torch.ones(FEATURES))

    def normalise_by(self, features: torch.Tensor) -> None:
        """Take means and scales from features (N, FEATURES, rows, columns)."""
        self.features_mean.copy_(features.mean(dim=(0, 2, 3)))
        self.features_scale.copy_(features.std(dim=(0, 2, 3)).clamp_min(0.05))

    def forward(self, features: torch.Tensor, cell_px: torch.Tensor) -> torch.Tensor:
        """features (N, FEATURES, rows, columns) of a grid of cells of `cell_px` (one number); logits (N, BINS, rows, columns)."""
        cell = int(cell_px)
        given = (features - self.features_mean[:, None, None]) / self.features_scale[:, None, None]
        given = given.clamp(-6, 6)
        if self.training:
            given = given + FEATURE_NOISE * torch.randn_like(given)
        known = self.first(given) + self.of_cell.weight[CELLS_PX.index(cell), :, None, None]
        known = nn.functional.gelu(known)
        known = known + nn.functional.gelu(self.second(known))
        for context in self.contexts:
            known = context(known, CONTEXT_PX // cell)
        known = nn.functional.gelu(self.third(self.dropout(known)))
        logits: torch.Tensor = self.last(known)
        return logits
