"""Which object of this frame is which of the last: identities that last.

In each frame every known thing is moved on to where it should be by now, and with all others by what the camera turned
(`common_motion.py`). Then things and objects are paired so that the sum of their differences (place, depth, width and height,
each against how much it may differ) is least; pairs that differ too much are none. What is left over is judged once more, less
strictly, where there is no doubt which is which. A thing that is not seen is remembered for a while, and may come back.

An object gets its identity in the second frame that it is seen in, so that what flickers gets none; in the first frame of all,
and after a jump in time, at once, so that a still picture has targets too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.distribution.objects.scene_object import SceneObject, SegmentedScene
from auxfocus_ros.distribution.targets.common_motion import common_shift
from auxfocus_ros.distribution.targets.target import Target, TargetSource, TargetState
from auxfocus_ros.distribution.targets.tracks import Floats, Tracks, box_offsets, measured, nearest_offset, size_of
from auxfocus_ros.errors import InputError

_GATE = 16.0  # squared differences beyond this, summed, are another thing
_PLACE_SLACK = 0.15  # of a thing's size: differences of place that cost as much as one standard deviation of the prediction
_DEPTH_SLACK = 0.06  # of its depth, likewise
_SIZE_SLACK = 0.25  # of the logarithm of width and of height, likewise
_SIZE_MOST = 4.0  # what a change of size costs at most: what is half hidden is half as wide
_DEPTH_MOST = 0.35  # logarithm: whatever the prediction allows, a thing comes no nearer than this from one frame to the next
_REACH = 4.0  # sizes: pairs that are farther apart are not looked at
# The second, less strict judgement: sizes, sizes a second that it was not seen, logarithms.
_AGAIN_PLACE, _AGAIN_PLACE_PER_S, _AGAIN_DEPTH, _AGAIN_SIZE = 2.5, 2.0, 0.12, 0.5
_AGAIN_WITHIN = 0.6  # or so much of the smaller box lies within the larger: a thing that shows more of itself, or less
_CONFIRMED_HITS = 2


@dataclass(frozen=True)
class TrackerOptions:
    """Options of `ObjectTracker`.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    keep_s: float = parameter(1.5, "how long a thing that is not seen is remembered", unit="s", minimum=0.0, maximum=60.0)
    keep_chosen_s: float = parameter(10.0, "the same of the thing that `choose` names", unit="s", minimum=0.0, maximum=600.0)
    # Motion is forgotten then, and what is not found again at once is dropped, but for the chosen one.
    jump_s: float = parameter(
        3.0, "a longer gap between frames is a jump, as is time that runs backwards", unit="s", minimum=0.1, maximum=60.0
    )
    most_objects: int = parameter(
        300, "so many objects of a frame are followed, the largest in the picture", minimum=1, maximum=1000
    )

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "tracker")


