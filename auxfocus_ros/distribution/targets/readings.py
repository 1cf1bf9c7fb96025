"""The depth readings of a frame by their place in the picture: how deep it is in a box, and whose readings these are.

Two kinds stand behind one small interface: the points of a cloud that fall into the picture, and a depth image that is registered
to the picture but may have another size. Which object each reading belongs to is kept apart (`SegmentMap`), because that is small
and is remembered for a while: somebody clicks into the picture that he sees, and that is older than the newest one.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.errors import InputError

MOST_READINGS = 4096
"""Of a box with more readings an evenly spread part is given: enough for any statistics, and the cost is bounded."""
_VOTERS = 5
_REACH_SHARES = (0.01, 0.02, 0.04)  # of the picture's height: how far from a point readings still say what is there


class SegmentMap(Protocol):
    """Which object of a frame is where in its picture."""

    def segments_in(self, box_px: BoxPx) -> NDArray[np.uint16]:
        """(n,) for the readings in a box, the segment of each, 0: none; at most `MOST_READINGS`, evenly spread."""
        ...

    def segment_at(self, x_px: float, y_px: float) -> int | None:
        """The segment at a point of the picture; 0: readings there belong to no object; None: there are no readings."""
        ...


class DepthReadings(Protocol):
    """The readings of a frame."""

    @property
    def segments(self) -> SegmentMap:
        """Whose readings they are."""
        ...

    def depths_in(self, box_px: BoxPx) -> NDArray[np.float32]:
        """(n,) depths of the readings in a box, metres, finite and > 0; at most `MOST_READINGS`, evenly spread."""
        ...


class PointSegments:
    """The segments of points."""

    def __init__(
        self, u_px: NDArray[np.float32], v_px: NDArray[np.float32], labels: NDArray[np.uint16], picture_size_px: tuple[int, int]
    ) -> None:
        """(N,) columns and rows of the points, (N,) the segment of each, and the picture's width and height."""
        self._u_px, self._v_px, self._labels = u_px, v_px, labels
        self._reaches_px = [max(3.0, share * picture_size_px[1]) for share in _REACH_SHARES]

    def segments_in(self, box_px: BoxPx) -> NDArray[np.uint16]:
        """See `SegmentMap`."""
        return self._labels[_points_in(box_px, self._u_px, self._v_px)]

    def segment_at(self, x_px: float, y_px: float) -> int | None:
        """See `SegmentMap`: the vote of the nearest few readings, of which the nearest wins a tie."""
        if not (math.isfinite(x_px) and math.isfinite(y_px)):
            return None
        reach = self._reaches_px[-1]
        near = np.flatnonzero((np.abs(self._u_px - x_px) <= reach) & (np.abs(self._v_px - y_px) <= reach))
        away = np.hypot(self._u_px[near] - x_px, self._v_px[near] - y_px)
        for reach in self._reaches_px:
            inside = away <= reach
            if inside.any():
                order = np.argsort(away[inside], kind="stable")[:_VOTERS]
                return _vote(self._labels[near[inside][order]])
        return None


class PointReadings:
    """`DepthReadings` of a cloud's points."""

    def __init__(self, points: ProjectedPoints, labels: NDArray[np.uint16] | None, picture_size_px: tuple[int, int]) -> None:
        """Take the points of a frame.

        Args:
            points: what of the cloud the picture shows.
            labels: (N,) the segment of each point (`SegmentedScene.labels`); None: the scene was not split.
            picture_size_px: width and height.

        Raises:
            InputError: as many labels as points are wanted.
        """
        if labels is None:
            labels = np.zeros(len(points), np.uint16)
        if labels.shape != (len(points),):
            raise InputError(f"readings: wanted a label for each of {len(points)} points, got shape {labels.shape}")
        self._u_px, self._v_px, self._depth_m = points.u_px, points.v_px, points.depth_m
        self.segments: SegmentMap = PointSegments(points.u_px, points.v_px, labels, picture_size_px)

    def depths_in(self, box_px: BoxPx) -> NDArray[np.float32]:
        """See `DepthReadings`."""
        return _valid(self._depth_m[_points_in(box_px, self._u_px, self._v_px)])


