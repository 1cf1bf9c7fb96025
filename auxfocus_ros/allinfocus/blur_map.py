"""What one frame alone says of the blur of every part of it: a distribution over the blur's radius for each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.radius_estimate import LEVELS, LOG_OFFSET_PX, level_of


@dataclass(frozen=True)
class CellGrid:
    """Square cells of `cell_px` that cover a picture of `width_px` x `height_px` from its upper left corner; the last ones may
    reach over its right and lower edge.
    """

    width_px: int
    height_px: int
    cell_px: int

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return -(-self.height_px // self.cell_px), -(-self.width_px // self.cell_px)

    def shares(self, left: int, top: int, width: int, height: int) -> NDArray[np.float64]:
        """(rows, columns): which share of a whole cell lies in a rectangle of the picture, pixels, 0 to 1."""
        rows, columns = (
            np.clip(np.minimum(first + length, edge) - np.maximum(first, start), 0, None) / self.cell_px
            for first, length, edge, start in self._spans(left, top, width, height)
        )
        return np.asarray(np.outer(rows, columns))

    def _spans(self, left: int, top: int, width: int, height: int) -> list[tuple[int, int, Any, Any]]:
        rows, columns = self.shape
        spans = []
        for first, length, count, limit in ((top, height, rows, self.height_px), (left, width, columns, self.width_px)):
            start = np.arange(count) * self.cell_px
            spans.append((first, length, np.minimum(start + self.cell_px, limit), start))
        return spans


@dataclass(frozen=True, eq=False)
class BlurMap:
    """Of one frame.

    probability: (rows, columns, BINS) float32, >= 0, sum 1 over the last axis: over `autofocus.radius_estimate.LEVELS`. A cell
    without texture has a wide distribution. grid: of the cells, whose shape it has.
    """

    probability: NDArray[np.float32]
    grid: CellGrid

    def radius_px(self) -> NDArray[np.float64]:
        """(rows, columns): the medians, pixels."""
        return self._quantile(0.5)

    def sigma_px(self) -> NDArray[np.float64]:
        """(rows, columns): half the width of the middle 68 %, pixels."""
        return 0.5 * (self._quantile(0.841) - self._quantile(0.159))

    def probability_within(self, radius_px: Any) -> NDArray[np.float64]:
        """(rows, columns): that the blur's radius is at most `radius_px`, a number or (rows, columns)."""
        edges = level_of(np.maximum(radius_px, 0.0))
        width = LEVELS[1] - LEVELS[0]
        share = np.clip((edges[..., None] - LEVELS) / width + 0.5, 0.0, 1.0)
        return np.asarray(np.minimum((self.probability * share).sum(axis=-1), 1.0), np.float64)

    def _quantile(self, share: float) -> NDArray[np.float64]:
        cumulative = np.cumsum(self.probability, axis=-1, dtype=np.float64)
        total = cumulative[..., -1:]
        reached = cumulative >= share * total
        first = reached.argmax(axis=-1)
        at = np.take_along_axis(cumulative, first[..., None], -1)[..., 0]
        mass = np.take_along_axis(self.probability, first[..., None], -1)[..., 0]
        width = LEVELS[1] - LEVELS[0]
        level = LEVELS[first] + width * (0.5 - np.where(mass > 0, (at - share * total[..., 0]) / np.maximum(mass, 1e-12), 0.5))
        return np.asarray(np.maximum(np.exp2(level) - LOG_OFFSET_PX, 0.0))


def blur_map_of(radius_px: NDArray[Any], grid: CellGrid, sigma_levels: float = 0.1) -> BlurMap:
    """A map that says radii (rows, columns), pixels, with a Gaussian error of `sigma_levels` octaves; NaN: says nothing."""
    level = level_of(np.maximum(radius_px, 0.0))
    with np.errstate(invalid="ignore"):
        away = (LEVELS - level[..., None]) / sigma_levels
    density = np.where(np.isfinite(away), np.exp(-0.5 * np.minimum(np.abs(away), 30.0) ** 2), 1.0)
    return BlurMap(np.asarray(density / density.sum(axis=-1, keepdims=True), np.float32), grid)


class BlurMapEstimator(Protocol):
    """Tells the blur of every cell of a picture."""

    def estimate(self, picture: np.ndarray, cell_px: int) -> BlurMap:
        """Of a picture (H, W) or (H, W, 3) uint8 BGR, on a grid of cells of 16, 32 or 64 px.

        Raises:
            InputError: another type or shape, or smaller than 64 px.
        """


class StepMapEstimator(Protocol):
    """The source's global step estimator: tells of every cell how far the lens is from its focus, without a sign."""

    def estimate_steps(self, picture: np.ndarray, cell_px: int) -> NDArray[np.float32]:
        """(rows, columns) of `CellGrid(width, height, cell_px)`, motor steps, >= 0; a cell nearer to the picture's edge than half
        a patch has the value of the nearest patch. Raises as `BlurMapEstimator.estimate`.
        """
