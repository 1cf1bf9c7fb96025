"""`auxfocus bench autofocus`: its counting and judging by hand, and small parts of it as a user runs them."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.commands.bench_autofocus_cases import Case, Setup, cases_of, depth_reading, load_plane, pieces, plane_names
from auxfocus_ros.commands.bench_autofocus_counting import Record, bad_runs, bar, summary
from auxfocus_ros.commands.bench_autofocus_real import agreed, real_bars, sweep_summary, textured_regions
from auxfocus_ros.commands.bench_autofocus_runs import FRAME_S, duration_s, run_case
from auxfocus_ros.commands.bench_autofocus_source import STARTS_STEPS, TABLE_2, TABLE_4, TABLE_5
from auxfocus_ros.commands.bench_autofocus_tables import (
    FIBONACCI,
    OURS,
    RULE_BASED,
    SETUPS,
    run_bars,
    table_2_summary,
    tables_45_summary,
)


@pytest.fixture
def record() -> Callable[..., Record]:
    """A run that went well, but for what is said otherwise."""

    def make(**changes: Any) -> Record:
        usual = {
            "setup": OURS, "plane": "p", "light": "dim", "start_steps": 1100.0, "best_steps": 1500.0, "end_steps": 1504.0,
            "error_steps": 4.0, "inside_steps": 10.0, "moves": 2, "captures": 3, "steps": None, "travel_steps": 400.0,
            "reversals": 0, "duration_s": 0.5, "failed": False, "reason": "none",
        }  # fmt: skip
        return Record(**{**usual, **changes})

    return make


def test_what_the_source_printed_is_what_it_says_of_it() -> None:
    rows = [{"position_steps": target[1], "printed": ends} for target, by_light in TABLE_2.items() for ends in by_light.values()]
    figures = table_2_summary(rows, ["printed"])["printed"]
    assert len(rows) == 15
    assert figures["error_steps"] == pytest.approx(13.6, abs=0.05)
    assert figures["within_20"] == pytest.approx(0.82, abs=0.005)
    assert figures["within_10"] == pytest.approx(0.43, abs=0.005)
    targets = {**TABLE_4, **TABLE_5}
    assert np.mean([steps for _, _, steps in targets.values()]) == pytest.approx(1.58, abs=0.01)
    assert np.mean([rule for rule, _, _ in targets.values()]) == pytest.approx(54.0, abs=0.5)
    assert {fibonacci for _, fibonacci, _ in targets.values()} == {13}


def test_a_summary_by_hand(record: Callable[..., Record]) -> None:
    runs = [
        record(),
        record(error_steps=-11.0, moves=1, captures=2, inside_steps=11.5, reversals=1, duration_s=1.5),
        record(error_steps=25.0, moves=20, captures=20, failed=True, inside_steps=12.5, travel_steps=100.0),
    ]
    said = summary(runs)
    assert (said["runs"], said["failed"], said["steps"]) == (3, 1, None)
    assert said["moves"] == pytest.approx(23 / 3) and said["captures"] == pytest.approx(25 / 3)
    assert said["error_steps"] == pytest.approx(40 / 3)
    assert (said["median_error_steps"], said["worst_error_steps"]) == (11.0, 25.0)
    assert said["error_depths"] == pytest.approx((4 / 20 + 11 / 23 + 25 / 25) / 3)
    assert (said["within_10"], said["within_20"], said["inside"]) == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert (said["travel_steps"], said["reversals"]) == pytest.approx((300.0, 1 / 3))
    assert [run["error_steps"] for run in bad_runs(runs)] == [25.0]
    assert summary([record(steps=1), record(steps=3)])["steps"] == 2.0


def test_bars_say_whether_they_are_met(record: Callable[..., Record]) -> None:
    assert bar("a", 2.0, 2.0, "<=")["met"] and not bar("a", 2.0, 2.0, "<")["met"] and bar("a", 98.0, 98.0, ">=")["met"]
    assert bar("a", None, 2.0, "<=")["met"] is False
    runs = [record(setup=FIBONACCI, moves=13), record(setup=FIBONACCI, moves=12)]
    rows = [
        {"setup": OURS, "moves": 1.9, "within_20": 0.99, "within_10": 0.8, "error_steps": 4.0},
        {"setup": FIBONACCI, "moves": 12.5},
        {"setup": RULE_BASED, "moves": 59.4},
    ]
    met = {entry["what"]: (entry["figure"], entry["met"]) for entry in run_bars(rows, runs)}
    assert met["moves, no depth"] == (1.9, True)
    assert met["within 10 steps"] == (80.0, False)
    assert met["Fibonacci: moves off 13, at most"] == (1.0, False)
    assert met["rule-based: mean moves off 54"] == (pytest.approx(10.0), True)


def test_time_is_that_of_the_stepper_and_a_frame_for_each_look() -> None:
    assert duration_s(1500.0, [1500.0], 1500.0) == pytest.approx(FRAME_S)
    # 400 steps at 2000 steps/s and 20000 steps/s^2: 0.2 s and 0.1 s to run up and brake; 0.02 s to settle
    assert duration_s(1500.0, [1500.0, 1900.0], 1900.0) == pytest.approx(0.32 + 2 * FRAME_S)
    # looked at nothing there: no frame; a falling move goes below its goal and comes back
    assert duration_s(1500.0, [1500.0], 1900.0) == pytest.approx(0.32 + FRAME_S)
    assert duration_s(1900.0, [], 1500.0) > 0.32


def test_cases_are_the_same_for_every_method() -> None:
    planes, lights = ["a", "b"], ("bright", "dim")
    cases = cases_of(planes, lights, 3, "steps")
    assert cases == cases_of(planes, lights, 3, "steps") != cases_of(planes, lights, 4, "steps")
    assert len(cases) == 2 * 2 * 4 and {case.start_steps for case in cases} == set(STARTS_STEPS)
    assert all(1050.0 <= case.best_steps <= 2100.0 for case in cases)
    # uniform in metres over 0.4 to 10 m: most of it is beyond 1 m, below 1429 steps
    metres = cases_of([str(number) for number in range(30)], lights, 3, "metres")
    assert np.mean([case.best_steps < 1429.0 for case in metres]) == pytest.approx(9.0 / 9.6, abs=0.05)


def test_the_depth_is_one_draw_and_its_sigma_is_known() -> None:
    case = Case("p", "dim", 1100.0, 1428.6, 5)
    assert depth_reading(case) == depth_reading(case)
    draws = [depth_reading(Case("p", "dim", 1100.0, 1428.6, seed)) for seed in range(300)]
    depths = np.array([draw.depth_m for draw in draws])
    assert depths.mean() == pytest.approx(1.0, abs=0.005) and depths.std() == pytest.approx(0.02, rel=0.15)
    assert all(draw.sigma_m == pytest.approx(0.02 * draw.depth_m) for draw in draws)


def test_work_is_cut_by_plane_and_thinned() -> None:
    cases = cases_of(["a", "b"], ("bright",), 0, "steps")
    quick, slow = Setup("quick", "bayes"), Setup("slow", "full_sweep", every=2)
    work = pieces((quick, slow), lambda setup: cases)
    assert [(setup.name, {case.plane for case in part}, len(part)) for setup, part in work] == [
        ("slow", {"a"}, 2), ("slow", {"b"}, 2), ("quick", {"a"}, 4), ("quick", {"b"}, 4),
    ]  # fmt: skip


def test_a_run_counts_moves_and_captures() -> None:
    made = run_case(Setup("curve", "curve_bpic"), Case("tea-gardens", "bright", 1400.0, 1555.0, 1))
    assert abs(made.error_steps) < 60.0 and made.error_steps == made.end_steps - 1555.0
    assert 3 <= made.captures <= 12 and made.captures <= made.moves + 1
    assert made.inside_steps == pytest.approx(10.4, abs=0.1) and not made.failed and made.steps is None


def test_a_failed_run_counts_at_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    from auxfocus_ros.autofocus.terms import Look, Outcome, Reason
    from auxfocus_ros.commands import bench_autofocus_runs as runs

    def gives_up(task: Any) -> Any:
        yield Look(task.start_position_steps)
        return Outcome(Reason.NO_TEXTURE, "nothing there", task.start_position_steps, in_focus=False, steps=1)

    monkeypatch.setattr(runs, "method_of", lambda name: gives_up)
    made = run_case(Setup("ours", "bayes"), Case("tea-gardens", "dim", 1400.0, 1555.0, 1))
    assert made.failed and made.reason == "no_texture"
    assert (made.moves, made.captures, made.steps) == (20, 20, 20)
    assert made.error_steps == -155.0


def test_tables_4_and_5_means_by_hand() -> None:
    rows = [
        {"table": "table 4", "target": "a", "position_steps": 1.0, "plane": "p",
         "printed": {"rule-based": 40, "Fibonacci": 13, "proposed": [1, 2, 3, 2]}, "ours_moves": [1, 1, 2, 2]},
        {"table": "table 5", "target": "b", "position_steps": 1.0, "plane": "q",
         "printed": {"rule-based": 60, "Fibonacci": 13, "proposed": [0, 1, 1, 2]}, "ours_moves": [1, 2, 2, 1]},
    ]  # fmt: skip
    said = tables_45_summary(rows)
    assert said == {"printed_rule_based": 50.0, "printed_fibonacci": 13.0, "printed_proposed_steps": 1.5, "ours_moves": 1.5}


def test_the_sharpest_frame_is_what_the_measures_agree_on() -> None:
    peaks = dict(zip("abcdefghij", [8, 8, 8, 9, 8, 7, 8, 8, 24, 0], strict=True))
    assert agreed(peaks) == (8, 8)
    assert agreed(dict(zip("abcd", [1, 5, 9, 14], strict=True)))[1] == 0


def test_textured_regions_do_not_overlap_and_the_best_comes_first() -> None:
    picture = np.zeros((300, 450), np.uint8)
    picture[100:200, 300:400] = np.where(np.arange(100) % 20 < 10, 200, 0).astype(np.uint8)[None, :]
    regions = textured_regions([np.zeros_like(picture), picture], 4)
    assert len(regions) == 4 and (regions[0].x, regions[0].y) == (300, 100)
    for number, region in enumerate(regions):
        for other in regions[:number]:
            assert abs(region.x - other.x) >= 100 or abs(region.y - other.y) >= 100


def test_real_runs_are_judged_by_frames() -> None:
    run = {"off": 1, "within": True, "moves": 2, "captures": 3, "reversals": 0, "failed": False}
    said = sweep_summary([run, {**run, "off": -2, "within": False, "moves": 4, "failed": True}])
    assert (said["within"], said["exact"], said["mean_off"], said["moves"], said["failed"]) == (0.5, 0.0, 1.5, 3.0, 1)
    bars = real_bars({"regions": [{}] * 7, "methods": {"bayes": said}})
    assert [entry["met"] for entry in bars] == [False, True, True]
    assert [entry["figure"] for entry in real_bars(None)] == [None, None, None]


def test_there_are_eighteen_planes_of_the_test_part(samples: Path) -> None:
    split = (samples.parent / "config" / "autofocus" / "photos_split.csv").read_text().splitlines()
    tests = sorted(line.split(",")[0].removesuffix(".jpg") for line in split if line.endswith(",test"))
    assert plane_names() == tests and len(tests) == 18
    with (samples / "autofocus_planes" / "planes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["file"].removesuffix(".jpg") for row in rows) == tests
    # as sharp as the pixels: a further blur takes more than half of the gradients' energy
    assert all(float(row["fine_ratio"]) > 2.0 and float(row["coarse_ratio"]) > 1.9 for row in rows)
    assert load_plane(tests[0]).shape == (960, 960, 3)


def test_a_small_part_as_a_user_runs_it(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    command = [sys.executable, "-m", "auxfocus_ros.cli", "bench", "autofocus", "--quick", "--part", "runs", "--setup"]
    command += ["ours by depth alone", "--processes", "1", "--json", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ours by depth alone" in result.stdout and "[bench]" in result.stderr and "[bench]" not in result.stdout
    said = json.loads(file.read_text())
    assert said["results"]["runs"]["rows"][0]["runs"] == 16 == len(said["results"]["runs"]["records"])
    assert said["machine"] and said["seed"] == 0 and said["quick"] is True


def test_the_setups_have_names_of_their_own() -> None:
    assert len({setup.name for setup in SETUPS}) == len(SETUPS)


@pytest.mark.parametrize("words", [["--repeats", "0"], ["--processes", "0"], ["--seed", "-1"]])
def test_bad_numbers(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    from auxfocus_ros.cli import main

    assert main(["bench", "autofocus", "--part", "runs", *words]) == 2
    assert "wanted at least" in capsys.readouterr().err


def test_the_help_names_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    from auxfocus_ros.commands import bench_autofocus

    parser = argparse.ArgumentParser()
    bench_autofocus.add_parser(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["autofocus", "--help"])
    said = capsys.readouterr().out
    assert all(part in said for part in bench_autofocus.PARTS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, record: Callable[..., Record]) -> argparse.Namespace:
    """The command line of a quick run whose runs are not made: each ends 4 steps beyond the true position after 2 moves."""
    from auxfocus_ros.commands import bench_autofocus_runs as runs

    def made(setup: Setup, case: Case) -> Record:
        ended = {"start_steps": case.start_steps, "best_steps": case.best_steps, "end_steps": case.best_steps + 4.0}
        steps = 1 if setup.method == "source" else None
        return record(setup=setup.name, plane=case.plane, light=case.light, steps=steps, **ended)

    monkeypatch.setattr(runs, "run_case", made)
    return argparse.Namespace(quick=True, seed=0, processes=1, setup=None)


def test_table_2_is_printed_beside_the_sources(quick: argparse.Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import show_table_2
    from auxfocus_ros.commands.bench_autofocus_tables import table_2_part

    result = table_2_part(quick)
    assert [row[OURS] for row in result["rows"][:2]] == [[1604.0] * 4] * 2
    assert result["rows"][4]["printed"] == [1820, 1832, 1823, 1830] and result["rows"][4]["light"] == "bulb light"
    assert len({row["plane"] for row in result["rows"]}) == 5
    show_table_2(result)
    said = capsys.readouterr().out
    assert "Plant (1600)" in said and "1611 1607 1599 1619" in said and "1604 1604 1604 1604" in said and "13.6 steps" in said


def test_tables_4_and_5_are_printed_beside_the_sources(quick: argparse.Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import show_tables_45
    from auxfocus_ros.commands.bench_autofocus_tables import tables_45_part

    quick.quick = False
    result = tables_45_part(quick)
    assert len(result["rows"]) == 18 and len({row["plane"] for row in result["rows"]}) == 18
    street = result["rows"][0]
    assert street["source_steps"] == [1] * 4 and street["ours_moves"] == [2] * 4 and street["fibonacci_moves"] == 2
    show_tables_45(result)
    said = capsys.readouterr().out
    assert "Street1 (1570)" in said and "63 / 2" in said and "1 1 2 1" in said and "1.58" in said


def test_the_main_table_and_the_bars_are_printed(quick: argparse.Namespace, capsys: pytest.CaptureFixture[str]) -> None:
    from auxfocus_ros.commands.bench_autofocus_showing import show_bars, show_runs
    from auxfocus_ros.commands.bench_autofocus_tables import runs_part

    result = runs_part(quick)
    ours = result["rows"][0]
    assert ours["runs"] == 4 * 4 and ours["moves"] == 2.0 and ours["within_10"] == 1.0 and result["bad_runs"][OURS] == []
    show_runs(result)
    show_bars(result["bars"], "here")
    said = capsys.readouterr().out
    assert "ours with depth" in said and "moves, no depth" in said and "<= 2 (goal 1.6)" in said
    json.dumps(result, allow_nan=False)


def test_a_real_stack_from_every_start(
    samples: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from auxfocus_ros.commands import bench_autofocus_real as real
    from auxfocus_ros.commands.bench_autofocus_showing import show_real

    monkeypatch.setattr(real, "METHODS", ("fibonacci",))
    monkeypatch.setattr(real, "OURS", "fibonacci")
    monkeypatch.setattr(real, "textured_regions", lambda pictures, count: [real.Region(256, 512, 256, 256)])
    stack = real.stack_result(samples / "stack_circuit_board")
    assert stack["frames"] == 7 and [region["sharpest"] for region in stack["regions"]] == [4]
    assert stack["methods"]["fibonacci"]["runs"] == 7 and stack["methods"]["fibonacci"]["within"] >= 0.8
    show_real({"stacks": [stack]})
    assert "stack_circuit_board" in capsys.readouterr().out
    assert real.stack_folders(samples / "none") == [samples / "stack_circuit_board"]