class BlockSegments:
    """The segments of blocks of a depth image's pixels."""

    def __init__(
        self, labels: NDArray[np.uint16], step: int, depth_size_px: tuple[int, int], picture_size_px: tuple[int, int]
    ) -> None:
        """(h, w) the segment of each block, the side of a block, and the sizes (width, height) of depth image and picture."""
        self._labels = labels
        self._scale = (depth_size_px[0] / picture_size_px[0] / step, depth_size_px[1] / picture_size_px[1] / step)
        self._picture_size_px = picture_size_px

    def segments_in(self, box_px: BoxPx) -> NDArray[np.uint16]:
        """See `SegmentMap`."""
        return _evenly(_part(self._labels, box_px, self._scale, self._picture_size_px)).reshape(-1)

    def segment_at(self, x_px: float, y_px: float) -> int | None:
        """See `SegmentMap`: the block there, and where it belongs to no object, what most of its neighbours belong to."""
        if not (math.isfinite(x_px) and math.isfinite(y_px)):
            return None
        height, width = self._labels.shape
        column = min(max(math.floor((x_px + 0.5) * self._scale[0]), 0), width - 1)
        row = min(max(math.floor((y_px + 0.5) * self._scale[1]), 0), height - 1)
        here = int(self._labels[row, column])
        if here:
            return here
        return _vote(self._labels[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].reshape(-1))


class DepthImageReadings:
    """`DepthReadings` of a depth image that is registered to the picture."""

    def __init__(
        self,
        depth: NDArray[Any],
        labels: NDArray[np.uint16] | None,
        step: int,
        picture_size_px: tuple[int, int],
        unit_m: float = 0.001,
    ) -> None:
        """Take the depth image of a frame.

        Args:
            depth: (h, w) float metres, or integers in units of `unit_m`; 0, negative, NaN and infinite: no reading.
            labels: the segment of each block of `step` x `step` pixels (`SegmentedScene.labels`); None: the scene was not split.
            step: side of a block, pixels of the depth image.
            picture_size_px: width and height of the picture; the depth image shows the same at any size.
            unit_m: metres a unit of integers.

        Raises:
            InputError: no two-dimensional image, or labels that do not cover it.
        """
        if depth.ndim != 2 or not depth.size:
            raise InputError(f"readings: wanted a depth image of shape (h, w), got {depth.shape}")
        height, width = depth.shape
        if labels is None:
            labels, step = np.zeros((1, 1), np.uint16), max(height, width)
        elif step < 1 or labels.shape != (-(-height // step), -(-width // step)):
            raise InputError(
                f"readings: labels {labels.shape} in blocks of {step} do not cover a depth image of {width} x {height}"
            )
        self._depth = depth
        self._picture_size_px = picture_size_px
        self._unit_m = 1.0 if np.issubdtype(depth.dtype, np.floating) else unit_m
        self._scale = (width / picture_size_px[0], height / picture_size_px[1])
        self.segments: SegmentMap = BlockSegments(labels, step, (width, height), picture_size_px)

    def depths_in(self, box_px: BoxPx) -> NDArray[np.float32]:
        """See `DepthReadings`."""
        part = _evenly(_part(self._depth, box_px, self._scale, self._picture_size_px)).reshape(-1).astype(np.float32)
        if self._unit_m != 1.0:
            part *= np.float32(self._unit_m)
        return _valid(part)


def _valid(depths_m: NDArray[np.float32]) -> NDArray[np.float32]:
    return depths_m[(depths_m > 0) & (depths_m < np.inf)]


def _points_in(box_px: BoxPx, u_px: NDArray[np.float32], v_px: NDArray[np.float32]) -> NDArray[np.intp]:
    left, top, width, height = box_px
    inside = u_px >= left - 0.5
    inside &= u_px < left + width - 0.5
    inside &= v_px >= top - 0.5
    inside &= v_px < top + height - 0.5
    found = np.flatnonzero(inside)
    return found[:: -(-len(found) // MOST_READINGS)] if len(found) > MOST_READINGS else found


def _part(image: NDArray[Any], box_px: BoxPx, scale: tuple[float, float], picture_size_px: tuple[int, int]) -> NDArray[Any]:
    """What of an image lies under a box of the picture, at least a pixel where any; scale: its size by the picture's."""
    left, right = _span(box_px[0], box_px[2], scale[0], picture_size_px[0])
    top, bottom = _span(box_px[1], box_px[3], scale[1], picture_size_px[1])
    return image[top:bottom, left:right]


def _span(begin: int, length: int, scale: float, size: int) -> tuple[int, int]:
    """Pixels whose middle lies within, of the picture's `size`; of a coarser image the one that holds the middle."""
    begin, end = max(begin, 0), min(begin + length, size)
    if end <= begin:
        return 0, 0
    low, high = math.ceil(begin * scale - 0.5), math.ceil(end * scale - 0.5)
    if high <= low:
        low = math.floor(0.5 * (begin + end) * scale)
        high = low + 1
    return max(low, 0), high


def _evenly(part: NDArray[Any]) -> NDArray[Any]:
    stride = math.ceil(math.sqrt(part.size / MOST_READINGS)) if part.size > MOST_READINGS else 1
    return part[::stride, ::stride]


def _vote(labels: NDArray[np.uint16]) -> int:
    """What most of some labels say; of two equals the one that comes first."""
    values, firsts, counts = np.unique(labels, return_index=True, return_counts=True)
    return int(values[np.lexsort((firsts, -counts))[0]])
