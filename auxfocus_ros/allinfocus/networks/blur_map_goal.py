"""What the blur map network is fitted to."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch

from auxfocus_ros.allinfocus.networks.blur_map_features import CELLS_PX, features
from auxfocus_ros.allinfocus.networks.blur_map_statistics import statistics
from auxfocus_ros.autofocus.networks.goals import LABEL_BINS
from auxfocus_ros.autofocus.radius_estimate import BINS, LEVELS, level_of
from auxfocus_ros.learning.fitting import Arrays, Goal

CELL_SHARES = (0.12, 0.44, 0.44)
"""How often a batch is looked at in cells of each size."""
SCALES, SCALE_SHARES = (1.0, 0.75, 0.5), (0.6, 0.15, 0.25)
"""Smaller pictures are other ones: their blur shrinks with them, their textures become finer and their noise less."""
TONED_SHARE = 0.5
PREPARED_ROWS = 128


class BlurMapGoal(Goal):
    """Mean cross-entropy against every radius that occurs in a cell, so that the answer is their mixture."""

    def __init__(self, arrays: Arrays) -> None:
        """arrays: picture (N, edge, edge) uint8, radius_px (N, cells, cells) of even squares of it."""
        super().__init__(arrays)
        away = (np.arange(BINS)[:, None] - np.arange(BINS)) / LABEL_BINS
        label = np.exp(-0.5 * away**2)
        self._label = torch.from_numpy((label / label.sum(axis=1, keepdims=True)).astype(np.float32))
        self._scale = 1.0  # of the pictures that `inputs` gave last

    def prepare(self, network: Any) -> None:
        """Means and scales of the features, of the first rows."""
        rows = np.arange(min(PREPARED_ROWS, len(self.arrays["picture"])))
        network.normalise_by(_features([self.arrays["picture"][row] for row in rows], CELLS_PX[1]))

    def inputs(self, rows: np.ndarray, generator: torch.Generator | None) -> tuple[torch.Tensor, ...]:
        """Features and the cell's size; varied: in cells of every size, at other scales, in other tones."""
        pictures = [np.asarray(self.arrays["picture"][row]) for row in rows]
        cell_px, self._scale = CELLS_PX[1], 1.0
        if generator is not None:
            cell_px = CELLS_PX[_by_lot(CELL_SHARES, generator)]
            self._scale = SCALES[_by_lot(SCALE_SHARES, generator)]
            pictures = [_toned(_scaled(picture, self._scale), generator) for picture in pictures]
        return _features(pictures, cell_px), torch.tensor(cell_px)

    def loss(self, output: torch.Tensor, rows: np.ndarray) -> torch.Tensor:
        """Nats."""
        log_probability = torch.log_softmax(output, dim=1)
        expected = torch.einsum("nbyx,kb->nyxk", log_probability, self._label)  # of a truth in bin k
        radius_px = np.array(self.arrays["radius_px"][rows], np.float64)
        place = ((np.arange(round(radius_px.shape[1] * self._scale)) + 0.5) / self._scale).astype(np.intp)
        radius_px = radius_px[:, place][:, :, place] * self._scale
        bins = np.rint((level_of(radius_px) - LEVELS[0]) / (LEVELS[1] - LEVELS[0])).clip(0, BINS - 1)
        cell = torch.arange(len(place)) // (len(place) // output.shape[2])
        truth = torch.from_numpy(bins.astype(np.int64))
        return -expected[:, cell][:, :, cell].gather(3, truth[..., None]).mean()


def _features(pictures: list[np.ndarray], cell_px: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([features(statistics(picture), cell_px) for picture in pictures]))


def _by_lot(shares: tuple[float, ...], generator: torch.Generator) -> int:
    return int(torch.multinomial(torch.tensor(shares), 1, generator=generator))


def _scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1.0:
        return picture
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _toned(picture: np.ndarray, generator: torch.Generator) -> np.ndarray:
    """Brighter or darker, with another gamma."""
    lot = torch.rand(3, generator=generator).tolist()
    if lot[0] >= TONED_SHARE:
        return picture
    table = 255.0 * (np.arange(256) / 255.0 * 0.4 * 3.5 ** lot[1]) ** (0.8 + 0.5 * lot[2])
    return np.asarray(cv2.LUT(picture, np.rint(table).clip(0, 255).astype(np.uint8)))
