"""Two runs side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.comparing import Comparison, Difference, compare
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.summary import summarise
from auxfocus_ros.errors import InputError

TIME_S = np.arange(0, 1200) / 20  # 60 s


def summed(table: Any, health: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    return summarise(table, health or {}, AnalysisOptions(**options))


def found(comparison: Comparison, key: str) -> Difference:
    return next(one for one in comparison.differences if one.key == key)


@pytest.fixture
def wandering() -> Any:
    """How far a lens is off: wanders by far more than the runs will differ."""
    return 50 + 30 * np.sin(TIME_S / 4) + np.random.default_rng(3).normal(0, 4, TIME_S.size)


def test_the_same_pictures_show_what_two_means_hide(frame_table: Callable[..., Any], wandering: Any) -> None:
    off = np.random.default_rng(4).normal(3, 2, TIME_S.size)
    a, b = frame_table(TIME_S, target_off_steps=wandering), frame_table(TIME_S, target_off_steps=wandering + off)
    both = compare(summed(a), summed(b), a, b)
    assert both.same_pictures
    one = found(both, "off_steps")
    assert (one.clear, one.better) == (True, "A")
    assert one.change == pytest.approx(3.0, abs=0.2)
    later = {**b, "stamp_ns": b["stamp_ns"] + 7}
    apart = compare(summed(a), summed(later), a, later)
    assert not apart.same_pictures
    assert found(apart, "off_steps").change == pytest.approx(one.change)
    assert not found(apart, "off_steps").clear


def test_what_matters_first(frame_table: Callable[..., Any], wandering: Any) -> None:
    """In focus differs by many spreads, readings by far more of themselves but within chance."""
    random = np.random.default_rng(6)
    a = frame_table(
        TIME_S,
        target_in_focus=random.random(TIME_S.size) < 0.5,
        readings=random.normal(0.0, 100.0, TIME_S.size),
        deviation_steps=5.0,
        target_off_steps=wandering,
    )
    b = {
        **a,
        "stamp_ns": a["stamp_ns"] + 7,
        "target_in_focus": random.random(TIME_S.size) < 0.9,
        "readings": random.normal(0.0, 100.0, TIME_S.size),
        "deviation_steps": np.full(TIME_S.size, np.nan),
        "target_off_steps": wandering + 0.5,
    }
    both = compare(summed(a, {"dropped": 1}), summed(b, {"dropped": 5}), a, b)
    keys = [one.key for one in both.differences]
    assert keys[0] == "in_focus"
    assert found(both, "in_focus").better == "B"
    ranks = [one.rank for one in both.differences]
    assert ranks == sorted(ranks)
    assert found(both, "streams.dropped").rank == 1
    assert (found(both, "deviation_steps").rank, found(both, "deviation_steps").b) == (2, None)
    assert found(both, "off_steps").rank == found(both, "readings").rank == 3


def test_an_analysis_against_itself_differs_in_nothing(frame_table: Callable[..., Any], wandering: Any) -> None:
    table = frame_table(TIME_S, target_off_steps=wandering, target_in_focus=wandering < 40, lens_position_steps=wandering)
    both = compare(summed(table, {"dropped": 1}), summed(table, {"dropped": 1}), table, table)
    assert both.settings == {}
    assert both.differences and all(one.rank == 3 and not one.change for one in both.differences)


def test_of_what_no_spread_is_known_the_outcome_comes_first(frame_table: Callable[..., Any]) -> None:
    time_s = TIME_S[:60]  # 3 s: no spread
    known: dict[str, Any] = {"target_best_steps": 1500.0, "target_off_steps": 10.0, "lens_position_steps": 1510.0}
    a = frame_table(time_s, **known, next_bayes_steps=1501.0, readings=10)
    b = frame_table(time_s, **{**known, "target_off_steps": 11.0}, next_bayes_steps=1520.0, readings=5000)
    both = compare(summed(a, {"lens_rate_hz": 20.0}), summed(b, {"lens_rate_hz": 10.0}), a, b)
    keys = [one.key for one in both.differences if one.rank == 1]
    assert keys == ["off_steps", "bayes_off_steps", "readings", "streams.lens_rate_hz"]
    lines = [" ".join(line.split()) for line in both.text().splitlines()]
    assert "A B change" in lines  # no spread and no effect, of which none is known
    assert "recording's lens rate [Hz] 20 10 -10" in lines


def test_what_is_alike_takes_no_lines(frame_table: Callable[..., Any]) -> None:
    table = frame_table(TIME_S, lens_position_steps=1500.0)
    lines = compare(summed(table), summed(table), table, table).text().splitlines()
    assert lines[2].startswith("Exactly the same: ") and "lens position" in "".join(lines)
    assert max(map(len, lines)) <= 120 and not any(line.startswith("The same within chance") for line in lines)


def test_settings_that_differ(frame_table: Callable[..., Any]) -> None:
    table = frame_table(TIME_S)
    both = compare(summed(table, soft_s=0.3), summed(table, soft_s=0.7), table, table)
    assert both.settings == {"soft_s": (0.3, 0.7)}


def test_events_by_hand(frame_table: Callable[..., Any]) -> None:
    """Nine soft passages a minute against none: 9 with a spread of sqrt(9 + 1), of which the others are multiples."""
    soft = np.zeros(TIME_S.size, dtype=bool)
    for start in range(0, 1080, 120):
        soft[start : start + 20] = True
    a, b = frame_table(TIME_S, target_in_focus=~soft), frame_table(TIME_S, target_in_focus=True)
    both = compare(summed(a), summed(b), a, b)
    rate = found(both, "soft_per_min")
    assert (rate.a, rate.b, rate.spread, rate.better) == (pytest.approx(9.0), 0.0, pytest.approx(10**0.5), "B")
    share = found(both, "soft_share")
    assert (share.a, share.spread, share.better) == (pytest.approx(9 / 60), pytest.approx(3 / 60), "B")


def test_lag_by_hand(frame_table: Callable[..., Any]) -> None:
    table = frame_table(TIME_S)
    a, b = summed(table), summed(table)
    a["lag"] |= {"lag_s": 0.5, "quartile_low_s": 0.4, "quartile_high_s": 0.6, "followed": 16}
    b["lag"] |= {"lag_s": 0.2, "quartile_low_s": 0.2, "quartile_high_s": 0.2, "followed": 16}
    lag = found(compare(a, b, table, table), "lag_s")
    assert lag.change == pytest.approx(-0.3)
    assert lag.spread == pytest.approx(1.2533 * 0.2 / 1.349 / 4)
    assert lag.better == "B"
    b["lag"]["followed"] = 3
    lag = found(compare(a, b, table, table), "lag_s")
    assert (lag.spread, lag.rank, lag.better) == (None, 1, "")


def test_a_constant_difference_is_a_certain_one(frame_table: Callable[..., Any]) -> None:
    a, b = frame_table(TIME_S, lens_position_steps=100.0), frame_table(TIME_S, lens_position_steps=101.0)
    one = compare(summed(a), summed(b), a, b).differences[0]
    assert (one.key, one.spread, one.better) == ("lens_steps", 0.0, "")
    assert one.effect is not None and one.effect > 1e6


def test_json_and_table(frame_table: Callable[..., Any]) -> None:
    a = frame_table(TIME_S, target_off_steps=4.0 + TIME_S % 2, focus_distance_m=np.inf)
    b = frame_table(TIME_S, target_off_steps=2.0 + TIME_S % 2, focus_distance_m=np.inf, readings=8)
    both = compare(summed(a, soft_s=0.3), summed(b, soft_s=0.4), a, b)
    said = json.loads(json.dumps(both.as_dict(), allow_nan=False))
    assert said["settings"] == {"soft_s": [0.3, 0.4]}
    assert said["differences"][0]["key"] == "off_steps" and said["differences"][0]["better"] == "B"
    lines = both.text().splitlines()
    assert lines[:4] == ["the same pictures, compared one by one", "soft_s: 0.3 in A, 0.4 in B", "", "What differs"]
    assert " ".join(lines[5].split()) == "lens off the target's best position [steps] 4.975 2.975 -2 0 always B is better"
    assert lines[7] == "Known of one alone"
    assert "depth readings in the picture" in lines[9]


@pytest.mark.parametrize(("which", "name"), [(0, "A"), (1, "B")])
def test_what_is_no_summary_is_refused(frame_table: Callable[..., Any], which: int, name: str) -> None:
    table = frame_table(TIME_S)
    said = [summed(table), summed(table)]
    del said[which]["lag"]
    with pytest.raises(InputError, match=f"summary of {name} has no lag"):
        compare(said[0], said[1], table, table)


def test_empty_tables(frame_table: Callable[..., Any], recwarn: Any) -> None:
    table = frame_table([])
    assert compare(summed(table), summed(table), table, table).as_dict()["same_pictures"] is False
    assert not recwarn.list
