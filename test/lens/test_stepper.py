"""The simulated stepper without faults: where it ends, how it gets there, and what it says of itself."""

import itertools
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens import Fault, SimulatedStepper, StepperConfig

PLAIN = StepperConfig(
    speed_steps_per_s=100.0, acceleration_steps_per_s2=100.0, settle_s=0.1, backlash_steps=0.0, compensation_steps=0.0
)

configs = st.builds(
    StepperConfig,
    speed_steps_per_s=st.floats(10, 5000),
    acceleration_steps_per_s2=st.floats(100, 50000),
    microsteps=st.sampled_from([1, 2, 16]),
    settle_s=st.floats(0, 0.1),
    backlash_steps=st.floats(0, 10),
    compensation_steps=st.floats(10, 15),
)
commands = st.lists(
    st.tuples(st.floats(1050, 2100), st.floats(0, 1.5), st.sampled_from(["move", "move", "slow", "stop"])), min_size=1, max_size=8
)
relaxed = settings(deadline=None, max_examples=100)


def carry_out(stepper: SimulatedStepper, todo: list[tuple[float, float, str]]) -> float:
    """Give the commands, each some time after the one before; the time at the end."""
    now = 0.0
    for position, wait, kind in todo:
        if kind == "stop":
            stepper.stop(now)
        else:
            stepper.move_to(position, now, 50.0 if kind == "slow" else 0.0)
        now += wait
    return now


def test_a_move_as_it_goes() -> None:
    stepper = SimulatedStepper(PLAIN, 1000.0, 10.0)
    state = stepper.state(10.0)
    assert (state.position_steps, state.moving, state.settled_at_s, state.fault) == (1000.0, False, None, Fault.NONE)
    assert math.isnan(state.goal_steps)

    assert stepper.move_to(1200.0, 10.0) >= 3.1  # 3 s of motion (test_profile.py) and 0.1 s to settle
    state = stepper.state(11.5)
    assert (state.position_steps, state.velocity_steps_per_s) == pytest.approx((1100.0, 100.0))
    assert (state.goal_steps, state.moving, state.settled_at_s) == (1200.0, True, None)
    assert state.settles_in_s == pytest.approx(1.6)

    settling = stepper.state(13.05)
    assert (settling.position_steps, settling.velocity_steps_per_s, settling.moving) == (1200.0, 0.0, True)
    state = stepper.state(13.2)
    assert (state.position_steps, state.moving, state.settles_in_s) == (1200.0, False, 0.0)
    assert state.settled_at_s == pytest.approx(13.1)

    # under way again, the last rest is still the last rest; and no motion is no new rest
    stepper.move_to(1100.0, 20.0)
    assert stepper.state(21.0).settled_at_s == pytest.approx(13.1)
    settled = stepper.state(30.0).settled_at_s
    stepper.move_to(1100.0, 40.0)
    assert stepper.state(40.0).settled_at_s == settled
    assert not stepper.state(40.0).moving


def test_looking_changes_nothing() -> None:
    one, other = (SimulatedStepper(StepperConfig(), 1500.0, 0.0) for _ in range(2))
    for stepper in (one, other):
        stepper.move_to(1200.0, 0.0)
        stepper.move_to(1900.0, 0.1)
    for k in range(100):
        one.state(0.1 + 0.003 * k)
    assert one.state(0.42) == other.state(0.42)
    assert one.state(9.0) == other.state(9.0)


def test_retarget_in_mid_move_does_not_jump() -> None:
    # at 1 s: 1050 with 100 steps/s; the new goal 1000 lies behind, so it brakes to 1100 first and turns
    stepper = SimulatedStepper(PLAIN, 1000.0, 0.0)
    stepper.move_to(1200.0, 0.0)
    stepper.move_to(1000.0, 1.0)
    assert stepper.state(1.0).position_steps == pytest.approx(1050.0)
    assert stepper.state(1.0).velocity_steps_per_s == pytest.approx(100.0)
    assert stepper.state(2.0).position_steps == pytest.approx(1100.0)
    assert stepper.state(4.0).position_steps == 1000.0


def test_stop_rests_where_braking_ends() -> None:
    # at 1.5 s: 1100 with 100 steps/s, 50 steps to brake
    stepper = SimulatedStepper(PLAIN, 1000.0, 0.0)
    stepper.move_to(1200.0, 0.0)
    stepper.stop(1.5)
    state = stepper.state(1.6)
    assert math.isnan(state.goal_steps) and state.moving
    state = stepper.state(3.0)
    assert (state.position_steps, state.moving) == (1150.0, False)


def test_backlash_without_compensation() -> None:
    # dead band 3: exact when rising, 3 steps high when falling; the counter alone would not know
    config = StepperConfig(backlash_steps=3.0, compensation_steps=0.0)
    stepper = SimulatedStepper(config, 1500.0, 0.0)
    places = []
    for k, goal in enumerate([1600.0, 1550.0, 1552.0, 1556.0]):
        stepper.move_to(goal, 10.0 * k)
        places.append(stepper.state(10.0 * k + 9).position_steps)
    assert places == [1600.0, 1553.0, 1553.0, 1556.0]
    assert stepper.state(50.0).fault is Fault.NONE


