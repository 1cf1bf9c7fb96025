"""The lens in messages: an actuator's state and what it means for the picture, and how a move goes and ends."""

from __future__ import annotations

import math
from collections.abc import Mapping

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.lens import ActuatorState, LensErrorCode
from auxfocus_ros.optics import Lens
from auxfocus_ros.rig.frame import LensReading
from auxfocus_ros.rig.message_fields import recorded_lens_state_fields
from auxfocus_ros.ros.filling import filled


def make_lens_state(lens: Lens, state: ActuatorState, header: Header, settled_stamp: Time) -> LensState:
    """A LensState.

    Args:
        lens: gives the range and the optics at the position.
        state: where the glass is.
        header: the stamp of when that was true, and the optical frame.
        settled_stamp: when the glass last came to rest; zero: not since start.
    """
    position = state.position_steps
    near_m, far_m = lens.depth_of_field_m(position)
    numbers = {
        "position_steps": position,
        "goal_position_steps": state.goal_steps,
        "velocity_steps_per_s": state.velocity_steps_per_s,
        "min_position_steps": lens.min_position_steps,
        "max_position_steps": lens.max_position_steps,
        "sensor_distance_m": lens.sensor_distance_m(position),
        "focus_distance_m": lens.focus_distance_m(position),
        "near_limit_m": near_m,
        "far_limit_m": far_m,
        "hyperfocal_distance_m": lens.hyperfocal_m,
        "focal_length_m": lens.focal_length_m,
        "f_number": lens.f_number,
        "circle_of_confusion_m": lens.circle_of_confusion_m,
        "pixel_pitch_m": lens.pixel_pitch_m,
    }
    return LensState(
        header=header,
        lens_name=lens.name,
        moving=state.moving,
        settled_stamp=settled_stamp,
        beyond_infinity=lens.beyond_infinity(position),
        fault_code=getattr(LensState, f"FAULT_{state.fault.name}"),
        fault_text=state.fault_text,
        **_floats(numbers),
    )


def make_recorded_lens_state(reading: LensReading, lens: Lens | None, frame: str) -> LensState:
    """A LensState of what a recording says about its lens: see `recorded_lens_state_fields`."""
    message: LensState = filled(LensState(), recorded_lens_state_fields(reading, lens, frame))
    return message


def make_move_feedback(lens: Lens, state: ActuatorState) -> MoveLens.Feedback:
    """The feedback of a move under way."""
    numbers = {
        "position_steps": state.position_steps,
        "goal_position_steps": state.goal_steps,
        "focus_distance_m": lens.focus_distance_m(state.position_steps),
        "velocity_steps_per_s": state.velocity_steps_per_s,
        "remaining_s": state.settles_in_s,
    }
    return MoveLens.Feedback(**_floats(numbers))


def make_move_result(
    code: LensErrorCode, message: str, lens: Lens | None, state: ActuatorState | None, settled_stamp: Time
) -> MoveLens.Result:
    """The result of a move; `lens` and `state` are None while the node is not configured, which knows neither."""
    position = math.nan if state is None else state.position_steps
    return MoveLens.Result(
        error_code=getattr(MoveLens.Result, f"ERROR_{code.name}"),
        message=message,
        settled_stamp=settled_stamp,
        **_floats(
            {"position_steps": position, "focus_distance_m": math.nan if lens is None else lens.focus_distance_m(position)}
        ),
    )


def _floats(numbers: Mapping[str, float]) -> dict[str, float]:
    """Every number as a float: an `int` in a float field ends the process in an assertion of the generated C code."""
    return {name: float(value) for name, value in numbers.items()}
