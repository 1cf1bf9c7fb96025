"""Clouds brought to the picture's time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.cloud_motion import MOST_KNOTS, measured_after_s, moved_to
from auxfocus_ros.rig.frame import structured_points
from auxfocus_ros.rig.rig_file import rotation_from_rpy

STAMP_NS = 1_700_000_000 * 10**9
MS = 1_000_000


def panning(rate_rad_per_s: float, at_ns: int = STAMP_NS) -> RigidTransform:
    """The fixed frame from the sensor's, which turns about z and stands at 0 at STAMP_NS."""
    return RigidTransform(rotation_from_rpy(0.0, 0.0, rate_rad_per_s * (at_ns - STAMP_NS) * 1e-9), np.zeros(3))


def cloud(xyz: list[list[float]], **others: np.ndarray) -> np.ndarray:
    return structured_points(np.array(xyz, np.float32), **others)


def xyz_of(points: np.ndarray) -> np.ndarray:
    return np.stack([points[name] for name in "xyz"], axis=1)


def test_a_quarter_turn_by_hand() -> None:
    # The sensor pans to the left by pi/2 rad in 0.1 s; a point 3 m ahead when it was measured is 3 m to the right afterwards.
    points = cloud([[3.0, 0.0, 1.0]])
    moved = moved_to(points, None, STAMP_NS, STAMP_NS + 100 * MS, lambda ns: panning(5 * math.pi, ns))
    assert moved.moved and xyz_of(moved.points)[0] == pytest.approx([0.0, -3.0, 1.0], abs=1e-6)
    assert xyz_of(points)[0].tolist() == [3.0, 0.0, 1.0]


def test_each_point_by_its_own_time() -> None:
    # Ouster's field: nanoseconds since the scan's stamp. The picture is taken in the middle of the scan of 100 ms.
    points = cloud([[3.0, 0.0, 0.0]] * 3, t=np.array([0, 50 * MS, 100 * MS], np.uint32), ring=np.array([1, 2, 3], np.uint16))
    after_s = measured_after_s(points, STAMP_NS)
    moved = moved_to(points, after_s, STAMP_NS, STAMP_NS + 50 * MS, lambda ns: panning(2.0, ns))
    assert moved.moved
    angles = [-0.1, 0.0, 0.1]  # 2 rad/s over 50 ms before, at, and after the picture
    wanted = [[3 * math.cos(a), 3 * math.sin(a), 0.0] for a in angles]
    # Between lookups 5 ms apart the way is the chord: 3 m (2 rad/s 5 ms)^2 / 8 off the arc.
    assert xyz_of(moved.points) == pytest.approx(np.array(wanted), abs=4e-5)
    assert moved.points["ring"].tolist() == [1, 2, 3] and moved.points["t"].tolist() == points["t"].tolist()


def test_a_sensor_beside_the_axis_is_carried_along() -> None:
    # It sits 1 m ahead of the pan axis: turned by half a turn, what was 1 m ahead of it is 3 m behind it.
    def fixed_from_points(ns: int) -> RigidTransform:
        arm = RigidTransform(np.eye(3), np.array([1.0, 0.0, 0.0]))
        return panning(10 * math.pi, ns).compose(arm)

    moved = moved_to(cloud([[1.0, 0.0, 0.0]]), None, STAMP_NS, STAMP_NS + 100 * MS, fixed_from_points)
    assert xyz_of(moved.points)[0] == pytest.approx([-3.0, 0.0, 0.0], abs=1e-6)


def test_nothing_turned_nothing_copied() -> None:
    points = cloud([[3.0, 0.0, 0.0]] * 4, t=np.array([0, 1, 2, 100 * MS], np.uint32))
    after_s = measured_after_s(points, STAMP_NS)
    still = moved_to(points, after_s, STAMP_NS, STAMP_NS + 90 * MS, lambda ns: RigidTransform(np.eye(3), np.ones(3)))
    assert still.points is points and not still.moved
    trembling = moved_to(points, after_s, STAMP_NS, STAMP_NS + 90 * MS, lambda ns: panning(1e-4, ns))
    assert trembling.points is points and not trembling.moved


def test_of_the_same_moment_nobody_is_asked() -> None:
    def nobody(ns: int) -> RigidTransform:
        raise AssertionError(ns)

    points = cloud([[3.0, 0.0, 0.0]])
    assert moved_to(points, None, STAMP_NS, STAMP_NS, nobody).points is points
    assert moved_to(points[:0], np.zeros(0), STAMP_NS, STAMP_NS, nobody).moved is False


def test_half_a_turn_is_motion() -> None:
    # The skew part of such a rotation vanishes; it is not small for that.
    moved = moved_to(cloud([[1.0, 0.0, 0.0]]), None, STAMP_NS, STAMP_NS + 100 * MS, lambda ns: panning(10 * math.pi, ns))
    assert moved.moved and xyz_of(moved.points)[0] == pytest.approx([-1.0, 0.0, 0.0], abs=1e-6)


def test_points_without_a_reading_stay_without() -> None:
    points = cloud([[np.nan] * 3, [np.inf, 0.0, 0.0], [1.0, 0.0, 0.0]])
    moved = moved_to(points, None, STAMP_NS, STAMP_NS + 100 * MS, lambda ns: panning(1.0, ns))
    finite = np.isfinite(xyz_of(moved.points)).all(axis=1)
    assert finite.tolist() == [False, False, True]


