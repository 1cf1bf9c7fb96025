"""What is remembered of each thing that is followed, and how it is expected to go on.

All things are kept in one table, a row each, so that hundreds of them cost little more than one. The box's centre and the depth
each have a Kalman filter with a constant velocity; the size is smoothed. Lengths in the picture are judged by a thing's own
size, so that one set of figures serves a cup at arm's length and a van down the road.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.scene_object import SceneObject

Floats = NDArray[np.float64]

_CENTRE_NOISE, _CENTRE_NOISE_PX = 0.04, 1.0  # of a box's size, and in pixels: how much a box's edges wander
_CUT_NOISE = 0.5  # of the change of its size: a box that is cut by something in front says little of its centre
_DEPTH_NOISE = 0.01  # of the depth: segmentation takes in more of a thing or less from frame to frame
_CENTRE_ACCELERATION = 3.0  # sizes a second squared
_DEPTH_ACCELERATION, _DEPTH_ACCELERATION_M = 0.8, 3.0  # of the depth a second squared, and at most metres a second squared
_FIRST_SPEED = 2.0  # sizes a second: a thing that is new may move like this
_FIRST_DEPTH_SPEED, _FIRST_DEPTH_SPEED_M = 0.6, 10.0  # of the depth a second, and at most metres a second
_GROW_TIME_S, _SHRINK_TIME_S = (
    0.25,
    1.5,
)  # a box shrinks because something comes before the thing: it is as large as ever behind it
_COAST_S = 1.2  # a thing that is not seen is expected to slow down within this time


def measured(objects: tuple[SceneObject, ...]) -> Floats:
    """(n, 6): centre x, centre y, width, height (pixels), depth and its standard deviation (metres) of each object."""
    rows = [
        (o.box_px[0] + 0.5 * o.box_px[2], o.box_px[1] + 0.5 * o.box_px[3], o.box_px[2], o.box_px[3], o.depth_m, o.depth_sigma_m)
        for o in objects
    ]
    table = np.array(rows, np.float64).reshape(-1, 6)
    table[:, 2:4] = np.maximum(table[:, 2:4], 1.0)
    table[:, 5] = np.where(np.isfinite(table[:, 5]), table[:, 5], 0.0)
    return table


def size_of(boxes: Floats) -> Floats:
    """(n,) the size that lengths are judged by: the geometric mean of width and height, columns 2 and 3, pixels."""
    return np.sqrt(boxes[:, 2] * boxes[:, 3])


class Tracks:
    """The table; every array has a row for each thing.

    ids: 0 while it is not confirmed. hits: frames in which it was seen. seen_s: when it was last seen.
    box: (n, 4) centre x, centre y, width, height, pixels, as expected now. depth_m: (n,).
    velocity: (n, 3) of the centre in pixels a second, of the depth in metres a second.
    spread: (n, 3, 3) of centre x, centre y and depth: variance of the value, covariance with its velocity, variance of that.
    """

    def __init__(self) -> None:
        """Nothing is followed yet."""
        self.ids = np.zeros(0, np.int64)
        self.hits = np.zeros(0, np.int64)
        self.seen_s = np.zeros(0)
        self.box = np.zeros((0, 4))
        self.depth_m = np.zeros(0)
        self.velocity = np.zeros((0, 3))
        self.spread = np.zeros((0, 3, 3))

    def __len__(self) -> int:
        """How many things are followed."""
        return len(self.ids)

    def predict(self, dt_s: float, unseen: NDArray[np.bool_]) -> None:
        """Go on by `dt_s` seconds; `unseen`: (n,) things that were not seen in the last frame, which slow down."""
        size = size_of(self.box)
        self.velocity[unseen] *= np.exp(-dt_s / _COAST_S)
        self.box[:, :2] += self.velocity[:, :2] * dt_s
        before_m = self.depth_m
        self.depth_m = np.maximum(before_m + self.velocity[:, 2] * dt_s, 0.2 * before_m)
        self.box[:, 2:4] *= (before_m / self.depth_m)[:, None]
        acceleration = np.empty((len(self), 3))
        acceleration[:, :2] = _CENTRE_ACCELERATION * size[:, None]
        acceleration[:, 2] = np.minimum(_DEPTH_ACCELERATION * self.depth_m, _DEPTH_ACCELERATION_M)
        noise = np.square(acceleration)
        value, both, rate = self.spread[..., 0], self.spread[..., 1], self.spread[..., 2]
        self.spread = np.stack(
            [
                value + 2.0 * dt_s * both + dt_s**2 * rate + 0.25 * dt_s**4 * noise,
                both + dt_s * rate + 0.5 * dt_s**3 * noise,
                rate + dt_s**2 * noise,
            ],
            axis=-1,
        )

    def rest(self) -> None:
        """Forget all motion: time has jumped."""
        self.velocity[:] = 0.0
        self.spread = _first_spread(self.box, self.depth_m, np.zeros(len(self)))

    def shift(self, x_px: float, y_px: float, dt_s: float) -> None:
        """The camera has turned, and goes on like that: everything has moved by so much more than expected."""
        self.box[:, 0] += x_px
        self.box[:, 1] += y_px
        if dt_s > 0:
            self.velocity[:, 0] += x_px / dt_s
            self.velocity[:, 1] += y_px / dt_s

    def correct(self, rows: NDArray[np.intp], seen: Floats, dt_s: float, time_s: float) -> None:
        """Take in what was seen: (k,) rows of the table, and (k, 6) as `measured` gives it."""
        box, size = self.box[rows], size_of(self.box[rows])
        change = seen[:, 2:4] - box[:, 2:4]
        offsets = box_offsets(box, seen)
        cut = np.abs(change) > 0.15 * box[:, 2:4]
        found = np.empty((len(rows), 3))
        found[:, :2] = np.where(cut, nearest_offset(offsets), offsets[..., 1])
        found[:, 2] = seen[:, 4] - self.depth_m[rows]
        noise = np.empty_like(found)
        noise[:, :2] = _CENTRE_NOISE * size[:, None] + _CENTRE_NOISE_PX + _CUT_NOISE * np.abs(change)
        noise[:, 2] = np.maximum(seen[:, 5], _DEPTH_NOISE * seen[:, 4])
        spread = self.spread[rows]
        whole = spread[..., 0] + np.square(noise)
        gain, gain_rate = spread[..., 0] / whole, spread[..., 1] / whole
        correction, turn = gain * found, gain_rate * found
        self.box[rows, :2] += correction[:, :2]
        self.depth_m[rows] += correction[:, 2]
        if dt_s > 0:
            self.velocity[rows] += turn
        self.spread[rows] = np.stack(
            [(1 - gain) * spread[..., 0], (1 - gain) * spread[..., 1], spread[..., 2] - gain_rate * spread[..., 1]], axis=-1
        )
        time_constant_s = np.where(change > 0, _GROW_TIME_S, _SHRINK_TIME_S)
        self.box[rows, 2:4] += (1.0 - np.exp(-dt_s / time_constant_s)) * change
        self.hits[rows] += 1
        self.seen_s[rows] = time_s

    def add(self, seen: Floats, time_s: float) -> None:
        """New things, (k, 6) as `measured` gives them; their ids are 0."""
        count = len(seen)
        self.ids = np.concatenate([self.ids, np.zeros(count, np.int64)])
        self.hits = np.concatenate([self.hits, np.ones(count, np.int64)])
        self.seen_s = np.concatenate([self.seen_s, np.full(count, time_s)])
        self.box = np.vstack([self.box, seen[:, :4]])
        self.depth_m = np.concatenate([self.depth_m, seen[:, 4]])
        self.velocity = np.vstack([self.velocity, np.zeros((count, 3))])
        self.spread = np.concatenate([self.spread, _first_spread(seen[:, :4], seen[:, 4], seen[:, 5])])

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Forget all others."""
        self.ids, self.hits, self.seen_s = self.ids[kept], self.hits[kept], self.seen_s[kept]
        self.box, self.depth_m = self.box[kept], self.depth_m[kept]
        self.velocity, self.spread = self.velocity[kept], self.spread[kept]