class ObjectTracker:
    """Gives the objects of each frame the identities of the last."""

    def __init__(self, options: TrackerOptions = TrackerOptions()) -> None:
        """Nothing is known yet."""
        import scipy.optimize  # noqa: F401 - loaded now: in the middle of a picture it would be a third of a second late

        self.options = options
        self._tracks = Tracks()
        self._time_s = math.nan
        self._last_id = 0
        self._chosen = 0

    def new_id(self) -> int:
        """An identity that nothing has had yet, from 1; for targets that are no objects, too."""
        self._last_id += 1
        return self._last_id

    def choose(self, target_id: int) -> None:
        """The thing that is remembered longest, by its id; 0: none."""
        self._chosen = target_id

    def update(self, scene: SegmentedScene, time_s: float) -> tuple[Target, ...]:
        """Follow the objects into a frame.

        Args:
            scene: the frame's objects.
            time_s: the frame's time, seconds, finite.

        Returns:
            The objects that have an identity, each seen in this frame, in order of `segment`. `depth_m` and the box are this
            frame's, not smoothed; `depth_velocity_m_per_s` comes from the frames so far (NaN in the first).

        Raises:
            InputError: `time_s` is not finite.
        """
        if not math.isfinite(time_s):
            raise InputError(f"tracker: the frame's time must be finite, got {time_s!r} s")
        known = tuple(thing for thing in scene.objects if 0.0 < thing.depth_m < math.inf)
        objects = _largest(known, self.options.most_objects)
        seen, tracks = measured(objects), self._tracks
        dt_s = time_s - self._time_s
        jump = not 0.0 <= dt_s <= self.options.jump_s  # NaN too: the first frame
        if jump:
            tracks.rest()
            tracks.seen_s[:] = self._time_s = time_s
            dt_s = 0.0
        else:
            tracks.predict(dt_s, tracks.seen_s < self._time_s)
        row_of = self._pair(seen, dt_s)
        self._time_s = time_s
        matched = np.flatnonzero(row_of >= 0)
        tracks.correct(row_of[matched], seen[matched], dt_s, time_s)
        new = np.flatnonzero(row_of < 0)
        row_of[new] = len(tracks) + np.arange(len(new))
        tracks.add(seen[new], time_s)
        for row in row_of:  # In order of segment, so that ids follow it.
            if tracks.ids[row] == 0 and (jump or tracks.hits[row] >= _CONFIRMED_HITS):
                tracks.ids[row] = self.new_id()
        found = self._targets(objects, row_of, time_s)
        self._forget(row_of, jump, time_s)
        return found

    def _pair(self, seen: Floats, dt_s: float) -> NDArray[np.intp]:
        """(objects,) the row of each object in the table; -1: it is new."""
        tracks = self._tracks
        row_of = np.full(len(seen), -1, np.intp)
        if not len(tracks) or not len(seen):
            return row_of
        self._follow_camera(seen, dt_s)
        rows, columns = self._neighbours(seen)
        _assign(rows, columns, self._costs(rows, columns, seen), row_of)
        # Those that are left: less strictly, where each is the other's only choice.
        free_rows, free = np.ones(len(tracks), np.bool_), row_of < 0
        free_rows[row_of[~free]] = False
        may = free_rows[rows] & free[columns]
        rows, columns = rows[may], columns[may]
        if len(rows):
            may = self._may_be_again(rows, columns, seen)
            rows, columns = rows[may], columns[may]
            alone = _alone(rows, columns, row_of.shape[0], len(tracks))
            row_of[columns[alone]] = rows[alone]
        return row_of

    def _follow_camera(self, seen: Floats, dt_s: float) -> None:
        tracks = self._tracks
        rows = np.flatnonzero(tracks.seen_s >= self._time_s)  # those of the last frame
        height_px = float(np.max(seen[:, 1] + 0.5 * seen[:, 3]))
        now = np.column_stack([tracks.box[rows], tracks.depth_m[rows]])
        x, y = common_shift(now, seen[:, :5], height_px)
        if x or y:
            tracks.shift(x, y, dt_s)

    def _neighbours(self, seen: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows of the table and columns of `seen` that are near enough to be looked at as pairs; the rest costs nothing more."""
        tracks = self._tracks
        reach = _REACH * size_of(tracks.box) + np.sqrt(tracks.spread[:, :2, 0].sum(axis=1))
        mine = np.column_stack([tracks.box[:, :2], np.log(tracks.depth_m), reach]).T.astype(np.float32)[:, :, None]
        theirs = np.column_stack([seen[:, :2], np.log(seen[:, 4]), 0.5 * seen[:, 2:4].max(axis=1)]).T.astype(np.float32)
        both = mine[3] + theirs[3]  # (tracks, objects)
        may = np.abs(mine[0] - theirs[0]) < both
        may &= np.abs(mine[1] - theirs[1]) < both
        may &= np.abs(mine[2] - theirs[2]) < _DEPTH_MOST
        rows, columns = np.nonzero(may)
        return rows, columns

    def _costs(self, rows: NDArray[np.intp], columns: NDArray[np.intp], seen: Floats) -> Floats:
        """(pairs,) how much each pair differs, in squared standard deviations."""
        tracks, now = self._tracks, seen[columns]
        box, depth_m, spread = tracks.box[rows], tracks.depth_m[rows], tracks.spread[rows]
        # Mostly the edge that fits best, for what is partly hidden; a little the middle, for what is small among large things.
        offset = 0.7 * np.abs(nearest_offset(box_offsets(box, now))) + 0.3 * np.abs(now[:, :2] - box[:, :2])
        place_variance = spread[:, :2, 0] + np.square(_PLACE_SLACK * size_of(box))[:, None]
        depth_variance = spread[:, 2, 0] + np.square(_DEPTH_SLACK * depth_m) + np.square(now[:, 5])
        change = np.minimum(np.square(np.log(now[:, 2:4] / box[:, 2:4]) / _SIZE_SLACK), _SIZE_MOST).sum(axis=1)
        cost = (np.square(offset) / place_variance).sum(axis=1) + np.square(now[:, 4] - depth_m) / depth_variance + 0.5 * change
        # Of two that fit alike, the one that was seen more often and more lately.
        cost += 0.5 * (tracks.hits[rows] < _CONFIRMED_HITS) + np.minimum(self._time_s - tracks.seen_s[rows], 1.0)
        return np.asarray(cost)

    def _may_be_again(self, rows: NDArray[np.intp], columns: NDArray[np.intp], seen: Floats) -> NDArray[np.bool_]:
        """(pairs,) whether two could be one thing after all: a like thing not far away, or one that shows more of itself."""
        tracks, now = self._tracks, seen[columns]
        box = tracks.box[rows]
        place = np.hypot(*(now[:, :2] - box[:, :2]).T) / size_of(box)
        may = place < _AGAIN_PLACE + _AGAIN_PLACE_PER_S * (self._time_s - tracks.seen_s[rows])
        may &= (np.abs(np.log(now[:, 2:4] / box[:, 2:4])) < _AGAIN_SIZE).all(axis=1)
        may |= _within(box, now) > _AGAIN_WITHIN
        may &= np.abs(np.log(now[:, 4] / tracks.depth_m[rows])) < _AGAIN_DEPTH
        return np.asarray(may)

    def _targets(self, objects: tuple[SceneObject, ...], row_of: NDArray[np.intp], time_s: float) -> tuple[Target, ...]:
        tracks = self._tracks
        found = []
        for thing, row in zip(objects, row_of, strict=True):
            if tracks.ids[row]:
                speed = float(tracks.velocity[row, 2]) if tracks.hits[row] > 1 else math.nan
                found.append(_target_of(thing, int(tracks.ids[row]), speed, time_s))
        return tuple(found)

    def _forget(self, row_of: NDArray[np.intp], jump: bool, time_s: float) -> None:
        tracks = self._tracks
        unseen_s = time_s - tracks.seen_s
        kept = unseen_s <= self.options.keep_s
        kept &= (tracks.ids > 0) | (unseen_s <= 0)  # What was seen once only was a flicker.
        if jump:
            kept[:] = False
        kept[row_of] = True
        if self._chosen:
            kept |= (tracks.ids == self._chosen) & (unseen_s <= self.options.keep_chosen_s)
        if not kept.all():
            tracks.keep(kept)


def _largest(objects: tuple[SceneObject, ...], most: int) -> tuple[SceneObject, ...]:
    if len(objects) <= most:
        return objects
    by_size = sorted(objects, key=lambda thing: (-thing.area_share, thing.segment))[:most]
    return tuple(sorted(by_size, key=lambda thing: thing.segment))


def _assign(rows: NDArray[np.intp], columns: NDArray[np.intp], cost: Floats, row_of: NDArray[np.intp]) -> None:
    """Choose among pairs (rows, columns) at the least sum of costs; pairs that cost `_GATE` and more are none."""
    from scipy.optimize import linear_sum_assignment

    may = cost < _GATE
    rows, columns, cost = rows[may], columns[may], cost[may]
    alone = _alone(rows, columns, len(row_of), int(rows.max()) + 1 if len(rows) else 0)
    row_of[columns[alone]] = rows[alone]
    rows, columns, cost = rows[~alone], columns[~alone], cost[~alone]
    if not len(rows):
        return
    used_rows, i = np.unique(rows, return_inverse=True)
    used_columns, j = np.unique(columns, return_inverse=True)
    table = np.full((len(used_rows), len(used_columns)), _GATE)
    table[i, j] = cost
    for row, column in zip(*linear_sum_assignment(table), strict=True):
        if table[row, column] < _GATE:
            row_of[used_columns[column]] = used_rows[row]


def _alone(rows: NDArray[np.intp], columns: NDArray[np.intp], count: int, row_count: int) -> NDArray[np.bool_]:
    """(pairs,) those in which each is the other's only choice."""
    of_row, of_column = np.bincount(rows, minlength=row_count), np.bincount(columns, minlength=count)
    return np.asarray((of_row[rows] == 1) & (of_column[columns] == 1))


def _within(a: Floats, b: Floats) -> Floats:
    """(pairs,) how much of the smaller of two boxes lies within the larger; boxes as (centre x, centre y, width, height, ...)."""
    low = np.maximum(a[:, :2] - 0.5 * a[:, 2:4], b[:, :2] - 0.5 * b[:, 2:4])
    high = np.minimum(a[:, :2] + 0.5 * a[:, 2:4], b[:, :2] + 0.5 * b[:, 2:4])
    common = np.maximum(high - low, 0.0).prod(axis=1)
    return np.asarray(common / np.minimum(a[:, 2] * a[:, 3], b[:, 2] * b[:, 3]))


def _target_of(thing: SceneObject, identity: int, speed_m_per_s: float, time_s: float) -> Target:
    return Target(
        id=identity,
        box_px=thing.box_px,
        state=TargetState.TRACKED,
        source=TargetSource.OBJECT,
        depth_m=thing.depth_m,
        depth_near_m=thing.depth_near_m,
        depth_far_m=thing.depth_far_m,
        depth_sigma_m=thing.depth_sigma_m,
        position_m=thing.position_m,
        low_m=thing.low_m,
        high_m=thing.high_m,
        depth_velocity_m_per_s=speed_m_per_s,
        point_count=thing.point_count,
        area_share=thing.area_share,
        last_seen_s=time_s,
        segment=thing.segment,
    )
