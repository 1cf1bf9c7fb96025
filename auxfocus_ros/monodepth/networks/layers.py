"""What the depth and the segmentation network are made of: convolutions on the way down, deconvolutions on the way up."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

WIDTHS = (16, 32, 64, 96, 128)
"""Channels at a half, a quarter, ... of the picture's size."""


LEAST_SLOPE = 0.1
"""Of what is below zero: a rectifier that passes nothing there can die."""
GROUPS = 8


def bent(features: torch.Tensor) -> torch.Tensor:
    """The leaky rectifier."""
    return functional.leaky_relu(features, LEAST_SLOPE)


class Bend(nn.Module):
    """`bent` as a layer."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Of any shape."""
        return bent(features)


class Convolution(nn.Conv2d):
    """3 x 3, with first weights after which a layer of rectifiers keeps its input's variance (He et al. 2015)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        """stride: 2 halves the size."""
        super().__init__(inputs, outputs, 3, stride, padding=1)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        nn.init.kaiming_normal_(self.weight, a=LEAST_SLOPE, nonlinearity="leaky_relu")
        assert self.bias is not None
        nn.init.zeros_(self.bias)


class Deconvolution(nn.ConvTranspose2d):
    """Doubles the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """4 x 4, of which every output sees 2 x 2."""
        super().__init__(inputs, outputs, 4, 2, padding=1)

    def reset_parameters(self) -> None:
        """Draw new weights."""
        nn.init.normal_(self.weight, std=(2.0 / (4 * self.in_channels)) ** 0.5)
        assert self.bias is not None
        nn.init.zeros_(self.bias)


class Gain(nn.Module):
    """One learned factor for each channel, at first so small that a residual branch hardly speaks."""

    def __init__(self, channels: int) -> None:
        """channels: how many."""
        super().__init__()
        self.gain = nn.Parameter(torch.empty(channels, 1, 1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Back to small."""
        nn.init.constant_(self.gain, 0.2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Times the factors."""
        return features * self.gain


def step(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A convolution whose answer is brought to mean 0 and variance 1 in groups of channels (Wu and He 2018), and bent."""
    return nn.Sequential(Convolution(inputs, outputs, stride), nn.GroupNorm(GROUPS, outputs), Bend())


class Residual(nn.Module):
    """Two convolutions beside a way that leaves things as they are (He et al. 2016)."""

    def __init__(self, channels: int, *, normed: bool = True) -> None:
        """channels: in and out. normed: False: the size of what comes in is told on."""
        super().__init__()
        first = step(channels, channels) if normed else nn.Sequential(Convolution(channels, channels), Bend())
        self.branch = nn.Sequential(first, Convolution(channels, channels), Gain(channels))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, C, h, w) of the same shape."""
        return bent(features + self.branch(features))


class Surroundings(nn.Module):
    """What the whole picture shows, added to each of its places."""

    def __init__(self, channels: int) -> None:
        """channels: in and out."""
        super().__init__()
        self.mixed = nn.Linear(channels, channels)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, C, h, w) of the same shape."""
        whole: torch.Tensor = self.mixed(features.mean(dim=(2, 3)))
        return bent(features + whole[:, :, None, None])


class Down(nn.Module):
    """The way down: features at a half to a thirty-second of the picture's size."""

    def __init__(self, inputs: int = 3) -> None:
        """inputs: channels of the picture."""
        super().__init__()
        before = (inputs, *WIDTHS[:-1])
        self.levels = nn.ModuleList(
            nn.Sequential(step(a, b, stride=2), *([Residual(b)] if number else []))
            for number, (a, b) in enumerate(zip(before, WIDTHS, strict=True))
        )
        self.surroundings = Surroundings(WIDTHS[-1])

    def forward(self, picture: torch.Tensor) -> list[torch.Tensor]:
        """(N, 3, H, W) in 0 to 1; five planes of features, the largest first."""
        features, found = picture - 0.45, []
        for level in self.levels:
            features = level(features)
            found.append(features)
        found[-1] = self.surroundings(features)
        return found


class Up(nn.Module):
    """The way up: each step a deconvolution, joined by what was seen at that size on the way down."""

    def __init__(self) -> None:
        """Of WIDTHS."""
        super().__init__()
        pairs = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.larger = nn.ModuleList(Deconvolution(a, b) for a, b in pairs)
        self.joined = nn.ModuleList(step(b, b) for _, b in pairs)

    def forward(self, found: list[torch.Tensor]) -> list[torch.Tensor]:
        """What `Down` found; features at a half, a quarter, ... of the picture's size, the largest first."""
        features = found[-1]
        risen = [features]
        for larger, joined, beside in zip(self.larger, self.joined, found[-2::-1], strict=True):
            features = joined(bent(larger(features) + beside))
            risen.insert(0, features)
        return risen
