"""The benchmark's simulation of continuous focus, in a short run, and what it counts."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.autofocus.following import Follower, FollowSetup
from auxfocus_ros.commands.bench_following import SECONDS, WAYS, Trial, bars, bench_model, figures, reversals, summary
from auxfocus_ros.commands.bench_following_drawing import draw_run
from auxfocus_ros.commands.bench_following_rivals import LastDepth
from auxfocus_ros.commands.bench_following_world import Conditions, Scene, StandIn, path, simulate

DEPTH = next(way for way in WAYS if way.name == "depth")


def share(record: object) -> float:
    return float((np.abs(record.lens_steps - record.best_steps) <= record.half_steps).mean())  # type: ignore[attr-defined]


def test_paths_by_hand() -> None:
    to_and_fro = path("to_and_fro")
    assert [to_and_fro(t) for t in (0.0, 1.0, 7.5, 8.5, 15.0)] == pytest.approx([8.0, 7.0, 0.5, 1.5, 8.0])
    assert [path("going")(t) for t in (0.0, 7.5, 9.0)] == pytest.approx([0.5, 8.0, 8.0])
    assert [path("hold_and_go")(t) for t in (1.9, 3.5, 5.5, 7.0)] == pytest.approx([4.0, 2.5, 2.5, 1.0])
    for name in SECONDS:
        assert all(0.4 < path(name)(t) < 8.01 for t in np.linspace(0.0, 30.0, 200))


def test_reversals_apart_from_probes() -> None:
    moves = [
        (0.0, 0.0, 5.0, False),
        (0.1, 5.0, 2.0, True),
        (0.2, 2.0, 9.0, False),
        (0.3, 9.0, 4.0, False),
        (0.4, 4.0, 4.0, False),
    ]
    assert reversals(moves) == 1


def test_a_short_walk_by_depth_stays_in_focus_where_the_last_depth_does_not(tmp_path: Path) -> None:
    model = bench_model()
    scene = Scene(lambda time_s: 4.5 - time_s, model, 3.5, seed=2)
    ours = simulate(Follower(FollowSetup(1050.0, 2100.0, model, use="depth")), scene)
    theirs = simulate(LastDepth(model), scene)
    assert share(ours) >= 0.8
    assert share(theirs) < share(ours)
    draw_run(ours, tmp_path / "run.png", "a walk")
    drawn = cv2.imread(str(tmp_path / "run.png"))
    assert drawn is not None and drawn.min() < 100


def test_a_short_walk_by_picture_alone() -> None:
    model = bench_model()
    stand_in = StandIn(model, seed=3, share=0.05, floor_px=0.3)
    scene = Scene(lambda time_s: 5.0 - time_s, model, 3.0, 3, Conditions(depth_hz=0.0), stand_in.seen)
    record = simulate(Follower(FollowSetup(1050.0, 2100.0, model, use="picture"), stand_in), scene)
    assert share(record) >= 0.7
    assert record.pictures > 20


def test_figures_are_counted() -> None:
    trial = Trial(DEPTH, "still_2m", 0, "")
    run = figures(trial)
    assert run["in_focus"] >= 0.95 and run["moves_per_s"] < 2.0
    row = summary(DEPTH, "still_2m", [run])
    assert row is not None and row["2 to 4 m"] == pytest.approx(run["in_focus"], abs=1e-3) and row["0.5 to 1 m"] is None
    assert summary(DEPTH, "coming", [run]) is None
    walked = {**run, "path": "coming"}
    found = bars([walked])
    assert [entry["met"] for entry in found[:2]] == [True, run["reversals_per_5s"] <= 1.0]
    assert found[2]["figure"] is None and not found[2]["met"]