def box_offsets(box: Floats, seen: Floats) -> Floats:
    """(k, 2, 3): by how much left edge, middle and right edge (top, middle, bottom) of `seen` are off `box`, both (k, >= 4)."""
    middle = seen[:, :2] - box[:, :2]
    half = 0.5 * (seen[:, 2:4] - box[:, 2:4])
    return np.stack([middle - half, middle, middle + half], axis=-1)


def nearest_offset(offsets: Floats) -> Floats:
    """The smallest of edge, middle and edge, (..., 2, 3) to (..., 2): of a thing that is partly hidden one edge is its own."""
    chosen = np.argmin(np.abs(offsets), axis=-1)
    return np.take_along_axis(offsets, chosen[..., None], axis=-1)[..., 0]


def _first_spread(boxes: Floats, depth_m: Floats, sigma_m: Floats) -> Floats:
    size = size_of(boxes)
    spread = np.zeros((len(boxes), 3, 3))
    spread[:, :2, 0] = np.square(_CENTRE_NOISE * size + _CENTRE_NOISE_PX)[:, None]
    spread[:, :2, 2] = np.square(_FIRST_SPEED * size)[:, None]
    spread[:, 2, 0] = np.square(np.maximum(sigma_m, _DEPTH_NOISE * depth_m))
    spread[:, 2, 2] = np.square(np.minimum(_FIRST_DEPTH_SPEED * depth_m, _FIRST_DEPTH_SPEED_M))
    return spread
