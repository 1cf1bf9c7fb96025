"""Fitting in bfloat16: the loss stays exact, what is learned is right, and an interruption changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from auxfocus_ros.learning.fitting import Goal, Schedule, fit, has_halves


class Blur(nn.Module):
    """One convolution without a bias."""

    architecture = "blur"

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        self.computed_in: set[torch.dtype] = set()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.layer(pictures)
        self.computed_in.add(answer.dtype)
        return answer


class Blurred(Goal):
    """Pictures and what becomes of them under a kernel."""

    halves = True

    def __init__(self, pictures: np.ndarray, kernel: torch.Tensor) -> None:
        blurred = nn.functional.conv2d(torch.from_numpy(pictures), kernel, padding=1).numpy()
        super().__init__({"pictures": pictures, "blurred": blurred})
        self.lost_in: set[torch.dtype] = set()

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        return (torch.from_numpy(self.arrays["pictures"][rows]),)

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        self.lost_in.add(output.dtype)
        return nn.functional.mse_loss(output, torch.from_numpy(self.arrays["blurred"][rows]))


KERNEL = torch.tensor([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]).reshape(1, 1, 3, 3) / 16
SCHEDULE = Schedule(6, 8, 0.05, mean_of=0.9)


def goals() -> tuple[Blurred, Blurred]:
    pictures = np.random.default_rng(0).normal(size=(160, 1, 8, 8)).astype(np.float32)
    return Blurred(pictures[:128], KERNEL), Blurred(pictures[128:], KERNEL)


def test_the_loss_is_exact_and_the_kernel_is_found(tmp_path: Path) -> None:
    goal, check = goals()
    network = Blur()
    past = fit(network, goal, check, SCHEDULE, seed=2, checkpoint=tmp_path / "c", resume=False)
    wanted = torch.bfloat16 if has_halves(next(network.parameters()).device) else torch.float32
    assert goal.lost_in == {torch.float32}
    assert wanted in network.computed_in
    assert network.layer.weight.dtype == torch.float32
    assert past[-1].validation_loss < 0.05 * past[0].validation_loss
    assert network.layer.weight.detach().numpy() == pytest.approx(KERNEL.numpy(), abs=0.03)


def test_interrupted_and_resumed_ends_in_the_same_weights(tmp_path: Path) -> None:
    class Interrupted(Exception):
        """As by Ctrl-C."""

    def stopping(progress: Any) -> None:
        if progress.epoch == 3:
            raise Interrupted

    whole, parted = Blur(), Blur()
    fit(whole, *goals(), SCHEDULE, seed=2, checkpoint=tmp_path / "whole", resume=False)
    with pytest.raises(Interrupted):
        fit(parted, *goals(), SCHEDULE, seed=2, checkpoint=tmp_path / "parted", resume=False, told=stopping)
    past = fit(parted, *goals(), SCHEDULE, seed=2, checkpoint=tmp_path / "parted", resume=True)
    assert [each.epoch for each in past] == [1, 2, 3, 4, 5, 6]
    assert torch.equal(whole.layer.weight, parted.layer.weight)
