"""The way of the glass: end stops by hand and against an independent integration, and the time to settle against a search."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from auxfocus_ros.lens.spring import Spring
from auxfocus_ros.lens.spring_path import Pull, held_path, spring_path

FREE = (-math.inf, math.inf)
relaxed = settings(deadline=None, max_examples=60)


def reference(
    start: tuple[float, float], pulls: list[Pull], spring: Spring, stops: tuple[float, float], times: np.ndarray
) -> np.ndarray:
    """Places at rising times, by scipy's integrator, stopped at each stop and let go again once the spring pulls away from it."""
    w, z = spring.frequency_rad_per_s, spring.damping_ratio

    def wants(time_s: float) -> float:
        pull = [pull for pull in pulls if pull.start_s <= time_s][-1]
        return pull.place + pull.rate * (time_s - pull.start_s)

    def slope(time_s: float, y: np.ndarray) -> list[float]:
        return [y[1], w * w * (wants(time_s) - y[0]) - 2 * z * w * y[1]]

    def leaves(time_s: float, y: np.ndarray) -> float:
        return min(y[0] - stops[0], stops[1] - y[0]) + 1e-7

    leaves.terminal = True  # type: ignore[attr-defined]
    found = np.empty(len(times))
    corners = sorted({pull.start_s for pull in pulls[1:]} | {times[-1] + 1e-9})
    now_s, state, step_s = 0.0, list(start), 0.02 / w
    while now_s < times[-1]:
        end_s = next(corner for corner in corners if corner > now_s)
        at_stop = [stop for stop in stops if abs(state[0] - stop) < 1e-6]
        if (
            at_stop
            and state[1] * (1 if at_stop[0] == stops[1] else -1) >= 0
            and (wants(now_s) > stops[1] if at_stop[0] == stops[1] else wants(now_s) < stops[0])
        ):
            end_s = min(end_s, now_s + step_s)  # held, looked at again soon
            found[(times >= now_s) & (times < end_s)] = at_stop[0]
            now_s, state = end_s, [at_stop[0], 0.0]
            continue
        run = solve_ivp(slope, (now_s, end_s), state, events=leaves, rtol=1e-9, atol=1e-9, dense_output=True, max_step=1 / w)
        here = (times >= now_s) & (times < run.t[-1])
        if here.any():
            found[here] = run.sol(times[here])[0]
        state = list(run.y[:, -1])
        if run.status == 1:
            state = [min(max(state[0], stops[0]), stops[1]), 0.0]
        now_s = float(run.t[-1])
    return found


rows = st.lists(st.tuples(st.floats(0.2, 12.0), st.floats(-60, 60)), min_size=0, max_size=3)


@given(
    st.builds(Spring, st.floats(10, 600), st.floats(0.05, 3.0)),
    st.tuples(st.floats(-40, 40), st.floats(-5, 5)),
    rows,
    st.floats(-60, 60),
    st.booleans(),
)
@example(Spring(100.0, 0.1), (0.0, 0.0), [(6.0, 60.0), (6.0, -60.0)], 0.0, True)
@relaxed
def test_against_an_integrator(
    spring: Spring, start: tuple[float, float], corners: list[tuple[float, float]], last: float, stopped: bool
) -> None:
    """Any row of straight pulls, with and without end stops at +-45."""
    place, speed = start
    w = spring.frequency_rad_per_s
    stops = (-45.0, 45.0) if stopped else FREE
    starts = np.concatenate([[0.0], np.cumsum([turns / w for turns, _ in corners])])
    ends = [value for _, value in corners]
    begins = [place, *ends]
    pulls = [
        Pull(float(starts[k]), begins[k], (ends[k] - begins[k]) / float(starts[k + 1] - starts[k])) for k in range(len(corners))
    ]
    pulls.append(Pull(float(starts[-1]), last))
    path = spring_path(place, speed * w, pulls, spring, stops)
    times = np.linspace(0, float(starts[-1]) + 30.0 / w / min(1.0, spring.damping_ratio), 400)
    found = np.array([path.at(t)[0] for t in times])
    # the integrator looks at a held glass every 0.02 / w
    np.testing.assert_allclose(found, reference((place, speed * w), pulls, spring, stops, times), atol=0.2 if stopped else 1e-4)
    assert np.all(found >= stops[0] - 1e-8) and np.all(found <= stops[1] + 1e-8)
    assert path.rest == min(max(last, stops[0]), stops[1])

    # the time to settle: inside from there on, outside just before
    for tolerance in (0.5, 7.0):
        settled_s = path.settled_s(path.rest, tolerance)
        later = [path.at(settled_s + k * 0.02 / w)[0] for k in range(1000)]
        assert max(abs(x - path.rest) for x in later) <= tolerance * (1 + 1e-9) + 1e-8
        if settled_s > 0:
            assert abs(path.at(settled_s * (1 - 1e-9) - 1e-9 / w)[0] - path.rest) >= tolerance * (1 - 1e-5) - 1e-8


