"""Messages of the graph as the operator's page reads them: dictionaries that JSON can say.

JSON knows neither infinity nor NaN: both become null, and a word beside them says which it was.
"""

from __future__ import annotations

import math
from typing import Any

from builtin_interfaces.msg import Time
from sensor_msgs.msg import RegionOfInterest

from auxfocus_interfaces.msg import AutofocusStatus, FocusMarker, FocusTarget, FocusTargetArray, LensState
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.ros.stamps import to_ns

MARKER_STATES = {
    FocusMarker.STATE_UNKNOWN: "unknown",
    FocusMarker.STATE_FINITE: "finite",
    FocusMarker.STATE_INFINITY: "infinity",
    FocusMarker.STATE_BEYOND_INFINITY: "beyond_infinity",
}
TARGET_STATES = {
    FocusTarget.STATE_NONE: "none",
    FocusTarget.STATE_TRACKED: "tracked",
    FocusTarget.STATE_HELD: "held",
    FocusTarget.STATE_LOST: "lost",
}
TARGET_SOURCES = {
    FocusTarget.SOURCE_UNKNOWN: "unknown",
    FocusTarget.SOURCE_POINT: "point",
    FocusTarget.SOURCE_BOX: "box",
    FocusTarget.SOURCE_WHOLE_FRAME: "whole_frame",
    FocusTarget.SOURCE_OBJECT: "object",
    FocusTarget.SOURCE_FACE: "face",
    FocusTarget.SOURCE_PERSON: "person",
    FocusTarget.SOURCE_LARGE_OBJECT: "large_object",
    FocusTarget.SOURCE_DETECTOR: "detector",
}
SELECT_MODES = {
    "clear": SelectTarget.Request.MODE_CLEAR,
    "point": SelectTarget.Request.MODE_POINT,
    "box": SelectTarget.Request.MODE_BOX,
    "identity": SelectTarget.Request.MODE_IDENTITY,
    "automatic": SelectTarget.Request.MODE_AUTOMATIC,
    "whole_frame": SelectTarget.Request.MODE_WHOLE_FRAME,
}
AUTOFOCUS_MODES = {
    AutofocusStatus.MODE_OFF: "off",
    AutofocusStatus.MODE_ONCE: "once",
    AutofocusStatus.MODE_CONTINUOUS: "continuous",
}
AUTOFOCUS_STATES = {
    AutofocusStatus.STATE_IDLE: "idle",
    AutofocusStatus.STATE_WAITING_FOR_FRAME: "waiting_for_frame",
    AutofocusStatus.STATE_ESTIMATING: "estimating",
    AutofocusStatus.STATE_MOVING: "moving",
    AutofocusStatus.STATE_IN_FOCUS: "in_focus",
    AutofocusStatus.STATE_HOLDING: "holding",
    AutofocusStatus.STATE_SEARCHING: "searching",
    AutofocusStatus.STATE_FAILED: "failed",
}


def number(value: float) -> float | None:
    """A number that JSON has, or None for NaN and the infinities."""
    return float(value) if math.isfinite(value) else None


def milliseconds(stamp: Any) -> float:
    """A stamp in milliseconds since 1970, to the microsecond."""
    return round(to_ns(stamp) * 1e-6, 3)


def lens_dict(message: LensState, range_m: tuple[float, float] | None = None) -> dict[str, Any]:
    """A lens state. range_m: nearest and farthest distance that the lens can focus, where that is known."""
    nearest_m, farthest_m = range_m or (math.nan, math.nan)
    state = "beyond_infinity" if message.beyond_infinity else "finite"
    if message.focus_distance_m == math.inf and not message.beyond_infinity:
        state = "infinity"
    settled_ms = milliseconds(message.settled_stamp)
    names = (
        "position_steps", "goal_position_steps", "velocity_steps_per_s", "min_position_steps", "max_position_steps",
        "focus_distance_m", "near_limit_m", "far_limit_m", "hyperfocal_distance_m", "focal_length_m", "f_number",
        "circle_of_confusion_m",
    )  # fmt: skip
    return {
        "type": "lens",
        "alive": True,
        "stamp_ms": milliseconds(message.header.stamp),
        "lens_name": message.lens_name,
        **{name: number(getattr(message, name)) for name in names},
        "moving": message.moving,
        "settled_ms": settled_ms or None,
        "focus_state": state,
        "far_is_infinite": message.far_limit_m == math.inf,
        "nearest_distance_m": number(nearest_m),
        "farthest_distance_m": number(farthest_m),
        "fault_code": int(message.fault_code),
        "fault_text": message.fault_text,
    }


