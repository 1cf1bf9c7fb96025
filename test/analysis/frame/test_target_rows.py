"""Targets as rows, and the one of interest."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from auxfocus_ros.analysis.columns import TARGET_FIELDS
from auxfocus_ros.analysis.frame.focus_state import FocusState
from auxfocus_ros.analysis.frame.target_rows import target_columns, target_of_interest, target_rows
from auxfocus_ros.distribution.targets import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.optics import load_lens
from auxfocus_ros.view import FocusReading

LENS = load_lens("bench_25mm")
FOCUS = FocusState(FocusReading("finite", 3.0, 2.5, 3.5), 1110.0, False, 0.0)
BLIND = FocusState()
FACE = Target(7, (10, 20, 30, 40), source=TargetSource.FACE, label="face", depth_m=3.25, depth_sigma_m=0.125, in_focus=True)
HELD = replace(FACE, id=8, state=TargetState.HELD, selected=True)
LOST = replace(FACE, id=9, state=TargetState.LOST, selected=True, depth_m=math.nan, depth_sigma_m=math.nan, in_focus=False)


def test_every_field_of_a_target_is_there_as_declared() -> None:
    (row,) = target_rows(TargetSet((FACE,)), FOCUS)
    assert list(row) == [field.name for field in TARGET_FIELDS]
    assert row == {
        "id": 7,
        "label": "face",
        "source": "face",
        "state": "tracked",
        "selected": False,
        "left_px": 10,
        "top_px": 20,
        "width_px": 30,
        "height_px": 40,
        "depth_m": 3.25,
        "depth_sigma_m": 0.125,
        "in_focus": True,
    }


def test_in_focus_is_null_where_depth_or_focus_is_not_known() -> None:
    lost, far = target_rows(TargetSet((LOST, replace(FACE, depth_m=9.0, in_focus=False))), FOCUS)
    assert (lost["state"], lost["depth_m"], lost["depth_sigma_m"], lost["in_focus"]) == ("lost", None, None, None)
    assert far["in_focus"] is False
    assert target_rows(TargetSet((FACE,)), BLIND)[0]["in_focus"] is None
    beyond = FocusState(FocusReading("beyond_infinity"), 900.0)
    assert target_rows(TargetSet((replace(FACE, in_focus=False),)), beyond)[0]["in_focus"] is False


def test_of_interest_is_the_selected_one_until_it_is_lost_then_the_first_that_is_seen() -> None:
    assert target_of_interest(TargetSet((HELD, FACE), 8)) is HELD
    assert target_of_interest(TargetSet((LOST, FACE), 9)) is FACE
    assert target_of_interest(TargetSet((FACE, replace(FACE, id=2)))) is FACE
    assert target_of_interest(TargetSet((LOST,), 9)) is None
    assert target_of_interest(TargetSet()) is None


def test_where_the_lens_stood_against_where_it_should_have() -> None:
    found = target_columns(FACE, FOCUS, LENS)
    best_steps = found["target_best_steps"]
    assert LENS.focus_distance_m(best_steps) == pytest.approx(3.25)
    assert found["target_off_steps"] == pytest.approx(1110.0 - best_steps)
    assert (found["target_id"], found["target_depth_m"], found["target_in_focus"]) == (7, 3.25, True)


def test_what_is_not_known_is_null() -> None:
    assert target_columns(None, FOCUS, LENS) == {}
    without_lens = target_columns(FACE, FOCUS, None)
    assert (without_lens["target_best_steps"], without_lens["target_off_steps"]) == (None, None)
    without_position = target_columns(FACE, BLIND, LENS)
    assert without_position["target_best_steps"] is not None
    assert (without_position["target_off_steps"], without_position["target_in_focus"]) == (None, None)
    without_depth = target_columns(replace(FACE, depth_m=math.nan), FOCUS, LENS)
    assert [name for name, value in without_depth.items() if value is not None] == ["target_id"]
