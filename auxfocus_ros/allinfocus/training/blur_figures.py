"""How good blur maps are on pictures whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.blur_map import BlurMap
from auxfocus_ros.autofocus.training.bands import BANDS_PX, bands

IN_FOCUS_PX = 1.95
EVEN_RATIO = 1.15
"""Cells in which the largest true radius (+ 0.5 px) is at most this times the smallest are judged: others have no one radius."""


def figures(network: Any, arrays: Mapping[str, np.ndarray], cell_px: int = 32) -> dict[str, Any]:
    """Of a trained network on scenes that it did not learn from, over all cells that have one radius.

    Args:
        network: a BlurMapNetwork.
        arrays: picture, radius_px as it is fitted to.
        cell_px: of the grid.

    Returns:
        Plain numbers, to be printed and stored.
    """
    from auxfocus_ros.allinfocus.networks.blur_map_estimator import NetworkBlurMapEstimator

    estimator = NetworkBlurMapEstimator(network)
    true, maps = [], []
    for picture, radius_px in zip(arrays["picture"], arrays["radius_px"], strict=True):
        maps.append(estimator.estimate(np.asarray(picture), cell_px))
        true.append(radius_of_cells(np.asarray(radius_px), maps[-1].grid.shape))
    return map_figures(maps, np.stack(true))


def radius_of_cells(radius_px: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The median of each cell of a grid of a shape, NaN where a cell has several radii. radius_px: (rows, columns), finer."""
    parts = radius_px.reshape(shape[0], radius_px.shape[0] // shape[0], shape[1], -1).transpose(0, 2, 1, 3).reshape(*shape, -1)
    even = parts.max(axis=2) + 0.5 <= EVEN_RATIO * (parts.min(axis=2) + 0.5)
    return np.where(even, np.median(parts, axis=2), np.nan)


def map_figures(maps: list[BlurMap], true_px: np.ndarray) -> dict[str, Any]:
    """Of maps and the true radii of their cells (maps, rows, columns), NaN: not judged."""
    judged = np.isfinite(true_px)
    true = true_px[judged]
    found = np.stack([one.radius_px() for one in maps])[judged]
    sigma = np.stack([one.sigma_px() for one in maps])[judged]
    sharp = np.stack([one.probability_within(IN_FOCUS_PX) for one in maps])[judged]
    away = np.abs(found - true) / np.maximum(sigma, 1e-6)
    return {
        "within_one_sigma": float((away <= 1).mean()),
        "within_two_sigma": float((away <= 2).mean()),
        "in_focus_area_under_curve": area_under_curve(sharp, true <= IN_FOCUS_PX),
        "bands": bands(true, np.abs(found - true), BANDS_PX, "px"),
    }


def area_under_curve(score: np.ndarray, positive: np.ndarray) -> float | None:
    """Probability that a positive has a higher score than a negative, ties half; None without one of both."""
    from scipy.stats import rankdata

    count = int(positive.sum())
    if count in (0, len(positive)):
        return None
    ranks = rankdata(score)[positive].sum()
    return float((ranks - count * (count + 1) / 2) / (count * (len(positive) - count)))
