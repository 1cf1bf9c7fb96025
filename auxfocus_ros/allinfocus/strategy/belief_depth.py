"""What a depth image says of where each cell is in focus, before any frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import CellGrid
from auxfocus_ros.optics.defocus_model import DefocusModel

Floats = NDArray[np.float64]

SAMPLES = 8
"""Readings a cell each way: a cell at a depth edge has several depths."""


def depth_prior(
    depth_m: NDArray[np.float64], sigma: float, grid: CellGrid, model: DefocusModel, positions_steps: Floats
) -> tuple[Floats, Floats]:
    """The distribution over best positions by depth alone.

    Args:
        depth_m: (h, w) over the whole picture, metres; NaN, 0 and negative: unknown.
        sigma: standard deviation, a share of the depth, > 0.
        grid: of the cells.
        model: says which position is in focus at a depth.
        positions_steps: (P,) evenly spaced; what lies beyond its ends counts at the end.

    Returns:
        (C, P) >= 0, of which each row's sum is the share of the cell whose depth is known; (C,) that share.
    """
    rows, columns = grid.shape
    place_y = _places(rows, grid.cell_px, grid.height_px, depth_m.shape[0])
    place_x = _places(columns, grid.cell_px, grid.width_px, depth_m.shape[1])
    depth = np.asarray(depth_m, np.float64)[place_y[:, None], place_x[None, :]]
    depth = depth.reshape(rows, SAMPLES, columns, SAMPLES).swapaxes(1, 2).reshape(rows * columns, -1)
    known = np.isfinite(depth) & (depth > 0.0)
    best = model.best_position_steps(np.where(known, depth, 1.0))
    known &= np.isfinite(best)
    nearer, farther = (model.best_position_steps(np.where(known, depth * factor, 1.0)) for factor in (1.0 - sigma, 1.0 + sigma))
    spread = np.nan_to_num(0.5 * np.abs(nearer - farther))
    spacing = positions_steps[1] - positions_steps[0]
    bins = np.clip(np.rint((best - positions_steps[0]) / spacing), 0, len(positions_steps) - 1)
    bins = np.where(known, bins, 0).astype(np.intp)
    counted, spreads = np.zeros((len(depth), len(positions_steps))), np.zeros(len(positions_steps))
    np.add.at(counted, (np.repeat(np.arange(len(depth)), SAMPLES**2), bins.ravel()), known.ravel() / SAMPLES**2)
    np.maximum.at(spreads, bins[known], spread[known])
    away = (positions_steps[None, :] - positions_steps[:, None]) / np.maximum(spreads, 0.5 * spacing)[:, None]
    kernel = np.exp(-0.5 * away**2)
    return counted @ (kernel / kernel.sum(axis=1, keepdims=True)), counted.sum(axis=1)


def _places(cells: int, cell_px: int, length_px: int, readings: int) -> NDArray[np.intp]:
    """Which reading lies at each of SAMPLES places of every cell along one side."""
    place_px = (np.arange(cells * SAMPLES) + 0.5) * cell_px / SAMPLES
    return np.minimum(place_px * readings / length_px, readings - 1.0).astype(np.intp)
