"""What the depth network is fitted to without labels: that a frame looks as its neighbours say it must, if its depth is right.

Only the depth network is adjusted. How the camera moved, and what of a frame can move by itself, was found before; where the gate
said that it does move, the static image is the target image, and its place is cut from the projection.

Source: US 12,387,354 B2, blocks 106 to 108.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.learning.fitting import Goal
from auxfocus_ros.monodepth.networks.depth_network import CANONICAL_FX_PX, SCALES
from auxfocus_ros.monodepth.networks.frames import as_tensor, toned
from auxfocus_ros.monodepth.networks.geometry.projection import project, synthesise
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.total import Neighbour, total_loss
from auxfocus_ros.monodepth.training.learning_frames import SOURCES, LearningFrames
from auxfocus_ros.monodepth.training.options import MaskPolicy

JUDGED_TOGETHER = 8
"""Frames, so that judging takes little memory."""


class SelfSupervisedGoal(Goal):
    """Of target frames of several sequences, one size of picture in a batch."""

    halves = True

    def __init__(
        self,
        parts: Sequence[LearningFrames],
        mask: MaskPolicy,
        losses: LossOptions,
        *,
        batch: int,
        drawn: int = 0,
        scales: int = SCALES,
        supervision: float = 0.0,
        start: Mapping[str, torch.Tensor] | None = None,
    ) -> None:
        """What is learned from.

        Args:
            parts: target frames, some at least.
            mask: where what can move is cut: never, always, or by the gate's decisions.
            losses: constants of the loss.
            batch: frames at a time.
            drawn: frames in a pass, a multiple of the batch; 0: to judge by, each once.
            scales: of the network's answers, the finest first, so many are compared.
            supervision: weight of the error in log depth where true depth is known.
            start: weights of the depth network to begin with; None: new ones.
        """
        super().__init__({})
        self._parts = [part for part in parts if len(part)]
        self._mask, self._losses, self._supervision = mask, losses, supervision
        self.start = start
        self._batch, self._drawn, self._scales = batch, drawn, scales
        self._part = np.concatenate([np.full(len(part), number) for number, part in enumerate(self._parts)])
        self._place = np.concatenate([np.arange(len(part)) for part in self._parts])
        sizes = [part.size for part in self._parts]
        self._groups = [np.flatnonzero([sizes[part] == size for part in self._part]) for size in sorted(set(sizes))]
        self._mirrored = torch.zeros(0, dtype=torch.bool)

    @property
    def rows(self) -> int:
        """Frames in a pass."""
        return self._drawn or len(self._part)

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """Batches of frames of one size; sizes as often as there are frames of them, each frame once before any comes again."""
        share = torch.tensor([float(len(group)) for group in self._groups])
        sizes = torch.multinomial(share, self._drawn // self._batch, replacement=True, generator=generator).tolist()
        supplies = [_endless(group, generator) for group in self._groups]
        return torch.tensor([next(supplies[size]) for size in sizes for _ in range(self._batch)])

    def parts(self) -> Iterator[np.ndarray]:
        """All frames, in parts of one size."""
        for group in self._groups:
            for first in range(0, len(group), JUDGED_TOGETHER):
                yield group[first : first + JUDGED_TOGETHER]

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Target pictures (N, 3, H, W), RGB in 0 to 1; with a generator some are mirrored, and all seen in another light."""
        pictures = self._pictures(rows, self._targets(rows))
        self._mirrored = torch.zeros(len(rows), dtype=torch.bool)
        if generator is None:
            return (as_tensor(pictures),)
        self._mirrored = torch.rand(len(rows), generator=generator) < 0.5
        return (mirrored(as_tensor(toned(pictures, generator)), self._mirrored),)

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """L_c of a batch, whose pictures are those of the last `inputs`, as they are.

        A mirrored picture's depth is mirrored back and compared unmirrored, which is the same as mirroring the neighbours, the
        motion and the principal point.
        """
        first = as_tensor(self._pictures(rows, self._targets(rows)))
        k = torch.from_numpy(np.stack([part.k for part, _ in self._of(rows)])).float()
        unit = k[:, 0, 0].reshape(-1, 1, 1, 1) / CANONICAL_FX_PX
        inverses = [mirrored(one, self._mirrored) / unit for one in output]
        neighbours = [self._neighbour(rows, place, inverses[0].detach(), k) for place in range(SOURCES)]
        loss = total_loss(first, inverses[: self._scales], neighbours, k, self._losses).total
        loss = loss + sum(0.0 * unheeded.sum() for unheeded in inverses[self._scales :])  # their gradient is 0, and not missing
        if self._supervision:
            loss = loss + self._supervision * self._against_truth(inverses[0], rows)
        return loss

    def _of(self, rows: np.ndarray) -> list[tuple[LearningFrames, int]]:
        return [(self._parts[self._part[row]], int(self._place[row])) for row in rows]

    def _targets(self, rows: np.ndarray) -> list[int]:
        return [int(part.targets[place]) for part, place in self._of(rows)]

    def _pictures(self, rows: np.ndarray, frames: list[int]) -> NDArray[np.uint8]:
        """(N, H, W, 3) of one frame of each row's sequence."""
        return np.stack([part.pictures[frame] for (part, _), frame in zip(self._of(rows), frames, strict=True)])

    def _neighbour(self, rows: np.ndarray, place: int, inverse_per_m: torch.Tensor, k: torch.Tensor) -> Neighbour:
        """The frames before (place 0) or after (1); where a row has none, nothing of it counts."""
        found = self._of(rows)
        frames = [int(part.sources[row, place]) for part, row in found]
        known = torch.tensor([frame >= 0 for frame in frames]).reshape(-1, 1, 1, 1)
        picture = as_tensor(self._pictures(rows, [max(frame, 0) for frame in frames]))
        pose = torch.from_numpy(np.stack([part.poses[row, place] for part, row in found])).float()
        cut = torch.tensor([self._is_cut(part, row, place) for part, row in found]).reshape(-1, 1, 1, 1)
        keep = known.expand_as(inverse_per_m).float()
        if cut.any():
            here = self._movable(rows, self._targets(rows))
            projection = project(inverse_per_m.reciprocal(), pose, k)
            there = synthesise(self._movable(rows, [max(frame, 0) for frame in frames]).float(), projection) > 0.5
            keep = keep * ~(cut & (here | there))
        return Neighbour(picture, pose, keep)

    def _is_cut(self, part: LearningFrames, row: int, place: int) -> bool:
        return self._mask == "always" or (self._mask == "gate" and bool(part.moving[row, place]))

    def _movable(self, rows: np.ndarray, frames: list[int]) -> torch.Tensor:
        """(N, 1, H, W) bool."""
        planes = np.stack([part.movable[frame] for (part, _), frame in zip(self._of(rows), frames, strict=True)])
        return torch.from_numpy(planes)[:, None]

    def _against_truth(self, inverse_per_m: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """Mean error of log depth where the truth is known and finite; 0 where it is known nowhere."""
        true_m = torch.zeros_like(inverse_per_m)
        for number, (part, place) in enumerate(self._of(rows)):
            if part.depth_m is not None:
                depth: NDArray[Any] = part.depth_m[part.targets[place]]
                true_m[number, 0] = torch.from_numpy(np.asarray(depth, np.float32))
        known = torch.isfinite(true_m) & (true_m > 0)
        errors = (inverse_per_m.log() + torch.where(known, true_m, 1.0).log()).abs()
        return torch.where(known, errors, 0.0).sum() / known.sum().clamp_min(1)


def mirrored(planes: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """(N, C, H, W), left and right exchanged in those of a batch that `which` (N,) bool says."""
    return torch.where(which.reshape(-1, 1, 1, 1), planes.flip(3), planes)


def _endless(group: np.ndarray, generator: torch.Generator) -> Iterator[int]:
    while True:
        yield from group[torch.randperm(len(group), generator=generator).numpy()].tolist()
