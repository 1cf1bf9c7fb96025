"""Lens states, feedback and results as messages: every number a float, every code the right one."""

import math

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.lens import ActuatorState, Fault, LensErrorCode, MoveBy
from auxfocus_ros.optics import Lens, LinearMapping
from auxfocus_ros.rig import LensReading
from auxfocus_ros.ros.lens_messages import make_lens_state, make_move_feedback, make_move_result, make_recorded_lens_state

# infinity at 100 steps, 1 um a step; H = 0.05^2 / (2 * 1e-5) + 0.05 = 125.05 m
LENS = Lens(
    name="far", focal_length_m=0.05, f_number=2, pixel_pitch_m=5e-6, circle_of_confusion_m=1e-5,
    min_position_steps=0, max_position_steps=1100, mapping=LinearMapping(1e-6, 100.0),
)  # fmt: skip


def state(position: float, **more: object) -> ActuatorState:
    values = {
        "goal_steps": math.nan, "velocity_steps_per_s": 0.0, "moving": False, "settled_at_s": None, "settles_in_s": 0.0,
        "known_at_s": 1.0, **more,
    }  # fmt: skip
    return ActuatorState(position_steps=position, **values)  # type: ignore[arg-type]


def test_a_state_at_rest() -> None:
    header, settled = Header(stamp=Time(sec=5), frame_id="eye"), Time(sec=4)
    message = make_lens_state(LENS, state(1100), header, settled)  # ints everywhere: the message wants floats
    assert (message.header, message.settled_stamp, message.lens_name) == (header, settled, "far")
    assert (message.min_position_steps, message.max_position_steps) == (0.0, 1100.0)
    assert message.sensor_distance_m == pytest.approx(0.051)
    assert message.focus_distance_m == pytest.approx(2.55)  # 0.05 + 0.05^2 / 0.001
    assert message.hyperfocal_distance_m == pytest.approx(125.05)
    assert message.near_limit_m < 2.55 < message.far_limit_m
    assert (message.fault_code, message.fault_text, message.beyond_infinity) == (LensState.FAULT_NONE, "", False)
    # what the generated C code asserts on
    assert deserialize_message(serialize_message(message), LensState).position_steps == 1100.0


def test_infinity_and_beyond() -> None:
    at = make_lens_state(LENS, state(100.0), Header(), Time())
    assert (at.focus_distance_m, at.far_limit_m, at.beyond_infinity) == (math.inf, math.inf, False)
    beyond = make_lens_state(LENS, state(np.float64(20.0)), Header(), Time())
    assert math.isnan(beyond.focus_distance_m) and math.isnan(beyond.near_limit_m) and beyond.beyond_infinity


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_its_code(fault: Fault) -> None:
    message = make_lens_state(LENS, state(500.0, fault=fault, fault_text="words"), Header(), Time())
    assert message.fault_code == getattr(LensState, f"FAULT_{fault.name}")
    assert message.fault_text == "words"


def test_feedback() -> None:
    message = make_move_feedback(LENS, state(1100.0, goal_steps=1000, velocity_steps_per_s=-50, settles_in_s=2))
    assert (message.position_steps, message.goal_position_steps, message.velocity_steps_per_s) == (1100.0, 1000.0, -50.0)
    assert (message.remaining_s, message.focus_distance_m) == (2.0, pytest.approx(2.55))


def test_result_with_and_without_a_lens() -> None:
    message = make_move_result(LensErrorCode.STALL, "jammed", LENS, state(1100.0), Time(sec=3))
    assert (message.error_code, message.message, message.settled_stamp.sec) == (MoveLens.Result.ERROR_STALL, "jammed", 3)
    assert (message.position_steps, message.focus_distance_m) == (1100.0, pytest.approx(2.55))
    message = make_move_result(LensErrorCode.NOT_ACTIVE, "asleep", None, None, Time())
    assert math.isnan(message.position_steps) and math.isnan(message.focus_distance_m)


def test_names_and_numbers_are_those_of_the_action() -> None:
    errors = {name.removeprefix("ERROR_") for name in dir(MoveLens.Result) if name.startswith("ERROR_")}
    assert errors == {code.name for code in LensErrorCode}
    for kind in MoveBy:
        assert getattr(MoveLens.Goal, f"BY_{kind.name}") == kind
    faults = {name.removeprefix("FAULT_") for name in dir(LensState) if name.startswith("FAULT_")}
    assert faults == {fault.name for fault in Fault}


def test_a_recorded_state_without_a_lens_file_says_what_the_recording_says() -> None:
    reading = LensReading(5_000_000_007, 1100.0, True, 2.5, 2.4, 2.6)
    message = make_recorded_lens_state(reading, None, "eye")
    assert (message.header.stamp.sec, message.header.stamp.nanosec, message.header.frame_id) == (5, 7, "eye")
    assert (message.position_steps, message.moving, message.beyond_infinity) == (1100.0, True, False)
    assert (message.focus_distance_m, message.near_limit_m, message.far_limit_m) == (2.5, 2.4, 2.6)
    assert math.isnan(message.f_number) and math.isnan(message.max_position_steps)
    assert deserialize_message(serialize_message(message), LensState).far_limit_m == 2.6


@pytest.mark.parametrize("lens", [None, LENS])
def test_a_recorded_position_without_a_distance(lens: Lens | None) -> None:
    nan = math.nan
    beyond = make_recorded_lens_state(LensReading(1, 20.0, False, nan, nan, nan), lens, "eye")
    assert beyond.beyond_infinity and math.isnan(beyond.focus_distance_m)
    nothing = make_recorded_lens_state(LensReading(1, nan, False, nan, nan, nan), lens, "eye")
    assert not nothing.beyond_infinity and math.isnan(nothing.focus_distance_m) and math.isnan(nothing.position_steps)


def test_a_recorded_position_means_what_the_lens_file_says_and_recorded_distances_count() -> None:
    nan = math.nan
    by_file = make_recorded_lens_state(LensReading(1, 1100.0, False, nan, nan, nan), LENS, "eye")
    assert (by_file.focus_distance_m, by_file.lens_name) == (pytest.approx(2.55), "far")
    recorded = make_recorded_lens_state(LensReading(1, 1100.0, False, 2.5, 2.4, 2.6), LENS, "eye")
    assert (recorded.focus_distance_m, recorded.near_limit_m, recorded.far_limit_m) == (2.5, 2.4, 2.6)
    assert recorded.max_position_steps == 1100.0
