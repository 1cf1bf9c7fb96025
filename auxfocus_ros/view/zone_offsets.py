"""How far what each zone of the picture shows is before or behind the focus.

A zone shows many depths. What matters to who pulls focus is the nearest thing that fills a fair part of it, in the middle of the
picture's height, where things stand rather than ground and sky: a person counts before the wall behind. So the readings of a zone
are counted by the logarithm of their depth, and the nearest peak that holds a tenth of them is taken.

Offsets are counted in dioptres, in which the depth of field reaches as far to both sides of the focus, and in units of half of
it: from -1 to 1 is in focus.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.view.content import ZoneOffset
from auxfocus_ros.view.focus_reading import FocusReading

_BAND = (0.3, 0.7)  # of the picture's height
_NEAREST_M, _FARTHEST_M = 0.02, 2000.0
_BINS = 240  # of 4.9 %
_LEAST_SHARE = 0.1  # of a zone's readings, in a peak's bin and its neighbours
_FEWEST = 3
_MOST_ROWS, _MOST_COLUMNS = 48, 320  # of a depth image that are looked at


def zone_offsets(
    points: ProjectedPoints, picture_size_px: tuple[int, int], focus: FocusReading, zones: int
) -> tuple[ZoneOffset, ...]:
    """Offsets of the zones of a picture from points.

    Args:
        points: that the picture shows.
        picture_size_px: width and height of the picture.
        focus: where the focus stands.
        zones: number of zones, >= 1, of equal width.

    Returns:
        A zone each, from left to right.
    """
    width, height = picture_size_px
    with np.errstate(invalid="ignore"):
        rows, columns = (points.v_px + 0.5) / height, (points.u_px + 0.5) / width
        inside = np.flatnonzero((rows >= _BAND[0]) & (rows < _BAND[1]) & (columns >= 0) & (columns < 1))
    zone = np.minimum((columns[inside] * zones).astype(np.intp), zones - 1)
    return _offsets(*_counted(zone, points.depth_m[inside], zones), focus)


def zone_offsets_of_depth_image(
    depth: NDArray[Any], focus: FocusReading, zones: int, unit_m: float = 0.001
) -> tuple[ZoneOffset, ...]:
    """Offsets of the zones of a picture from a depth image of its field of view, by a sample of its pixels.

    Args:
        depth: (h, w), metres, or integers in units of `unit_m`; 0, negative, not finite: no reading.
        focus, zones: as in `zone_offsets`.
        unit_m: metres a unit of an integer image.
    """
    height, width = depth.shape
    top, bottom = round(_BAND[0] * height), max(round(_BAND[1] * height), round(_BAND[0] * height) + 1)
    columns = np.arange(0, width, max(1, -(-width // _MOST_COLUMNS)))
    sample = depth[top : bottom : max(1, -(-(bottom - top) // _MOST_ROWS)), columns].astype(np.float32)
    unit = np.float32(1.0 if np.issubdtype(depth.dtype, np.floating) else unit_m)
    zone = np.broadcast_to((2 * columns + 1) * zones // (2 * width), sample.shape)
    return _offsets(*_counted(zone.ravel(), sample.ravel() * unit, zones), focus)


def _counted(zone: NDArray[Any], depth_m: NDArray[Any], zones: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Readings by zone and by the logarithm of the depth, and the sums of those logarithms, each (zones, bins)."""
    with np.errstate(invalid="ignore"):
        seen = np.flatnonzero((depth_m >= _NEAREST_M) & (depth_m < _FARTHEST_M))
    logs = np.log(depth_m[seen].astype(np.float64))
    start, end = math.log(_NEAREST_M), math.log(_FARTHEST_M)
    cell = np.minimum(((logs - start) * (_BINS / (end - start))).astype(np.intp), _BINS - 1) + zone[seen] * _BINS
    counts, sums = np.bincount(cell, minlength=zones * _BINS), np.bincount(cell, logs, zones * _BINS)
    return counts.reshape(zones, _BINS).astype(np.float64), sums.reshape(zones, _BINS).astype(np.float64)


def _offsets(counts: NDArray[np.float64], sums: NDArray[np.float64], focus: FocusReading) -> tuple[ZoneOffset, ...]:
    zones = len(counts)
    return tuple(
        _zone(at / zones, (at + 1) / zones, depth, focus) for at, depth in enumerate(_nearest_peaks_m(counts, sums).tolist())
    )


def _nearest_peaks_m(counts: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The depth that matters in each zone, metres; NaN: too few readings."""
    mass, held = _with_neighbours(counts), _with_neighbours(sums)
    total = counts.sum(axis=1, keepdims=True)
    before, after = np.pad(mass, ((0, 0), (1, 0)))[:, :-1], np.pad(mass, ((0, 0), (0, 1)))[:, 1:]
    peak = (mass >= before) & (mass > after) & (mass >= np.maximum(_LEAST_SHARE * total, 1e-9))
    at = np.where(peak.any(axis=1), peak.argmax(axis=1), mass.argmax(axis=1))
    zone = np.arange(len(counts))
    with np.errstate(invalid="ignore", divide="ignore"):
        depth = np.exp(held[zone, at] / mass[zone, at])
    return np.where(total[:, 0] >= _FEWEST, depth, np.nan)


def _with_neighbours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    wide = np.pad(values, ((0, 0), (1, 1)))
    return np.asarray(wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:])


def _zone(left: float, right: float, depth_m: float, focus: FocusReading) -> ZoneOffset:
    if math.isnan(depth_m):
        return ZoneOffset(left, right, math.nan, math.nan, False)
    inside = focus.near_limit_m <= depth_m <= focus.far_limit_m
    if focus.state not in ("finite", "infinity") or not focus.has_depth_of_field:
        return ZoneOffset(left, right, math.nan, depth_m, inside)
    at = 1.0 / focus.focus_distance_m
    half = max(1.0 / focus.near_limit_m - at, 1e-9)  # the far limit may be at infinity, and says less
    return ZoneOffset(left, right, (at - 1.0 / depth_m) / half, depth_m, inside)
