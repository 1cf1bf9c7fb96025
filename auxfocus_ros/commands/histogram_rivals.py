"""What else counts a depth image by depth and column: the rivals of `auxfocus bench distribution`, each in its best form.

All of them get what ours has to work out for itself: the depths already warped (their logarithms, or -1 / depth, so that the axis
is even and no rival needs variable edges; on a linear axis the depths as they are), pixels without a reading already below the
axis, and each pixel's column, in the number type that they are fastest with. Only what follows is timed. Each has a few forms;
the fastest in a trial on the same data takes part, and is named.
"""

from __future__ import annotations

import importlib.util
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis

TRIALS = 3
STRIP_PX = 128  # of the bincount form that goes by strips of columns: with 720 rows a strip's buffers fill a second-level cache


@dataclass(frozen=True)
class Rival:
    """A library's way to count, ready to be timed.

    name: of the library's function. form: which of its forms this is. count: gives (bins, columns) counts.
    """

    name: str
    form: str
    count: Callable[[], NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be counted.

    Attributes:
        values: (H, W) float64, the warped depth of each pixel; a bin below `low` where there is no reading.
        low, high: the ends of the axis, warped.
        bins, columns: of the result.
        column_of: (W,) column of each pixel column.
        rounding: how near to an edge between bins a reading must be for float32 to take it for one of the other side, in bins.
    """

    values: NDArray[np.float64]
    low: float
    high: float
    bins: int
    columns: int
    column_of: NDArray[np.intp]
    rounding: float

    @classmethod
    def of_depth(cls, depth_m: NDArray[np.float32], axis: DepthAxis, columns: int) -> Task:
        """The task of a depth image; bins by the same formula as the axis', in float64 and without its squeeze at the ends."""
        depth = depth_m.astype(np.float64)
        reading = (depth > 0) & (depth < np.inf)
        values, low, high = np.where(reading, depth, axis.near_m), axis.near_m, axis.far_m
        if axis.scale == "dioptre":
            values, low, high = -1.0 / values, -1.0 / low, -1.0 / high
        elif axis.scale == "log":
            values, low, high = np.log(values), math.log(low), math.log(high)
        step = (high - low) / axis.bins
        values[~reading] = low - step
        # Of the largest number on the way to the bin; eight such errors add up at most (and the axis' own squeeze at its ends).
        rounding = 8 * float(np.finfo(np.float32).eps) * max(axis.bins, abs(low / step), abs(high / step))
        width = depth.shape[1]
        return cls(values, low, high, axis.bins, columns, ((2 * np.arange(width) + 1) * columns) // (2 * width), rounding)

    @cached_property
    def exact_bins(self) -> NDArray[np.float64]:
        """The fractional bin of each pixel in exact arithmetic: below 0 and above `bins`, it is not on the axis."""
        return (self.values - self.low) / (self.high - self.low) * self.bins

    @property
    def spans(self) -> list[list[float]]:
        """Ends of both axes, as histogram functions take them."""
        return [[self.low, self.high], [0, self.columns]]

    def exact(self) -> NDArray[np.int64]:
        """The counts in exact arithmetic; both ends of the axis belong to it."""
        inside = (self.exact_bins >= 0) & (self.exact_bins <= self.bins)
        index = np.minimum(self.exact_bins[inside].astype(np.intp), self.bins - 1) * self.columns
        index += np.broadcast_to(self.column_of, self.values.shape)[inside]
        return np.bincount(index, minlength=self.bins * self.columns).reshape(self.bins, self.columns)


def rivals_of(task: Task, trials: int = TRIALS) -> tuple[list[Rival], list[str]]:
    """Each rival in the form that is fastest in so many trials, and the names of those whose library is not installed."""
    makers = {
        "numpy.histogram2d": _histogram2d,
        "numpy.bincount, clipped": _bincount,
        "fast-histogram": _fast_histogram,
        "boost-histogram": _boost_histogram,
        "cv2.calcHist": _calc_hist,
    }
    modules = {"fast-histogram": "fast_histogram", "boost-histogram": "boost_histogram"}
    missing = [name for name, module in modules.items() if importlib.util.find_spec(module) is None]
    best = []
    for name, forms in makers.items():
        if name not in missing:
            candidates = [Rival(name, form, count) for form, count in forms(task)]
            best.append(min(candidates, key=lambda rival: _trial_s(rival, trials)))
    return best, missing


def _trial_s(rival: Rival, trials: int) -> float:
    """Shortest of a few runs, after one to warm up."""
    rival.count()
    times = []
    for _ in range(trials):
        began = time.perf_counter()
        rival.count()
        times.append(time.perf_counter() - began)
    return min(times)


Forms = Iterator[tuple[str, Callable[[], NDArray[Any]]]]


def _flat(task: Task, kind: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Warped depth and column of every pixel, (H * W,) each."""
    columns = np.broadcast_to(task.column_of, task.values.shape)
    return task.values.astype(kind).ravel(), np.ascontiguousarray(columns).astype(kind).ravel()


def _histogram2d(task: Task) -> Forms:
    for kind in (np.float64, np.float32):
        x, y = _flat(task, kind)
        yield (
            f"{np.dtype(kind)}, even bins",
            lambda x=x, y=y: np.histogram2d(x, y, bins=[task.bins, task.columns], range=task.spans)[0],  # type: ignore[misc]
        )


def _bincount(task: Task) -> Forms:
    height, width = task.values.shape
    bins, columns = task.bins, task.columns
    values = task.values.astype(np.float32)
    factor = bins / (task.high - task.low)
    shift = 1.0 - task.low * factor  # row 0 and the last take what is beyond the axis
    line = np.float32(factor), np.float32(shift)
    number, index = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    wide = np.empty((height, width), np.intp)
    offset = task.column_of.astype(np.int32)

    def whole() -> NDArray[Any]:
        np.multiply(values, line[0], out=number)
        np.add(number, line[1], out=number)
        np.clip(number, 0.0, bins + 1, out=number)
        np.copyto(index, number, casting="unsafe")
        np.multiply(index, columns, out=index)
        np.add(index, offset, out=index)
        np.copyto(wide, index)
        return np.bincount(wide.reshape(-1), minlength=(bins + 2) * columns).reshape(bins + 2, columns)[1:-1]

    yield "float32, whole image, buffers kept", whole

    strips = [slice(left, min(left + STRIP_PX, width)) for left in range(0, width, STRIP_PX)]
    parts = [np.ascontiguousarray(values[:, strip]) for strip in strips]

    def by_strips() -> NDArray[Any]:
        counts = np.empty((bins, columns), np.uint32)
        for strip, part in zip(strips, parts, strict=True):
            first, last = int(offset[strip][0]), int(offset[strip][-1]) + 1
            place = part * line[0]
            place += line[1]
            np.clip(place, 0.0, bins + 1, out=place)
            cell = place.astype(np.int32)
            cell *= last - first
            cell += offset[strip] - first
            found = np.bincount(cell.astype(np.intp).ravel(), minlength=(bins + 2) * (last - first))
            counts[:, first:last] = found.reshape(bins + 2, last - first)[1:-1]
        return counts

    firsts = [strip.start for strip in strips[1:]]
    if all(offset[first] > offset[first - 1] for first in firsts):  # no column is shared by two strips
        yield f"float32, strips of {STRIP_PX} columns", by_strips


def _fast_histogram(task: Task) -> Forms:
    from fast_histogram import histogram2d

    for kind in (np.float64, np.float32):
        x, y = _flat(task, kind)
        yield (
            f"{np.dtype(kind)}, even bins",
            lambda x=x, y=y: histogram2d(x, y, bins=[task.bins, task.columns], range=task.spans),  # type: ignore[misc]
        )


def _boost_histogram(task: Task) -> Forms:
    import boost_histogram as bh

    ends: Any = {"underflow": False, "overflow": False}
    for kind in (np.float64, np.float32):
        x, y = _flat(task, kind)
        for across, place in (("integer columns", y.astype(np.int32)), ("even columns", y)):
            rows = bh.axis.Regular(task.bins, task.low, task.high, **ends)
            columns: Any = (
                bh.axis.Integer(0, task.columns, **ends)
                if across == "integer columns"
                else bh.axis.Regular(task.columns, 0, task.columns, **ends)
            )
            for storage in (bh.storage.Int64(), bh.storage.Double()):
                histogram = bh.Histogram(rows, columns, storage=storage)

                def fill(histogram: Any = histogram, x: Any = x, place: Any = place) -> NDArray[Any]:
                    histogram.reset()
                    histogram.fill(x, place, threads=1)
                    return np.asarray(histogram.view())

                yield f"{np.dtype(kind)}, {across}, {type(storage).__name__}", fill


def _calc_hist(task: Task) -> Forms:
    import cv2

    values = task.values.astype(np.float32)
    columns = np.ascontiguousarray(np.broadcast_to(task.column_of, values.shape)).astype(np.float32)
    sizes, ranges = [task.bins, task.columns], [task.low, task.high, 0, task.columns]
    yield "two images, even bins", lambda: cv2.calcHist([values, columns], [0, 1], None, sizes, ranges)
    both = cv2.merge([values, columns])
    yield "one image of two channels, even bins", lambda: cv2.calcHist([both], [0, 1], None, sizes, ranges)
