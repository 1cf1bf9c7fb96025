"""The network that tells a motion from two pictures: dense flow in, a rotation and a translation out.

Between the two frames and the network stands classical flow (`geometry/pose_planes.py`), which knows no scenes and no textures:
what is learned on simulated worlds holds for real ones.

Source: US 12,387,354 B2, blocks 104 and 105: two frames in, a 4 x 4 matrix out.
"""

from __future__ import annotations

import torch
from torch import nn

from auxfocus_ros.monodepth.geometry.pose_planes import CHANNELS
from auxfocus_ros.monodepth.networks.layers import Bend, Convolution, Residual

COUNTS = 4
"""The plane that says how much of a cell counts."""
HEADS = 8
ROTATION_RAD, TRANSLATION_M = 0.02, 0.2
"""What an answer of one means."""
PLANE_WIDTHS = (32, 48, 64)


class PoseNetwork(nn.Module):
    """Planes in, a rotation vector and a translation out."""

    architecture = "auxfocus monodepth pose 1"

    def __init__(self) -> None:
        """As PLANE_WIDTHS say."""
        super().__init__()
        first, second, third = PLANE_WIDTHS
        self.seen = nn.Sequential(
            Convolution(CHANNELS, first, stride=2), Bend(), Residual(first, normed=False),
            Convolution(first, second, stride=2), Bend(), Residual(second, normed=False),
            Convolution(second, third), Bend(), Residual(third, normed=False),
        )  # fmt: skip
        self.heeded = Convolution(third, HEADS)
        self.told = nn.Sequential(nn.Linear(third + third, 96), Bend(), nn.Linear(96, 96), Bend())
        self.motion = nn.Linear(96, 6)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Of planes (N, CHANNELS, h, w): (N, 6), rotation vector, rad, and translation, m."""
        features = self.seen(planes)
        counts = nn.functional.interpolate(planes[:, COUNTS : COUNTS + 1], size=features.shape[2:], mode="area").flatten(2)
        attention = torch.softmax(self.heeded(features).flatten(2) + torch.log(counts + 1e-4), dim=2)  # (N, HEADS, cells)
        parts = features.flatten(2).unflatten(1, (HEADS, -1))  # (N, HEADS, channels each, cells)
        heeded = (parts * attention[:, :, None]).sum(dim=3).flatten(1)
        even = (features.flatten(2) * counts).sum(dim=2) / counts.sum(dim=2).clamp(min=1e-4)
        told: torch.Tensor = self.motion(self.told(torch.cat([heeded, even], dim=1)))
        return told * torch.tensor([ROTATION_RAD] * 3 + [TRANSLATION_M] * 3, device=planes.device)