def test_a_stop_takes_the_speed_and_holds() -> None:
    # undamped but for a trace, pulled from 0 to 10: without a stop it would swing to 20; a stop at 15 takes its speed, and from
    # there it swings between 15 and 5
    spring = Spring(10.0, 0.01)
    path = spring_path(0.0, 0.0, [Pull(0.0, 10.0)], spring, (-100.0, 15.0))
    struck_s = math.acos(-0.5) / 10  # 10 - 10 cos(w t) = 15
    assert path.at(struck_s * 0.98)[0] < 15.0
    assert path.at(struck_s * 1.05)[0] == pytest.approx(15.0, abs=0.1)
    assert path.at(struck_s + math.pi / 10)[0] == pytest.approx(5.0, abs=0.3)
    assert path.rest == 10.0

    # pulled beyond a stop it stays there, and comes back when the pull does: at t = 1 the pull turns from 20 and passes 15 at 1.5
    pulls = [Pull(0.0, 20.0), Pull(1.0, 20.0, -10.0), Pull(2.0, 10.0)]
    path = spring_path(15.0, 0.0, pulls, spring, (-100.0, 15.0))
    assert [path.at(t) for t in (0.0, 0.5, 1.0, 1.49)] == [(15.0, 0.0)] * 4
    assert path.at(1.6)[0] < 15.0
    assert path.settled_s(15.0, 1.0) == math.inf


def test_on_a_stop_by_rounding() -> None:
    # a pull that is beyond the stop by less than rounding neither hangs the plan nor moves the glass
    for beyond in (0.0, 1e-12, 5e-10, 1e-9, 2e-9):
        for rate in (0.0, 1e-6, -1e-6, 1e7, -1e7):
            pulls = [Pull(0.0, 15.0 + beyond, rate), Pull(1e-3, 15.0 + beyond + 1e-3 * rate)]
            path = spring_path(15.0, 0.0, pulls, Spring(500.0, 0.1), (-1e6, 15.0))
            assert path.at(0.0)[0] == pytest.approx(15.0)
            assert path.rest <= 15.0


def test_held() -> None:
    path = held_path(7.0)
    assert path.at(3.0) == (7.0, 0.0)
    assert path.settled_s(7.0, 0.1) == 0.0
    assert path.settled_s(8.0, 0.1) == math.inf


def test_settling_by_hand() -> None:
    # critical damping from 1 with no speed: (1 + w t) exp(-w t) = 0.1 at w t = 3.8897
    path = spring_path(1.0, 0.0, [Pull(0.0, 0.0)], Spring(100.0, 1.0), FREE)
    assert path.settled_s(0.0, 0.1) == pytest.approx(0.038897, abs=1e-6)
    assert path.settled_s(0.0, 1.0) == 0.0
    # a slow ramp, much damped: it lags by 2 zeta rate / w = 0.2 x 10, and is inside the tolerance of its end before it is there
    path = spring_path(0.0, 0.0, [Pull(0.0, 0.0, 10.0), Pull(10.0, 100.0)], Spring(10.0, 1.0), FREE)
    assert path.at(5.0) == pytest.approx((48.0, 10.0))
    assert path.settled_s(100.0, 5.0) == pytest.approx(9.7, abs=1e-6)
