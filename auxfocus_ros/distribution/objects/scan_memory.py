"""What the last scans showed, for lidars whose scans do not repeat.

A lidar that draws rosettes (Livox and others) looks elsewhere in each scan. One scan of 50 or 100 ms leaves gaps as large as a
person's head; a few together show how far things reach. Lidars whose scans repeat need none of this, and whatever moves would be
smeared: so it is found out, scan by scan, what share of directions is new, and where it is small nothing is joined.

The sensor moves between scans. Who knows how hands the motion over; otherwise it is taken from what the scans have in common
(`scan_motion.py`). An older point goes for good once a newer scan sees through it, or something nearer in its direction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.distribution.objects.scan_motion import Table, older_from_newer, rotation_of, vector_of
from auxfocus_ros.distribution.projection import ProjectedPoints, project_columns
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform

DIRECTION_CELL, NEW_SHARE = 0.4, 0.35
"""Side of the cells in which directions count as the same, in distances between points; and the share of new ones from which a
lidar does not repeat: of rosettes it is 0.85, of lidars that repeat 0.1 at most."""
SEEN_REACH, SEEN_GAP_SHARE, SEEN_GAP_M = 1.5, 0.03, 0.08
"""What a newer scan says of an older point: within so many distances between points, and beyond this difference of depth."""
TEST_AGAIN_S = 2.0
"""A lidar that repeats is looked at again after so long."""
LEAST_POINTS = 100
"""In a scan with fewer nothing can be told."""


@dataclass(frozen=True)
class ScanMemoryOptions:
    """How much is remembered.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    window_s: float = parameter(0.25, "how long; 0: nothing is joined", unit="s", minimum=0.0, maximum=2.0)
    most_points: int = parameter(100_000, "at most, the newest of them", minimum=0, maximum=1_000_000)

    def __post_init__(self) -> None:
        """Check both."""
        demand_valid(self, "memory of scans")


