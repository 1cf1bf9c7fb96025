"""Fitting a network to simulated samples: one loop for all three, resumable at every epoch.

Everything random of an epoch follows from the seed and the epoch's number, and a checkpoint holds the weights, their running mean
and the optimiser's moments: what was interrupted and resumed ends, on one thread, in the very weights of what was not.
"""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.whole_file import whole_file

Arrays = Mapping[str, np.ndarray]
JUDGED_TOGETHER = 256
WEIGHT, MEAN, BEST, FIRST, SECOND = "weight.", "mean.", "best.", "first_moment.", "second_moment."


@dataclass(frozen=True)
class Schedule:
    """How a network is fitted.

    epochs: passes over the data. batch: rows at a time. learning_rate: the highest; it rises over the first tenth and falls to
    nothing by a cosine. weight_decay: of AdamW. mean_of: what is kept of the running mean of the weights at each step.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.0
    mean_of: float = 0.998

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of a step."""
        rising = max(1, steps // 10)
        if step < rising:
            return self.learning_rate * (step + 1) / rising
        return self.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


class Goal(ABC):
    """What a network is fitted to: how rows become tensors, and what is lost. One of each network.

    halves: its network computes in bfloat16, its weights and its loss stay in float32, where the processor has such instructions
    (Micikevicius et al., "Mixed precision training", 2018). Pays for convolutions of pictures.
    """

    halves = False

    def __init__(self, arrays: Arrays) -> None:
        """arrays: name -> (rows, ...)."""
        self.arrays = arrays
        self.start: Mapping[str, torch.Tensor] | None = None

    def begin_with(self, network: nn.Module) -> None:
        """Fit from a network's present weights on, instead of new ones."""
        self.start = {name: value.clone() for name, value in network.state_dict().items()}

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.arrays.values())))

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """The rows of an epoch, in the order in which they are taken."""
        return torch.randperm(self.rows, generator=generator)

    @abstractmethod
    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """What the network is given; with a generator varied at random (mirrored, turned)."""

    @abstractmethod
    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """Mean loss of a batch."""

    def parts(self) -> Iterator[np.ndarray]:
        """All rows, so many at a time as are judged together."""
        for first in range(0, self.rows, JUDGED_TOGETHER):
            yield np.arange(first, min(first + JUDGED_TOGETHER, self.rows))

    def prepare(self, network: Any) -> None:
        """What is done to a fresh network: it is given the weights to begin with, where there are any."""
        if self.start is not None:
            network.load_state_dict(self.start)


@dataclass(frozen=True)
class Progress:
    """After an epoch: how many there were, mean losses, seconds spent fitting."""

    epoch: int
    epochs: int
    training_loss: float
    validation_loss: float
    seconds: float


