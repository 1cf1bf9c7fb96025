"""All figures at once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.summary import SUMMARY_KEYS, summarise

TIME_S = np.arange(0, 400) / 20  # 20 s
OPEN = ("streams", "options")
"""Taken over as they are."""


@pytest.fixture
def run(frame_table: Callable[..., Any]) -> Any:
    """A target that moves away and comes back, a lens 0.25 s behind it that hunts at the end, 200 steps a dioptre."""
    best = np.interp(TIME_S, [2, 4, 8, 10], [300, 500, 500, 300])
    lens = np.interp(TIME_S, [2.25, 4.25, 8.25, 10.25, 14, 14.5, 15.5, 16], [300, 500, 500, 300, 300, 340, 260, 300])
    focus, target = lens / 200, best / 200
    off = lens - best
    return frame_table(
        TIME_S,
        lens_position_steps=lens,
        focus_distance_m=1 / focus,
        near_limit_m=1 / (focus + 0.05),
        far_limit_m=1 / (focus - 0.05),
        depth_of_focus_steps=np.where(TIME_S < 12, 20.0, np.nan),
        target_id=1.0,
        target_depth_m=1 / target,
        target_best_steps=best,
        target_off_steps=off,
        target_in_focus=np.abs(off) <= 10,
        sharpness_tenengrad=100.0 / (1 + (off / 20) ** 2),
        next_depth_steps=best,
        says_depth=np.full(400, "looks", dtype=object),
    )


def leaves(value: Any, way: str = "") -> Iterator[str]:
    if isinstance(value, dict) and way not in OPEN:
        for key, entry in value.items():
            yield from leaves(entry, f"{way}.{key}" if way else key)
    elif isinstance(value, list):
        for entry in value:
            yield from leaves(entry, f"{way}[]")
    else:
        yield way


def test_the_answers_of_a_run(run: Any) -> None:
    said = summarise(run, {"dropped": 3}, AnalysisOptions())
    assert said["frames"] == 400 and said["analysed_s"] == pytest.approx(20.0) and said["period_s"] == pytest.approx(0.05)
    assert said["depth_of_focus_steps"] == pytest.approx(20.0)
    assert said["in_focus"]["share"] == pytest.approx(np.mean(run["target_in_focus"]))
    assert said["lag"]["lag_s"] == pytest.approx(0.25, abs=0.006) and said["lag"]["followed"] == 2
    assert [one["reversals"] for one in said["hunting"]["passages"]] == [2]
    assert [(one["start_s"], one["end_s"]) for one in said["soft"]["passages"]] == [
        pytest.approx((2.15, 4.15), abs=0.06),
        pytest.approx((8.15, 10.15), abs=0.06),
        pytest.approx((14.125, 15.875), abs=0.06),
    ]
    assert said["autofocus"]["depth"]["lands_share"] == 1.0
    assert said["streams"] == {"dropped": 3}
    assert said["options"]["soft_share"] == 0.6
    assert said["not_known"] == {}


def test_every_figure_is_declared_and_every_declared_one_is_there(run: Any) -> None:
    patterns = {key.name: re.compile(re.escape(key.name).replace(r"\*", r"[^.]+")) for key in SUMMARY_KEYS}
    assert len(patterns) == len(SUMMARY_KEYS)
    said = summarise(run, {}, AnalysisOptions())
    found = set(leaves({**said, "not_known": {"lag": "why"}}))
    met = {name for name, pattern in patterns.items() if any(pattern.fullmatch(leaf) for leaf in found)}
    assert met == set(patterns)
    assert all(any(pattern.fullmatch(leaf) for pattern in patterns.values()) for leaf in found)


def test_it_is_json_without_infinity_and_the_same_each_time(run: Any) -> None:
    health = {"rate_hz": float("inf"), "where": np.array([1.0, np.nan])}
    one, other = (json.dumps(summarise(run, health, AnalysisOptions()), allow_nan=False) for _ in range(2))
    assert one == other
    assert json.loads(one)["streams"] == {"rate_hz": None, "where": [1.0, None]}


@pytest.mark.parametrize("frames", [0, 1, 50])
def test_a_table_that_knows_nothing_says_so(frame_table: Callable[..., Any], frames: int, recwarn: Any) -> None:
    said = summarise(frame_table(np.arange(frames) / 10), {}, AnalysisOptions())
    assert json.dumps(said, allow_nan=False)
    assert said["in_focus"]["share"] is said["lag"]["lag_s"] is said["hunting"]["hunting_reversals"] is None
    assert set(said["not_known"]) == {"in_focus", "lag", "hunting"}
    assert set(said["not_known"].values()) == {"the lens's positions are not known"}
    assert not recwarn.list


def test_why_something_is_not_known(run: Any, frame_table: Callable[..., Any]) -> None:
    lens = {name: run[name] for name in ("lens_position_steps", "focus_distance_m", "near_limit_m")}
    said = summarise(frame_table(TIME_S, **lens), {}, AnalysisOptions())
    assert said["not_known"]["lag"] == "the depth of focus in steps is not known: it takes a lens file"
    assert said["not_known"]["hunting"] == said["not_known"]["lag"]
    said = summarise(frame_table(TIME_S, **lens, depth_of_focus_steps=20.0), {}, AnalysisOptions())
    assert said["not_known"] == {
        "in_focus": "no target's depth is known",
        "lag": "no target's depth is known",
        "hunting": "no target's depth is known while the lens goes to and fro",
    }
    said = summarise({**run, "lens_position_steps": np.linspace(300.0, 300.4, 400)}, {}, AnalysisOptions())
    assert said["not_known"] == {"lag": "movements of the target that the lens followed: none of 2"}
