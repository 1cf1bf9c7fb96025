"""Counting readings by depth and by place across.

A reading's bin is worked out as `DepthAxis.line` says, in float32, and everything is counted in one pass: the cells, what lies
nearer or farther than the axis, and what is inside the depth of field.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.focus_split import NO_SPLIT, FocusSplit
from auxfocus_ros.distribution.panorama import PanoramaPoints
from auxfocus_ros.distribution.placing import Readings, readings_of_image, readings_of_points
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.distribution.scan import count_cells
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel

NO_LIMITS = (math.nan, math.nan)


@dataclass(frozen=True, eq=False)
class DepthDistribution:
    """How many readings lie at which depth in which column.

    Attributes:
        counts: (bins, columns) uint32; row 0 is the nearest bin of the axis, column 0 the low end of the axis across.
        axis: what the rows mean; `axis.bins` rows.
        across: what the columns mean; `across.columns` columns.
        nearer: readings in front of the axis' near end.
        farther: readings behind its far end.
        split: how many of all these readings are inside the depth of field, nearer and farther; zeros where it was not asked for.

    Raises:
        InputError: counts that do not fit the axes, or numbers below 0.

    Source: US 12,395,751 B2, paragraphs 29 to 39 and 60.
    """

    counts: NDArray[np.uint32]
    axis: DepthAxis
    across: AcrossAxis
    nearer: int = 0
    farther: int = 0
    split: FocusSplit = NO_SPLIT

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        wanted = (self.axis.bins, self.across.columns)
        if self.counts.shape != wanted:
            raise InputError(f"counts: wanted shape {wanted} as the axes have bins and columns, got {self.counts.shape}")
        if self.counts.dtype != np.uint32:
            raise InputError(f"counts: wanted uint32, got {self.counts.dtype}")
        if min(self.nearer, self.farther, *self.split) < 0:
            raise InputError(
                f"distribution: counts must not be below 0, got nearer {self.nearer}, farther {self.farther}, {self.split}"
            )

    @classmethod
    def empty(cls, axis: DepthAxis, across: AcrossAxis) -> DepthDistribution:
        """The distribution of no readings at all."""
        return cls(np.zeros((axis.bins, across.columns), np.uint32), axis, across)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return self.across.columns

    @property
    def within(self) -> int:
        """Readings on the axis."""
        return int(self.counts.sum(dtype=np.int64))

    @property
    def total(self) -> int:
        """All readings: on the axis, nearer and farther."""
        return self.within + self.nearer + self.farther


def count_points(
    points: ProjectedPoints, axis: DepthAxis, across: AcrossAxis, limits_m: tuple[float, float] = NO_LIMITS
) -> DepthDistribution:
    """Count points that were projected into a picture.

    Args:
        points: N of them.
        axis: the bins.
        across: the columns: in pixels of the picture, or in metres of the optical frame, along any direction.
        limits_m: near and far limit of the depth of field, metres, for `split`; the far one may be +inf. NaN: there is none.

    Returns:
        The distribution. Left out, and in no total: points beside the axis across, and those whose depth is no reading (NaN,
        infinite, 0 or negative). No points at all give an empty distribution.

    Raises:
        InputError: arrays of different length or not one-dimensional, an axis across in radians, limits in the wrong order.
    """
    return _counted(readings_of_points(points, across), axis, across, limits_m)


def count_panorama(
    points: PanoramaPoints, axis: DepthAxis, across: AcrossAxis, limits_m: tuple[float, float] = NO_LIMITS
) -> DepthDistribution:
    """Count all of a cloud's points by bearing and horizontal distance.

    Args:
        points: N of them.
        axis: the bins, of horizontal distances.
        across: the columns, in radians.
        limits_m: as for `count_points`, of horizontal distances.

    Returns:
        The distribution, as of `count_points`.

    Raises:
        InputError: an axis across in another unit, limits in the wrong order.
    """
    return _counted(readings_of_points(points, across), axis, across, limits_m)


def count_depth_image(
    depth: NDArray[Any],
    axis: DepthAxis,
    across: AcrossAxis,
    unit_m: float = 0.001,
    limits_m: tuple[float, float] = NO_LIMITS,
    *,
    camera: CameraModel | None = None,
) -> DepthDistribution:
    """Count the pixels of a depth image.

    Args:
        depth: (H, W) float32 metres, or uint16 in units of `unit_m` (REP 118: millimetres). 0, negative, NaN and infinite: no
            reading.
        axis: the bins.
        across: the columns: in pixels of the depth image itself, or in metres of the optical frame, along any direction. In
            pixels a divisor of the image's width gives every column the same number of pixels; with more columns than pixels
            some stay empty.
        unit_m: metres a unit of an integer image.
        limits_m: near and far limit of the depth of field, metres, for `split`; the far one may be +inf. NaN: there is none.
        camera: of the depth image, in its size; needed for metres across.

    Returns:
        The distribution; pixels beside the axis across are left out. An image without a reading gives an empty one.

    Raises:
        InputError: another type or shape, a unit out of range, metres across without the right camera, limits in the wrong
            order.
    """
    return _counted(readings_of_image(depth, across, unit_m, camera), axis, across, limits_m)


def _counted(readings: Readings, axis: DepthAxis, across: AcrossAxis, limits_m: tuple[float, float]) -> DepthDistribution:
    counts, split = count_cells(readings, axis, across, limits_m)
    return DepthDistribution(counts[1:-1], axis, across, int(counts[0].sum()), int(counts[-1].sum()), split)
