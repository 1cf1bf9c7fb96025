"""Counting readings by depth and by column.

A reading's bin is worked out by the axis in float32 (`DepthAxis.bin_of`) and everything is counted in one pass with one row more
at each end, which takes what lies beyond the axis and, below, what is no reading at all. For a depth image the work goes strip by
strip of columns, so that a strip's buffers and its part of the histogram stay in the processor's cache: several times faster than
one pass over the whole image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.errors import InputError

MAX_COLUMNS = 16384
_STRIP_PX = 128  # columns of a depth image counted together: with 720 rows the buffers fill a second-level cache


@dataclass(frozen=True, eq=False)
class DepthDistribution:
    """How many readings lie at which depth in which column.

    Attributes:
        counts: (bins, columns) uint32; row 0 is the nearest bin of the axis, column 0 the left edge of the picture.
        axis: what the rows mean; `axis.bins` rows.
        width_px: width of the picture (or depth image) that the columns span, edge to edge, > 0.
        nearer: readings in front of the axis' near end.
        farther: readings behind its far end.

    Raises:
        InputError: counts that do not fit the axis, a width or counts below 0.

    Source: US 12,395,751 B2, paragraphs 29 to 39 and 60.
    """

    counts: NDArray[np.uint32]
    axis: DepthAxis
    width_px: int
    nearer: int = 0
    farther: int = 0

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        if self.counts.ndim != 2 or self.counts.shape[0] != self.axis.bins or not self.counts.shape[1]:
            raise InputError(f"counts: wanted shape ({self.axis.bins}, columns) as the axis has bins, got {self.counts.shape}")
        if self.counts.dtype != np.uint32:
            raise InputError(f"counts: wanted uint32, got {self.counts.dtype}")
        if self.width_px <= 0 or self.nearer < 0 or self.farther < 0:
            raise InputError(
                f"distribution: the width must be above 0 and counts not below, got width {self.width_px} px, "
                f"nearer {self.nearer}, farther {self.farther}"
            )

    @classmethod
    def empty(cls, axis: DepthAxis, columns: int, width_px: int) -> DepthDistribution:
        """The distribution of no readings at all."""
        _check_columns(columns, width_px)
        return cls(np.zeros((axis.bins, columns), np.uint32), axis, width_px)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.counts.shape[1])

    @property
    def within(self) -> int:
        """Readings on the axis."""
        return int(self.counts.sum(dtype=np.int64))

    @property
    def total(self) -> int:
        """All readings: on the axis, nearer and farther."""
        return self.within + self.nearer + self.farther


def count_points(u_px: NDArray[Any], depth_m: NDArray[Any], axis: DepthAxis, columns: int, width_px: int) -> DepthDistribution:
    """Count points that were projected into a picture.

    Args:
        u_px: (N,) column of each point in the picture, pixels, pixel 0 having its centre at 0.
        depth_m: (N,) depth of each point, metres.
        axis: the bins.
        columns: number of columns to count into, 1 to 16384.
        width_px: width of the picture; the columns span it from -0.5 to `width_px - 0.5`.

    Returns:
        The distribution. Left out, and in no total: points beside the picture, and those whose depth is no reading (NaN,
        infinite, 0 or negative). No points at all give an empty distribution.

    Raises:
        InputError: arrays of different length or not one-dimensional, a number of columns or a width out of range.
    """
    _check_columns(columns, width_px)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which is no reading
        u, depth = np.asarray(u_px, np.float32), np.asarray(depth_m, np.float32)
    if u.ndim != 1 or u.shape != depth.shape:
        raise InputError(f"points: wanted u_px and depth_m of one shape (N,), got {u.shape} and {depth.shape}")
    column = u * np.float32(columns / width_px)
    column += np.float32(0.5 * columns / width_px)
    usable = column >= 0
    usable &= column < columns
    usable &= depth > 0
    usable &= depth < np.inf
    if not usable.all():
        kept = np.flatnonzero(usable)
        column, depth = column[kept], depth[kept]
    index = axis.bin_of(depth, offset=1.0).astype(np.intp)
    index *= columns
    index += column.astype(np.int32)
    # Points are few and cells many: np.bincount would write, and then convert, 8 bytes for every empty cell.
    counts = np.zeros((axis.bins + 2, columns), np.uint32)
    np.add.at(counts.reshape(-1), index, np.uint32(1))
    return DepthDistribution(counts[1:-1], axis, width_px, int(counts[0].sum()), int(counts[-1].sum()))


def count_depth_image(depth: NDArray[Any], axis: DepthAxis, columns: int, unit_m: float = 0.001) -> DepthDistribution:
    """Count the pixels of a depth image.

    Args:
        depth: (H, W) float32 metres, or uint16 in units of `unit_m` (REP 118: millimetres). 0, negative, NaN and infinite: no
            reading.
        axis: the bins.
        columns: number of columns to count into, 1 to 16384. A divisor of the image's width gives every column the same number
            of pixels; with more columns than pixels some stay empty.
        unit_m: metres a unit of an integer image.

    Returns:
        The distribution, `width_px` being the depth image's width. An image without a reading gives an empty one.

    Raises:
        InputError: another type or shape, a number of columns or a unit out of range.
    """
    if depth.ndim != 2 or depth.dtype not in (np.float32, np.uint16):
        raise InputError(f"depth image: wanted (H, W) float32 metres or uint16, got shape {depth.shape} of {depth.dtype}")
    width = depth.shape[1]
    _check_columns(columns, width)
    if not 0 < unit_m < np.inf:
        raise InputError(f"depth image: the unit must be greater than 0 m, got {unit_m!r}")
    unit = 1.0 if depth.dtype == np.float32 else unit_m
    column_of = ((2 * np.arange(width) + 1) * columns) // (2 * width)  # of each pixel's centre
    counts = np.empty((axis.bins, columns), np.uint32)
    nearer = farther = 0
    columns_a_strip = max(1, _STRIP_PX * columns // width)
    for first in range(0, columns, columns_a_strip):
        last = min(first + columns_a_strip, columns)
        left, right = np.searchsorted(column_of, (first, last))
        strip = depth[:, left:right]
        rows = _count_strip(strip, (column_of[left:right] - first).astype(np.int32), axis, last - first, unit)
        counts[:, first:last] = rows[1:-1]
        nearer += _beyond(rows[0], strip, near=True)
        farther += _beyond(rows[-1], strip, near=False)
    return DepthDistribution(counts, axis, width, nearer, farther)


def _count_strip(
    strip: NDArray[Any], column_of: NDArray[np.int32], axis: DepthAxis, columns: int, unit_m: float
) -> NDArray[np.intp]:
    """Counts of a strip, (bins + 2, columns): a row at each end takes what is not on the axis; NaN is in the first."""
    with np.errstate(invalid="ignore"):  # NaN becomes the smallest integer
        index = axis.bin_of(strip, unit_m=unit_m, offset=1.0).astype(np.int32)
    np.maximum(index, 0, out=index)
    index *= np.int32(columns)
    index += column_of
    flat = index.astype(np.intp).ravel()
    return np.bincount(flat, minlength=(axis.bins + 2) * columns).reshape(axis.bins + 2, columns)


def _beyond(row: NDArray[np.intp], strip: NDArray[Any], *, near: bool) -> int:
    """Readings of an outer row, without the pixels that are in it but are no readings."""
    count = int(row.sum())
    if count == 0:
        return 0
    return count - (strip.size - int(np.count_nonzero(strip > 0)) if near else int(np.count_nonzero(strip == np.inf)))


def _check_columns(columns: int, width_px: int) -> None:
    if not 1 <= columns <= MAX_COLUMNS:
        raise InputError(f"distribution: columns must be 1 to {MAX_COLUMNS}, got {columns!r}")
    if width_px <= 0:
        raise InputError(f"distribution: the picture's width must be greater than 0 px, got {width_px!r}")
