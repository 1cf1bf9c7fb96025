"""Where the focus stood when a picture was taken."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auxfocus_ros.analysis.frame.deviation import deviation_of_blur
from auxfocus_ros.analysis.frame.focus_state import FocusState, focus_state
from auxfocus_ros.analysis.frame.target_rows import target_columns
from auxfocus_ros.distribution.targets import Target
from auxfocus_ros.optics import Lens, LinearMapping, TableMapping, load_lens
from auxfocus_ros.rig import LensReading
from auxfocus_ros.rig.side_readings import lens_reading

LENS = load_lens("bench_25mm")
NAN = math.nan
STAMP_NS = 5_000_000_000


def said(position_steps: float, *distances_m: float, age_s: float = 0.1, moving: bool = False) -> LensReading:
    return LensReading(STAMP_NS - round(age_s * 1e9), position_steps, moving, *(distances_m or (NAN, NAN, NAN)))


def test_the_recordings_own_distances_count() -> None:
    found = focus_state(said(1300.0, 1.5, 1.25, 1.75, moving=True), STAMP_NS, LENS)
    assert found.columns() == {
        "lens_position_steps": 1300.0,
        "lens_moving": True,
        "lens_age_s": pytest.approx(0.1),
        "focus_state": "finite",
        "focus_distance_m": 1.5,
        "near_limit_m": 1.25,
        "far_limit_m": 1.75,
        "depth_of_focus_steps": pytest.approx(20.45, abs=0.01),
    }


def test_a_position_alone_means_what_the_lens_file_says() -> None:
    found = focus_state(said(1300.0), STAMP_NS, LENS)
    near_m, far_m = LENS.depth_of_field_m(1300.0)
    assert (found.reading.near_limit_m, found.reading.far_limit_m) == (near_m, far_m)
    assert found.reading.focus_distance_m == LENS.focus_distance_m(1300.0)


@pytest.mark.parametrize("age_s", [2.5, -2.5])
def test_a_lens_state_of_another_time_says_nothing(age_s: float) -> None:
    columns = focus_state(said(1300.0, 1.5, 1.25, 1.75, age_s=age_s), STAMP_NS, LENS).columns()
    assert columns.pop("lens_age_s") == pytest.approx(age_s)
    assert columns.pop("focus_state") == "unknown"
    assert set(columns.values()) == {None}


def test_without_lens_states_nothing_is_known() -> None:
    assert focus_state(None, STAMP_NS, LENS) == FocusState()
    assert set(FocusState().columns().values()) == {None, "unknown"}


def test_infinity_is_infinite_and_beyond_it_there_is_no_distance() -> None:
    at = focus_state(said(1000.0, math.inf, 20.0, math.inf), STAMP_NS, None).columns()
    assert (at["focus_state"], at["focus_distance_m"], at["far_limit_m"]) == ("infinity", math.inf, math.inf)
    just_beyond = focus_state(said(999.0, NAN, 25.0, math.inf), STAMP_NS, None).columns()
    assert (just_beyond["focus_state"], just_beyond["focus_distance_m"]) == ("beyond_infinity", None)
    assert just_beyond["near_limit_m"] == 25.0
    assert focus_state(said(900.0), STAMP_NS, None).reading.state == "beyond_infinity"


def test_a_position_that_is_not_known_or_outside_the_lens_table_says_nothing_of_the_focus() -> None:
    assert focus_state(said(NAN), STAMP_NS, None).reading.state == "unknown"
    table = Lens("t", 0.025, 2.4, 1.6e-6, 6.4e-6, 0.0, 100.0, TableMapping((0.0, 100.0), (0.0, 1e-3)))
    outside = focus_state(said(150.0), STAMP_NS, table)
    assert (outside.reading.state, outside.position_steps) == ("unknown", 150.0)
    assert focus_state(said(50.0), STAMP_NS, table).reading.state == "finite"


def test_of_distances_that_cannot_be_the_position_is_left() -> None:
    told: list[str] = []
    wrong = said(1300.0, 1.5, 1.75, 1.25)
    assert focus_state(wrong, STAMP_NS, None, told.append).columns() == {
        **dict.fromkeys(FocusState().columns()),
        "lens_position_steps": 1300.0,
        "lens_moving": False,
        "lens_age_s": pytest.approx(0.1),
        "focus_state": "unknown",
    }
    assert focus_state(wrong, STAMP_NS, LENS, told.append) == focus_state(said(1300.0), STAMP_NS, LENS)
    assert told == 2 * ["lens state: depth of field: wanted 0 < near <= far, or NaN for both, got 1.75 to 1.25"]


@pytest.mark.parametrize("way", [1e-6, -1e-6])
def test_the_depth_of_focus_by_hand(way: float) -> None:
    # f 50 mm, A 25 mm, c 20 um, 1 um a step: in focus at 2.55 m is an image at 51 mm; c v0 / A is 40.8 um either way
    lens = Lens("by hand", 0.05, 2.0, 10e-6, 20e-6, 0.0, 2000.0, LinearMapping(way, 0.0 if way > 0 else 2000.0))
    assert focus_state(said(1000.0), STAMP_NS, lens).depth_of_focus_steps == pytest.approx(81.6)
    assert focus_state(said(1300.0, 2.55, 2.4, 2.7), STAMP_NS, lens).depth_of_focus_steps == pytest.approx(81.6)


def test_without_a_lens_file_or_beyond_infinity_there_is_no_depth_of_focus() -> None:
    assert math.isnan(focus_state(said(1300.0, 1.5, 1.25, 1.75), STAMP_NS, None).depth_of_focus_steps)
    assert math.isnan(focus_state(said(900.0), STAMP_NS, LENS).depth_of_focus_steps)


TABLE = Lens("t", 0.025, 2.4, 1.6e-6, 6.4e-6, 0.0, 100.0, TableMapping((0.0, 100.0), (-1e-4, 1e-3)))
NUMBERS = st.floats() | st.floats(-3000.0, 3000.0) | st.sampled_from([0.0, 0.025, 1.5, 50.0, 1300.0, math.inf, NAN])
STATES = st.builds(
    LensReading, st.integers(-(2**63), 2**63 - 1) | st.just(STAMP_NS), NUMBERS, st.booleans(), NUMBERS, NUMBERS, NUMBERS
)


@example(LensReading(STAMP_NS, math.inf, False, NAN, NAN, NAN), LENS)
@example(LensReading(STAMP_NS, 1e308, False, NAN, NAN, NAN), LENS)
@example(LensReading(STAMP_NS, -1e308, False, NAN, NAN, NAN), LENS)
@example(LensReading(STAMP_NS, 1300.0, True, -math.inf, NAN, NAN), None)
@example(LensReading(STAMP_NS, 1300.0, True, NAN, 5.0, 1.0), None)
@given(state=STATES, lens=st.sampled_from([None, LENS, TABLE]))
def test_whatever_a_lens_state_says_the_columns_hold_what_they_may(state: LensReading, lens: Lens | None) -> None:
    told: list[str] = []
    found = focus_state(state, STAMP_NS, lens, told.append)
    row = found.columns()
    target = target_columns(Target(1, (0, 0, 10, 10), depth_m=2.0), found, lens)
    assert row["focus_state"] in ("unknown", "finite", "infinity", "beyond_infinity")
    distance_m, near_m, far_m = (row[name] for name in ("focus_distance_m", "near_limit_m", "far_limit_m"))
    assert (distance_m is not None) == (row["focus_state"] in ("finite", "infinity"))
    assert distance_m is None or (distance_m > 0 and math.isinf(distance_m) == (row["focus_state"] == "infinity"))
    assert (near_m is None) == (far_m is None) and (near_m is None or 0 < near_m <= far_m)
    for name in ("lens_position_steps", "lens_age_s", "depth_of_focus_steps"):
        assert row[name] is None or math.isfinite(row[name])
    assert target["target_off_steps"] is None or math.isfinite(target["target_off_steps"])
    assert row["depth_of_focus_steps"] is None or row["depth_of_focus_steps"] > 0
    if lens is not None and row["lens_position_steps"] is not None:
        assert not math.isinf(deviation_of_blur(lens, found.position_steps, 3.0, 2.0).steps)
    near_in_time = abs(state.stamp_ns - STAMP_NS) <= 2_000_000_000
    assert row["lens_position_steps"] == (state.position_steps if near_in_time and math.isfinite(state.position_steps) else None)
    assert len(told) <= 1 and (not told or near_in_time)


@pytest.mark.parametrize("fault_code", [0, 1, 2, 3, 255])
def test_only_of_a_lens_that_does_not_answer_nothing_is_known(fault_code: int) -> None:
    message = SimpleNamespace(
        position_steps=1300.0, moving=False, focus_distance_m=1.5, near_limit_m=1.25, far_limit_m=1.75, fault_code=fault_code
    )
    found = focus_state(lens_reading(message, STAMP_NS), STAMP_NS, LENS)
    assert found.reading.state == ("unknown" if fault_code == 2 else "finite")
    assert math.isnan(found.position_steps) == (fault_code == 2)
