"""What the networks for depth and segmentation are fitted to where the truth of every pixel is known."""

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
from auxfocus_ros.monodepth.network_size import stepped
from auxfocus_ros.monodepth.networks.depth_network import CANONICAL_FX_PX, FARTHEST_M, NEAREST_M
from auxfocus_ros.monodepth.networks.frames import Row, Rows, as_tensor, lot, toned
from auxfocus_ros.monodepth.sequence import Sequence

LEARNED_PX = 33_000
"""Pixels of what is learned from: larger pictures are brought to it, which their longer focal lengths make up for."""
EDGE_WEIGHT, COARSE_WEIGHT, SHAPE_WEIGHT = 0.3, 0.2, 0.6
SLOPE_SIZES = 3


@dataclass(frozen=True)
class Cut:
    """What is taken of a picture. size_px: width and height it is brought to. zoom: the picture's width over that of the part.
    left, top: where the part lies, 0 to 1 of what is left over.
    """

    size_px: tuple[int, int]
    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0
    mirrored: bool = False


class FramesGoal(Goal):
    """Single frames with their truth; varied: mirrored, cut out larger, in other tones.

    most_zoom: how much larger, at most.
    """

    halves = True
    most_zoom = 1.5

    def __init__(self, sequences: Many[Sequence], batch: int) -> None:
        """All frames of all sequences; batch: as the schedule's."""
        rows = [Row(number, frame) for number, one in enumerate(sequences) for frame in range(len(one))]
        super().__init__({"row": np.arange(len(rows))})
        self._rows = Rows(sequences, rows, batch)
        self._cuts: list[Cut] = []  # of the last pictures

    def order(self, generator: torch.Generator) -> torch.Tensor:
        """See Rows.order."""
        return self._rows.order(generator)

    def parts(self) -> Iterator[np.ndarray]:
        """All rows, each part of one size."""
        first = 0
        while first < len(self._rows):
            count = self._rows.same_size(first, self._rows.batch)
            yield np.arange(first, first + count)
            first += count

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """(N, 3, H, W)."""
        camera = self._rows.sequences[self._rows.rows[int(rows[0])].sequence].camera
        size = (camera.width_px, camera.height_px)
        self._cuts = [Cut(size)] * len(rows)
        if generator is not None:
            zoom = np.exp(lot(generator, len(rows), 0.0, float(np.log(self.most_zoom))))
            left, top = lot(generator, len(rows)), lot(generator, len(rows))
            mirrored = lot(generator, len(rows)) < 0.5
            smaller = _learned_size(size)
            self._cuts = [
                Cut(smaller, float(z), float(x), float(y), bool(m)) for z, x, y, m in zip(zoom, left, top, mirrored, strict=True)
            ]
        pictures = self._planes(rows, "pictures", cv2.INTER_LINEAR)
        return (as_tensor(toned(pictures, generator) if generator is not None else pictures),)

    def _planes(self, rows: np.ndarray, name: str, how: int) -> NDArray[np.uint8]:
        """A plane of the truth, cut as the pictures were."""
        found = []
        for row, cut in zip(rows, self._cuts, strict=True):
            place = self._rows.rows[int(row)]
            found.append(_cut(np.asarray(getattr(self._rows.sequences[place.sequence], name)[place.frame]), cut, how))
        return np.stack(found)

    def _focal_px(self, rows: np.ndarray) -> NDArray[np.float32]:
        """Focal length of each picture after it was cut."""
        cameras = [self._rows.sequences[self._rows.rows[int(row)].sequence].camera for row in rows]
        focal = [
            camera.fx_px * cut.zoom * cut.size_px[0] / camera.width_px for camera, cut in zip(cameras, self._cuts, strict=True)
        ]
        return np.array(focal, np.float32)


