"""The pairs of frames that a sequence is learned from: how the camera moved between them, and whether what can move did.

In the source's method the depth network alone is adjusted; the pose and the segmentation are given. So both are asked once,
before the training, and every run that follows (another seed, another way to mask) reads the same answers. What moved between two
frames, and how the camera did, is the same seen from either: a couple of frames is judged once and gives two pairs.

Source: US 12,387,354 B2, blocks 103 to 105 and 107.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.gate import (
    GateLog,
    GateSettings,
    PairDecision,
    StaticAndDynamic,
    draw_decision,
    judge,
    static_and_dynamic,
)
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate, PoseEstimator
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.monodepth.training.couple_motion import CoupleMotion, couple_motion
from auxfocus_ros.monodepth.training.sequence_checks import BLACK_FRAME, is_black

PICTURES = 12
"""Decisions of a sequence that are drawn, evenly over its length."""
GATE_LOG, DRAWN = "gate.jsonl", "decisions"
TargetPose = Callable[[Sequence, tuple[int, int], CoupleMotion, PairDecision], PoseEstimate]
"""How the camera moved from the couple's first frame to its second."""


@dataclass(frozen=True, eq=False)
class Judges:
    """Who is asked. table: of classes. gate: with its options. estimator: for the gate's poses. target_pose: to project by."""

    table: ClassTable
    gate: GateSettings
    estimator: PoseEstimator
    target_pose: TargetPose


@dataclass(frozen=True, eq=False)
class PairTable:
    """Pairs of a sequence that can be learned from, and why the others cannot.

    targets, sources: (P,) int, numbers of frames; a pair's target is explained from its source. poses: (P, 4, 4) float64, from
    the target's camera frame into the source's. moving: (P,) bool, the gate's decision. reasons: (P,), in words. movable: (F, H,
    W) bool, where in each frame things are that can move. left_out: reason -> how many other pairs.
    """

    targets: NDArray[np.int64]
    sources: NDArray[np.int64]
    poses: NDArray[np.float64]
    moving: NDArray[np.bool_]
    reasons: NDArray[np.str_]
    movable: NDArray[np.bool_]
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        """How many pairs."""
        return len(self.targets)


def make_pairs(
    sequence: Sequence,
    classes: NDArray[np.uint8],
    gap: int,
    judges: Judges,
    *,
    folder: Path,
    told: Callable[[int, int], None],
    on_problem: Callable[[str], None],
) -> PairTable:
    """Judge every couple of frames that lie `gap` apart.

    Args:
        sequence: as it is learned from, longer than the gap.
        classes: (F, H, W) uint8, numbers in the table of classes.
        gap: frames from one of a couple to the other, > 0.
        judges: who is asked.
        folder: gets the gate's log, and pictures of some decisions.
        told: called with (couples judged, couples in all).
        on_problem: told in one line where the log cannot be written.

    Returns:
        The table; empty where nothing can be learned from.
    """
    smallest = judges.gate.options.smallest_area_share
    seen = [
        static_and_dynamic(picture, labels, judges.table, smallest)
        for picture, labels in zip(sequence.pictures, classes, strict=True)
    ]
    black = [is_black(picture) for picture in sequence.pictures]
    couples = len(sequence) - gap
    (folder / GATE_LOG).unlink(missing_ok=True)
    pairs: list[tuple[int, int, NDArray[np.float64], bool, str]] = []
    left_out: Counter[str] = Counter()
    with GateLog(folder / GATE_LOG, on_problem) as log:
        for first in range(couples):
            second = first + gap
            found = BLACK_FRAME if black[first] or black[second] else _judged(sequence, (first, second), seen, judges)
            if isinstance(found, str):
                left_out[found] += 2
                log.write_left_out(sequence.name, found, (first, second), _stamps(sequence, first, second))
            else:
                decision, pose = found
                log.write(sequence.name, decision, (first, second), _stamps(sequence, first, second))
                if first % max(1, couples // PICTURES) == 0:
                    _draw(folder / DRAWN / f"{first:06d}_{second:06d}.jpg", decision)
                if pose.problem:
                    left_out[pose.problem] += 2
                else:
                    matrix: NDArray[np.float64] = np.asarray(pose.matrix, np.float64)
                    pairs.append((first, second, matrix, decision.moving, decision.reason))
                    pairs.append((second, first, np.asarray(np.linalg.inv(matrix), np.float64), decision.moving, decision.reason))
            told(first + 1, couples)
    pairs.sort(key=lambda pair: pair[:2])
    return PairTable(
        targets=np.array([pair[0] for pair in pairs], np.int64),
        sources=np.array([pair[1] for pair in pairs], np.int64),
        poses=np.array([pair[2] for pair in pairs], np.float64).reshape(-1, 4, 4),
        moving=np.array([pair[3] for pair in pairs], bool),
        reasons=np.array([pair[4] for pair in pairs], np.str_),
        movable=np.stack([one.movable for one in seen]),
        left_out=dict(left_out),
    )


def _judged(
    sequence: Sequence, frames: tuple[int, int], seen: list[StaticAndDynamic], judges: Judges
) -> str | tuple[PairDecision, PoseEstimate]:
    """The gate's decision on a couple and the pose to project by; or why there is nothing to learn from it."""
    first, second = (seen[number] for number in frames)
    motion = couple_motion(first, second, sequence.camera)
    if motion.problem:
        return motion.problem
    decision = judge(first, second, sequence.camera, judges.estimator, judges.gate.gate(), options=judges.gate.options)
    return decision, judges.target_pose(sequence, frames, motion, decision)


def _stamps(sequence: Sequence, first: int, second: int) -> tuple[float, float]:
    return float(sequence.stamps_s[first]), float(sequence.stamps_s[second])


def _draw(path: Path, decision: PairDecision) -> None:
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), draw_decision(decision))
