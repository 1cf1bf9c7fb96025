"""What the pose network is fitted to: the motions of simulated cameras."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.learning.fitting import Goal
from auxfocus_ros.monodepth.geometry.pose_planes import PairFlow, at_working_size, both_pair_flows, pose_planes
from auxfocus_ros.monodepth.networks.frames import lot
from auxfocus_ros.monodepth.networks.pose_network import ROTATION_RAD, TRANSLATION_M
from auxfocus_ros.monodepth.sequence import Sequence

JUDGED_TOGETHER = 64


@dataclass(frozen=True, eq=False)
class PairRow:
    """A pair of frames. flow: see PairFlow. movable: (h, w), not looked at. motion: (4, 4) of the camera."""

    flow: PairFlow
    movable: NDArray[np.bool_]
    motion: NDArray[np.float64]


def pair_rows(sequence: Sequence, gap: int = 1) -> list[PairRow]:
    """Every pair of frames `gap` apart, both ways, of a sequence with poses and things."""
    assert sequence.things is not None
    found = []
    for first in range(len(sequence) - gap):
        second = first + gap
        flows = both_pair_flows(np.asarray(sequence.pictures[first]), np.asarray(sequence.pictures[second]), sequence.camera)
        for here, there, flow in ((first, second, flows[0]), (second, first, flows[1])):
            motion, movable = sequence.motion(here, there), at_working_size(np.asarray(sequence.things[here] > 0), flow)
            assert motion is not None and movable is not None
            found.append(PairRow(flow, movable, motion))
    return found


class PoseGoal(Goal):
    """Mean absolute error of rotation and translation, in units of the network's answer."""

    def __init__(self, rows: Many[PairRow]) -> None:
        """rows: of one picture size or several."""
        super().__init__({"row": np.arange(len(rows))})
        self._rows = rows
        self._wanted: list[NDArray[np.float64]] = []  # (6,) each, of the last planes

    def parts(self) -> Iterator[np.ndarray]:
        """All rows, so many at a time."""
        for first in range(0, self.rows, JUDGED_TOGETHER):
            yield np.arange(first, min(first + JUDGED_TOGETHER, self.rows))

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Planes; of different sizes, they are brought to the largest by cells that do not count. Varied: mirrored, masks
        rough.
        """
        self._wanted, planes = [], []
        for row in rows:
            flow, movable, motion = self._rows[int(row)].flow, self._rows[int(row)].movable, self._rows[int(row)].motion
            if generator is not None:
                if lot(generator, 1)[0] < 0.5:
                    flow, movable, motion = _mirrored(flow, movable, motion)
                movable = _rough(movable, generator)
            self._wanted.append(np.concatenate([cv2.Rodrigues(motion[:3, :3])[0].ravel(), motion[:3, 3]]))
            planes.append(pose_planes(flow, ~movable))
        height, width = max(one.shape[1] for one in planes), max(one.shape[2] for one in planes)
        batch = np.zeros((len(planes), planes[0].shape[0], height, width), np.float32)
        for place, one in zip(batch, planes, strict=True):
            place[:, : one.shape[1], : one.shape[2]] = one
        return (torch.from_numpy(batch),)

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """See the class."""
        unit = torch.tensor([ROTATION_RAD] * 3 + [TRANSLATION_M] * 3)
        wanted = torch.from_numpy(np.stack(self._wanted).astype(np.float32))
        error: torch.Tensor = ((output - wanted) / unit).abs().mean()
        return error


def _mirrored(
    flow: PairFlow, movable: NDArray[np.bool_], motion: NDArray[np.float64]
) -> tuple[PairFlow, NDArray[np.bool_], NDArray[np.float64]]:
    """As in a mirror."""
    camera = flow.camera
    turned = type(camera)(
        camera.width_px, camera.height_px, camera.fx_px, camera.fy_px, camera.width_px - 1 - camera.cx_px, camera.cy_px
    )
    across = np.ascontiguousarray(flow.flow[:, ::-1]) * np.array([-1.0, 1.0], np.float32)
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    pair = PairFlow(np.ascontiguousarray(flow.first[:, ::-1]), turned, across, np.ascontiguousarray(flow.sure[:, ::-1]))
    return pair, np.ascontiguousarray(movable[:, ::-1]), mirror @ motion @ mirror


def _rough(movable: NDArray[np.bool_], generator: torch.Generator) -> NDArray[np.bool_]:
    """A mask as a network would draw it: a little too large or too small."""
    what = float(lot(generator, 1)[0])
    if what < 0.4:
        return movable
    change = cv2.dilate if what < 0.75 else cv2.erode
    return np.asarray(change(movable.astype(np.uint8), np.ones((3, 3), np.uint8))).astype(bool)
