"""What each of the three networks is fitted to."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from auxfocus_ros.autofocus.networks.reference import DEFOCUS, IN_FOCUS, STEPS_UNIT
from auxfocus_ros.autofocus.radius_estimate import LEVELS, level_of
from auxfocus_ros.learning.fitting import Arrays, Goal

LABEL_BINS = 0.4
"""Standard deviation, bins, of the Gaussian that stands for a true radius: bins are not all there is between two radii."""
IN_FOCUS_STEPS = 10.0
"""Half the depth of field of the bench lens. The source's label is that positions are equal, which drawn ones never are."""
MIRRORED = [2, 5, 4, 3]
TRANSPOSED = [4, 3, 2, 5]
"""Where the spectrum's directions go; the channels before and after them have none."""


class RadiusGoal(Goal):
    """Cross-entropy against a narrow Gaussian about the true level."""

    def __init__(self, arrays: Arrays) -> None:
        """arrays: spectrum, facts, copy, radius_px."""
        super().__init__(arrays)
        width = LABEL_BINS * (LEVELS[1] - LEVELS[0])
        away = (level_of(np.asarray(arrays["radius_px"]))[:, None] - LEVELS[None, :]) / width
        target = np.exp(-0.5 * away**2)
        self._target = torch.from_numpy((target / target.sum(axis=1, keepdims=True)).astype(np.float32))

    def prepare(self, network: Any) -> None:
        """Means and scales of the features, of the first rows."""
        some = slice(0, 8000)
        spectrum = np.array(self.arrays["spectrum"][some], np.float32)
        network.normalise_by(torch.from_numpy(spectrum), torch.from_numpy(np.array(self.arrays["facts"][some])))

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Spectrum, facts and copy; varied: mirrored, transposed, light for dark, a little noise on the spectrum."""
        spectrum, facts, copy = (
            torch.from_numpy(np.array(self.arrays[name][rows], np.float32)) for name in ("spectrum", "facts", "copy")
        )
        if generator is None:
            return spectrum, facts, copy
        lot = torch.rand(4, generator=generator).tolist()
        if lot[0] < 0.5:
            copy = copy.flip(2)
            spectrum = torch.cat([spectrum[:, :2], spectrum[:, MIRRORED], spectrum[:, 6:]], dim=1)
        if lot[1] < 0.5:
            copy = copy.transpose(1, 2)
            spectrum = torch.cat([spectrum[:, :2], spectrum[:, TRANSPOSED], spectrum[:, 6:]], dim=1)
        if lot[2] < 0.5:
            copy = copy.flip(1, 2)
        if lot[3] < 0.3:
            copy = -copy
        return spectrum + 0.07 * torch.randn(spectrum.shape, generator=generator), facts, copy

    def loss(self, output: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """Cross-entropy, nats."""
        target = self._target[torch.from_numpy(rows)]
        return -(target * torch.log_softmax(output, dim=1)).sum(dim=1).mean()


class PictureGoal(Goal):
    """For the networks that look at the picture itself."""

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Grey, 0 to 1; varied: mirrored and transposed."""
        pictures = np.asarray(self.arrays["picture"][rows])
        if generator is not None:
            lot = torch.rand(3, generator=generator).tolist()
            pictures = pictures[:, ::-1] if lot[0] < 0.5 else pictures
            pictures = pictures[:, :, ::-1] if lot[1] < 0.5 else pictures
            pictures = pictures.transpose(0, 2, 1) if lot[2] < 0.5 else pictures
        return (torch.from_numpy(np.array(pictures, order="C")).float().mul_(1 / 255)[:, None],)


class StepsGoal(PictureGoal):
    """Mean square error of the distance to focus, in units of 100 steps."""

    def loss(self, output: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """As the source has it."""
        return nn.functional.mse_loss(output[:, 0], torch.from_numpy(self.arrays["steps"][rows] / np.float32(STEPS_UNIT)))


class InFocusGoal(PictureGoal):
    """Cross-entropy of two classes, each as often as the other."""

    def __init__(self, arrays: Arrays) -> None:
        """arrays: picture, steps, radius_px."""
        super().__init__(arrays)
        steps = np.asarray(arrays["steps"])
        self._label = torch.from_numpy(np.where(steps <= IN_FOCUS_STEPS, IN_FOCUS, DEFOCUS))
        share = float((self._label == IN_FOCUS).float().mean().clamp(0.02, 0.98))
        self._weight = torch.tensor([0.5 / (1 - share), 0.5 / share])

    def loss(self, output: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """Nats."""
        return nn.functional.cross_entropy(output, self._label[torch.from_numpy(rows)], self._weight)