def marker_dict(message: FocusMarker) -> dict[str, Any]:
    """Where the depth axis and the focus stand in the auxiliary focus image."""
    return {
        "type": "marker",
        "stamp_ms": milliseconds(message.header.stamp),
        "state": MARKER_STATES.get(message.state, "unknown"),
        "focus_distance_m": number(message.focus_distance_m),
        "near_limit_m": number(message.near_limit_m),
        "far_limit_m": number(message.far_limit_m),
        "direction": int(message.direction),
        "axis_depth_m": [number(value) for value in message.axis_depth_m],
        "axis_px": [number(value) for value in message.axis_px],
        "image_width_px": int(message.image_width_px),
        "image_height_px": int(message.image_height_px),
        "picture": box(getattr(message, "picture", None)),
        "plot": box(getattr(message, "plot", None)),
        "points_inside": int(message.points_inside),
        "points_nearer": int(message.points_nearer),
        "points_farther": int(message.points_farther),
    }


def targets_dict(message: FocusTargetArray) -> dict[str, Any]:
    """The targets of a picture, the most important first."""
    return {
        "type": "targets",
        "stamp_ms": milliseconds(message.header.stamp),
        "selected_id": int(message.selected_id),
        "message": message.message,
        "targets": [_target(target) for target in message.targets],
    }


def _target(message: FocusTarget) -> dict[str, Any]:
    roi = message.roi
    return {
        "id": int(message.id),
        "label": message.label,
        "state": TARGET_STATES.get(message.state, "none"),
        "source": TARGET_SOURCES.get(message.source, "unknown"),
        "selected": message.selected,
        "box": [int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)],
        "depth_m": number(message.depth_m),
        "depth_sigma_m": number(message.depth_sigma_m),
        "in_focus": message.in_focus,
        "confidence": number(message.confidence),
    }


def autofocus_dict(available: bool, status: AutofocusStatus | None) -> dict[str, Any]:
    """What autofocus is doing. status: what was heard last; None: nothing yet."""
    if not available or status is None:
        return {"type": "autofocus", "available": available, "mode": "off", "state": "idle", "message": ""}
    return {
        "type": "autofocus",
        "available": True,
        "mode": AUTOFOCUS_MODES.get(status.mode, "off"),
        "state": AUTOFOCUS_STATES.get(status.state, "idle"),
        "message": status.message,
    }


def box(roi: Any) -> list[int] | None:
    """(left, top, width, height) of a RegionOfInterest; None where there is none, or an empty one."""
    if roi is None or not (roi.width and roi.height):
        return None
    return [int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height)]


def make_select_request(
    mode: str,
    point_px: tuple[float, float],
    box_px: tuple[int, int, int, int],
    identity: int,
    stamp: tuple[int, int],
) -> SelectTarget.Request:
    """A request for a target of interest.

    Args:
        mode: a key of SELECT_MODES.
        point_px: (x, y) for 'point', pixels of the camera's picture.
        box_px: (left, top, width, height) for 'box', pixels of the camera's picture.
        identity: of a target, for 'identity'.
        stamp: (seconds, nanoseconds) of the picture that was looked at; zeros: the newest.
    """
    left, top, width, height = box_px
    return SelectTarget.Request(
        mode=SELECT_MODES[mode],
        x_px=float(point_px[0]),
        y_px=float(point_px[1]),
        roi=RegionOfInterest(x_offset=left, y_offset=top, width=width, height=height),
        id=identity,
        picture_stamp=Time(sec=stamp[0], nanosec=stamp[1]),
    )
