"""Every fault of the voice coil is known within a bound, the state tells the truth, and the glass moves again afterwards."""

import copy
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens import Fault, LensErrorCode, Move, SimulatedVoiceCoil, VoiceCoilConfig
from auxfocus_ros.lens.voice_coil import FAULTS

CONFIG = VoiceCoilConfig(damping_ratio=1.0)  # creeps: at 100 steps/s it is 0.4 steps behind the current
RANGE = (450.0, 1000.0)


def test_stall_in_mid_move() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    bound = coil.move_to(900.0, 0.0, 100.0)
    coil.set_fault("stall", 1.0)
    early = coil.state(1.1)
    assert early.position_steps == pytest.approx(600.0 - 2 / (2 * math.pi * 80) * 100)
    assert (early.velocity_steps_per_s, early.moving, early.fault) == (0.0, True, Fault.NONE)
    late = coil.state(1.201)
    assert (late.fault, late.moving, late.settled_at_s) == (Fault.STALL, False, 1.0)
    assert "599.6" in late.fault_text and "900" in late.fault_text
    assert math.isnan(late.goal_steps)
    assert bound > 1.201

    # still jammed: the next move fails as well, and one to where it is does not
    bound = coil.move_to(800.0, 2.0)
    assert bound == pytest.approx(0.2, abs=1e-3)
    assert coil.state(2.0).fault is Fault.NONE
    assert coil.state(2.0 + bound).fault is Fault.STALL
    coil.move_to(590.0, 3.0)  # a falling current is good for 10 more
    assert (coil.state(4.0).fault, coil.state(4.0).moving) == (Fault.NONE, False)

    # freed, it goes where the current pulls it
    coil.move_to(800.0, 5.0)
    coil.set_fault("none", 6.0)
    assert (coil.state(6.0).fault, coil.state(6.0).moving) == (Fault.NONE, True)
    assert coil.state(7.0).position_steps == pytest.approx(800.0)


def test_a_tilt_does_not_put_off_the_news_of_a_stall() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    coil.set_fault("stall", 0.0)
    assert coil.state(5.0).fault is Fault.NONE  # nothing pulls it elsewhere
    coil.move_to(600.0, 5.0)
    for k in range(40):
        assert coil.state(5.0 + 0.01 * k).fault is (Fault.NONE if k < 20 else Fault.STALL)
        coil.set_tilt(0.001 * k, 5.0 + 0.01 * k, 0.01)
    assert coil.state(5.4).fault is Fault.STALL
    assert coil.state(5.4).position_steps == 500.0
    # and the weight alone makes a jammed glass stall, with nobody having sent it anywhere
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    coil.set_fault("stall", 0.0)
    coil.set_tilt(1.0, 1.0)
    assert coil.state(1.1).fault is Fault.NONE
    assert coil.state(1.21).fault is Fault.STALL


def test_connection_lost_in_mid_move() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    coil.move_to(900.0, 0.0, 100.0)
    coil.set_fault("connection_lost", 1.0)
    known = coil.state(1.2)
    assert (known.position_steps, known.known_at_s, known.fault) == (pytest.approx(599.6, abs=0.01), 1.0, Fault.NONE)
    lost = coil.state(1.31)
    assert (lost.position_steps, lost.known_at_s, lost.fault) == (known.position_steps, 1.0, Fault.CONNECTION_LOST)
    assert math.isnan(lost.goal_steps) and "0.31 s" in lost.fault_text
    assert coil.move_to(550.0, 2.0) == pytest.approx(CONFIG.connection_timeout_s, abs=1e-3)
    coil.stop(2.1)
    # nothing got through: the chip has gone on to what it was told, and a camera that tilts sags all the same
    coil.set_tilt(math.pi / 6, 3.0)
    coil.set_fault("none", 10.0)
    back = coil.state(10.0)
    assert (back.position_steps, back.moving, back.fault, back.known_at_s) == (pytest.approx(955.0), False, Fault.NONE, 10.0)


def test_a_move_into_a_connection_just_lost_does_not_arrive() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    coil.set_fault("connection_lost", 1.0)
    move = Move(coil, 900.0, 1.01)
    state, ending = move.poll(1.02)
    assert (ending, state.moving, state.goal_steps, state.position_steps) == (None, True, 900.0, 500.0)
    ending = move.poll(1.31)[1]
    assert ending is not None and ending.code is LensErrorCode.CONNECTION_LOST


def test_a_coil_loses_no_steps() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    with pytest.raises(ConfigurationError, match=r"counts no steps.* none, stall, connection_lost"):
        coil.set_fault("lost_steps", 0.0)
    with pytest.raises(ConfigurationError, match=r"no lens fault 'fire'.* none, stall, connection_lost"):
        coil.set_fault("fire", 0.0)
    assert coil.injected_fault == "none"


def test_a_move_ends_where_sag_and_hysteresis_leave_it() -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(), 900.0, 0.0)
    coil.set_tilt(math.pi / 6, 0.0)
    move = Move(coil, 700.0, 1.0)
    assert move.poll(1.001)[1] is None
    state, ending = move.poll(2.0)
    assert ending is not None and ending.code is LensErrorCode.NONE
    assert state.position_steps == pytest.approx(700.0 + 10.0 + 55.0)


def test_a_canceled_move_ends() -> None:
    coil = SimulatedVoiceCoil(CONFIG, 500.0, 0.0)
    move = Move(coil, 900.0, 0.0, 100.0)
    move.cancel(1.0)
    state, ending = move.poll(1.1)
    assert ending is not None and ending.code is LensErrorCode.CANCELED
    assert state.position_steps == pytest.approx(600.0, abs=0.5)


steps = st.lists(
    st.tuples(st.sampled_from(["move", "stop", "tilt", *FAULTS]), st.floats(450, 1000), st.floats(0, 0.5)),
    min_size=1,
    max_size=12,
)


@given(steps, st.floats(450, 1000))
@settings(deadline=None, max_examples=100)
def test_whatever_happens_it_ends_and_heals(todo: list[tuple[str, float, float]], last: float) -> None:
    coil = SimulatedVoiceCoil(VoiceCoilConfig(), 700.0, 0.0, RANGE)
    now = 0.0
    for what, value, wait in todo:
        if what == "move":
            bound = coil.move_to(value, now)
            # a pure function of time: a look at the end of the bound, from a copy that goes on from here
            state = copy.deepcopy(coil).state(now + bound)
            assert state.fault is not Fault.NONE or not state.moving
        elif what == "stop":
            coil.stop(now)
        elif what == "tilt":
            coil.set_tilt((value - 700.0) / 300.0, now)
        else:
            before = coil.state(now).position_steps
            lost = coil.injected_fault == "connection_lost"
            coil.set_fault(what, now)
            assert lost or coil.state(now).position_steps == before
        assert 400.0 - 1e-6 <= coil.state(now).position_steps <= 1050.0 + 1e-6
        now += wait
    coil.set_fault("none", now)
    assert coil.state(now).fault is Fault.NONE
    coil.set_tilt(0.0, now)
    bound = coil.move_to(last, now)
    state = coil.state(now + bound)
    assert (state.fault, state.moving) == (Fault.NONE, False)
    # the hysteresis, the tolerance, and half a count
    assert -3.5 <= state.position_steps - last <= 13.5
