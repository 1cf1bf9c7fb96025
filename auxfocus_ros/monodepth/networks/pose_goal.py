"""What the pose network is fitted to: the motions of simulated cameras, and of what moves before them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Many
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from auxfocus_ros.learning.fitting import Goal
from auxfocus_ros.monodepth.geometry.pose_planes import PairFlow, at_working_size, both_flows, pose_planes
from auxfocus_ros.monodepth.networks.frames import lot
from auxfocus_ros.monodepth.networks.pose_network import ROTATION_RAD, TRANSLATION_M
from auxfocus_ros.monodepth.sequence import Sequence

LEAST_PX = 40
"""Of what can move: less tells nothing."""
MOVES_PX, STANDS_PX = 1.5, 0.1
"""From here on it moves, up to here it stands, by its mean; what lies between teaches no decision."""
PRIOR_ROTATION_RAD, PRIOR_TRANSLATION = 0.0006, 0.03
"""How far a prior is from the truth, root mean squares; the second as a share of its length."""
DECISION_WEIGHT = 2.0
JUDGED_TOGETHER = 64
QUESTION_SHARES = (0.3, 0.7)
"""How often each kind of question is asked; see PoseGoal."""


@dataclass(frozen=True, eq=False)
class PairRow:
    """A pair of frames.

    flow: see PairFlow. movable: (h, w). motion: (4, 4) of the camera. extra: (6,) what the most moving thing does beyond it, see
    `pair_rows`; None: nothing can move, or too little of it is seen.
    moved_px: its mean.
    """

    flow: PairFlow
    movable: NDArray[np.bool_]
    motion: NDArray[np.float64]
    extra: NDArray[np.float64] | None
    moved_px: float


def pair_rows(sequence: Sequence, gap: int = 1) -> list[PairRow]:
    """Every pair of frames `gap` apart, both ways, of a sequence with depth, poses and things.

    What a thing does is said as a rotation: in the narrow view of one thing, going across the line of sight and turning look
    alike, an angle needs no unit of length, and times the focal length it is the pixels that the thing is seen away from its
    place.
    """
    assert sequence.things is not None and sequence.moved_px is not None and sequence.world_from_thing is not None
    found = []
    for first in range(len(sequence) - gap):
        second = first + gap
        moved = {
            int(thing): float(np.mean(sequence.moved_px[first][sequence.things[first] == thing], dtype=np.float64))
            for thing in np.unique(sequence.things[first])
            if thing and np.count_nonzero(sequence.things[first] == thing) >= LEAST_PX
        }
        flows = both_flows(np.asarray(sequence.pictures[first]), np.asarray(sequence.pictures[second]), sequence.camera)
        for here, there, flow in ((first, second, flows[0]), (second, first, flows[1])):
            motion = sequence.motion(here, there)
            assert motion is not None
            extra = None
            if moved:
                most = max(moved, key=lambda thing: moved[thing])
                extra = _extra(sequence, here, there, most, motion)
            movable = at_working_size(np.asarray(sequence.things[here] > 0), flow)
            assert movable is not None
            found.append(PairRow(flow, movable, motion, extra, max(moved.values(), default=0.0)))
    return found


class PoseGoal(Goal):
    """Two kinds of questions: how the camera moved, of the rest; and with that given, what of what can move moves beyond it."""

    def __init__(self, rows: Many[PairRow]) -> None:
        """rows: of one picture size or several; all are brought to one grid."""
        super().__init__({"row": np.arange(2 * len(rows))})
        self._rows = rows
        self._wanted: list[tuple[NDArray[np.float64], float, float]] = []  # (motion (6,), moves, counts in the decision)

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """By lot, in the shares of QUESTION_SHARES; about what can move only where there is any."""
        some = [[row for row in range(question, self.rows, 2) if question == 0 or self._rows[row // 2].extra is not None]
                for question in range(2)]  # fmt: skip
        counts = torch.multinomial(torch.tensor(QUESTION_SHARES), self.rows, replacement=True, generator=generator)
        drawn = torch.empty(self.rows, dtype=torch.int64)
        for question, rows in enumerate(some):
            wanted = counts == question
            picked = torch.randint(len(rows), (int(wanted.sum()),), generator=generator)
            drawn[wanted] = torch.tensor(rows)[picked]
        return drawn

    def parts(self) -> Iterator[np.ndarray]:
        """All questions, so many at a time."""
        for first in range(0, self.rows, JUDGED_TOGETHER):
            yield np.arange(first, min(first + JUDGED_TOGETHER, self.rows))

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Planes, of different sizes brought to the largest by cells that do not count."""
        fixed = generator if generator is not None else torch.Generator().manual_seed(int(rows[0]))
        self._wanted, planes = [], []
        for row in rows:
            planes.append(self._one(self._rows[int(row) // 2], int(row) % 2, fixed, varied=generator is not None))
        height, width = max(one.shape[1] for one in planes), max(one.shape[2] for one in planes)
        batch = np.zeros((len(planes), planes[0].shape[0], height, width), np.float32)
        for place, one in zip(batch, planes, strict=True):
            place[:, : one.shape[1], : one.shape[2]] = one
            place[7:11] = one[7:11, :1, :1]
        return (torch.from_numpy(batch),)

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """Mean absolute error in units of the network's answer, and the cross-entropy of the decision."""
        motion, moves = output
        wanted = torch.from_numpy(np.stack([one[0] for one in self._wanted]).astype(np.float32))
        unit = torch.tensor([ROTATION_RAD] * 3 + [TRANSLATION_M] * 3)
        error = ((motion - wanted) / unit).abs().mean()
        label = torch.tensor([one[1] for one in self._wanted])
        counts = torch.tensor([one[2] for one in self._wanted])
        decision = functional.binary_cross_entropy_with_logits(moves, label, reduction="none")
        return error + DECISION_WEIGHT * (decision * counts).sum() / counts.sum().clamp(min=1.0)

    def _one(self, row: PairRow, question: int, generator: torch.Generator, *, varied: bool) -> NDArray[np.float32]:
        flow, movable, motion, extra = row.flow, row.movable, row.motion, row.extra
        if varied and lot(generator, 1)[0] < 0.5:
            flow, movable, motion, extra = _mirrored(flow, movable, motion, extra)
        if varied:
            movable = _rough(movable, generator)
        if question == 0 or extra is None:
            self._wanted.append((_vector(motion), 0.0, 0.0))
            return pose_planes(flow, ~movable)
        prior = _shaken(motion, PRIOR_ROTATION_RAD, PRIOR_TRANSLATION, generator)
        moves = row.moved_px > STANDS_PX
        sure = row.moved_px >= MOVES_PX or not moves
        self._wanted.append((extra if moves else np.zeros(6), float(moves), float(sure)))
        return pose_planes(flow, movable, prior)


def _vector(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([cv2.Rodrigues(motion[:3, :3])[0].ravel(), motion[:3, 3]])


def _shaken(
    motion: NDArray[np.float64], rotation_rad: float, translation: float, generator: torch.Generator
) -> NDArray[np.float64]:
    """A motion with an error."""
    error = torch.randn(6, generator=generator).numpy().astype(np.float64)
    shaken = motion.copy()
    shaken[:3, :3] = cv2.Rodrigues(rotation_rad * error[:3])[0] @ motion[:3, :3]
    length = float(np.linalg.norm(motion[:3, 3]))
    shaken[:3, 3] += (translation * length + 0.002) * error[3:] / 3**0.5
    return shaken


def _extra(sequence: Sequence, here: int, there: int, thing: int, motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(6,) what a thing does beyond the camera's own motion: the mean angle by which it is seen elsewhere, as a rotation
    vector.
    """
    assert sequence.world_from_camera is not None and sequence.world_from_thing is not None
    assert sequence.depth_m is not None and sequence.things is not None
    places, camera = sequence.world_from_thing[:, thing - 1], sequence.camera
    rows, columns = np.nonzero(np.asarray(sequence.things[here]) == thing)
    if not len(rows):
        return np.zeros(6)
    depth_m = np.asarray(sequence.depth_m[here])[rows, columns].astype(np.float64)
    rays = np.stack(
        [(columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px, np.ones(len(rows)), 1.0 / depth_m]
    )
    own = places[there] @ np.linalg.inv(places[here])
    moved = np.linalg.inv(sequence.world_from_camera[there]) @ own @ sequence.world_from_camera[here]
    (x, y), (x_still, y_still) = ((matrix @ rays)[:2] / np.maximum((matrix @ rays)[2], 1e-3) for matrix in (moved, motion))
    across, down = float(np.mean(x - x_still)), float(np.mean(y - y_still))
    return np.array([-down, across, 0.0, 0.0, 0.0, 0.0])


def _mirrored(flow: PairFlow, movable: NDArray[np.bool_], motion: Any, extra: Any) -> tuple[PairFlow, Any, Any, Any]:
    """As in a mirror."""
    camera = flow.camera
    turned = type(camera)(
        camera.width_px, camera.height_px, camera.fx_px, camera.fy_px, camera.width_px - 1 - camera.cx_px, camera.cy_px
    )
    across = np.ascontiguousarray(flow.flow[:, ::-1]) * np.array([-1.0, 1.0], np.float32)
    mirror = np.diag([-1.0, 1.0, 1.0, 1.0])
    pair = PairFlow(np.ascontiguousarray(flow.first[:, ::-1]), turned, across, np.ascontiguousarray(flow.sure[:, ::-1]))
    sign = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])
    return pair, np.ascontiguousarray(movable[:, ::-1]), mirror @ motion @ mirror, None if extra is None else extra * sign


def _rough(movable: NDArray[np.bool_], generator: torch.Generator) -> NDArray[np.bool_]:
    """A mask as a network would draw it: a little too large or too small."""
    what = float(lot(generator, 1)[0])
    if what < 0.4:
        return movable
    change = cv2.dilate if what < 0.75 else cv2.erode
    return np.asarray(change(movable.astype(np.uint8), np.ones((3, 3), np.uint8))).astype(bool)
