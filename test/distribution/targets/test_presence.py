"""Held, then lost, and said plainly."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.distribution.targets import Target, TargetSource, TargetState
from auxfocus_ros.distribution.targets.presence import in_words, name, unseen

PERSON = Target(
    3, (10, 20, 30, 40), source=TargetSource.PERSON, label="person", depth_m=4.2, depth_near_m=4.0, depth_far_m=4.5,
    depth_sigma_m=0.01, position_m=(1.0, 0.0, 4.2), low_m=(0.9, -0.9, 4.0), high_m=(1.1, 0.9, 4.5), point_count=90,
    depth_velocity_m_per_s=0.5, in_focus=True, last_seen_s=10.0, segment=2, area_share=0.1, confidence=0.8,
)  # fmt: skip


def test_held() -> None:
    held = unseen(PERSON, 11.4, 2.0)
    assert held.state == TargetState.HELD and held.depth_m == 4.2 and held.last_seen_s == 10.0
    assert held.segment == 0 and math.isnan(held.depth_velocity_m_per_s)
    assert in_words(held, 11.4) == "the target (person 3) has not been seen for 1.4 s: its last depth of 4.2 m is held"


def test_lost() -> None:
    lost = unseen(PERSON, 12.6, 2.0)
    assert lost.state == TargetState.LOST and not lost.in_focus and lost.point_count == 0
    numbers = (lost.depth_m, lost.depth_near_m, lost.depth_far_m, lost.depth_sigma_m, *lost.position_m, *lost.low_m, *lost.high_m)
    assert all(math.isnan(number) for number in numbers)
    assert lost.box_px == PERSON.box_px and lost.id == 3
    assert in_words(lost, 12.6) == "the target (person 3) has not been seen for 2.6 s: it is lost, and its depth is unknown"


def test_seen_needs_no_words() -> None:
    assert in_words(PERSON, 99.0) == ""


@pytest.mark.parametrize(
    ("source", "label", "wanted"),
    [
        (TargetSource.OBJECT, "", "object 3"),
        (TargetSource.LARGE_OBJECT, "", "object 3"),
        (TargetSource.POINT, "", "point 3"),
        (TargetSource.BOX, "", "region 3"),
        (TargetSource.WHOLE_FRAME, "", "whole picture 3"),
        (TargetSource.DETECTOR, "dog", "dog 3"),
    ],
)
def test_names(source: TargetSource, label: str, wanted: str) -> None:
    assert name(Target(3, (0, 0, 1, 1), source=source, label=label)) == wanted


def test_a_region_has_no_reading() -> None:
    held = unseen(Target(4, (0, 0, 9, 9), source=TargetSource.POINT, depth_m=2.0, last_seen_s=1.0), 1.5, 2.0)
    assert in_words(held, 1.5) == "the target (point 4) has had no depth reading for 0.5 s: its last depth of 2 m is held"


@given(st.floats(-100, 100), st.floats(0, 10))
def test_never_infinite(time_s: float, hold_s: float) -> None:
    gone = unseen(PERSON, time_s, hold_s)
    assert gone.state == (TargetState.HELD if time_s - 10.0 <= hold_s else TargetState.LOST)
    assert math.isnan(gone.depth_m) == (gone.state == TargetState.LOST) and not math.isinf(gone.depth_m)
    assert "inf" not in in_words(gone, time_s) and "nan" not in in_words(gone, time_s)