def fit(
    network: nn.Module,
    goal: Goal,
    check: Goal,
    schedule: Schedule,
    *,
    seed: int,
    checkpoint: Path,
    resume: bool,
    most_seconds: float = math.inf,
    told: Callable[[Progress], None] = lambda progress: None,
) -> list[Progress]:
    """Fit a network in place; it ends with the running mean of its weights after the epoch that was judged best.

    Args:
        network: freshly made.
        goal, check: the same goal on rows to learn from and on rows to judge by.
        schedule: how.
        seed: of all that is random.
        checkpoint: file that is written after every epoch.
        resume: go on from the checkpoint, where there is one.
        most_seconds: no epoch is begun after this; the rest is left to a later resumption.
        told: called after every epoch.

    Returns:
        What `told` was told, of the epochs before a resumption too.

    Raises:
        ConfigurationError: the checkpoint is of another network, seed or schedule, or cannot be read.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    setting = {"architecture": network.architecture, "seed": seed, "rows": goal.rows, **vars(schedule)}
    state = _State(network, goal, device, seed)
    if not resume:
        checkpoint.unlink(missing_ok=True)
    past = state.restore(checkpoint, setting) if checkpoint.is_file() else []
    batches = max(1, goal.rows // schedule.batch)
    begun = time.monotonic() - (past[-1].seconds if past else 0.0)
    for epoch in range(len(past), schedule.epochs):
        if time.monotonic() - begun > most_seconds:
            return past
        generator = torch.Generator().manual_seed(seed * 100_003 + epoch)
        torch.manual_seed(seed * 100_003 + epoch)  # of dropout
        order = goal.order(generator)[: batches * schedule.batch].numpy().reshape(batches, -1)
        total = 0.0
        state.network.train()
        for number, rows in enumerate(order):
            rate = schedule.rate(epoch * batches + number, schedule.epochs * batches)
            total += state.step(goal, np.sort(rows), generator, rate, schedule)
        judged = state.judged(check)
        if all(judged < one.validation_loss for one in past):
            state.keep_mean()
        past = [*past, Progress(epoch + 1, schedule.epochs, total / batches, judged, time.monotonic() - begun)]
        state.save(checkpoint, setting, past)
        told(past[-1])
    state.finish()
    return past


def has_halves(device: torch.device) -> bool:
    """Whether bfloat16 is computed by instructions of its own, and not slower than float32."""
    return torch.cuda.is_bf16_supported() if device.type == "cuda" else bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def _on_cpu(output: Any) -> Any:
    """What a network gave, be it one tensor or several, in float32."""
    return [one.cpu().float() for one in output] if isinstance(output, list | tuple) else output.cpu().float()


class _State:
    """The network, the running mean of its weights, and the optimiser."""

    def __init__(self, network: nn.Module, goal: Goal, device: torch.device, seed: int) -> None:
        torch.manual_seed(seed)
        for layer in network.modules():
            if hasattr(layer, "reset_parameters"):
                reset = layer.reset_parameters
                assert callable(reset)
                reset()
        goal.prepare(network)
        self.device = device
        self.steps = 0
        self.network = network.to(device)
        self.named = dict(network.named_parameters())
        self.mean = {name: value.detach().clone() for name, value in self.named.items()}
        self.best = {name: value.clone() for name, value in self.mean.items()}
        self.optimiser = torch.optim.AdamW(self.named.values(), lr=1e-3)

    def step(self, goal: Goal, rows: np.ndarray, generator: torch.Generator, rate: float, schedule: Schedule) -> float:
        for group in self.optimiser.param_groups:
            group["lr"], group["weight_decay"] = rate, schedule.weight_decay
        with torch.autocast(self.device.type, torch.bfloat16, enabled=goal.halves and has_halves(self.device)):
            output = self.network(*(part.to(self.device) for part in goal.inputs(rows, generator)))
        loss = goal.loss(_on_cpu(output), rows)
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(list(self.named.values()), 2.0)
        self.optimiser.step()
        self.steps += 1
        keep = min(schedule.mean_of, self.steps / (self.steps + 9))
        with torch.no_grad():
            for name, value in self.named.items():
                self.mean[name].lerp_(value, 1 - keep)
        return float(loss.detach())

    def judged(self, check: Goal) -> float:
        """Mean loss of the running mean of the weights on other rows."""
        own = {name: value.detach().clone() for name, value in self.named.items()}
        self._take(self.mean)
        self.network.eval()
        rows, total = check.rows, 0.0
        with torch.inference_mode():
            for some in check.parts():
                output = self.network(*(part.to(self.device) for part in check.inputs(some, None)))
                total += float(check.loss(_on_cpu(output), some)) * len(some)
        self._take(own)
        return total / max(rows, 1)

    def keep_mean(self) -> None:
        self.best = {name: value.clone() for name, value in self.mean.items()}

    def finish(self) -> None:
        self._take(self.best)
        self.network.to("cpu").eval()

    def _take(self, values: Mapping[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, value in self.named.items():
                value.copy_(values[name])

    def save(self, path: Path, setting: Mapping[str, Any], past: list[Progress]) -> None:
        from safetensors.torch import save

        tensors = {WEIGHT + name: value for name, value in self.network.state_dict().items()}
        tensors |= {MEAN + name: value for name, value in self.mean.items()}
        tensors |= {BEST + name: value for name, value in self.best.items()}
        for name, value in self.named.items():
            moments = self.optimiser.state[value]
            tensors[FIRST + name], tensors[SECOND + name] = moments["exp_avg"], moments["exp_avg_sq"]
        state = {"setting": setting, "steps": self.steps, "past": [vars(one) for one in past]}
        kept = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        with whole_file(path) as file:
            file.write(save(kept, {"state": json.dumps(state)}))

    def restore(self, path: Path, setting: Mapping[str, Any]) -> list[Progress]:
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(str(path), framework="pt") as file:
                state = json.loads((file.metadata() or {}).get("state", "{}"))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, ValueError) as error:
            raise ConfigurationError(f"checkpoint {path}: cannot be read: {' '.join(str(error).split())}") from error
        found = state.get("setting", {})
        other = sorted(name for name in setting if found.get(name) != setting[name])
        if other:
            said = ", ".join(f"{name} {found.get(name)} and not {setting[name]}" for name in other)
            raise ConfigurationError(f"checkpoint {path}: it was begun with {said}; resume with the same, or begin anew")
        parts = (MEAN, BEST, FIRST, SECOND)
        missing = sorted({part + name for name in self.named for part in parts} - set(tensors))
        if missing:
            raise ConfigurationError(f"checkpoint {path}: {missing[0]} is missing; begin anew, without --resume")
        self.network.load_state_dict({n.removeprefix(WEIGHT): v for n, v in tensors.items() if n.startswith(WEIGHT)})
        for name, value in self.named.items():
            self.mean[name] = tensors[MEAN + name].to(self.device)
            self.best[name] = tensors[BEST + name].to(self.device)
            self.optimiser.state[value] = {
                "step": torch.tensor(float(state["steps"])),
                "exp_avg": tensors[FIRST + name].to(self.device),
                "exp_avg_sq": tensors[SECOND + name].to(self.device),
            }
        self.steps = int(state["steps"])
        return [Progress(**one) for one in state["past"]]
