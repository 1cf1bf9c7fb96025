"""`auxfocus bench monodepth`: its judging by hand, its scenes and targets, and single runs; what needs no trained network."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.commands import bench_monodepth as bench
from auxfocus_ros.commands import bench_monodepth_autofocus as autofocus
from auxfocus_ros.commands import bench_monodepth_real as real
from auxfocus_ros.commands import bench_monodepth_scenes as scenes
from auxfocus_ros.commands import bench_monodepth_target as target
from auxfocus_ros.commands import bench_monodepth_time as timing
from auxfocus_ros.commands.bench_autofocus_cases import load_plane, plane_names
from auxfocus_ros.commands.bench_autofocus_counting import Record
from auxfocus_ros.commands.bench_monodepth_rig import RigTarget, RigView, views_of
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.evaluation.metrics import DepthErrors, MeanErrors
from auxfocus_ros.monodepth.scale import ScaleOptions
from auxfocus_ros.optics import CameraModel, RigidTransform, load_lens
from auxfocus_ros.rig.frame import Frame

CAMERA = CameraModel(160, 120, 120.0, 120.0, 79.5, 59.5)


def halves() -> scenes.RealFrame:
    """2 m to the left and 6 m to the right, without readings between."""
    depth_m = np.full((120, 160), 2.0, np.float32)
    depth_m[:, 80:] = 6.0
    depth_m[:, 60:100] = 0.0
    return scenes.RealFrame(np.zeros((120, 160, 3), np.uint8), CAMERA, depth_m)


# Real scenes


def test_of_a_cloud_the_nearest_point_at_a_pixel_counts() -> None:
    points = np.zeros(4, [("x", "<f4"), ("y", "<f4"), ("z", "<f4")])
    # At the pixel (79.5 + 120 x / z, 59.5 + 120 y / z): two at column 80, row 60; one at column 50; one behind the camera.
    for number, xyz in enumerate([(0.025, 0.025, 6.0), (0.0125, 0.0125, 3.0), (-0.7375, 0.0125, 3.0), (0.0, 0.0, -2.0)]):
        points[number] = xyz
    frame = Frame(0, np.zeros((120, 160, 3), np.uint8), CAMERA, points=points, optical_from_points=RigidTransform.identity())
    depth_m = scenes.measured_depth(frame)
    assert {(int(row), int(column)): float(depth_m[row, column]) for row, column in np.argwhere(depth_m)} == {
        (60, 80): 3.0,
        (60, 50): 3.0,
    }


def test_a_depth_image_is_taken_with_its_holes() -> None:
    depth_m = np.array([[1.0, np.nan], [0.0, 2.0]], np.float32)
    frame = Frame(0, np.zeros((2, 2, 3), np.uint8), CameraModel(2, 2, 2.0, 2.0, 0.5, 0.5), depth_m=depth_m)
    np.testing.assert_array_equal(scenes.measured_depth(frame), [[1.0, 0.0], [0.0, 2.0]])


def test_shipped_scenes_are_there_and_missing_ones_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = scenes.real_frames(scenes.SCENES[0], tmp_path, [1])
    assert [frame.picture.shape for frame in frames] == [(480, 640, 3)] and frames[0].camera.fx_px == 518.0
    assert scenes.real_frames(scenes.DRIVE, tmp_path) == []
    assert f"drive_lidar is left out: there is no folder {tmp_path / 'drive_lidar'}" in capsys.readouterr().err


def test_the_collection_has_what_the_scenes_say(shared_data: Path) -> None:
    for scene in scenes.SCENES:
        assert len(list(scene.folder(shared_data).iterdir())) > 0
    (frame,) = scenes.real_frames(scenes.DRIVE, shared_data, [3])
    assert frame.picture.shape == (375, 1242, 3) and frame.camera.fx_px == pytest.approx(721.5377)
    # The camera is 1.65 m above the road, which therefore lies f h / (v - cy) = 7.1 m away at row 340.
    road_m = frame.depth_m[338:343, 560:660]
    assert np.median(road_m[road_m > 0]) == pytest.approx(721.5 * 1.65 / (340 - 172.9), rel=0.05)


def test_bars_are_about_the_better_of_the_two_row_means() -> None:
    def row(what: str, abs_rel: float) -> dict[str, Any]:
        return {"what": what, "errors": {"abs_rel": abs_rel}}

    rows = [row(real.NETWORK, 0.3), row(real.TUNED, 0.19), row(real.ROWS_BEFORE, 0.25), row(real.ROWS, 0.18)]
    assert [(one["figure"], one["bar"], one["met"]) for one in real.bars(rows)] == [(0.19, 0.20, True), (0.19, 0.18, False)]
    assert real.bars([]) == []


def test_last_frames_judge_what_was_learned_from_the_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[int]] = []

    def frames_of(scene: scenes.RealScene, data: Path, wanted: Any = None) -> list[scenes.RealFrame]:
        asked.append(list(wanted))
        return [halves()]

    monkeypatch.setattr(real, "real_frames", frames_of)
    monkeypatch.setattr(real, "fine_tuned", lambda frames, settings: lambda picture, camera: 3.0 * frames[0].depth_m)
    rows = real.fine_tuned_rows(Path(), real.FINE_TUNING, lambda picture, camera: np.ones((120, 160), np.float32))
    assert asked == [list(range(60)), list(range(70, 100))]
    figures = {row["what"]: row["errors"]["abs_rel"] for row in rows}
    assert figures[real.TUNED] == pytest.approx(0.0)
    # Scaled by medians to 4 m: off by 1 of 2, and by 1 of 3; the rows' means are as flat.
    assert figures[real.NETWORK] == figures[real.ROWS] == figures[real.ROWS_BEFORE] == pytest.approx((1.0 + 1.0 / 3.0) / 2.0)
    from rich.console import Console

    empty = {"scene": "x", "which": "all frames", "cap_m": 80.0, "what": real.NETWORK, **vars(MeanErrors(None, 0, 1, 0, 0))}
    real.show({"rows": [*rows, empty]}, Console(width=180))
    text = capsys.readouterr().out
    assert "frames 70 to 99 (1)" in text and "0.667" in text and "80 m" in text


# Metric depth at a target


def test_target_and_beam_have_readings_and_lie_apart() -> None:
    frame = halves()
    pairs = list(target.pairs_of(frame.depth_m, 10.0, 200, np.random.default_rng(1)))
    assert len(pairs) == 200
    for (row, column), (beam_row, beam_column) in pairs:
        assert frame.depth_m[row, column] > 0 and frame.depth_m[beam_row, beam_column] > 0
        assert np.hypot(row - beam_row, column - beam_column) >= 0.2 * 160
    assert pairs == list(target.pairs_of(frame.depth_m, 10.0, 200, np.random.default_rng(1)))
    assert not list(target.pairs_of(np.where(frame.depth_m == 2.0, frame.depth_m, 0)[:, :20], 10.0, 0, np.random.default_rng(1)))


def test_a_network_that_is_right_up_to_a_factor_has_no_error_and_the_rivals_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "PAIRS", 300)
    frame = halves()
    filled = np.where(np.arange(160) < 80, 2.0, 6.0).astype(np.float32) * np.ones((120, 1), np.float32)
    errors, unanswered = target.scene_errors([frame], 10.0, lambda picture, camera: filled / 7.0, np.random.default_rng(2))
    assert unanswered == 0
    assert errors[target.OURS].max() < 1e-6
    # The rows are all alike: they say what the beam says. It is right on its own side; 2 m for 6, or 6 m for 2, on the other.
    np.testing.assert_allclose(errors[target.ROWS], errors[target.BEAM], atol=1e-6)
    assert set(np.round(errors[target.BEAM], 3)) == {0.0, 0.667, 2.0}


def test_a_beam_on_an_edge_of_what_is_seen_gives_no_scale() -> None:
    seen = np.ones((120, 160), np.float32)
    seen[:, 80:] = 3.0
    assert not scenes.beam_scale(seen, (60, 79), 2.0).metric
    assert scenes.beam_scale(seen, (60, 100), 2.0).scale == pytest.approx(2.0 / 3.0)
    assert not scenes.beam_scale(seen, (60, 100), float("nan")).metric and not scenes.beam_scale(seen, (60, 100), np.inf).metric


def test_the_bar_is_about_the_median_over_all_targets(capsys: pytest.CaptureFixture[str]) -> None:
    every = {target.OURS: np.array([0.0, 0.1, 0.2, 0.5]), target.ROWS: np.array([0.3]), target.BEAM: np.zeros(0)}
    result = target.result_of([target.row_of("a", 2, every, 3), target.row_of("b", 1, every, 4)], every)
    total = result["rows"][-1]
    assert (total["scene"], total["frames"], total["targets"], total["no_scale"]) == ("all", 3, 4, 7)
    assert total["ways"][target.OURS] == pytest.approx({"median_percent": 15.0, "low_percent": 7.5, "high_percent": 27.5})
    assert [(one["figure"], one["met"]) for one in result["bars"]] == [(pytest.approx(15.0), True)]
    from rich.console import Console

    target.show(result, Console(width=180))
    assert "15.0 % (7.5 to 27.5)" in capsys.readouterr().out


# Autofocus


@pytest.fixture
def record() -> Callable[..., Record]:
    """A run that went well, but for what is said otherwise."""

    def make(**changes: Any) -> Record:
        usual = {
            "setup": autofocus.MONO, "plane": "road", "light": "car, 0.0 s", "start_steps": 100.0, "best_steps": 200.0,
            "end_steps": 204.0, "error_steps": 4.0, "inside_steps": 50.0, "moves": 1, "captures": 2, "steps": None,
            "travel_steps": 104.0, "reversals": 0, "duration_s": 0.2, "failed": False, "reason": "none",
        }  # fmt: skip
        return Record(**{**usual, **changes})

    return make


def test_moves_are_compared_run_by_run_and_with_none_that_failed(record: Callable[..., Record]) -> None:
    moves = {autofocus.PICTURE: (2, 1, 20), autofocus.MONO: (1, 1, 1), autofocus.LIDAR: (1, 1, 1)}
    records = [
        record(setup=way, start_steps=float(start), moves=count, failed=count == 20)
        for way, counts in moves.items()
        for start, count in enumerate(counts)
    ]
    result = autofocus.result_of(records)
    figures = {(row["scene"], row["way"]): row["moves"] for row in result["rows"]}
    assert figures["all", autofocus.PICTURE] == pytest.approx(23 / 3) and figures["all", autofocus.MONO] == 1.0
    assert figures[autofocus.NONE_FAILED, autofocus.PICTURE] == 1.5 and figures[autofocus.NONE_FAILED, autofocus.MONO] == 1.0
    assert result["fewer_moves"] == pytest.approx({"mean": -0.5, "standard_error": 0.5, "fewer": 0.5, "more": 0.0})
    assert [(one["bar"], one["met"]) for one in result["bars"]] == [(pytest.approx(23 / 3), True), (1.5, True)]
    assert [row["scene"] for row in result["by_scene"]] == ["road"] * 3


def test_where_every_run_failed_nothing_is_claimed(record: Callable[..., Record], capsys: pytest.CaptureFixture[str]) -> None:
    result = autofocus.result_of([record(setup=way, moves=20, failed=True) for way in autofocus.WAYS])
    assert [one["met"] for one in result["bars"]] == [False, False]
    from rich.console import Console

    autofocus.show(result, Console(width=180))
    assert "depth from the picture" in capsys.readouterr().out


def view_of_a_plane(beam_m: float = 2.0) -> RigView:
    """A photograph at 1.2 m before the rig's close lens; the sensor's readings lie a hundredth beside it."""
    lens = load_lens("gimbal_25mm_close")
    picture = np.ascontiguousarray(load_plane(plane_names()[1])[:480, :640], np.uint8)
    depth_m = np.full((480, 640), 1.2, np.float32)
    depth_m[:, 300:340] = 2.0  # where the beam points
    thing = RigTarget("photograph", (40, 100, 200, 200), 1.2)
    camera = CameraModel(640, 480, 680.0, 680.0, 319.5, 239.5)
    return RigView("plane", 0.0, picture, depth_m, 1.01 * depth_m, beam_m, camera, lens, (thing,))


def test_the_beam_makes_metres_of_what_the_network_sees_and_without_it_there_are_none() -> None:
    view = view_of_a_plane()
    reading = autofocus.reading_of(view.depth_m / 5.0, view, view.targets[0])
    assert reading is not None and reading.depth_m == pytest.approx(1.2)
    # The network's error once for the scale by one reading and once for the target's place; 0.03 m of 2 m for the beam itself.
    error = ScaleOptions().depth_error
    assert reading.sigma_m == pytest.approx(1.2 * np.sqrt(2.0 * error**2 + 0.015**2), rel=0.01)
    assert autofocus.reading_of(view.depth_m / 5.0, view_of_a_plane(float("inf")), view.targets[0]) is None


def test_a_run_by_each_way_ends_in_focus_and_depth_spares_moves() -> None:
    view = view_of_a_plane()
    told = {
        way: autofocus.told_of(way, view, view.targets[0], lambda picture, camera: view.depth_m / 5.0) for way in autofocus.WAYS
    }
    begin = autofocus.Start(0.33, 7)
    runs = {way: autofocus.run_of(view, view.targets[0], begin, way, told[way]) for way in autofocus.WAYS}
    assert {run.start_steps for run in runs.values()} == {0.33 * 1440}
    for way in (autofocus.MONO, autofocus.LIDAR):
        assert not runs[way].failed and abs(runs[way].error_steps) <= runs[way].inside_steps
        assert runs[way].moves < runs[autofocus.PICTURE].moves
    lidar = told[autofocus.LIDAR](view.picture)
    assert lidar is not None and (lidar.depth_m, lidar.sigma_m) == pytest.approx((1.212, 0.02 * 1.212))
    assert told[autofocus.PICTURE](view.picture) is None


def test_targets_of_a_shipped_scene_fit_and_the_beam_points_elsewhere() -> None:
    pytest.importorskip("mujoco")
    (view,) = views_of("table_top", 3.0, 1)
    assert {"bottle", "books", "cat"} <= {thing.name.split(" at ")[0] for thing in view.targets}
    assert view.beam_m == pytest.approx(3.3, abs=0.2)  # the wall; the pane before it is not met
    for thing in view.targets:
        assert view.lens.contains(float(view.lens.position_for_distance(thing.depth_m)))
    both = (view.measured_m > 0) & np.isfinite(view.depth_m)
    assert both.mean() > 0.5 and np.median(np.abs(view.measured_m[both] / view.depth_m[both] - 1.0)) < 0.02


# Time, and the command


def test_every_size_is_timed_and_the_bar_is_about_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork

    save_weights(DepthNetwork(), tmp_path / "new.safetensors")
    monkeypatch.setattr(timing, "SIZES_PX", ((96, 64), None))
    monkeypatch.setattr(timing, "JUDGED_PX", (96, 64))
    monkeypatch.setattr(timing, "FRAME_PX", (80, 60))
    result = timing.time_part(1, str(tmp_path / "new.safetensors"))
    assert [row["frame_px"] for row in result["rows"]] == [[96, 64], [80, 60]]
    assert result["rows"][1]["network_px"] == [288, 224]  # near 320 x 192 pixels, in the picture's shape
    assert result["bars"][0]["figure"] == result["rows"][0]["median_ms"] > 0.0
    assert result["bars"][0]["what"] == "one 96 x 64 frame on 2 cores"
    json.dumps(result, allow_nan=False)


def arguments_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.add_parser(parser.add_subparsers())
    return parser.parse_args(["monodepth", *words])


def test_parts_are_run_in_order_shown_and_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fake(part: str) -> Any:
        def run_part(name: str, options: argparse.Namespace) -> dict[str, Any]:
            assert (name, options.seed) == (part, 3)
            return {
                "bars": [{"what": part, "figure": 1.0, "sign": "<=", "bar": 2.0, "unit": "", "goal": "", "met": part != "time"}]
            }

        return SimpleNamespace(run_part=run_part, show=lambda result, console: console.print(f"table of {part}"))

    monkeypatch.setattr(bench, "module_of", fake)
    arguments = arguments_of("--part", "time", "--part", "gate", "--seed", "3", "--json", str(tmp_path / "new" / "figures.json"))
    assert arguments.run(arguments) == 1
    said = json.loads((tmp_path / "new" / "figures.json").read_text(encoding="utf-8"))
    assert list(said["results"]) == ["gate", "time"] and said["seed"] == 3
    text = capsys.readouterr().out
    assert text.index("table of gate") < text.index("table of time") < text.index("bars: ")
    arguments = arguments_of("--part", "gate", "--seed", "3")
    assert arguments.run(arguments) == 0


@pytest.mark.parametrize("flag", [["--repeats", "0"], ["--processes", "0"], ["--seed", "-1"]])
def test_flags_that_cannot_be_are_refused(flag: list[str]) -> None:
    arguments = arguments_of(*flag)
    with pytest.raises(ConfigurationError, match=f"{flag[0]} {flag[1]}: wanted at least"):
        arguments.run(arguments)


def test_every_part_that_needs_no_training_has_its_module() -> None:
    for part in ("real", "target", "time", "autofocus"):
        module = bench.module_of(part)
        assert callable(module.run_part) and callable(module.show)
    assert DepthErrors.__dataclass_fields__.keys() >= {"abs_rel", "delta_3"}
