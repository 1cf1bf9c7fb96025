"""What the network is given at the middle of each cell of the wanted grid: statistics of windows of several sizes about it, as
logarithms of energies, of their ratios, and of how unevenly they are spread, and likeness at a distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.networks.blur_map_measures import DIFFERENCES, LAGS, MEASURES, SUMS
from auxfocus_ros.allinfocus.networks.blur_map_statistics import (
    BASE_PX,
    LEAST_FOR_THREADS_PX,
    LEVELS_OF_PICTURE,
    LEVELS_WITH_LAGS,
    run_all,
)

CELLS_PX = (16, 32, 64)
WINDOWS_PX = (16, 32, 64, 128, 256)
OF_LEVEL, OF_STEP, OF_LAGS, OF_WINDOW = 11, 1, LAGS + 1, 2
FINEST_NOISE = 0.02
"""Added to squares of differences of pixels of 1 px: what rounding to whole levels leaves, about; a quarter of it each level."""


def levels_of_window(window_px: int) -> int:
    """How many levels, from the finest, have at least four pixels along a window."""
    return min(LEVELS_OF_PICTURE, (window_px // 4).bit_length())


FEATURES = sum(
    OF_LEVEL * levels + OF_STEP * (levels - 1) + OF_LAGS * min(levels, LEVELS_WITH_LAGS) + OF_WINDOW
    for levels in map(levels_of_window, WINDOWS_PX)
)


def features(statistics: NDArray[np.float32], cell_px: int, threads: int = 1) -> NDArray[np.float32]:
    """About the middle of every cell of a grid.

    Args:
        statistics: (CHANNELS, rows, columns) of a picture, as `blur_map_statistics.statistics` gives them.
        cell_px: 16, 32 or 64.
        threads: to be used for large pictures.

    Returns:
        (FEATURES, rows, columns) of the grid that covers the picture, float32.
    """

    def of_window(window_px: int) -> NDArray[np.float32]:
        return _of_window(statistics, cell_px, window_px)

    threads = threads if statistics[0].size * BASE_PX**2 >= LEAST_FOR_THREADS_PX else 1
    # the largest windows are the most work
    return np.concatenate(list(run_all(threads, of_window, WINDOWS_PX[::-1]))[::-1])


def _of_window(statistics: np.ndarray, cell_px: int, window_px: int) -> NDArray[np.float32]:
    from auxfocus_ros.allinfocus.networks.blur_map_loops import pool

    step, size = cell_px // BASE_PX, window_px // BASE_PX
    shape = tuple(-(-edge // step) for edge in statistics.shape[1:])
    row_of, column_of = (
        _reflected(np.arange((count - 1) * step + size) + step // 2 - size // 2, edge)
        for count, edge in zip(shape, statistics.shape[1:], strict=True)
    )

    def pooled(part: np.ndarray, largest: bool = False) -> np.ndarray:
        out = np.empty((len(part), *shape), np.float32)
        pool(part, row_of, column_of, size, step, largest, out)
        return out

    found: list[np.ndarray] = []
    before: np.ndarray | None = None
    for level in range(levels_of_window(window_px)):
        first = level * MEASURES
        measured = SUMS if level < LEVELS_WITH_LAGS else DIFFERENCES
        means = pooled(statistics[first : first + measured])
        part = _of_level(means, pooled(statistics[first + SUMS : first + MEASURES], largest=True), FINEST_NOISE / 4**level)
        found.append(part)
        if level < LEVELS_WITH_LAGS:
            found.append(_of_lags(means))
        if before is not None:
            found.append(part[:1] - before)
        before = part[:1]
    mean = pooled(statistics[-2:])
    return np.concatenate([*found, np.log(mean[:1] + 1.0), mean[1:]])


def _of_lags(means: np.ndarray) -> np.ndarray:
    """(OF_LAGS, rows, columns): how alike differences are at each distance, against all of these; and that against distance 0.

    Noise is alike at distance 0 alone: what is taken of the distances against each other it leaves as it is.
    """
    lags = means[DIFFERENCES:SUMS]
    energy = means[0] + means[1]
    strength = np.sqrt(np.square(lags).mean(axis=0)) + np.float32(0.01) * energy + np.float32(1e-6)
    return np.concatenate([lags / strength, np.log(strength / (energy + np.float32(1e-6)))[None]])


def _of_level(means: np.ndarray, largest: np.ndarray, noise: float) -> np.ndarray:
    """(OF_LEVEL, rows, columns) of one level of one window."""
    x, y, xx, yy, mixed, third, wide = np.log(means[:7] + np.float32(noise))
    first = np.log(0.5 * (means[0] + means[1]) + np.float32(noise))
    second = np.log(0.5 * (means[2] + means[3]) + np.float32(noise))
    fourths = np.log(0.5 * means[7:9] + np.float32(noise**2))
    peaks = np.log(largest + np.float32(noise))
    return np.stack([
        first, second - first, third - second, mixed - second, wide - first, np.abs(x - y), np.abs(xx - yy),
        fourths[0] - 2 * first, fourths[1] - 2 * second, peaks[0] - first, peaks[1] - peaks[0],
    ])  # fmt: skip


def _reflected(place: np.ndarray, edge: int) -> np.ndarray:
    """Places beyond 0 to edge - 1, mirrored back into it at its border."""
    inside = np.mod(place, 2 * edge)
    return np.asarray(np.minimum(inside, 2 * edge - 1 - inside), np.int64)
