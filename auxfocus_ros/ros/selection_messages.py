"""What somebody chose, between SelectTarget.srv and the keeper of the targets."""

from __future__ import annotations

import math

from std_msgs.msg import Header

from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.distribution.targets import Selection, SelectionError, SelectionOutcome
from auxfocus_ros.ros.focus_messages import make_target
from auxfocus_ros.ros.stamps import NS_PER_S, from_ns, to_ns


def read_selection(request: SelectTarget.Request) -> Selection:
    """The wish; a mode that there is not is refused by who keeps the targets."""
    roi, stamp_ns = request.roi, to_ns(request.picture_stamp)
    box = (int(roi.x_offset), int(roi.y_offset), int(roi.width), int(roi.height))
    time_s = stamp_ns * 1e-9 if stamp_ns else math.nan
    return Selection(request.mode, request.x_px, request.y_px, box, int(request.id), time_s)


def fill_response(response: SelectTarget.Response, outcome: SelectionOutcome, why_no_depth: str = "") -> SelectTarget.Response:
    """The answer. why_no_depth: in plain words, where that is known; said where it is what was wanting."""
    response.success, response.error_code, response.message = outcome.success, int(outcome.error), outcome.message
    if why_no_depth and outcome.error == SelectionError.NO_DEPTH:
        response.message = f"{outcome.message} ({why_no_depth})"
    target = outcome.target
    if target is not None:
        seen = Header(stamp=from_ns(round(target.last_seen_s * NS_PER_S))) if target.last_seen_s > 0 else Header()
        response.target = make_target(target, seen)
    return response


def refuse(response: SelectTarget.Response, error_code: int, message: str) -> SelectTarget.Response:
    """An answer that says why nothing was chosen."""
    response.success, response.error_code, response.message = False, error_code, message
    return response
