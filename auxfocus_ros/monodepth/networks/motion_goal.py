"""What the network that judges motion is fitted to: strips of filmed worlds, and whether what they show moved."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.fitting import Goal
from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.evaluation.gate_truth import MOVING_PX, STANDING_PX
from auxfocus_ros.monodepth.gate import static_and_dynamic
from auxfocus_ros.monodepth.gate.options import SMALLEST_AREA_SHARE
from auxfocus_ros.monodepth.geometry.pose_planes import at_working_size, pair_flow
from auxfocus_ros.monodepth.geometry.residual_motion import residual_motions
from auxfocus_ros.monodepth.networks.motion_network import motion_features
from auxfocus_ros.monodepth.pose_estimate import PoseEstimator
from auxfocus_ros.monodepth.sequence import Sequence

LEAST_SHARE = 0.3
"""Of a strip that must truly show things, for it to be one of a thing; of others nothing is known."""


@dataclass(frozen=True)
class StripRow:
    """features: see `motion_features`. moved: whether what it shows moved."""

    features: NDArray[np.float32]
    moved: bool


def strip_rows(sequence: Sequence, classes: NDArray[np.uint8], estimator: PoseEstimator, table: ClassTable) -> list[StripRow]:
    """Strips of every frame and the next, as the gate would see them; those that moved a little are left out.

    Args:
        sequence: with things and moved_px.
        classes: (F, H, W), the truth or a network's.
        estimator: tells the camera's motion from what stands.
        table: of classes.
    """
    assert sequence.things is not None and sequence.moved_px is not None
    seen = [static_and_dynamic(np.asarray(picture), labels, table, SMALLEST_AREA_SHARE)
            for picture, labels in zip(sequence.pictures, classes, strict=True)]  # fmt: skip
    found = []
    for number, (first, second) in enumerate(pairwise(seen)):
        if not (first.movable.any() and second.movable.any()):
            continue
        static = estimator.estimate(
            first.picture, second.picture, sequence.camera, keep_first=~first.movable, keep_second=~second.movable
        )
        flow = pair_flow(first.picture, second.picture, sequence.camera)
        keep = at_working_size(first.movable, flow)
        if static.problem or keep is None:
            continue
        size = keep.shape[::-1]
        things = cv2.resize(np.asarray(sequence.things[number]), size, interpolation=cv2.INTER_NEAREST) > 0
        scale = size[0] / sequence.camera.width_px
        moved = cv2.resize(np.asarray(sequence.moved_px[number], np.float32), size, interpolation=cv2.INTER_NEAREST) * scale
        for strip in residual_motions(flow.flow, flow.sure, keep, flow.camera, static.matrix):
            shows = strip.where & things
            if np.count_nonzero(shows) < LEAST_SHARE * np.count_nonzero(strip.where):
                continue
            far_px = float(np.median(moved[shows]))
            if far_px > MOVING_PX or far_px < STANDING_PX:
                found.append(StripRow(motion_features(strip), far_px > MOVING_PX))
    return found


class MotionGoal(Goal):
    """Cross-entropy, in which strips that moved and strips that stood count alike in all."""

    def __init__(self, rows: Many[StripRow]) -> None:
        """rows: some that moved and some that stood. Raises ConfigurationError where there are only the one or the other."""
        super().__init__({"row": np.arange(len(rows))})
        share = sum(row.moved for row in rows) / len(rows) if rows else 0.0
        if not 0.0 < share < 1.0:
            raise ConfigurationError(f"motion: of {len(rows)} strips {'all' if share else 'none'} moved; wanted both kinds")
        self._features = torch.from_numpy(np.stack([row.features for row in rows]))
        self._moved = torch.tensor([float(row.moved) for row in rows])
        self._weights = torch.where(self._moved > 0, 0.5 / share, 0.5 / (1.0 - share))

    def prepare(self, network: Any) -> None:
        """Tell the network what is usual."""
        super().prepare(network)
        if self.start is None:
            network.mean.copy_(self._features.mean(dim=0))
            network.spread.copy_(self._features.std(dim=0).clamp_min(1e-3))

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """(N, FEATURES)."""
        return (self._features[rows],)

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """Nats."""
        loss: torch.Tensor = functional.binary_cross_entropy_with_logits(output, self._moved[rows], self._weights[rows])
        return loss
