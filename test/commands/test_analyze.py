"""`auxfocus analyze` as a user types it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from auxfocus_ros.cli import main

QUICK = ("--no-estimator", "--workers", "1")


@pytest.fixture(scope="module")
def room(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the bundled room."""
    out = tmp_path_factory.mktemp("analyze") / "room"
    assert main(["analyze", str(samples / "rgbd_room"), "-o", str(out), *QUICK]) == 0
    return out


def test_a_recording_is_analysed_and_told(samples: Path, room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert {path.name for path in room.iterdir()} == {"frames.parquet", "summary.json", "report.html", "work"}
    assert main(["analyze", str(samples / "rgbd_room"), "-o", str(room), *QUICK]) == 0  # again: from what is done
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{samples / 'rgbd_room'}: 5 frames at 2 Hz, 0 dropped, in {room}"
    assert "  Target in focus: – (the lens's positions are not known)" in lines
    assert any(line.startswith("  lacks: no lens states: focus distance") for line in lines)


def test_json_of_a_run_with_a_bad_recording_beside_a_good_one(
    samples: Path, room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(room / "work", tmp_path / "out" / "rgbd_room" / "work")
    words = [samples / "rgbd_room", tmp_path / "missing.mcap", "-o", tmp_path / "out", *QUICK, "--json"]
    assert main(["analyze", *map(str, words)]) == 2
    said = capsys.readouterr()
    about = json.loads(said.out, parse_constant=pytest.fail)
    (one,) = about["recordings"]
    assert (one["frames"], one["parts"], one["found"], one["failed"]) == (5, 1, 1, 0)
    assert (one["folder"], one["in_focus_share"]) == (str(tmp_path / "out" / "rgbd_room"), None)
    assert [refused["recording"] for refused in about["refused"]] == [str(tmp_path / "missing.mcap")]
    assert said.err == f"auxfocus analyze: {about['refused'][0]['why']}\n"
    assert "there is no recording" in said.err and "missing.mcap" in said.err


def test_a_dry_run_says_how_much_there_is(samples: Path, room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = str(samples / "rgbd_room")
    assert main(["analyze", recording, "-o", str(tmp_path / "out"), "--dry-run"]) == 0
    assert capsys.readouterr().out == f"{recording}: 2.0 s, 5 pictures, 1 part\nto do: 1 part\n"
    assert main(["analyze", recording, "-o", str(room), "--no-estimator", "--dry-run", "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert [(one["parts"], one["done"]) for one in about["recordings"]] == [(1, 1)]
    assert about["remaining_s"] == 0.0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["missing.mcap"], "there is no recording"),
        (["samples/rgbd_room", "--part-s", "0"], "part_s is 0, it must be 1 to 3600 s"),
        (["samples/rgbd_room", "--near-m", "5", "--far-m", "2"], "5"),
        (["samples/rgbd_room", "--topics", "picture=/camera"], "there is no role 'picture'"),
        (["samples/rgbd_room", "--scheduler", "tcp://127.0.0.1:9"], "no Dask scheduler answers there"),
        (["samples/rgbd_room", "--workers", "-1"], "-1 workers: wanted 0"),
    ],
)
def test_bad_input_ends_in_one_line(
    words: list[str],
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setattr("auxfocus_ros.analysis.running._CONNECT_S", 0.5)
    assert main(["analyze", *words, "-o", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("auxfocus analyze: ") and line in lines[0]


@pytest.mark.long
def test_ctrl_c_keeps_what_is_done_and_says_so(samples: Path, tmp_path: Path) -> None:
    words = [str(samples / "rgb_lidar_road"), "-o", str(tmp_path / "out"), "--part-s", "1", "--workers", "1"]
    command = [sys.executable, "-m", "auxfocus_ros.cli", "analyze", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    ends = time.monotonic() + 240.0
    while not list((tmp_path / "out").glob("work/part-*.zip")):
        assert process.poll() is None and time.monotonic() < ends
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "auxfocus analyze: stopped; what is finished is kept: run the same again to go on\n"
    assert not (tmp_path / "out" / "summary.json").exists()