class ScanMemory:
    """Joins to each cloud what those before it showed where it does not."""

    def __init__(self, options: ScanMemoryOptions = ScanMemoryOptions()) -> None:
        """Nothing is remembered yet."""
        self.options = options
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._time_s = math.nan
        self._points = np.empty((3, 0), np.float32)  # the last cloud, then older ones, all in the last cloud's frame
        self._times_s = np.empty(0)
        self._last = 0
        self._new_share = math.nan
        self._tested_s = -math.inf
        self._velocity = np.zeros(6)  # of the older frame from the newer: turn and shift per second

    @property
    def joins(self) -> bool:
        """Whether the lidar was found to be one whose scans do not repeat."""
        return self._new_share >= NEW_SHARE

    def add(
        self, points: ProjectedPoints, camera: CameraModel, time_s: float, newest_from_older: RigidTransform | None = None
    ) -> ProjectedPoints:
        """Take a cloud, and join to it what is remembered.

        Args:
            points: the newest cloud in the picture, as `project_cloud` gives it.
            camera: the picture's.
            time_s: the cloud's own time, seconds, finite. With the time or the depths of the last it is the same cloud again (a
                camera may be faster than a lidar), which is not joined to itself.
            newest_from_older: how the optical frame moved since the cloud before: p_newest = R p_older + t; None: not known.

        Returns:
            The newest points, in their order, then older ones: labels of the newest are the first `len(points)`. The very points
            that came in where there is nothing to join.

        Raises:
            InputError: a time that is not finite.
        """
        if not math.isfinite(time_s):
            raise InputError(f"memory of scans: a cloud's time must be finite, got {time_s!r} s")
        if self._last and self._last == len(points) and np.array_equal(self._points[2, : self._last], points.depth_m):
            time_s = self._time_s
        passed_s = time_s - self._time_s
        nothing = self.options.window_s == 0.0 or len(points) < LEAST_POINTS
        if nothing or not 0.0 <= passed_s <= self.options.window_s:
            self.clear()
        if nothing:
            return points
        if not self.joins and time_s < self._tested_s + TEST_AGAIN_S:
            self._keep(np.zeros(self._points.shape[1], np.bool_))
            self._last, self._time_s = 0, time_s
            return points
        newest = np.stack((points.x_m, points.y_m, points.depth_m))
        if self._last and passed_s > 0.0:
            self._learn(newest, time_s, newest_from_older)
        joined = points
        if self._last and self.joins and self._bring_to(newest, newest_from_older, passed_s):
            joined = self._join(points, newest, camera, time_s)
        else:
            self._keep(np.zeros(self._points.shape[1], np.bool_))
        self._points = np.hstack((newest, self._points))[:, : self.options.most_points]
        self._times_s = np.concatenate((np.full(newest.shape[1], time_s), self._times_s))[: self._points.shape[1]]
        self._last, self._time_s = min(newest.shape[1], self._points.shape[1]), time_s
        return joined

    def _keep(self, kept: NDArray[np.bool_]) -> None:
        """Only those of the points that a mask keeps."""
        self._points, self._times_s = self._points[:, kept], self._times_s[kept]

    def _learn(self, newest: NDArray[np.float32], time_s: float, newest_from_older: RigidTransform | None) -> None:
        """Find out what share of directions is new; where a camera turns before a lidar that stands, after turning back too."""
        last = self._points[:, : self._last]
        share = share_of_new(newest, last)
        if newest_from_older is not None:
            share = min(share, share_of_new(newest, _moved(last, newest_from_older.rotation, newest_from_older.translation_m)))
        self._new_share = share if math.isnan(self._new_share) else 0.7 * self._new_share + 0.3 * share
        self._tested_s = time_s

    def _bring_to(self, newest: NDArray[np.float32], newest_from_older: RigidTransform | None, passed_s: float) -> bool:
        """Move what is remembered into the newest cloud's frame; whether that can be done."""
        if newest_from_older is not None:
            rotation, shift = newest_from_older.rotation, newest_from_older.translation_m
        else:
            from auxfocus_ros.distribution.objects import memory_kernels as kernels

            expected = rotation_of(self._velocity[:3] * passed_s), self._velocity[3:] * passed_s
            found = older_from_newer(newest, self._points, kernels.spacing(*self._points), expected)
            if found is None:
                self._velocity[:] = 0.0
                return False
            if passed_s > 0.0:
                self._velocity[:3], self._velocity[3:] = vector_of(found[0]) / passed_s, found[1] / passed_s
            rotation, shift = found[0].T, -found[0].T @ found[1]
        self._points = _moved(self._points, rotation, shift)
        return True

    def _join(self, points: ProjectedPoints, newest: NDArray[np.float32], camera: CameraModel, time_s: float) -> ProjectedPoints:
        """The newest points, and those older ones that the newest scan does not speak against."""
        from auxfocus_ros.distribution.objects import memory_kernels as kernels

        kept = (self._times_s >= time_s - self.options.window_s) & (self._times_s < time_s) & (self._points[2] > 0)
        self._keep(kept)
        table = Table.of(newest, kernels.spacing(*newest), SEEN_REACH)
        self._keep(kernels.agreeing(*self._points, newest, table.start, table.order, *table.place, SEEN_GAP_SHARE, SEEN_GAP_M))
        older, index = project_columns(self._points, RigidTransform.identity(), camera)
        self._points, self._times_s = self._points[:, index], self._times_s[index]
        return ProjectedPoints(
            np.concatenate((points.u_px, older.u_px)),
            np.concatenate((points.v_px, older.v_px)),
            np.concatenate((points.depth_m, older.depth_m)),
            np.concatenate((points.x_m, older.x_m)),
            np.concatenate((points.y_m, older.y_m)),
        )


def share_of_new(newer: NDArray[np.float32], older: NDArray[np.float32]) -> float:
    """Share of the directions of newer points (3, n) in which no older point (3, m) lies, 0 to 1."""
    from auxfocus_ros.distribution.objects import memory_kernels as kernels

    table = Table.of(older, kernels.spacing(*newer), DIRECTION_CELL)
    share = kernels.new_share(*newer, table.start, *table.place)
    return 0.0 if math.isnan(share) else float(share)


def _moved(points: NDArray[np.float32], rotation: NDArray[np.float64], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    moved: NDArray[np.float32] = rotation.astype(np.float32) @ points
    moved += shift.astype(np.float32)[:, None]
    return moved
