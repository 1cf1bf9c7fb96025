"""The network that decides which share of every pixel is transferred from the fused frame before.

It sees what the rule sees (`video.blending.evidence`) and as much of the surroundings as the rule does not: whether a difference
is a ghost, a blurred rim or nothing. Its answer is a mask; the pixels are those of the two pictures and no others, so that it
cannot invent any.

Source of the idea: Intelligent Autofocus, section 6.2.3, which blends with a much larger network (AWnet).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from auxfocus_ros.allinfocus.video.blending import CHANNELS

MULTIPLE_PX = 4
"""Of the half resolution, so that all levels fit."""


class BlendNetwork(nn.Module):
    """Evidence in, logits of the share out; a quarter and an eighth of the picture's resolution inside."""

    architecture = "auxfocus video fusion 1"

    def __init__(self, width: int = 16, deep: int = 24) -> None:
        """width, deep: channels at a quarter and at an eighth."""
        super().__init__()
        self.enter = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4 * CHANNELS, width, 3, padding=1), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self.below = nn.Sequential(
            nn.Conv2d(width, deep, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(deep, deep, 3, padding=1), nn.ReLU(),
            nn.Conv2d(deep, deep, 3, padding=2, dilation=2), nn.ReLU(),
            nn.Conv2d(deep, width, 1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
        )  # fmt: skip
        self.leave = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 4, 3, padding=1), nn.PixelShuffle(2)
        )

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """planes (N, CHANNELS, h, w), h and w multiples of 4; logits (N, h, w)."""
        entered = self.enter(planes)
        logits: torch.Tensor = self.leave(entered + self.below(entered))[:, 0]
        return logits


class NetworkBlend:
    """The network in use. It is a `video.BlendNetwork`."""

    def __init__(self, network: BlendNetwork) -> None:
        """Take a trained network."""
        # What is next to each other in memory is what a pixel is judged by: a fifth faster.
        self._network: BlendNetwork = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def share(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of evidence (CHANNELS, h, w): (h, w) float32, 0 to 1."""
        height, width = planes.shape[1:]
        bottom, right = -height % MULTIPLE_PX, -width % MULTIPLE_PX
        if bottom or right:
            planes = np.pad(planes, ((0, 0), (0, bottom), (0, right)), mode="edge")
        with torch.inference_mode():
            batch = torch.from_numpy(planes)[None].contiguous(memory_format=torch.channels_last)
            share = torch.sigmoid(self._network(batch)[0]).numpy()
        return np.ascontiguousarray(share[:height, :width])