class TrueDepthGoal(FramesGoal):
    """Mean absolute error of the logarithm of depth, before and after each picture's mean is taken out, and of its slopes.

    Source of the last two: Eigen, Puhrsch and Fergus, "Depth map prediction from a single image using a multi-scale deep
    network" (2014); slopes at several sizes as in Ranftl et al., "Towards robust monocular depth estimation" (2020).
    """

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """About the mean relative error."""
        answers = output if isinstance(output, list) else [output]
        depth_m = self._planes(rows, "depth_m", cv2.INTER_NEAREST).astype(np.float32)
        scaled = torch.from_numpy(depth_m * (CANONICAL_FX_PX / self._focal_px(rows))[:, None, None])[:, None]
        truth = torch.log(scaled.clamp(NEAREST_M, FARTHEST_M))
        known = (scaled > 0).float()
        total = torch.zeros(())
        for number, answer in enumerate(answers):
            wanted = truth if number == 0 else functional.interpolate(truth, size=answer.shape[2:], mode="nearest")
            counts = known if number == 0 else functional.interpolate(known, size=answer.shape[2:], mode="nearest")
            error = (-torch.log(answer) - wanted) * counts
            total = total + (1.0 if number == 0 else COARSE_WEIGHT) * _error_of(error, counts, slopes=number == 0)
        return total


def _error_of(error: torch.Tensor, counts: torch.Tensor, *, slopes: bool) -> torch.Tensor:
    """Of errors (N, 1, h, w), 0 where they do not count."""
    each = counts.sum(dim=(1, 2, 3)).clamp(min=1.0)
    mean = error.sum(dim=(1, 2, 3)) / each
    shape = (error - mean[:, None, None, None]) * counts
    total = ((1.0 - SHAPE_WEIGHT) * error.abs() + SHAPE_WEIGHT * shape.abs()).sum() / each.sum()
    for _ in range(SLOPE_SIZES if slopes else 0):
        across, along = (error[..., 1:] - error[..., :-1]).abs().mean(), (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        total = total + EDGE_WEIGHT * (across + along)
        error = functional.avg_pool2d(error, 2)
    return total


class TrueClassGoal(FramesGoal):
    """Cross-entropy, in which rare classes count for more."""

    most_zoom = 3.0

    def __init__(self, sequences: Many[Sequence], batch: int) -> None:
        """As FramesGoal."""
        super().__init__(sequences, batch)
        counts = np.zeros(256)
        for one in sequences:
            assert one.classes is not None
            counts += np.bincount(np.asarray(one.classes[0]).ravel(), minlength=256)
        shares = counts[: int(np.flatnonzero(counts).max()) + 1] / counts.sum()
        weights = 1.0 / np.sqrt(shares + 0.003)
        self._weights = torch.from_numpy((weights / weights.mean()).astype(np.float32))

    def loss(self, output: Any, rows: np.ndarray) -> torch.Tensor:
        """Nats."""
        classes = torch.from_numpy(self._planes(rows, "classes", cv2.INTER_NEAREST).astype(np.int64))
        weights = functional.pad(self._weights, (0, output.shape[1] - len(self._weights)), value=1.0)
        return functional.cross_entropy(output, classes, weight=weights)


def _learned_size(size_px: tuple[int, int]) -> tuple[int, int]:
    """Width and height at which a picture is learned from: its own, or as many times smaller, in multiples of STEP_PX."""
    share = (LEARNED_PX / (size_px[0] * size_px[1])) ** 0.5
    return size_px if share >= 1.0 else (stepped(size_px[0] * share), stepped(size_px[1] * share))


def _cut(plane: NDArray[Any], cut: Cut, how: int) -> NDArray[Any]:
    """The part of a plane that a longer focal length would show, mirrored if so."""
    height, width = plane.shape[:2]
    if cut.zoom > 1.0 or (width, height) != cut.size_px:
        part_width, part_height = round(width / cut.zoom), round(height / cut.zoom)
        x, y = round(cut.left * (width - part_width)), round(cut.top * (height - part_height))
        part = plane[y : y + part_height, x : x + part_width]
        # OpenCV does not know half precision.
        part = part.astype(np.float32) if part.dtype == np.float16 else part
        shrinks = how == cv2.INTER_LINEAR and part_width > cut.size_px[0]
        plane = cv2.resize(part, cut.size_px, interpolation=cv2.INTER_AREA if shrinks else how).astype(plane.dtype)
    return np.ascontiguousarray(plane[:, ::-1]) if cut.mirrored else plane
