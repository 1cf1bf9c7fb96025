"""What the blending network is fitted to: fused pictures that are like the truth."""

from __future__ import annotations

import numpy as np
import torch

from auxfocus_ros.learning.fitting import Goal

SOFT_LEVELS = 2.0
"""Errors below this, brightness levels, count by their square, larger ones as they are."""
UNIT_LEVELS = 10.0


class BlendGoal(Goal):
    """Mean error of the blend, brightness levels.

    With new pixels n, offered ones o and the truth t, a share s has the error (n + s (o - n) - t) ** 2, a parabola in s: its
    three coefficients, each a mean over a pixel of the half resolution, are all that has to be kept of three pictures.

    arrays: planes (rows, CHANNELS, h, w), parabola (rows, 3, h, w).
    """

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """The evidence as it is: sequences are mirrored as they are made."""
        return (torch.from_numpy(np.array(self.arrays["planes"][rows], np.float32)),)

    def loss(self, output: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """Mean of the soft absolute error, in units of 10 levels."""
        share = torch.sigmoid(output)
        square, slope, rest = torch.from_numpy(np.array(self.arrays["parabola"][rows], np.float32)).unbind(1)
        error = (square * share * share + slope * share + rest).clamp_min(0.0)
        return (torch.sqrt(error + SOFT_LEVELS**2) - SOFT_LEVELS).mean() / UNIT_LEVELS
