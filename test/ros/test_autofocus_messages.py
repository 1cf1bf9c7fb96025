"""Goals of `autofocus/run` in, statuses and results out."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from auxfocus_interfaces.action import Autofocus
from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray
from auxfocus_ros.autofocus.driving import Journal
from auxfocus_ros.autofocus.live import Ending, Report
from auxfocus_ros.autofocus.terms import Known, Reason, State
from auxfocus_ros.ros.autofocus_messages import (
    MOST,
    FocusWish,
    make_result,
    make_status,
    read_goal,
    read_target_rows,
    refuse,
    with_why_no_depth,
)

GOAL = Autofocus.Goal
METHODS = ("bayes", "fibonacci")
any_float = st.floats(allow_nan=True, allow_infinity=True)
byte, whole = st.integers(0, 255), st.integers(0, 2**32 - 1)


@given(
    mode=byte, region=byte, use=byte, method=st.text(max_size=30), x_px=any_float, y_px=any_float, duration=any_float,
    sides=st.tuples(whole, whole, whole, whole), limits=st.tuples(whole, whole),
)  # fmt: skip
def test_any_goal_is_read_or_refused_in_one_line(**f: Any) -> None:
    roi = RegionOfInterest(**dict(zip(("x_offset", "y_offset", "width", "height"), f["sides"], strict=True)))
    as_they_are = {name: f[name] for name in ("mode", "region", "use", "method", "x_px", "y_px")}
    limits = {"max_moves": f["limits"][0], "max_captures": f["limits"][1], "max_duration_s": f["duration"]}
    goal = SimpleNamespace(**as_they_are, **limits, roi=roi, target_id=3)
    read = read_goal(goal, METHODS)
    if isinstance(read, str):
        assert read and len(read.splitlines()) == 1 and len(read) < 1000
        return
    assert f["mode"] in (1, 2) and f["region"] <= 3 and f["use"] <= 2 and (not f["method"] or f["method"] in METHODS)
    assert 0.0 <= read.max_duration_s < math.inf and 0 <= read.max_moves <= MOST
    if read.region == "point":
        assert all(math.isfinite(value) and value >= 0 for value in read.point_px)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = read_goal(GOAL(mode=9, region=1, x_px=math.nan, use=7, method="magic", max_duration_s=-1.0), METHODS)
    assert isinstance(text, str)
    for words in ("mode is 9", "use is 7", "no method 'magic', there are bayes, fibonacci", "(nan, 0)", "max_duration_s is -1"):
        assert words in text


def test_a_good_goal() -> None:
    goal = GOAL(mode=2, region=2, use=1, method="bayes", max_moves=4, max_duration_s=2.5)
    goal.roi = RegionOfInterest(x_offset=1, y_offset=2, width=3, height=4)
    assert read_goal(goal, METHODS) == FocusWish("continuous", "box", (0.0, 0.0), (1, 2, 3, 4), 0, "depth", "bayes", 4, 0, 2.5)


@pytest.mark.parametrize(
    ("fields", "depth_m", "sigma_m"),
    [
        ({"depth_m": 2.0, "depth_sigma_m": 0.1}, 2.0, 0.1),
        ({"depth_m": 2.0, "depth_sigma_m": 0.001}, 2.0, 0.06),
        ({"depth_m": 2.0, "depth_sigma_m": math.nan}, 2.0, 0.06),
        ({"depth_m": 2.0, "depth_sigma_m": 0.0}, 2.0, 0.06),
        ({"depth_m": math.nan}, math.nan, math.nan),
        ({"depth_m": math.inf}, math.nan, math.nan),
        ({"depth_m": -1.0}, math.nan, math.nan),
        ({"depth_m": 5e-324}, math.nan, math.nan),
        ({"depth_m": 2.0, "depth_sigma_m": 0.1, "state": FocusTarget.STATE_HELD}, math.nan, math.nan),
    ],
)
def test_a_depth_is_taken_where_it_can_be_used(fields: dict[str, Any], depth_m: float, sigma_m: float) -> None:
    target = FocusTarget(**{"id": 4, "state": FocusTarget.STATE_TRACKED, **fields})
    (row,) = read_target_rows(FocusTargetArray(targets=[target, FocusTarget()]), 0.03)
    assert (row.depth_m, row.sigma_m) == pytest.approx((depth_m, sigma_m), nan_ok=True)


def test_the_numbers_of_states_and_reasons_are_the_messages() -> None:
    for prefix, table in (("STATE", State), ("REASON", Reason)):
        for entry in table:
            assert getattr(AutofocusStatus, f"{prefix}_{entry.name}") == entry


def test_a_report_becomes_a_status_and_an_ending_a_result() -> None:
    known = Known(best_position_steps=12.0, best_sigma_steps=3.0, probability_in_focus=0.5, blur_radius_px=4.0, blur_sigma_px=1.0)
    report = Report(State.MOVING, Reason.NONE, "on the way", known, 5, 10, 1, 2, 0)
    header = Header(frame_id="camera")
    status = make_status(report, mode=GOAL.MODE_ONCE, method="bayes", header=header, target=None)
    assert (status.mode, status.state, status.best_position_steps, status.position_steps) == (1, 3, 12.0, 5.0)
    assert status.target.state == FocusTarget.STATE_NONE and (status.moves, status.captures) == (1, 2)
    journal = Journal(moves=2, captures=1, trace=[(5.0, known)])
    ending = Ending(Reason.NONE, "in focus", True, 5, 2, 0.9, 1, journal)  # whole numbers end in floats
    result = make_result(ending, math.inf)
    assert (result.reason, result.in_focus, result.focus_distance_m, result.position_sigma_steps) == (0, True, math.inf, 2.0)
    assert (list(result.trace_position_steps), list(result.trace_blur_radius_px)) == ([5.0], [4.0])
    refused = refuse(Reason.INVALID_GOAL, "no")
    assert (refused.reason, refused.message) == (16, "no") and math.isnan(refused.position_steps)


def test_why_there_is_no_depth_is_said_where_there_is_none() -> None:
    targets, no_depth = FocusTargetArray(message="depth is relative: no reading yet"), AutofocusStatus.REASON_NO_DEPTH
    assert with_why_no_depth("no depth", no_depth, targets) == "no depth (depth is relative: no reading yet)"
    assert with_why_no_depth("no depth", no_depth, None) == "no depth"
    assert with_why_no_depth("no depth", no_depth, FocusTargetArray()) == "no depth"
    assert with_why_no_depth("dark", AutofocusStatus.REASON_TOO_DARK, targets) == "dark"
