"""Trapezoidal profiles: worked by hand, then the bounds for any start and target."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.lens.profile import Profile, plan_profile, plan_stop

positions = st.floats(-3000, 3000)
velocities = st.floats(-5000, 5000)
speeds = st.floats(1, 5000)
accelerations = st.floats(10, 1e5)
relaxed = settings(deadline=None, max_examples=100)


def test_trapezoid() -> None:
    # 100 steps/s and 100 steps/s^2: 1 s up (50 steps), 1 s cruise (100), 1 s down (50)
    profile = plan_profile(0.0, 0.0, 200.0, 100.0, 100.0)
    assert profile.duration_s == pytest.approx(3.0)
    assert profile.at(1.0) == pytest.approx((50.0, 100.0))
    assert profile.at(1.5) == pytest.approx((100.0, 100.0))
    assert profile.at(2.5) == pytest.approx((187.5, 50.0))
    assert profile.at(3.0) == (200.0, 0.0)
    assert profile.turning_times_s() == (profile.duration_s,)


def test_triangle() -> None:
    # sqrt(100 * 25) = 50 steps/s are reached in the middle after 0.5 s
    profile = plan_profile(10.0, 0.0, -15.0, 100.0, 100.0)
    assert profile.duration_s == pytest.approx(1.0)
    assert profile.at(0.5) == pytest.approx((-2.5, -50.0))


def test_turns_back() -> None:
    # at 50 with 100 steps/s: brakes 1 s to 100, then a triangle of 1 s + 1 s back to 0
    profile = plan_profile(50.0, 100.0, 0.0, 100.0, 100.0)
    assert profile.duration_s == pytest.approx(3.0)
    assert profile.at(1.0) == pytest.approx((100.0, 0.0))
    assert profile.turning_times_s() == pytest.approx((1.0, 3.0))
    assert profile.leaves_at_s(-math.inf, 87.5, 0.0) == pytest.approx(0.5)  # 50 + 100 t - 50 t^2 = 87.5
    assert profile.leaves_at_s(50.0, math.inf, 0.2) == pytest.approx(2.0)  # the middle of the way back
    assert profile.leaves_at_s(-1.0, 101.0, 0.0) == math.inf


def test_too_fast_for_a_lower_bound() -> None:
    # from 100 steps/s down to 50 in 0.5 s (37.5 steps), 25 steps cruise in 0.5 s, 12.5 steps brake in 0.5 s
    profile = plan_profile(0.0, 100.0, 75.0, 50.0, 100.0)
    assert profile.duration_s == pytest.approx(1.5)
    assert profile.at(0.5) == pytest.approx((37.5, 50.0))


def test_nothing_to_do() -> None:
    assert plan_profile(7.0, 0.0, 7.0, 100.0, 100.0).phases == ()
    assert Profile((), 7.0).at(0.0) == (7.0, 0.0)
    assert Profile((), 7.0).leaves_at_s(6.0, 8.0, 0.0) == math.inf


@given(positions, velocities, positions, speeds, accelerations)
@relaxed
def test_bounds_and_continuity(position: float, velocity: float, target: float, speed: float, acceleration: float) -> None:
    profile = plan_profile(position, velocity, target, speed, acceleration)
    assert profile.at(profile.duration_s) == (target, 0.0)
    if not profile.phases:
        return
    bound = max(speed, abs(velocity))
    here = (position, velocity)
    for phase in profile.phases:
        assert (phase.position, phase.velocity) == pytest.approx(here, abs=1e-6)
        here = phase.at(phase.end_s)
        assert abs(phase.acceleration) <= acceleration
        assert max(abs(phase.velocity), abs(here[1])) <= bound * (1 + 1e-9) + 1e-6
    assert here == pytest.approx((target, 0.0), abs=1e-4)
    # once it has come down to the bound, it stays there
    settled = profile.after(max(abs(velocity) - speed, 0.0) / acceleration + 1e-9)
    assert all(abs(phase.velocity) <= speed * (1 + 1e-6) + 1e-3 for phase in settled.phases)


@given(
    position=positions,
    velocity=velocities,
    target=positions,
    speed=speeds,
    acceleration=accelerations,
    part=st.floats(0, 1),
)
@relaxed
def test_the_rest_of_a_profile(
    *, position: float, velocity: float, target: float, speed: float, acceleration: float, part: float
) -> None:
    profile = plan_profile(position, velocity, target, speed, acceleration)
    cut = part * profile.duration_s
    rest = profile.after(cut)
    assert rest.duration_s == pytest.approx(profile.duration_s - cut, abs=1e-9)
    for k in range(5):
        t = k / 4 * rest.duration_s
        assert rest.at(t)[0] == pytest.approx(profile.at(cut + t)[0], abs=1e-4)


@given(positions, velocities, accelerations, st.sampled_from([1.0, 0.5, 0.125]))
@relaxed
def test_stop_rests_on_a_step_soon(position: float, velocity: float, acceleration: float, step: float) -> None:
    profile = plan_stop(position, velocity, 5000.0, acceleration, step)
    if not profile.phases:
        assert profile.target == position
        return
    assert profile.target / step == pytest.approx(round(profile.target / step), abs=1e-9)
    brakes_at = position + velocity * abs(velocity) / (2 * acceleration)
    assert abs(profile.target - brakes_at) <= step + 1e-6
    # never later than braking, and one step's run besides
    assert profile.duration_s <= abs(velocity) / acceleration + 4 * math.sqrt(step / acceleration) + step / 1.0 + 1e-6
