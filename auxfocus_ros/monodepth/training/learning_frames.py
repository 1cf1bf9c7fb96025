"""What the fit is given of a sequence: its target frames, each with the frames that explain it."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.pairs import PairTable

MANY = 10
"""Sequences from which on whole ones are held out."""
SOURCES = 2
"""Of a target frame: the one before and the one after it."""


@dataclass(frozen=True, eq=False)
class LearningFrames:
    """Target frames of one sequence.

    name: of the sequence. pictures: (F, H, W, 3) uint8 BGR. k: (3, 3) float64, of those pictures. movable: (F, H, W) bool.
    depth_m: (F, H, W), true; None: not known. targets: (T,) int, numbers of frames, rising. sources: (T, 2) int, -1: none. poses:
    (T, 2, 4, 4) float64, from the target's camera frame into the source's. moving: (T, 2) bool, the gate's decisions.
    """

    name: str
    pictures: NDArray[np.uint8]
    k: NDArray[np.float64]
    movable: NDArray[np.bool_]
    depth_m: NDArray[np.floating] | None
    targets: NDArray[np.int64]
    sources: NDArray[np.int64]
    poses: NDArray[np.float64]
    moving: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many target frames."""
        return len(self.targets)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the pictures."""
        return self.pictures.shape[1], self.pictures.shape[2]

    def chosen(self, targets: NDArray[np.int64]) -> LearningFrames:
        """The same with these of the target frames, by their place among them."""
        return replace(
            self,
            targets=self.targets[targets],
            sources=self.sources[targets],
            poses=self.poses[targets],
            moving=self.moving[targets],
        )


def learning_frames(sequence: Sequence, pairs: PairTable) -> LearningFrames:
    """Target frames of a sequence with all their pairs."""
    targets = np.unique(pairs.targets)
    sources = np.full((len(targets), SOURCES), -1, np.int64)
    poses = np.tile(np.eye(4), (len(targets), SOURCES, 1, 1))
    moving = np.zeros((len(targets), SOURCES), bool)
    row = np.searchsorted(targets, pairs.targets)
    place = (pairs.sources > pairs.targets).astype(np.int64)  # before, after
    sources[row, place], poses[row, place], moving[row, place] = pairs.sources, pairs.poses, pairs.moving
    return LearningFrames(
        sequence.name,
        sequence.pictures,
        sequence.camera.matrix(),
        pairs.movable,
        sequence.depth_m,
        targets,
        sources,
        poses,
        moving,
    )


def divided(frames: Many[LearningFrames], held_out: float) -> tuple[list[LearningFrames], list[LearningFrames]]:
    """What is learned from, and what it is judged by: of `MANY` sequences or more every so manieth, else the last frames of each.

    Args:
        frames: of every sequence.
        held_out: part to judge by, 0 to 0.9; rounded down, so that of little nothing is held out.
    """
    if len(frames) >= MANY and held_out:
        every = max(2, round(1 / held_out))
        return [one for number, one in enumerate(frames) if (number + 1) % every], list(frames[every - 1 :: every])
    kept = [int(len(one) * held_out) for one in frames]
    learned = [one.chosen(np.arange(len(one) - count)) for one, count in zip(frames, kept, strict=True)]
    judged = [one.chosen(np.arange(len(one) - count, len(one))) for one, count in zip(frames, kept, strict=True) if count]
    return learned, judged
