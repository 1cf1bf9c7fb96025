"""The gate's log: what a line holds, and a disk that fills up."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.gate import Gate, GateLog, GateOptions, PairDecision, StaticAndDynamic
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate

THRESHOLDS = np.full((4, 4), np.inf)
THRESHOLDS[2, 3] = 0.25


def decision(moving: bool = True) -> PairDecision:
    mask = np.zeros((4, 5), bool)
    mask[0] = moving
    seen = StaticAndDynamic(np.zeros((4, 5, 3), np.uint8), mask)
    static, dynamic = np.eye(4), np.eye(4)
    dynamic[2, 3] = 0.5
    found = Gate(THRESHOLDS).decide(static, dynamic)
    pose = PoseEstimate(static, False)
    if not moving:
        return PairDecision(seen, seen, GateOptions(), pose, None, pose, None, False, "nothing can move")
    broken = PoseEstimate(np.full((4, 4), np.nan), True, "made up")
    return PairDecision(seen, seen, GateOptions(), broken, PoseEstimate(dynamic, False), pose, found, True, found.in_words())


def fail(message: str) -> None:
    pytest.fail(message)


def test_a_line_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "new" / "gate.jsonl"
    with GateLog(path, fail) as log:
        log.write("street é", decision(), (3, 5), (0.1, 0.2))
        entry = json.loads(path.read_text())  # while the log is open
    assert entry["pair"] == "street é"
    assert entry["frames"] == [3, 5] and entry["stamps_s"] == [0.1, 0.2]
    assert entry["moving"] is True and entry["usable"] is True and entry["policy"] == "gate"
    assert entry["exceeded"] == ["tz"]
    assert entry["differences"][2] == [0, 0, 0, 0.5]
    assert entry["thresholds"][2] == [None, None, None, 0.25]
    assert entry["reason"] == "moving: tz differs by 0.5 (threshold 0.25)"
    assert entry["movable_share"] == [0.25, 0.25]
    assert entry["static_pose"] == {"matrix": [[None] * 4] * 4, "metric": True, "problem": "made up"}
    assert entry["dynamic_pose"]["matrix"][2] == [0, 0, 1, 0.5]


def test_a_pair_that_was_not_judged_has_its_line_too(tmp_path: Path) -> None:
    with GateLog(tmp_path / "gate.jsonl", fail) as log:
        log.write_left_out("a", "a black frame", (4, 5), (0.4, 0.5))
    entry = json.loads((tmp_path / "gate.jsonl").read_text())
    assert entry == {
        "pair": "a", "frames": [4, 5], "stamps_s": [0.4, 0.5], "moving": None, "usable": False,
        "reason": "not judged: a black frame",
    }  # fmt: skip


def test_a_line_without_a_comparison(tmp_path: Path) -> None:
    with GateLog(tmp_path / "gate.jsonl", fail) as log:
        log.write("a", decision(moving=False), (0, 1))
    entry = json.loads((tmp_path / "gate.jsonl").read_text())
    assert [entry[key] for key in ("stamps_s", "exceeded", "differences", "dynamic_pose")] == [None] * 4


def test_a_log_goes_on_where_another_ended(tmp_path: Path) -> None:
    path = tmp_path / "gate.jsonl"
    path.write_text('{"pair": "whole"}\n{"pair": "to')
    for number in range(2):
        with GateLog(path, fail) as log:
            log.write(f"new {number}", decision(), (0, 1))
    lines = path.read_text().splitlines()
    assert lines[:2] == ['{"pair": "whole"}', '{"pair": "to']
    assert [json.loads(line)["pair"] for line in lines[2:]] == ["new 0", "new 1"]


def test_no_place_for_a_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be opened: File exists"):
        GateLog(tmp_path / "file" / "gate.jsonl", fail)
    with pytest.raises(ConfigurationError, match="cannot be opened: Is a directory"):
        GateLog(tmp_path, fail)


@pytest.fixture
def small_files() -> Iterator[int]:
    """No file may grow beyond so many bytes while the test runs: a full disk, which also takes a part of a line."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    yield 3000
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fills_up_is_told_once_and_leaves_whole_lines(tmp_path: Path, small_files: int) -> None:
    path, told = tmp_path / "gate.jsonl", list[str]()
    with GateLog(path, told.append) as log:
        for number in range(20):
            log.write(f"pair {number}", decision(), (number, number + 1))
    lines = path.read_text().splitlines(keepends=True)
    assert 0 < len(lines) < 20 and path.stat().st_size <= small_files
    assert [json.loads(line)["pair"] for line in lines] == [f"pair {number}" for number in range(len(lines))]
    assert all(line.endswith("\n") for line in lines)
    assert log.lost == 20 - len(lines)
    assert len(told) == 1 and "cannot be written further: File too large" in told[0] and str(path) in told[0]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_is_full(tmp_path: Path) -> None:
    told = list[str]()
    with GateLog(Path("/dev/full"), told.append) as log:
        for _ in range(3):
            log.write("a", decision(), (0, 1))
    assert log.lost == 3
    assert len(told) == 1 and "No space left on device" in told[0]
