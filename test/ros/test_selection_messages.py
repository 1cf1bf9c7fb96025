"""SelectTarget.srv as plain data and back."""

import math

from auxfocus_interfaces.msg import FocusTarget
from auxfocus_interfaces.srv import SelectTarget
from auxfocus_ros.distribution.targets import SelectionError, SelectionOutcome, Target, TargetState
from auxfocus_ros.ros.selection_messages import fill_response, read_selection, refuse


def test_every_field_is_read() -> None:
    request = SelectTarget.Request(mode=SelectTarget.Request.MODE_BOX, x_px=3.5, y_px=4.5, id=7)
    request.roi.x_offset, request.roi.y_offset, request.roi.width, request.roi.height = 1, 2, 30, 40
    request.picture_stamp.sec, request.picture_stamp.nanosec = 5, 250_000_000
    selection = read_selection(request)
    assert (selection.mode, selection.x_px, selection.y_px, selection.id) == (2, 3.5, 4.5, 7)
    assert selection.box_px == (1, 2, 30, 40)
    assert selection.time_s == 5.25


def test_a_stamp_of_zero_is_the_newest_picture() -> None:
    assert math.isnan(read_selection(SelectTarget.Request()).time_s)


def test_what_was_selected_is_answered_with_when_it_was_seen() -> None:
    target = Target(3, (1, 2, 3, 4), TargetState.HELD, selected=True, depth_m=4.5, last_seen_s=12.5)
    response = fill_response(SelectTarget.Response(), SelectionOutcome(SelectionError.NONE, "done", target))
    assert response.success and response.message == "done"
    assert (response.target.id, response.target.state, response.target.depth_m) == (3, FocusTarget.STATE_HELD, 4.5)
    assert (response.target.last_seen.sec, response.target.last_seen.nanosec) == (12, 500_000_000)


def test_a_refusal_has_its_code_and_words_and_no_target() -> None:
    outcome = SelectionOutcome(SelectionError.NO_DEPTH, "there is no depth reading there")
    response = fill_response(SelectTarget.Response(), outcome)
    assert (response.success, response.error_code) == (False, SelectTarget.Response.ERROR_NO_DEPTH)
    assert response.target.state == FocusTarget.STATE_NONE
    refused = refuse(SelectTarget.Response(), SelectTarget.Response.ERROR_NOT_ACTIVE, "switched off")
    assert (refused.success, refused.error_code, refused.message) == (False, 6, "switched off")
