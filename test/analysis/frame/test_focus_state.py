"""Where the focus stood when a picture was taken."""

from __future__ import annotations

import math

import pytest

from auxfocus_ros.analysis.frame.focus_state import FocusState, focus_state
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import Lens, TableMapping, load_lens
from auxfocus_ros.rig import LensReading

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


def test_distances_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="depth of field: wanted 0 < near <= far"):
        focus_state(said(1300.0, 1.5, 1.75, 1.25), STAMP_NS, None)
