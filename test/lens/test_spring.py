"""The free oscillator against an independent integration, and its zeros against its own values."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from auxfocus_ros.lens.spring import Spring

springs = st.builds(Spring, st.floats(1.0, 1000.0), st.one_of(st.floats(0.01, 10.0), st.just(1.0), st.floats(0.999999, 1.000001)))
relaxed = settings(deadline=None, max_examples=150)


@given(springs, st.floats(-1000, 1000), st.floats(-1e5, 1e5), st.floats(0, 30))
@relaxed
def test_is_the_solution(spring: Spring, place: float, velocity: float, turns: float) -> None:
    """The matrix exponential of the equation as a first-order system, which knows no cases of damping."""
    w, z = spring.frequency_rad_per_s, spring.damping_ratio
    time_s = turns / w / max(z, 1.0)
    # scaled to unit frequency, so that the matrix is well conditioned
    matrix = np.array([[0.0, 1.0], [-1.0, -2 * z]])
    expected = expm(matrix * (w * time_s)) @ np.array([place, velocity / w])
    found = spring.after(place, velocity, time_s)
    scale = abs(place) + abs(velocity) / w + 1e-9
    assert found[0] == pytest.approx(expected[0], abs=1e-9 * scale)
    assert found[1] / w == pytest.approx(expected[1], abs=1e-9 * scale)


@given(springs, st.floats(-1000, 1000), st.floats(-1e5, 1e5), st.floats(0.1, 40))
@example(Spring(500.0, 0.1), 0.0, 0.0, 10.0)
@example(Spring(500.0, 1.0), 1.0, -500.0, 10.0)  # falls to zero for ever
@relaxed
def test_no_zero_is_overlooked(spring: Spring, place: float, velocity: float, turns: float) -> None:
    until_s = turns / spring.frequency_rad_per_s
    zeros = spring.zeros_s(place, velocity, until_s)
    assert zeros == sorted(zeros) and all(0 < zero < until_s for zero in zeros)
    signs = np.sign([spring.after(place, velocity, t)[0] for t in np.linspace(0, until_s, 2000)[1:-1]])
    seen = sum(1 for a, b in itertools.pairwise(signs) if a * b < 0)
    assert seen <= len(zeros) <= seen + 2  # one close to each end may fall between the samples
    scale = abs(place) + abs(velocity) / spring.frequency_rad_per_s
    for zero in zeros:
        assert abs(spring.after(place, velocity, zero)[0]) <= 1e-7 * scale


@given(springs, st.floats(-1000, 1000), st.floats(-1e5, 1e5), st.floats(1e-6, 100))
@relaxed
def test_stays_within(spring: Spring, place: float, velocity: float, distance: float) -> None:
    begins_s = spring.stays_within_s(place, velocity, distance)
    later = [spring.after(place, velocity, begins_s + k * 0.05 / spring.frequency_rad_per_s)[0] for k in range(400)]
    assert max(abs(y) for y in later) <= distance * (1 + 1e-9)


def test_by_hand() -> None:
    # undamped but for a trace: a quarter turn takes 1 to 0 and the speed to -w
    place, velocity = Spring(2.0, 1e-9).after(1.0, 0.0, math.pi / 4)
    assert (place, velocity) == pytest.approx((0.0, -2.0), abs=1e-6)
    # critical: (1 + w t) exp(-w t)
    assert Spring(2.0, 1.0).after(1.0, 0.0, 1.0)[0] == pytest.approx(3 * math.exp(-2.0))
    # the overshoot of a step at a ratio of 0.5 is exp(-pi / sqrt(3)) = 16.3 %
    assert Spring(2.0, 0.5).overshoot == pytest.approx(0.16303, abs=1e-5)
    assert Spring(2.0, 1.5).overshoot == 0.0
