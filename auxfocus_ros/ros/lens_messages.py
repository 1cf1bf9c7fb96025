"""The lens in messages: an actuator's state and what it means for the picture, and how a move goes and ends."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from auxfocus_interfaces.action import MoveLens
from auxfocus_interfaces.msg import LensState
from auxfocus_ros.lens import ActuatorState, LensErrorCode
from auxfocus_ros.optics import Lens


def make_lens_state(lens: Lens, state: ActuatorState, header: Header, settled_stamp: Time) -> LensState:
    """A LensState.

    Args:
        lens: gives the range and the optics at the position.
        state: where the glass is.
        header: the stamp of when that was true, and the optical frame.
        settled_stamp: when the glass last came to rest; zero: not since start.
    """
    near_m, far_m = lens.depth_of_field_m(state.position_steps)
    return LensState(
        header=header,
        lens_name=lens.name,
        position_steps=state.position_steps,
        goal_position_steps=state.goal_steps,
        velocity_steps_per_s=state.velocity_steps_per_s,
        min_position_steps=float(lens.min_position_steps),
        max_position_steps=float(lens.max_position_steps),
        moving=state.moving,
        settled_stamp=settled_stamp,
        sensor_distance_m=lens.sensor_distance_m(state.position_steps),
        focus_distance_m=lens.focus_distance_m(state.position_steps),
        near_limit_m=near_m,
        far_limit_m=far_m,
        hyperfocal_distance_m=lens.hyperfocal_m,
        beyond_infinity=lens.beyond_infinity(state.position_steps),
        focal_length_m=float(lens.focal_length_m),
        f_number=float(lens.f_number),
        circle_of_confusion_m=float(lens.circle_of_confusion_m),
        pixel_pitch_m=float(lens.pixel_pitch_m),
        fault_code=getattr(LensState, f"FAULT_{state.fault.name}"),
        fault_text=state.fault_text,
    )


def make_move_feedback(lens: Lens, state: ActuatorState) -> MoveLens.Feedback:
    """The feedback of a move under way."""
    return MoveLens.Feedback(
        position_steps=state.position_steps,
        goal_position_steps=state.goal_steps,
        focus_distance_m=lens.focus_distance_m(state.position_steps),
        velocity_steps_per_s=state.velocity_steps_per_s,
        remaining_s=state.settles_in_s,
    )


def make_move_result(
    code: LensErrorCode, message: str, lens: Lens | None, state: ActuatorState | None, settled_stamp: Time
) -> MoveLens.Result:
    """The result of a move; `lens` and `state` are None while the node is not configured, which knows neither."""
    position = math.nan if state is None else state.position_steps
    return MoveLens.Result(
        error_code=getattr(MoveLens.Result, f"ERROR_{code.name}"),
        message=message,
        position_steps=position,
        focus_distance_m=math.nan if lens is None else lens.focus_distance_m(position),
        settled_stamp=settled_stamp,
    )
