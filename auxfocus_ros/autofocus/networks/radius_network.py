"""The network that tells a blur's radius: what it looks for is known, and how much of it to believe is learned.

The rings that a disk leaves in a spectrum are compared with those of every radius (templates, not learned); convolutions look at
the spectrum over log frequency and at the small copy; and a last convolution over radius puts both together.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy.special import j1
from torch import nn

from auxfocus_ros.autofocus.networks.features import (
    COPY_PX,
    FACTS,
    FREQUENCY_BINS,
    LOWEST_OCTAVE,
    PER_OCTAVE,
    SPECTRUM_CHANNELS,
)
from auxfocus_ros.autofocus.radius_estimate import BINS, LEVELS, LOG_OFFSET_PX

NOISE_FLOORS = (1e-4, 1e-6, 1e-8, 1e-10)
"""Of the templates, against `(2 J1(x) / x) ** 2 / x ** 2`: noise hides the rings beyond x of about 6, 16, 40 and 100."""
FACTS_NOISE, COPY_NOISE = 0.1, 0.1
SMOOTH_BINS = 25
"""About an octave: what changes slower than this over frequency is the scene."""
COMPARED = (0, 6)
"""Channels of the spectrum that are compared: the whole picture's power, and that of the small copy."""


@lru_cache(maxsize=1)
def ring_templates() -> np.ndarray:
    """(len(NOISE_FLOORS) * (2 BINS - 1), FREQUENCY_BINS) float32: the rings of radii half a bin apart, each row of length 1."""
    levels = np.linspace(LEVELS[0], LEVELS[-1], 2 * BINS - 1)
    radius = np.maximum(np.exp2(levels) - LOG_OFFSET_PX, 0.05)[:, None]
    frequency = np.exp2(LOWEST_OCTAVE + (np.arange(FREQUENCY_BINS) + 0.5) / PER_OCTAVE)[None, :]
    # the mean over a bin: where rings lie closer than bins, there are none
    spread = np.exp2((np.arange(8) - 3.5) / 8 / PER_OCTAVE)[:, None, None]
    x = 2 * np.pi * radius * frequency * spread
    power = (2 * j1(x) / x) ** 2 / np.maximum(x, 0.5) ** 2
    rows = np.concatenate([np.log(power + floor).mean(axis=0) for floor in NOISE_FLOORS])
    rings = _without_slow(torch.from_numpy(rows)).numpy()
    return np.asarray(rings / np.maximum(np.linalg.norm(rings, axis=1, keepdims=True), 0.3), np.float32)


