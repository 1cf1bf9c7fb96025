"""One pass over readings: the bridge to the compiled loop.

What it makes of the readings is counts, counts by layer, or the object that each cell belongs to (`kernels.py` has the loop, and
is imported only when something is counted).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.focus_split import FocusSplit, check_limits
from auxfocus_ros.distribution.placing import Readings


def count_cells(
    readings: Readings, axis: DepthAxis, across: AcrossAxis, limits_m: tuple[float, float]
) -> tuple[NDArray[np.uint32], FocusSplit]:
    """Counts with a row for what is nearer before, and one for what is farther behind: (bins + 2, columns); and the split."""
    from auxfocus_ros.distribution import kernels

    wanted = check_limits(*limits_m)
    cells = np.zeros((axis.bins + 2) * across.columns + kernels.CHUNK, np.uint32)
    split = _scan(readings, axis, across, kernels.COUNTS, limits_m=limits_m if wanted else None, cells=cells)
    return cells[: -kernels.CHUNK].reshape(axis.bins + 2, across.columns), split


def count_cells_by_layer(
    readings: Readings,
    axis: DepthAxis,
    across: AcrossAxis,
    *,
    labels: NDArray[np.uint16],
    step: int,
    layer_of_segment: NDArray[np.uint8],
    layers: int,
) -> NDArray[np.uint32]:
    """Counts on the axis for each layer, (layers, bins, columns)."""
    from auxfocus_ros.distribution import kernels

    shape = (layers, axis.bins, across.columns)
    cells = np.zeros(math.prod(shape) + kernels.CHUNK, np.uint32)
    groups = _Groups(labels, step, layer_of_segment, layers)
    _scan(readings, axis, across, kernels.LAYERS, groups=groups, cells=cells)
    return cells[: -kernels.CHUNK].reshape(shape)


def last_segments(
    readings: Readings, axis: DepthAxis, across: AcrossAxis, labels: NDArray[np.uint16], step: int
) -> NDArray[np.uint16]:
    """For each cell on the axis the segment of the last of its readings that has one, (bins, columns)."""
    from auxfocus_ros.distribution import kernels

    owners = np.zeros(axis.bins * across.columns + kernels.CHUNK, np.uint16)
    _scan(readings, axis, across, kernels.OWNERS, groups=_Groups(labels, step), owners=owners)
    return owners[: -kernels.CHUNK].reshape(axis.bins, across.columns)


class _Groups(NamedTuple):
    """Which object, or which layer, a reading belongs to; as the compiled loop takes it."""

    labels: NDArray[np.uint16]
    step: int
    layer_of_segment: NDArray[np.uint8] = np.empty(0, np.uint8)
    layers: int = 1


_NO_GROUPS = _Groups(np.empty((1, 1), np.uint16), 1)


def warm_up() -> None:
    """Compile the counting, or fetch it from the disk: seconds the first time, once and for all.

    To be called before the first frame, by nodes when they are configured and by the set-up.
    """
    from auxfocus_ros.distribution import kernels  # noqa: F401


def _scan(
    readings: Readings,
    axis: DepthAxis,
    across: AcrossAxis,
    product: int,
    *,
    limits_m: tuple[float, float] | None = None,
    groups: _Groups | None = None,
    cells: NDArray[np.uint32] | None = None,
    owners: NDArray[np.uint16] | None = None,
) -> FocusSplit:
    from auxfocus_ros.distribution import kernels

    gain = across.columns / (across.high - across.low)
    split = np.zeros(3, np.int64)
    kernels.scan(
        readings.depth,
        {"linear": kernels.LINEAR, "dioptre": kernels.DIOPTRE, "log": kernels.LOG}[axis.scale],
        np.array(axis.line(readings.unit_m, 1.0), np.float32),
        axis.bins,
        across.columns,
        kernels.TABLE if len(readings.x_columns) else kernels.FACTORS if len(readings.x_factors) else kernels.PLANE,
        readings.x_columns,
        readings.y_columns,
        readings.x_factors,
        readings.y_factors,
        readings.plane,
        readings.by_depth,
        gain * (readings.unit_m if readings.by_depth else 1.0),
        -across.low * gain,
        limits_m is not None,
        *_limit_bits(readings, limits_m or (0.0, 0.0)),
        product,
        *(groups or _NO_GROUPS),
        np.empty(0, np.uint32) if cells is None else cells,
        np.empty(0, np.uint16) if owners is None else owners,
        split,
    )
    return FocusSplit(*split.tolist())


def _limit_bits(readings: Readings, limits_m: tuple[float, float]) -> tuple[int, int]:
    """The limits of the depth of field in the readings' own unit and type, as the bits of float32: they compare as integers."""
    near, far = (max(limit, 0.0) / readings.unit_m for limit in limits_m)
    if readings.depth.dtype == np.uint16:  # whole numbers: the first that is not nearer, and the last that is not farther
        near, far = np.ceil(near), np.floor(far)
    with np.errstate(over="ignore"):
        return int(np.float32(near).view(np.int32)), int(np.float32(far).view(np.int32))
