"""The simulated voice coil without faults: how it moves, where it rests, and when it says that it has settled."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.lens import Fault, SimulatedVoiceCoil, VoiceCoilConfig

PLAIN = VoiceCoilConfig(hysteresis_steps=0.0, sag_steps=0.0)
W = 2 * math.pi * 80.0
RANGE = (450.0, 1000.0)

configs = st.builds(
    VoiceCoilConfig,
    natural_frequency_hz=st.floats(20, 200),
    damping_ratio=st.one_of(st.floats(0.05, 3.0), st.just(1.0)),
    speed_steps_per_s=st.sampled_from([0.0, 500.0, 20000.0]),
    resolution_steps=st.just(0.0),
    hysteresis_steps=st.floats(0, 30),
    sag_steps=st.floats(-150, 150),
    settle_tolerance_steps=st.floats(0.2, 10),
    closed_loop=st.booleans(),
)
# (what, value, seconds until the next)
commands = st.lists(
    st.tuples(st.sampled_from(["move", "slow", "stop", "tilt", "drift"]), st.floats(0, 1), st.floats(0, 0.15)),
    min_size=1,
    max_size=7,
)
relaxed = settings(deadline=None, max_examples=60)


def carry_out(coil: SimulatedVoiceCoil, what: str, share: float, now_s: float) -> None:
    """Give one command; `share` (0 to 1) of the range of what it takes."""
    if what in ("move", "slow"):
        coil.move_to(RANGE[0] + share * (RANGE[1] - RANGE[0]), now_s, 800.0 if what == "slow" else 0.0)
    elif what == "stop":
        coil.stop(now_s)
    else:
        coil.set_tilt((share - 0.5) * math.pi, now_s, 0.03 if what == "drift" else 0.0)


class Reference:
    """The same glass, integrated by scipy from the equation alone, with a current, a hysteresis and a sag of its own."""

    def __init__(self, config: VoiceCoilConfig, position: float) -> None:
        self.config = config
        share = config.closed_loop_residual if config.closed_loop else 1.0
        self.zeta = config.closed_loop_damping_ratio if config.closed_loop else config.damping_ratio
        self.w = 2 * math.pi * config.natural_frequency_hz
        self.width, self.sag_steps = share * config.hysteresis_steps, share * config.sag_steps
        self.state = [position, 0.0]
        self.current = self.goal = self.held = position
        self.rate = math.inf
        self.sag = self.sag_goal = 0.0
        self.sag_rate = math.inf

    def command(self, what: str, share: float) -> None:
        if what in ("move", "slow"):
            bounds = [v for v in (self.config.speed_steps_per_s, 800.0 if what == "slow" else 0.0) if v > 0]
            z = self.zeta
            swing = math.exp(-math.pi * z / math.sqrt(1 - z * z)) if z < 1 else 0.0
            self.goal, self.rate = RANGE[0] + share * (RANGE[1] - RANGE[0]), min(bounds, default=math.inf) / (1 + swing)
        elif what == "stop":
            self.goal, self.rate = self.current, math.inf
        else:
            self.sag_goal = self.sag_steps * math.sin((share - 0.5) * math.pi)
            self.sag_rate = abs(self.sag_goal - self.sag) / 0.03 if what == "drift" else math.inf

    @staticmethod
    def _ramp(begin: float, end: float, rate: float, t: float) -> float:
        if math.isinf(rate):
            return end
        return min(begin + rate * t, end) if end >= begin else max(begin - rate * t, end)

    def _inputs(self, t: float) -> tuple[float, float, float]:
        current = self._ramp(self.current, self.goal, self.rate, t)
        held = max(self.held, current) if current >= self.current else min(self.held, current + self.width)
        return current, held, self._ramp(self.sag, self.sag_goal, self.sag_rate, t)

    def run(self, duration_s: float, times: np.ndarray) -> np.ndarray:
        """Places at times in [0, duration_s]; then go on from the end."""

        def slope(t: float, y: np.ndarray) -> list[float]:
            _, held, sag = self._inputs(t)
            return [y[1], self.w**2 * (held + sag - y[0]) - 2 * self.zeta * self.w * y[1]]

        if duration_s == 0:
            places = np.full(len(times), self.state[0])
            run_end = self.state
        else:
            run = solve_ivp(slope, (0, duration_s), self.state, rtol=1e-8, atol=1e-7, dense_output=True, max_step=0.5 / self.w)
            places, run_end = run.sol(times)[0], list(run.y[:, -1])
        current, held, sag = self._inputs(duration_s)
        self.current, self.held, self.sag, self.state = current, held, sag, run_end
        return places


@given(configs, commands)
@example(VoiceCoilConfig(), [("move", 0.9, 0.004), ("move", 0.1, 0.02), ("tilt", 1.0, 0.01)])
@relaxed
def test_against_an_integrator(config: VoiceCoilConfig, todo: list[tuple[str, float, float]]) -> None:
    """Every place on the way, and the time to settle, over any row of commands, each given while the one before is under way."""
    coil, other = SimulatedVoiceCoil(config, 700.0, 5.0), Reference(config, 700.0)
    now_s = 5.0
    for what, share, wait_s in todo:
        carry_out(coil, what, share, now_s)
        other.command(what, share)
        times = np.linspace(0, wait_s, 20)
        found = [coil.state(now_s + t).position_steps for t in times]
        np.testing.assert_allclose(found, other.run(wait_s, times), atol=0.02)
        now_s += wait_s

    # A last move, to its end: what it returns, what the state says and what the integrator sees are one.
    bound_s = coil.move_to(620.0, now_s)
    other.goal, other.rate = 620.0, math.inf
    if config.speed_steps_per_s > 0:
        other.command("move", (620.0 - RANGE[0]) / (RANGE[1] - RANGE[0]))
    rest_s = bound_s + 30.0 / (other.w * min(other.zeta, 1 / (2 * other.zeta)))
    times = np.linspace(0, rest_s, 6000)
    places = other.run(rest_s, times)
    rest = other.held + other.sag
    tolerance = config.settle_tolerance_steps
    outside = times[np.abs(places - rest) > tolerance]
    state = coil.state(now_s + rest_s)
    assert state.position_steps == pytest.approx(rest, abs=0.02)
    assert not state.moving and state.settled_at_s is not None
    if len(outside):
        # as sharp as the samples, and as the integrator at a place where it grazes the tolerance
        grazes = np.abs(np.abs(places - rest) - tolerance) < 0.03
        near = np.concatenate([times[grazes], [outside[-1]]])
        assert np.min(np.abs(near - (state.settled_at_s - now_s))) <= 2 * times[1]
        assert coil.state(now_s).settles_in_s == pytest.approx(state.settled_at_s - now_s)
        assert bound_s == pytest.approx(state.settled_at_s - now_s, abs=1e-5)


@given(configs, commands)
@relaxed
def test_settled_means_settled(config: VoiceCoilConfig, todo: list[tuple[str, float, float]]) -> None:
    """Whenever it is said to be settled, the glass has been within the tolerance about one place since the time that is said."""
    coil = SimulatedVoiceCoil(config, 700.0, 0.0, RANGE)
    now_s, seen = 0.0, []
    for what, share, wait_s in todo:
        carry_out(coil, what, share, now_s)
        for k in range(21):
            state = coil.state(now_s + wait_s * k / 20)
            seen.append(state)
            assert state.settled_at_s is None or state.settled_at_s <= state.known_at_s
            assert state.moving == (state.settles_in_s > 0)
            if not state.moving:
                since_s = -1.0 if state.settled_at_s is None else state.settled_at_s
                places = [s.position_steps for s in seen if s.known_at_s >= since_s]
                assert max(places) - min(places) <= 2 * config.settle_tolerance_steps + 1e-6
        now_s += wait_s


def test_a_move_as_it_goes() -> None:
    # 100 steps at a ratio of 0.13, in the loose reckoning of the envelope: within 3 steps after ln(100 / 3) / (0.13 w) = 54 ms,
    # half a turn earlier at the earliest
    coil = SimulatedVoiceCoil(PLAIN, 600.0, 10.0)
    state = coil.state(10.0)
    assert (state.position_steps, state.moving, state.settled_at_s, state.fault) == (600.0, False, None, Fault.NONE)
    bound_s = coil.move_to(700.0, 10.0)
    assert 0.048 <= bound_s <= 0.054
    # the first swing: half a turn later it is past the goal by exp(-pi z / sqrt(1 - z^2)) = 66 %, with no speed
    half_s = math.pi / (W * math.sqrt(1 - 0.13**2))
    state = coil.state(10.0 + half_s)
    assert (state.position_steps, state.velocity_steps_per_s) == pytest.approx((766.24, 0.0), abs=0.01)
    assert (state.goal_steps, state.moving, state.settled_at_s) == (700.0, True, None)
    assert state.settles_in_s == pytest.approx(bound_s - half_s, abs=1e-5)
    state = coil.state(10.0 + bound_s)
    assert (state.moving, state.settles_in_s) == (False, 0.0)
    assert math.isnan(state.goal_steps)
    assert state.settled_at_s == pytest.approx(10.0 + bound_s, abs=1e-5)
    assert abs(state.position_steps - 700.0) <= 3.0
    assert coil.state(11.0).position_steps == pytest.approx(700.0)

    # no motion is no new rest, and neither is one within the tolerance
    coil.move_to(700.0, 20.0)
    coil.move_to(701.0, 21.0)
    assert not coil.state(21.0).moving
    assert coil.state(22.0).settled_at_s == state.settled_at_s
    assert coil.state(22.0).position_steps == pytest.approx(701.0)


@pytest.mark.parametrize("damping", [0.05, 0.13, 0.7, 1.0, 1.4, 5.0])
def test_the_time_to_settle_is_no_constant(damping: float) -> None:
    times = []
    for goal in (605.0, 650.0, 950.0):
        config = VoiceCoilConfig(damping_ratio=damping, hysteresis_steps=0.0)
        times.append(SimulatedVoiceCoil(config, 600.0, 0.0).move_to(goal, 0.0))
    assert times[0] < times[1] < times[2]


def test_take_over_keeps_the_speed() -> None:
    coil = SimulatedVoiceCoil(PLAIN, 600.0, 0.0)
    coil.move_to(900.0, 0.0)
    before = coil.state(0.004)
    coil.move_to(500.0, 0.004)
    after = coil.state(0.004)
    assert (after.position_steps, after.velocity_steps_per_s) == pytest.approx(
        (before.position_steps, before.velocity_steps_per_s)
    )
    assert before.velocity_steps_per_s > 50_000
    assert coil.state(0.0041).position_steps > before.position_steps  # it cannot turn at once
    assert coil.state(1.0).position_steps == pytest.approx(500.0)


def test_rising_and_falling_reach_different_places() -> None:
    # a width of 10: exact when rising, 10 high when falling, and in between nothing moves
    coil = SimulatedVoiceCoil(VoiceCoilConfig(hysteresis_steps=10.0), 700.0, 0.0)
    places = []
    for k, goal in enumerate([800.0, 750.0, 757.0, 761.0, 700.0]):
        coil.move_to(goal, float(k))
        places.append(coil.state(k + 0.9).position_steps)
    assert places == pytest.approx([800.0, 760.0, 760.0, 761.0, 710.0], abs=1e-6)
    assert coil.state(9.0).fault is Fault.NONE


def test_tilt_makes_it_sag() -> None:
    # sin(30 deg) = 0.5: 55 of 110 steps
    coil = SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0)
    coil.set_tilt(math.pi / 6, 1.0)
    state = coil.state(1.0)
    assert (state.position_steps, state.moving, state.settled_at_s) == (700.0, True, None)
    assert math.isnan(state.goal_steps)  # the driver does not want it
    assert 0.02 < state.settles_in_s < 0.06
    settled = coil.state(2.0)
    assert settled.position_steps == pytest.approx(755.0)
    assert settled.settled_at_s == pytest.approx(1.0 + state.settles_in_s)
    # straight down, straight up, and level again
    coil.set_tilt(math.pi / 2, 3.0)
    assert coil.state(4.0).position_steps == pytest.approx(810.0)
    coil.set_tilt(-math.pi / 2, 4.0)
    assert coil.state(5.0).position_steps == pytest.approx(590.0)
    coil.set_tilt(0.0, 5.0)
    assert coil.state(6.0).position_steps == pytest.approx(700.0)
    # a goal under way stays the goal
    coil.move_to(800.0, 7.0)
    coil.set_tilt(math.pi / 6, 7.01)
    assert coil.state(7.02).goal_steps == 800.0
    assert coil.state(8.0).position_steps == pytest.approx(855.0)


def test_a_slow_tilt_rings_less_than_a_jump() -> None:
    swings = []
    for over_s in (0.0, 0.1):
        coil = SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0)
        coil.set_tilt(math.pi / 6, 0.0, over_s)
        swings.append(max(coil.state(0.0005 * k).position_steps for k in range(600)) - 755.0)
        assert coil.state(2.0).position_steps == pytest.approx(755.0)
    assert swings[0] == pytest.approx(0.6624 * 55.0, abs=0.2)  # the overshoot of the step
    assert swings[1] < 5.0


def test_a_gimbal_that_turns_slowly_takes_the_rest_with_it() -> None:
    # each reading moves the rest place by less than the tolerance: it is never under way, but its rest is renewed on the way
    coil = SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0)
    stamps = set()
    for k in range(200):
        now_s = 0.02 * k
        coil.set_tilt(0.005 * k, now_s, 0.02)
        state = coil.state(now_s)
        assert not state.moving
        stamps.add(state.settled_at_s)
    # 110 sin(0.995) = 92.3 steps in pieces of 3 to 4
    assert 20 <= len(stamps) <= 35


def test_a_closed_loop_leaves_a_residual() -> None:
    config = VoiceCoilConfig(closed_loop=True, closed_loop_residual=0.1, hysteresis_steps=10.0, sag_steps=100.0)
    coil, free = SimulatedVoiceCoil(config, 700.0, 0.0), SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0)
    assert coil.move_to(900.0, 0.0) < 0.5 * free.move_to(900.0, 0.0)
    assert coil.state(1.0).position_steps == pytest.approx(900.0)
    coil.move_to(800.0, 1.0)
    assert coil.state(2.0).position_steps == pytest.approx(801.0)
    coil.set_tilt(math.pi / 2, 2.0)
    assert coil.state(3.0).position_steps == pytest.approx(811.0)


@pytest.mark.parametrize("damping", [0.05, 0.13, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(
    ("own", "asked", "bound"), [(500.0, 0.0, 500.0), (0.0, 300.0, 300.0), (500.0, 300.0, 300.0), (500.0, 900.0, 500.0)]
)
def test_a_bound_on_the_speed_holds(damping: float, own: float, asked: float, bound: float) -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(damping_ratio=damping, speed_steps_per_s=own), 600.0, 0.0)
    duration_s = coil.move_to(900.0, 0.0, asked)
    assert 297.0 / bound < duration_s < 2.0 * 300.0 / bound + 0.3
    for goal, start_s in ((900.0, 0.0), (650.0, 10.0)):
        if start_s:
            coil.move_to(goal, start_s, asked)
        speeds = [abs(coil.state(start_s + 0.001 * k).velocity_steps_per_s) for k in range(2500)]
        assert 0.5 * bound < max(speeds) <= bound * (1 + 1e-9)


def test_stop_leaves_the_current_as_it_is() -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(damping_ratio=1.0), 600.0, 0.0)
    coil.move_to(900.0, 0.0, 100.0)
    coil.stop(1.0)
    state = coil.state(1.0)  # it lags by less than the tolerance: settled at once
    assert (state.moving, state.settled_at_s) == (False, 1.0)
    assert coil.state(3.0).position_steps == pytest.approx(700.0)
    # without a ramp the current is at the goal already
    coil.move_to(650.0, 4.0)
    coil.stop(4.001)
    assert coil.state(5.0).position_steps == pytest.approx(660.0)  # falling: 10 high


def test_end_stops() -> None:
    # 50 beyond the range: the swing to 1000 + 66 % of 550 is cut at 1050
    coil = SimulatedVoiceCoil(VoiceCoilConfig(hysteresis_steps=0.0), 450.0, 0.0, RANGE)
    coil.move_to(1000.0, 0.0)
    places = [coil.state(0.0002 * k).position_steps for k in range(500)]
    assert 1049.0 < max(places) <= 1050.0 + 1e-6
    assert coil.state(1.0).position_steps == pytest.approx(1000.0)
    # the sag of a camera that looks down presses the glass against the stop
    coil.set_tilt(math.pi / 2, 1.0)
    state = coil.state(2.0)
    assert (state.position_steps, state.velocity_steps_per_s, state.moving) == (pytest.approx(1050.0, abs=1e-6), 0.0, False)


def test_the_current_has_steps() -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(resolution_steps=4.0), 600.0, 0.0)
    coil.move_to(701.9, 0.0)
    assert coil.state(0.0).goal_steps == 700.0
    coil.move_to(702.1, 1.0)
    assert coil.state(1.5).position_steps == pytest.approx(704.0)


def test_looking_changes_nothing() -> None:
    one, other = (SimulatedVoiceCoil(VoiceCoilConfig(), 600.0, 0.0, RANGE) for _ in range(2))
    for coil in (one, other):
        coil.move_to(900.0, 0.0)
        coil.set_tilt(0.3, 0.01, 0.02)
        coil.move_to(500.0, 0.02)
    for k in range(100):
        one.state(0.02 + 0.003 * k)
    assert one.state(0.05) == other.state(0.05)
    assert one.state(9.0) == other.state(9.0)


def test_one_second_of_joint_states_at_1_khz() -> None:
    # the plan of every reading starts at the last one's state, so that nothing adds up
    config = VoiceCoilConfig(hysteresis_steps=0.0)
    coil = SimulatedVoiceCoil(config, 700.0, 0.0)
    for k in range(1001):
        coil.set_tilt(0.5 * math.sin(0.001 * k), 0.001 * k, 0.001)
    seen = [coil.state(1.0 + 0.001 * k).position_steps for k in range(500)]
    rest = 700.0 + 110.0 * math.sin(0.5 * math.sin(1.0))
    assert seen[-1] == pytest.approx(rest, abs=1e-6)
    assert all(abs(a - b) < 1.0 for a, b in itertools.pairwise(seen))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"natural_frequency_hz": 0.0}, "natural_frequency_hz is 0, it must be 1 to 1000 Hz"),
        (
            {"damping_ratio": 0.0, "hysteresis_steps": -1.0},
            "damping_ratio is 0.*hysteresis_steps is -1, it must be 0 to 1000 steps",
        ),
        ({"closed_loop": 1}, "closed_loop is 1, it must be true or false"),
        ({"settle_tolerance_steps": math.nan}, "settle_tolerance_steps is nan"),
    ],
)
def test_configurations_that_cannot_be(values: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"voice coil: .*{words}"):
        VoiceCoilConfig(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("position", [math.nan, math.inf, 2000.0])
def test_a_start_that_cannot_be(position: float) -> None:
    with pytest.raises(ConfigurationError, match=r"initial position is .* 400 to 1050"):
        SimulatedVoiceCoil(VoiceCoilConfig(), position, 0.0, RANGE)


@pytest.mark.parametrize("tilt", [math.nan, math.inf])
def test_a_tilt_that_cannot_be(tilt: float) -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0)
    with pytest.raises(InputError, match="the tilt is"):
        coil.set_tilt(tilt, 1.0)
    assert coil.state(2.0).position_steps == 700.0