def test_motion_is_looked_up_at_a_bounded_number_of_times() -> None:
    asked: list[int] = []

    def fixed_from_points(ns: int) -> RigidTransform:
        asked.append(ns)
        return panning(1.0, ns)

    points = cloud([[3.0, 0.0, 0.0]] * 1000, t=np.linspace(0, 900 * MS, 1000).astype(np.uint32))
    moved_to(points, measured_after_s(points, STAMP_NS), STAMP_NS, STAMP_NS, fixed_from_points)
    assert len(asked) == MOST_KNOTS + 1 and min(asked) == STAMP_NS and max(asked) == pytest.approx(STAMP_NS + 900 * MS, abs=100)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(-3.0, 3.0),
    speed_up=st.floats(-50.0, 50.0),
    span_ms=st.integers(1, 100),
    picture_ms=st.integers(-100, 200),
)
def test_every_point_is_where_the_exact_motion_puts_it(
    seed: int, rate: float, speed_up: float, span_ms: int, picture_ms: int
) -> None:
    """Any scan of a gimbal that turns and speeds up, against each point's own transform."""
    rng = np.random.default_rng(seed)

    def fixed_from_points(ns: int) -> RigidTransform:
        t = (ns - STAMP_NS) * 1e-9
        angle = rate * t + speed_up * t * t / 2
        return RigidTransform(rotation_from_rpy(0.1, 0.5 * angle, angle), np.array([0.1, 0.0, 0.05]))

    ticks = rng.integers(0, span_ms * MS, 300)
    points = cloud(rng.uniform(-20, 20, (300, 3)).tolist(), t=ticks.astype(np.uint32))
    picture_ns = STAMP_NS + picture_ms * MS
    moved = moved_to(points, measured_after_s(points, STAMP_NS), STAMP_NS, picture_ns, fixed_from_points)
    back = fixed_from_points(picture_ns).inverse()
    exact = [
        back.compose(fixed_from_points(STAMP_NS + int(t))).apply(p[None])[0] for t, p in zip(ticks, xyz_of(points), strict=True)
    ]
    # Up to 35 m away: 0.3 mrad between knots, the same for what counts as still, and float32.
    assert np.abs(xyz_of(moved.points) - np.array(exact)).max() < 35 * 3e-4 + 1e-4


# The drivers' fields for the time of a point


def test_a_cloud_without_times_says_none() -> None:
    assert measured_after_s(cloud([[1, 0, 0]], intensity=np.zeros(1, np.float32)), STAMP_NS) is None
    # A field of that name and another kind is something else.
    assert measured_after_s(cloud([[1, 0, 0]], t=np.zeros(1, np.float32)), STAMP_NS) is None
    assert measured_after_s(cloud([[1, 0, 0]], time=np.zeros(1, np.uint32)), STAMP_NS) is None


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("t", np.array([0, 25 * MS, 100 * MS], np.uint32)),  # ouster
        ("offset_time", np.array([0, 25 * MS, 100 * MS], np.uint32)),  # livox
        ("time", np.array([0.0, 0.025, 0.1], np.float32)),  # velodyne
        ("timestamp", np.array([STAMP_NS, STAMP_NS + 25 * MS, STAMP_NS + 100 * MS], np.float64)),  # livox_ros_driver2
        ("timestamp", STAMP_NS * 1e-9 + np.array([0.0, 0.025, 0.1])),  # hesai, robosense
    ],
    ids=["t", "offset_time", "time", "timestamp_ns", "timestamp_s"],
)
def test_the_drivers_fields(name: str, values: np.ndarray) -> None:
    after_s = measured_after_s(cloud([[1, 0, 0]] * 3, **{name: values}), STAMP_NS)
    assert after_s == pytest.approx([0.0, 0.025, 0.1], abs=1e-6)  # a double holds such a date to 0.24 us


def test_a_stamp_at_the_scans_end() -> None:
    after_s = measured_after_s(cloud([[1, 0, 0]] * 2, time=np.array([-0.1, 0.0], np.float32)), STAMP_NS)
    assert after_s == pytest.approx([-0.1, 0.0])


def test_points_without_a_reading_may_have_no_time() -> None:
    values = np.array([np.nan, STAMP_NS, STAMP_NS, STAMP_NS + MS, 0.0], np.float64)
    assert measured_after_s(cloud([[1, 0, 0]] * 5, timestamp=values), STAMP_NS) == pytest.approx([0, 0, 0, 0.001, 0], abs=1e-6)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time", np.array([0.0, 25_000.0, 100_000.0], np.float32)),  # microseconds
        ("timestamp", np.array([STAMP_NS, STAMP_NS, STAMP_NS], np.float64) + 5e9),  # another clock
        ("timestamp", np.array([np.nan] * 3)),
    ],
    ids=["unit", "clock", "nan"],
)
def test_times_that_cannot_be(name: str, values: np.ndarray) -> None:
    with pytest.raises(InputError, match=f"the cloud's field {name} says"):
        measured_after_s(cloud([[1, 0, 0]] * 3, **{name: values}), STAMP_NS)