def _without_slow(spectrum: torch.Tensor) -> torch.Tensor:
    """(N, FREQUENCY_BINS) less its running mean."""
    padded = nn.functional.pad(spectrum[:, None], (SMOOTH_BINS // 2,) * 2, mode="replicate")
    return spectrum - nn.functional.avg_pool1d(padded, SMOOTH_BINS, stride=1)[:, 0]


class RadiusNetwork(nn.Module):
    """Features in, the logarithm of a distribution over `radius_estimate.LEVELS` out (up to a constant).

    Means and scales of the features are buffers, taken from the training data by `normalise_by`.
    """

    architecture = "auxfocus radius 2"

    def __init__(self, width: int = 40, hidden: int = 256, dropout: float = 0.3) -> None:
        """width: channels of the convolutions."""
        super().__init__()
        self.spectrum_layers = nn.Sequential(
            nn.Conv1d(SPECTRUM_CHANNELS, width, 9, padding=4),
            nn.GELU(),
            nn.Conv1d(width, width, 9, stride=2, padding=4),
            nn.GELU(),
            nn.Conv1d(width, width, 9, padding=8, dilation=2),
            nn.GELU(),
            nn.Conv1d(width, width, 9, stride=2, padding=4),
            nn.GELU(),
        )
        self.copy_layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4, 16, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(16, 24, 5, stride=2, padding=2),
            nn.GELU(),
            nn.Conv2d(24, 32, 3, stride=2, padding=1),
            nn.GELU(),
        )
        copied = 32 * (COPY_PX // 8) ** 2
        self.spectrum_dense = nn.Sequential(nn.Dropout(0.5 * dropout), nn.Linear(width * FREQUENCY_BINS // 4, hidden))
        self.copy_dense = nn.Linear(copied, 64)
        self.facts_dense = nn.Linear(FACTS, 64)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(hidden + 128, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, BINS),
        )
        kinds = len(NOISE_FLOORS) * len(COMPARED)
        self.ring_layers = nn.Sequential(nn.Conv1d(kinds, 16, 5, stride=2, padding=2), nn.GELU())
        self.last_layers = nn.Sequential(nn.Conv1d(17, 24, 7, padding=3), nn.GELU(), nn.Conv1d(24, 1, 7, padding=3))
        self.register_buffer("templates", torch.from_numpy(ring_templates()), persistent=False)
        self.spectrum_mean: torch.Tensor
        self.spectrum_scale: torch.Tensor
        self.facts_mean: torch.Tensor
        self.facts_scale: torch.Tensor
        self.templates: torch.Tensor
        for name, shape in (("spectrum", (SPECTRUM_CHANNELS, FREQUENCY_BINS)), ("facts", (FACTS,))):
            self.register_buffer(f"{name}_mean", torch.zeros(shape))
            self.register_buffer(f"{name}_scale", torch.ones(shape))

    def normalise_by(self, spectrum: torch.Tensor, facts: torch.Tensor) -> None:
        """Take means and scales from features (N, ...)."""
        for name, values in (("spectrum", spectrum), ("facts", facts)):
            getattr(self, f"{name}_mean").copy_(values.mean(dim=0))
            getattr(self, f"{name}_scale").copy_(values.std(dim=0).clamp_min(0.05))

    def forward(self, spectrum: torch.Tensor, facts: torch.Tensor, copy: torch.Tensor) -> torch.Tensor:
        """spectrum (N, SPECTRUM_CHANNELS, FREQUENCY_BINS), facts (N, FACTS), copy (N, COPY_PX, COPY_PX); logits (N, BINS)."""
        rings = self.ring_layers(self._compared(spectrum))
        spectrum = ((spectrum - self.spectrum_mean) / self.spectrum_scale).clamp(-6, 6)
        facts = ((facts - self.facts_mean) / self.facts_scale).clamp(-6, 6)
        if self.training:  # a scene comes with several blurs: it is not to be known again
            facts = facts + FACTS_NOISE * torch.randn_like(facts)
            copy = copy + COPY_NOISE * torch.randn_like(copy)
        parts = [
            self.spectrum_dense(self.spectrum_layers(spectrum).flatten(1)),
            self.copy_dense(self.copy_layers(copy.clamp(-6, 6)[:, None]).flatten(1)) * self._kept(len(copy), copy),
            self.facts_dense(facts),
        ]
        logits: torch.Tensor = self.head(nn.functional.gelu(torch.cat(parts, dim=1)))
        refined: torch.Tensor = self.last_layers(torch.cat([rings, 0.3 * logits[:, None]], dim=1))[:, 0]
        return logits + refined

    def _kept(self, count: int, like: torch.Tensor) -> torch.Tensor:
        """(N, 1): 1; while training 0 for some, which have to do without the small copy."""
        return nn.functional.dropout(torch.ones((count, 1), device=like.device), 0.3, self.training)

    def _compared(self, spectrum: torch.Tensor) -> torch.Tensor:
        """(N, kinds, 2 BINS - 1): correlation of the spectrum with the templates, -1 to 1 and times 3."""
        count = spectrum.shape[0]
        rings = _without_slow(spectrum[:, COMPARED].reshape(count * len(COMPARED), FREQUENCY_BINS)).clamp(-3, 3)
        rings = rings / (rings.norm(dim=1, keepdim=True) + 0.3)
        return 3.0 * (rings @ self.templates.T).reshape(count, len(COMPARED) * len(NOISE_FLOORS), 2 * BINS - 1)
