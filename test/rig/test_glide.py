"""Motion under bounds: times and angles worked out by hand, and what holds for every glide."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.rig.glide import Glide, glide_to, glide_to_stop, stopping_way

angles = st.floats(-5.0, 5.0)
speeds = st.floats(0.01, 10.0)
accelerations = st.floats(0.1, 100.0)
velocities = st.floats(-12.0, 12.0)


def end_s(glide: Glide) -> float:
    return glide.start_s + sum(stretch.duration_s for stretch in glide.stretches)


def test_a_trapezoid_by_hand() -> None:
    # 2 rad at 1 rad/s and 2 rad/s^2: 0.5 s up (0.25 rad), 1.5 s of cruise (1.5 rad), 0.5 s down (0.25 rad).
    glide = glide_to(2.0, 1.0, 2.0, start_s=10.0, angle=0.0, velocity=0.0)
    for time_s, wanted in (
        (9.0, (0.0, 0.0)), (10.25, (0.0625, 0.5)), (10.5, (0.25, 1.0)), (11.0, (0.75, 1.0)), (12.25, (1.9375, 0.5)),
        (12.5, (2.0, 0.0)), (20.0, (2.0, 0.0)),
    ):  # fmt: skip
        assert glide.at(time_s) == pytest.approx(wanted, abs=1e-12)


def test_a_triangle_by_hand() -> None:
    # -0.5 rad at 2 rad/s^2 never reaches 3 rad/s: half of the way up to sqrt(2 * 0.5) = 1 rad/s in 0.5 s, half down.
    glide = glide_to(-0.5, 3.0, 2.0, start_s=0.0, angle=0.0, velocity=0.0)
    assert glide.at(0.5) == pytest.approx((-0.25, -1.0), abs=1e-12)
    assert end_s(glide) == pytest.approx(1.0)


def test_too_fast_to_stop_in_front_of_the_target_turns_back() -> None:
    # 2 rad/s braked by 2 rad/s^2 ends at 1 rad after 1 s; back to 0.75 rad: 0.25 rad in 2 * sqrt(0.125 / (2 / 2)) s.
    glide = glide_to(0.75, 5.0, 2.0, start_s=0.0, angle=0.0, velocity=2.0)
    assert glide.at(1.0) == pytest.approx((1.0, 0.0), abs=1e-12)
    assert end_s(glide) == pytest.approx(1.0 + 2.0 * math.sqrt(0.125))


def test_faster_than_allowed_slows_down_first() -> None:
    # From 3 rad/s to 1 at 2 rad/s^2: 1 s and 2 rad; then 1 rad/s.
    glide = glide_to(5.0, 1.0, 2.0, start_s=0.0, angle=0.0, velocity=3.0)
    assert glide.at(1.0) == pytest.approx((2.0, 1.0))
    assert glide.at(2.0) == pytest.approx((3.0, 1.0))


def test_full_braking() -> None:
    # 3 rad/s at 20 rad/s^2: 0.15 s and 9 / 40 = 0.225 rad.
    for sign in (1.0, -1.0):
        glide = glide_to_stop(20.0, start_s=1.0, angle=0.5, velocity=sign * 3.0)
        assert glide.at(1.15) == pytest.approx((0.5 + sign * 0.225, 0.0), abs=1e-12)
        assert glide.target == pytest.approx(0.5 + sign * 0.225)
    assert stopping_way(-3.0, 20.0) == -0.225


def test_a_target_without_end_is_cruised_to_for_ever() -> None:
    glide = glide_to(-math.inf, 2.0, 4.0, start_s=0.0, angle=1.0, velocity=0.0)
    # 0.5 s and 0.5 rad of run-up.
    assert glide.at(100.5) == pytest.approx((1.0 - 0.5 - 200.0, -2.0))


def test_seconds_since_1970_cost_no_precision() -> None:
    epoch_s = 1.7e9
    near, far = (glide_to(2.0, 1.0, 2.0, start_s=start, angle=0.0, velocity=0.0) for start in (0.0, epoch_s))
    for time_s in np.linspace(0.0, 3.0, 31):
        since_s = float((epoch_s + time_s) - epoch_s)  # what is left of the time in a float
        assert far.at(epoch_s + float(time_s)) == pytest.approx(near.at(since_s), abs=1e-12)


@settings(deadline=None, max_examples=300)
@given(angles, velocities, angles, speeds, accelerations)
def test_every_glide_is_continuous_bounded_and_ends_at_its_target(
    angle: float, velocity: float, target: float, speed: float, acceleration: float
) -> None:
    glide = glide_to(target, speed, acceleration, start_s=0.0, angle=angle, velocity=velocity)
    assert glide.at(0.0) == pytest.approx((angle, velocity), abs=1e-9)
    before = (angle, velocity)
    for stretch in glide.stretches:
        assert (stretch.angle, stretch.velocity) == pytest.approx(before, abs=1e-7)
        assert abs(stretch.acceleration) <= acceleration
        before = stretch.at(stretch.start_s + stretch.duration_s)
        # Behind the first stretch, which may bring a velocity down, the speed keeps to its bound.
        assert abs(before[1]) <= speed + 1e-9
    assert before == pytest.approx((target, 0.0), abs=1e-6)
    assert glide.at(end_s(glide) + 1.0) == (target, 0.0)


@settings(deadline=None, max_examples=200)
@given(angles, velocities, angles, accelerations)
def test_a_glide_never_goes_beyond_its_target_and_the_place_where_it_could_stop(
    angle: float, velocity: float, target: float, acceleration: float
) -> None:
    glide = glide_to(target, 3.0, acceleration, start_s=0.0, angle=angle, velocity=velocity)
    ends = [angle, target, angle + stopping_way(velocity, acceleration)]
    for time_s in np.linspace(0.0, end_s(glide), 50):
        assert min(ends) - 1e-9 <= glide.at(float(time_s))[0] <= max(ends) + 1e-9
