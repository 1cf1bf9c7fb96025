"""`auxfocus bench analysis`: what it records and how it counts, with small flights; whole parts in the long tests."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.reading import read_part
from auxfocus_ros.commands import bench_analysis as bench
from auxfocus_ros.commands import bench_analysis_killed as killed
from auxfocus_ros.commands import bench_analysis_memory as memory
from auxfocus_ros.commands import bench_analysis_reading as reading
from auxfocus_ros.commands import bench_analysis_speed as speed
from auxfocus_ros.commands.bench_analysis_recordings import CONTAINERS, LENS, Flight, in_container, recorded
from auxfocus_ros.commands.bench_analysis_runs import Analysis, fresh_folder
from auxfocus_ros.errors import AuxfocusError, ConfigurationError

SMALL = Flight(160, 90, 500, 2, 1)


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(SMALL, tmp_path_factory.mktemp("flights"))


def arguments_of(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.add_parser(parser.add_subparsers())
    return parser.parse_args(["analysis", *words])


def test_a_flight_has_what_a_rig_records_and_repeats_itself(flight: Path) -> None:
    facts = look_at(flight, AnalysisOptions())
    assert (facts.picture_width_px, facts.picture_height_px, facts.pictures) == (160, 90, 20)
    assert facts.has_cloud and facts.has_intrinsics and facts.has_joints and facts.lens_name == LENS and not facts.lacks
    assert facts.counts["/joint_states"] == 100 and facts.counts["/lens/state"] == 40
    frames = [frame for frame, _, _ in read_part(plan_parts(facts, AnalysisOptions())[0])]
    assert len(frames) == 20 and all(frame.points is not None and len(frame.points) == 500 for frame in frames)
    assert len({frame.lens.position_steps for frame in frames if frame.lens}) > 5
    for early, late in zip(frames[:10], frames[10:], strict=True):
        assert late.stamp_ns - early.stamp_ns == 10**9
        assert late.points is not None and early.points is not None
        assert (early.picture == late.picture).all() and (early.points == late.points).all()


def test_a_flight_that_is_there_is_kept(flight: Path) -> None:
    written = flight.stat().st_mtime_ns
    assert recorded(SMALL, flight.parent) == flight and flight.stat().st_mtime_ns == written
    assert len({Flight(160, 90, 500, 2, 1, encoding=kind).name for kind in ("jpeg", "rgb8", "bgr8")}) == 3


def test_every_container_holds_the_same(flight: Path) -> None:
    topics = look_at(flight, AnalysisOptions()).topics.values()
    counts = [reading.messages(in_container(flight, container), topics) for container in CONTAINERS]
    assert counts == [20 + 20 + 20 + 40 + 100] * len(CONTAINERS)
    assert all(len(look_at(in_container(flight, container), AnalysisOptions()).counts) == 6 for container in CONTAINERS)


def test_reading_is_compared_with_a_rival_that_gives_as_much(flight: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = reading.reading_row(flight, "JPEG, mcap", reading.PICTURES, 1)
    ways = {way: figures["median_ms"] for way, figures in row["ways"].items()}
    assert row["ratio"] == pytest.approx(ways[reading.WHOLE] / ways[reading.PICTURES])
    assert min(ways.values()) > 0.0
    reading.show({"rows": [row]})
    assert "JPEG, mcap" in capsys.readouterr().out


def test_speed_is_in_multiples_of_real_time(capsys: pytest.CaptureFixture[str]) -> None:
    full, tables = speed.WAYS
    result = speed.judged({full: [30.0, 50.0, 40.0], tables: [10.0, 10.0, 10.0]}, 120.0)
    assert [row["real_time"] for row in result["rows"]] == [3.0, 12.0]
    assert (result["rows"][0]["low_s"], result["rows"][0]["high_s"]) == (35.0, 45.0)
    assert [(one["bar"], one["met"]) for one in result["bars"]] == [(3.0, True), (10.0, True)]
    assert not speed.judged({full: [41.0]}, 120.0)["bars"][0]["met"]
    speed.show({"flight": "x", "seconds": 120, **result})
    assert "35.00 to 45.00 s" in capsys.readouterr().out


def test_memory_is_that_of_all_processes_together() -> None:
    hold = "import sys, time; data = b'x' * 60_000_000; print(flush=True); time.sleep(1.0)"
    both = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}"
    process = subprocess.Popen([sys.executable, "-c", both], stdout=subprocess.PIPE)
    with process:
        peak = memory.watched_peak_bytes(process.pid, lambda: process.poll() is not None)
    assert 120e6 < peak < 180e6
    assert memory.watched_peak_bytes(process.pid, lambda: True) == 0


def test_a_part_is_begun_as_often_as_it_goes_to_a_worker() -> None:
    log: list[tuple[object, ...]] = [
        ("analysed-1", "waiting", "processing", {}, "", 0.0),
        ("analysed-2", "waiting", "processing", {}, "", 0.0),
        ("version-3", "waiting", "processing", {}, "", 0.0),
        ("analysed-1", "processing", "memory", {}, "", 0.0),
        ("analysed-2", "processing", "released", {}, "", 0.0),
        ("analysed-2", "waiting", "processing", {}, "", 0.0),
    ]
    assert killed.begun_parts(SimpleNamespace(transition_log=log)) == ["analysed-1", "analysed-2", "analysed-2"]


def test_an_analysis_that_fails_is_told_with_its_last_words_and_leaves_nothing(tmp_path: Path) -> None:
    with (
        fresh_folder(tmp_path / "work") as output,
        Analysis([tmp_path / "none.mcap"], output) as analysis,
        pytest.raises(AuxfocusError, match=r"exit status 2: .*there is no recording .*none\.mcap"),
    ):
        analysis.wait()
    assert not list((tmp_path / "work").iterdir())


def test_every_part_has_its_module_and_numbers_are_checked() -> None:
    for part in bench.PARTS:
        module = bench.module_of(part)
        assert callable(module.run_part) and callable(module.show)
    arguments = arguments_of("--repeats", "0")
    with pytest.raises(ConfigurationError, match="--repeats 0: wanted at least 1"):
        arguments.run(arguments)


@pytest.mark.long
@pytest.mark.parametrize("part", bench.PARTS)
def test_a_part_from_beginning_to_end(part: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    words = ["bench", "analysis", "--quick", "--part", part, "--work", str(tmp_path / "work"), "--json", str(file)]
    result = subprocess.run(
        [sys.executable, "-m", "auxfocus_ros.cli", *words], capture_output=True, text=True, timeout=300, check=False
    )
    said = json.loads(file.read_text())
    assert result.returncode == (not all(one["met"] for one in said["bars"])), result.stdout + result.stderr
    assert list(said["results"]) == [part] and said["bars"]
    if part == "killed":  # of the bars the one that does not hang on the machine or on the recording's length
        assert said["results"]["killed"]["differing"] == [] and all(one["met"] for one in said["bars"])
        assert said["results"]["killed"]["parts"] == 6