def test_compensation_arrives_rising() -> None:
    # a falling move ends at its goal; with a compensation of just the backlash the glass itself never goes below it
    stepper = SimulatedStepper(StepperConfig(backlash_steps=3.0, compensation_steps=3.0), 1600.0, 0.0)
    stepper.move_to(1550.0, 0.0)
    seen = [stepper.state(0.001 * k).position_steps for k in range(400)]
    assert min(seen) == pytest.approx(1550.0, abs=1e-9)
    assert stepper.state(1.0).position_steps == 1550.0
    # with 5 it goes 2 below: the margin for a backlash that is not known exactly
    stepper = SimulatedStepper(StepperConfig(backlash_steps=3.0, compensation_steps=5.0), 1600.0, 0.0)
    stepper.move_to(1550.0, 0.0)
    assert min(stepper.state(0.0005 * k).position_steps for k in range(800)) == pytest.approx(1548.0, abs=0.01)
    assert stepper.state(1.0).position_steps == 1550.0


def test_a_place_where_it_stopped_falling_can_be_approached() -> None:
    # stopped while falling, the glass is above the counter: going to the counter's own place takes a loop
    stepper = SimulatedStepper(StepperConfig(), 1600.0, 0.0)
    stepper.move_to(1100.0, 0.0)
    stepper.stop(0.15)
    rest = stepper.state(1.0)
    stepper.move_to(rest.position_steps - 3.0, 2.0)
    assert stepper.state(3.0).position_steps == rest.position_steps - 3.0


@given(configs, commands, st.floats(1050, 2100))
@example(StepperConfig(settle_s=0.0), [(1050.0, 1.0, "move"), (1051.0, 1.0, "move"), (1050.0, 0.0, "move")], 1051.0)
@relaxed
def test_ends_within_half_a_step(config: StepperConfig, todo: list[tuple[float, float, str]], last: float) -> None:
    stepper = SimulatedStepper(config, 1500.0, 0.0)
    now = carry_out(stepper, todo)
    bound = stepper.move_to(last, now)
    state = stepper.state(now + bound)
    assert not state.moving
    assert state.fault is Fault.NONE
    assert abs(state.position_steps - last) <= 0.5 / config.microsteps + 1e-9


@given(commands, st.floats(50, 5000), st.floats(500, 50000))
@settings(deadline=None, max_examples=60)
def test_never_faster_than_allowed(todo: list[tuple[float, float, str]], speed: float, acceleration: float) -> None:
    config = StepperConfig(
        speed_steps_per_s=speed, acceleration_steps_per_s2=acceleration, settle_s=0.0, backlash_steps=0.0, compensation_steps=0.0
    )
    stepper = SimulatedStepper(config, 1500.0, 0.0)
    now, states = 0.0, []
    for position, wait, kind in todo:
        if kind == "stop":
            stepper.stop(now)
        else:
            stepper.move_to(position, now)
        states += [stepper.state(now + wait * k / 40) for k in range(40)]
        now += wait
    for before, after in itertools.pairwise(states):
        passed = after.known_at_s - before.known_at_s
        assert abs(after.velocity_steps_per_s) <= speed * (1 + 1e-9)
        assert abs(after.velocity_steps_per_s - before.velocity_steps_per_s) <= acceleration * passed + 1e-6 * speed
        assert abs(after.position_steps - before.position_steps) <= speed * passed + 1e-6


@given(commands, st.floats(0.1, 1000))
@settings(deadline=None, max_examples=60)
def test_a_slower_move(todo: list[tuple[float, float, str]], slow: float) -> None:
    stepper = SimulatedStepper(StepperConfig(), 1500.0, 0.0)
    now = carry_out(stepper, todo)
    stepper.move_to(1700.0, now, slow)
    down = now + 2000.0 / 20000.0 + 1e-6  # from the highest speed to any lower one
    for k in range(20):
        assert abs(stepper.state(down + 0.1 * k).velocity_steps_per_s) <= slow * (1 + 1e-9)


@pytest.mark.parametrize("position", [math.nan, math.inf])
def test_initial_position_must_be_a_number(position: float) -> None:
    with pytest.raises(ConfigurationError, match="initial position"):
        SimulatedStepper(PLAIN, position, 0.0)


def test_configuration_says_everything_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        StepperConfig(speed_steps_per_s=0.0, acceleration_steps_per_s2=math.nan, microsteps=1.5, lost_steps_probability=2.0)  # type: ignore[arg-type]
    text = str(caught.value)
    for part in ("speed_steps_per_s is 0, it must be 1 to", "acceleration_steps_per_s2 is nan", "microsteps is 1.5", "0 to 1"):
        assert part in text
    assert "\n" not in text
    with pytest.raises(ConfigurationError, match="0 or at least the 5 steps of backlash"):
        StepperConfig(backlash_steps=5.0, compensation_steps=4.0)
