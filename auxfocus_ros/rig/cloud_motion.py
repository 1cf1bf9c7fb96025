"""A cloud brought to the picture's time: each point as if it had been measured while the picture was taken.

A lidar on a gimbal, or beside a camera that turns, measures its points over a tenth of a second and at another time than the
picture. Each point is taken into a frame that stands still by where the sensor was when it was measured, and back by where it was
when the picture was taken. The points stay in their own frame, so that the extrinsics of the picture's time hold for all of them.

Only what the given frames know is undone: the gimbal's motion where the still frame is the platform's, the platform's too where
it is the world's. What moves by itself in the scene stays where it was seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import fields_xyz

FixedFromPoints = Callable[[int], RigidTransform]
"""p_fixed = R p_points + t at a time in nanoseconds."""
MOST_APART_S = 1.0
"""A point measured further from its cloud's stamp is a time in another unit, or of another clock."""
KNOT_S = 0.005
MOST_KNOTS = 65
"""Motion is looked up every 5 ms, and taken as linear between: a gimbal that speeds up by 100 rad/s^2 strays by 0.3 mrad."""
STILL_RAD = 2e-5
STILL_M = 1e-4
"""Less motion than this is none: a fiftieth of a pixel at a focal length of 1000, a tenth of a millimetre."""
BLOCK = 8192  # points: what a block needs stays in the processor's cache


class MovedCloud(NamedTuple):
    """points: the cloud, the same array where nothing was done. moved: whether anything was."""

    points: np.ndarray
    moved: bool


def measured_after_s(points: np.ndarray, stamp_ns: int) -> np.ndarray | None:
    """When each point was measured, as seconds after the cloud's stamp.

    Args:
        points: (N,) structured array.
        stamp_ns: the cloud's stamp by the clock of the points' own times.

    Returns:
        (N,) float64, negative where the stamp is the end of the scan; None where the cloud does not say.

    Raises:
        InputError: the field is there and its numbers cannot be such times.
    """
    names = points.dtype.names or ()
    for name, kinds, unit_s in (
        ("t", "u", 1e-9),  # ouster_ros, os_point.h and point_cloud_compose.h: uint32, nanoseconds since the scan's stamp
        ("offset_time", "u", 1e-9),  # livox_ros_driver2, CustomPoint.msg, kept by converters to PointCloud2: the same
        ("time", "f", 1.0),  # velodyne_pointcloud, pointcloudXYZIRT.cpp: float32, seconds from the stamp, of either sign
    ):
        if name in names and points.dtype[name].kind == kinds:
            return _checked(points[name].astype(np.float64) * unit_s, name)
    if "timestamp" in names and points.dtype["timestamp"] == np.dtype("<f8"):
        # livox_ros_driver2, lddc.cpp: nanoseconds since 1970; Hesai's and RoboSense's drivers: seconds. 1e14 s is no date.
        absolute = points["timestamp"]
        largest = float(np.nanmax(absolute)) if len(absolute) and not np.isnan(absolute).all() else math.nan
        after_s = (absolute - float(stamp_ns)) * 1e-9 if largest > 1e14 else absolute - stamp_ns * 1e-9
        return _checked(after_s, "timestamp")
    return None


def moved_to(
    points: np.ndarray,
    after_s: np.ndarray | None,
    cloud_ns: int,
    picture_ns: int,
    fixed_from_points: FixedFromPoints,
) -> MovedCloud:
    """A cloud as if it had been measured at the picture's time.

    Args:
        points: (N,) structured array with float32 x, y, z, metres.
        after_s: (N,) when each was measured, seconds after `cloud_ns` (`measured_after_s`); None: all at `cloud_ns`.
        cloud_ns, picture_ns: the stamps.
        fixed_from_points: where the cloud's frame stood; asked at the picture's time and at up to MOST_KNOTS times of the scan.

    Returns:
        The cloud in its own frame, a new array; the same one where nothing turned in between.

    Raises:
        InputError: from `fixed_from_points`.
    """
    if after_s is None or not len(points):
        knots_s = np.zeros(1)
    else:
        first_s, last_s = float(after_s.min()), float(after_s.max())
        count = min(MOST_KNOTS, 2 + int((last_s - first_s) / KNOT_S)) if last_s > first_s else 1
        knots_s = np.linspace(first_s, last_s, count)
    if len(knots_s) == 1 and cloud_ns + round(knots_s[0] * 1e9) == picture_ns:
        return MovedCloud(points, False)
    points_from_fixed = fixed_from_points(picture_ns).inverse()
    motions = [points_from_fixed.compose(fixed_from_points(cloud_ns + round(knot_s * 1e9))) for knot_s in knots_s]
    if all(_still(motion) for motion in motions):
        return MovedCloud(points, False)
    moved = points.copy()
    xyz = fields_xyz(points)
    # Change of place = A p + b, with A and b linear between the knots.
    changes = np.stack([np.column_stack([m.rotation - np.eye(3), m.translation_m]) for m in motions]).astype(np.float32)  # Kx3x4
    for start in range(0, len(points), BLOCK):
        part = slice(start, start + BLOCK)
        change = changes[0] if len(changes) == 1 else _between(changes, knots_s, after_s[part])  # type: ignore[index]
        with np.errstate(invalid="ignore"):  # lidars mark 'no return' with NaN or inf
            new = xyz[part] + np.einsum("ij,nj->ni" if change.ndim == 2 else "nij,nj->ni", change[..., :3], xyz[part])
            new += change[..., 3]
        for column, name in enumerate("xyz"):
            moved[name][part] = new[:, column]
    return MovedCloud(moved, True)


def _between(changes: np.ndarray, knots_s: np.ndarray, after_s: np.ndarray) -> np.ndarray:
    """(n, 3, 4): the change at each time, linear between the knots."""
    place = (after_s - knots_s[0]) * ((len(knots_s) - 1) / (knots_s[-1] - knots_s[0]))
    before = np.clip(place.astype(np.intp), 0, len(knots_s) - 2)
    share = (place - before).astype(np.float32)[:, None, None]
    steps: Any = np.diff(changes, axis=0)
    return np.asarray(changes[before] + share * steps[before])


def _still(motion: RigidTransform) -> bool:
    # The angle of a small rotation is the length of its skew part.
    skew = (motion.rotation - motion.rotation.T)[[2, 0, 1], [1, 2, 0]] / 2.0
    turned_back = float(np.trace(motion.rotation)) < 2.0
    return not turned_back and float(np.linalg.norm(skew)) < STILL_RAD and float(np.linalg.norm(motion.translation_m)) < STILL_M


def _checked(after_s: np.ndarray, name: str) -> np.ndarray:
    if not len(after_s):
        return after_s
    # Points without a reading may have a time of 0 or NaN: they are taken as measured at the stamp.
    strange = ~(np.abs(after_s) <= MOST_APART_S)
    if strange.mean() > 0.5:
        worst = float(np.median(after_s))
        raise InputError(
            f"the cloud's field {name} says that its points were measured {worst:.3g} s from its stamp: wanted at most "
            f"{MOST_APART_S:g} s; the cloud is taken as measured at its stamp"
        )
    return np.where(strange, 0.0, after_s) if strange.any() else after_s
