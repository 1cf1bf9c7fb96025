"""Every fault is known within a bound, the state tells the truth, and the lens moves again afterwards."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens import FAULT_NAMES, Fault, SimulatedStepper, StepperConfig

CONFIG = StepperConfig()


def test_stall_in_mid_move() -> None:
    # after 0.3 s: 100 steps run-up in 0.1 s, then 0.2 s at 2000 steps/s: at 1600
    stepper = SimulatedStepper(CONFIG, 1100.0, 0.0)
    bound = stepper.move_to(2000.0, 0.0)
    stepper.set_fault("stall", 0.3)
    early = stepper.state(0.4)
    assert (early.position_steps, early.velocity_steps_per_s, early.moving) == pytest.approx((1600.0, 0.0, True))
    assert early.fault is Fault.NONE
    late = stepper.state(0.501)
    assert late.fault is Fault.STALL
    assert not late.moving and late.position_steps == pytest.approx(1600.0)
    assert "1600.0" in late.fault_text and "2000" in late.fault_text
    assert late.settled_at_s == pytest.approx(0.32)  # it stood at 0.3 and was still 0.02 later
    assert bound > 0.501

    # still jammed: the next move fails as well
    bound = stepper.move_to(1800.0, 1.0)
    assert stepper.state(1.0).fault is Fault.NONE
    assert stepper.state(1.0 + bound).fault is Fault.STALL

    stepper.set_fault("none", 2.0)
    assert stepper.state(2.0).fault is Fault.NONE
    bound = stepper.move_to(1800.0, 2.0)
    assert stepper.state(2.0 + bound).position_steps == 1800.0


def test_stall_over_in_time_leaves_lost_steps() -> None:
    stepper = SimulatedStepper(CONFIG, 1100.0, 0.0)
    bound = stepper.move_to(2000.0, 0.0)
    stepper.set_fault("stall", 0.3)
    stepper.set_fault("none", 0.35)  # 0.05 s at 2000 steps/s: 100 steps
    state = stepper.state(bound)
    assert state.fault is Fault.LOST_STEPS
    assert state.position_steps == pytest.approx(1900.0)
    assert "the glass is at 1900.0, the step counter says 2000.0" in state.fault_text


def test_stall_at_rest_shows_when_it_moves() -> None:
    stepper = SimulatedStepper(CONFIG, 1100.0, 0.0)
    stepper.set_fault("stall", 0.0)
    assert stepper.state(5.0).fault is Fault.NONE
    stepper.move_to(1100.0, 5.0)
    assert stepper.state(6.0).fault is Fault.NONE  # nothing to move, nothing stalls
    stepper.move_to(1101.0, 6.0)
    assert stepper.state(6.3).fault is Fault.STALL
    assert stepper.state(6.3).position_steps == 1100.0


def test_connection_lost_in_mid_move() -> None:
    stepper = SimulatedStepper(CONFIG, 1100.0, 0.0)
    stepper.move_to(2000.0, 0.0)
    stepper.set_fault("connection_lost", 0.3)
    known = stepper.state(0.4)
    assert (known.position_steps, known.known_at_s, known.fault) == (pytest.approx(1600.0), 0.3, Fault.NONE)
    lost = stepper.state(0.61)
    assert (lost.position_steps, lost.known_at_s, lost.fault) == (pytest.approx(1600.0), 0.3, Fault.CONNECTION_LOST)
    assert math.isnan(lost.goal_steps)
    assert "0.31 s" in lost.fault_text and "1600.0" in lost.fault_text
    # commands do not get through; the motor's watchdog has stopped it: 100 steps of braking
    assert stepper.move_to(1200.0, 1.0) == pytest.approx(CONFIG.connection_timeout_s, abs=1e-3)
    assert stepper.state(1.0).fault is Fault.CONNECTION_LOST
    stepper.stop(1.1)
    stepper.set_fault("none", 2.0)
    back = stepper.state(2.0)
    assert (back.position_steps, back.moving, back.fault, back.known_at_s) == (1700.0, False, Fault.NONE, 2.0)
    bound = stepper.move_to(1200.0, 2.0)
    assert stepper.state(2.0 + bound).position_steps == 1200.0


def test_lost_steps() -> None:
    stepper = SimulatedStepper(StepperConfig(lost_steps=20), 1100.0, 0.0)
    stepper.set_fault("lost_steps", 0.0)
    bound = stepper.move_to(1500.0, 0.0)
    state = stepper.state(bound)
    assert state.fault is Fault.LOST_STEPS
    assert state.position_steps == pytest.approx(1480.0)
    assert not state.moving and math.isnan(state.goal_steps)
    # falling: it stays too high, and the backlash must not hide it
    bound = stepper.move_to(1300.0, 5.0)
    state = stepper.state(5.0 + bound)
    assert state.fault is Fault.LOST_STEPS
    assert state.position_steps == pytest.approx(1320.0)
    # the encoder's word was taken for the counter: without the fault the next move is right
    stepper.set_fault("none", 10.0)
    bound = stepper.move_to(1400.0, 10.0)
    assert stepper.state(10.0 + bound).position_steps == 1400.0
    assert stepper.state(10.0 + bound).fault is Fault.NONE


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
@pytest.mark.parametrize("goal", [1300.0, 1700.0])
def test_a_loss_within_the_backlash_is_seen(lost: int, goal: float) -> None:
    stepper = SimulatedStepper(StepperConfig(lost_steps=lost, backlash_steps=3.0, compensation_steps=3.0), 1500.0, 0.0)
    stepper.set_fault("lost_steps", 0.0)
    state = stepper.state(stepper.move_to(goal, 0.0))
    assert state.fault is Fault.LOST_STEPS
    assert abs(state.position_steps - goal) == pytest.approx(lost)


def test_chance_is_seeded() -> None:
    def losses(seed: int) -> list[bool]:
        stepper = SimulatedStepper(StepperConfig(lost_steps_probability=0.5, seed=seed), 1500.0, 0.0)
        found = []
        for k in range(30):
            stepper.move_to(1600.0 if k % 2 else 1400.0, 10.0 * k)
            found.append(stepper.state(10.0 * k + 9).fault is Fault.LOST_STEPS)
        return found

    assert losses(1) == losses(1) != losses(2)
    assert 5 <= sum(losses(1)) <= 25
    assert not any(SimulatedStepper(CONFIG, 1500.0, 0.0).state(t).fault is not Fault.NONE for t in (0.0, 9.0))


def test_unknown_fault() -> None:
    with pytest.raises(ConfigurationError, match=r"no lens fault 'fire'.*none, stall, connection_lost, lost_steps"):
        SimulatedStepper(CONFIG, 1500.0, 0.0).set_fault("fire", 0.0)


steps = st.lists(
    st.tuples(st.sampled_from(["move", "stop", *FAULT_NAMES]), st.floats(1050, 2100), st.floats(0, 0.7)), min_size=1, max_size=12
)


@given(steps, st.floats(1050, 2100))
@example([("move", 1050.0, 1.75), ("move", 1051.0, 0.0), ("connection_lost", 1050.0, 0.0), ("move", 1050.0, 0.0)], 1050.0)
@example([("move", 2000.0, 0.3), ("stall", 1050.0, 0.1)], 1200.0)
@settings(deadline=None, max_examples=100)
def test_whatever_happens_it_ends_and_heals(todo: list[tuple[str, float, float]], last: float) -> None:
    stepper = SimulatedStepper(CONFIG, 1500.0, 0.0)
    now, before, seen_at = 0.0, 1500.0, 0.0
    for what, position, wait in todo:
        if what == "move":
            bound = stepper.move_to(position, now)
        elif what == "stop":
            stepper.stop(now)
            bound = 1.0
        else:
            stepper.set_fault(what, now)
            bound = 2.0
        # the glass itself never jumps: what is known may be old while the connection is lost
        state = stepper.state(now)
        if stepper.injected_fault != "connection_lost":
            assert abs(state.position_steps - before) <= 2000.0 * (now - seen_at) + 1e-6
            before, seen_at = state.position_steps, now
        if what == "move":
            # a pure function of time: a look at the end of the bound, from a copy that goes on from here
            assert ended(stepper, now + bound)
        now += wait
    stepper.set_fault("none", now)
    # a stall that was over before it was known has lost steps, which the next move finds out; the one after is right
    now += stepper.move_to(1500.0, now)
    assert stepper.state(now).fault in {Fault.NONE, Fault.LOST_STEPS}
    bound = stepper.move_to(last, now)
    state = stepper.state(now + bound)
    assert (state.fault, state.moving) == (Fault.NONE, False)
    assert abs(state.position_steps - last) <= 0.5 + 1e-9


def ended(stepper: SimulatedStepper, at_s: float) -> bool:
    """Whether the move has come to an end by then, one way or another."""
    import copy

    state = copy.deepcopy(stepper).state(at_s)
    return state.fault is not Fault.NONE or not state.moving
