"""What the blur map network is shown of a picture: how strong differences are at every scale, in every cell of 8 px.

A disk takes from a picture's differences what is finer than itself: over scales and over the order of the difference their
energies tell how wide it is, and their fourth powers and maxima how much of that is the scene's own. What a disk leaves of a
point has two rims: differences as far apart as it is wide are alike with opposite signs, whatever the scene. Nothing is
normalised over the picture, and cells that lie in two patches are measured once: that is what makes a whole map cheap.

Up to pixels of 4 px, levels are of half the size each. From 8 px on, where a cell is a pixel, they keep the grid of the cells and
take wider steps on it, so that what is seen of a place does not depend on where the picture begins.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.networks.blur_map_measures import (
    DIFFERENCES,
    FIRST_LAG,
    HALO_BEFORE,
    HALO_BEHIND,
    LAGS,
    MEASURES,
    SUMS,
)
from auxfocus_ros.errors import InputError

Work = TypeVar("Work")
Done = TypeVar("Done")

BASE_PX = 8
SMALLEST_PX = 64
FINE_LEVELS = 3
"""Levels with pixels of 1, 2 and 4 px."""
COARSE_STEPS = (1, 2, 4, 8)
"""Pixels of the further levels, cells: 8 to 64 px."""
LEVELS_WITH_LAGS = FINE_LEVELS + len(COARSE_STEPS) - 1
"""Of the coarsest one no likeness at a distance is measured: it would reach too far."""
LEVELS_OF_PICTURE = FINE_LEVELS + len(COARSE_STEPS)
CHANNELS = LEVELS_OF_PICTURE * MEASURES + 2
"""MEASURES of each level from the finest to the coarsest (see `blur_map_loops`); then brightness and the clipped share."""
CLIPPED_LEVEL = 250
LEAST_FOR_THREADS_PX = 1_000_000


def grey(picture: np.ndarray) -> NDArray[np.uint8]:
    """A picture (H, W) or (H, W, 3) uint8 BGR as (H, W) uint8.

    Raises:
        InputError: another shape or type, or smaller than 64 px.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise InputError(f"the picture is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3) uint8")
    if min(picture.shape[:2]) < SMALLEST_PX:
        raise InputError(
            f"the picture is {picture.shape[1]} x {picture.shape[0]}: blur is mapped of {SMALLEST_PX} px each way or more"
        )
    return np.asarray(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def statistics(picture: np.ndarray, threads: int = 1) -> NDArray[np.float32]:
    """Of every cell of BASE_PX that covers a picture.

    Args:
        picture: (H, W) or (H, W, 3) uint8 BGR, at least 64 px each way.
        threads: to be used on large pictures.

    Returns:
        (CHANNELS, rows, columns) float32, >= 0, of 0 to 255 levels; beyond the picture's edges it is continued by reflection.

    Raises:
        InputError: another picture.
    """
    from auxfocus_ros.allinfocus.networks.blur_map_loops import halve

    level: np.ndarray = grey(picture)
    height, width = level.shape
    level = _reflected(level, 0, -height % BASE_PX, 0, -width % BASE_PX)
    rows, columns = level.shape[0] // BASE_PX, level.shape[1] // BASE_PX
    threads = threads if height * width >= LEAST_FOR_THREADS_PX else 1
    found = np.empty((CHANNELS, rows, columns), np.float32)
    _, clipped = cv2.threshold(level, CLIPPED_LEVEL - 1, 255, cv2.THRESH_BINARY)
    found[-1] = cv2.resize(clipped, (columns, rows), interpolation=cv2.INTER_AREA) * np.float32(1 / 255)
    for number in range(FINE_LEVELS):
        if number:
            finer, level = level, np.empty((level.shape[0] // 2, level.shape[1] // 2), np.float32)
            _in_bands(threads, len(level), lambda first, last, a=finer, b=level: halve(a, first, last, b))  # type: ignore[misc]
        _measured(level, BASE_PX >> number, found[number * MEASURES : (number + 1) * MEASURES], threads)
    cells = np.empty((rows, columns), np.float32)
    halve(level, 0, rows, cells)
    found[-2] = cells
    for number, step in enumerate(COARSE_STEPS, FINE_LEVELS):
        target = found[number * MEASURES : (number + 1) * MEASURES]
        if step == 1:
            _measured(cells, 1, target, 1)
        else:
            _measured_coarsely(cells, step, target)
    return found


def _measured(level: np.ndarray, cell: int, out: np.ndarray, threads: int) -> None:
    from auxfocus_ros.allinfocus.networks.blur_map_loops import measure

    picture = _reflected(level, HALO_BEFORE, HALO_BEHIND, HALO_BEFORE, HALO_BEHIND)
    _in_bands(threads, out.shape[1], lambda first, last: measure(picture, cell, first, last, out))


def _measured_coarsely(cells: np.ndarray, step: int, out: np.ndarray) -> None:
    """As `measure`, of pixels of `step` by `step` cells (even) about the upper left corner of every cell."""
    half = step // 2
    lags = range(FIRST_LAG, FIRST_LAG + LAGS) if step < COARSE_STEPS[-1] else ()
    reach = 6 * step if lags else 2 * step
    padded = _reflected(cells, reach, reach, reach, reach)
    # the mean of the step x step cells about the corner: the box filter's anchor is the cell behind it
    pixels = cv2.boxFilter(padded, cv2.CV_32F, (step, step), anchor=(half, half), borderType=cv2.BORDER_REFLECT)
    rows, columns = cells.shape

    def at(down: int, right: int) -> np.ndarray:
        y, x = reach + down, reach + right
        return np.asarray(pixels[y : y + rows, x : x + columns])

    middle = at(0, 0)
    ahead = (at(0, half), at(half, 0))
    back = (at(0, -half), at(-half, 0))
    first = [np.square(a - b) for a, b in zip(ahead, back, strict=True)]
    second = [np.square(a - middle - (middle - b)) for a, b in ((at(0, step), at(0, -step)), (at(step, 0), at(-step, 0)))]
    far = ((at(0, step + half), at(0, -step - half)), (at(step + half, 0), at(-step - half, 0)))
    third = [np.square(f - g - 3 * (a - b)) for (f, g), a, b in zip(far, ahead, back, strict=True)]
    out[:4] = *first, *second
    out[4] = np.square(at(half, half) - at(half, -half) - (at(-half, half) - at(-half, -half)))
    out[5] = third[0] + third[1]
    out[6] = np.square(far[0][0] - far[0][1]) + np.square(far[1][0] - far[1][1])
    out[7] = first[0] ** 2 + first[1] ** 2
    out[8] = second[0] ** 2 + second[1] ** 2
    out[DIFFERENCES:SUMS] = 0.0
    for number, lag in enumerate(lags, DIFFERENCES):  # half of it on either side
        for down, right in ((0, half), (half, 0)):
            to_middle = lag * down, lag * right
            ahead_of = at(to_middle[0] + down, to_middle[1] + right) - at(to_middle[0] - down, to_middle[1] - right)
            behind_of = at(down - to_middle[0], right - to_middle[1]) - at(-down - to_middle[0], -right - to_middle[1])
            out[number] += ahead_of * behind_of
    out[SUMS] = np.maximum(first[0], first[1])
    out[SUMS + 1] = np.maximum(second[0], second[1])


def _reflected(level: np.ndarray, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    if not (top or bottom or left or right):
        return level
    return np.asarray(cv2.copyMakeBorder(level, top, bottom, left, right, cv2.BORDER_REFLECT_101))


def _in_bands(threads: int, rows: int, work: Callable[[int, int], None]) -> None:
    """Do rows in as many bands as there are threads."""
    edges = [rows * number // threads for number in range(threads + 1)]
    list(run_all(threads, lambda band: work(*band), list(pairwise(edges))))


def run_all(threads: int, work: Callable[[Work], Done], parts: Sequence[Work]) -> Iterator[Done]:
    """What `work` makes of each part, in their order; by other threads unless there is to be one alone."""
    return map(work, parts) if threads == 1 else _threads(threads, os.getpid()).map(work, parts)


@lru_cache(maxsize=2)
def _threads(count: int, process: int) -> ThreadPoolExecutor:
    """Started once a process: a forked child has none of its parent's threads."""
    return ThreadPoolExecutor(count, thread_name_prefix=f"blur-map-{process}")
