"""`auxfocus compare` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auxfocus_ros import __version__
from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.health import stream_health
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.output import FRAMES, SUMMARY, version_label, write_json
from auxfocus_ros.analysis.summary import summarise
from auxfocus_ros.analysis.tables import FrameTable, table_of_frames
from auxfocus_ros.cli import main

FRAME_COUNT = 200


@pytest.fixture
def analysed(tmp_path: Path) -> Callable[..., Path]:
    """analysed(name, off_steps): the output folder of a run in which the lens stood so far off its target."""

    def make(name: str, off_steps: float, **options: float) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        with table_of_frames(folder / FRAMES) as table:
            for index in range(FRAME_COUNT):
                off = off_steps + index % 3 - 1
                row = dict.fromkeys(NAMES) | {"frame": index, "stamp_ns": index * 10**8, "time_s": index / 10, "targets": []}
                row |= {"lens_position_steps": 1500.0 + off, "target_best_steps": 1500.0, "target_off_steps": off}
                table.add([row | {"target_in_focus": abs(off) < 10, "target_depth_m": 3.0, "target_id": 1}])
        said = summarise(FrameTable(folder / FRAMES), stream_health([]), AnalysisOptions(**options))  # type: ignore[arg-type]
        write_json(folder / SUMMARY, {**version_label(), "key": name, **said})
        return folder

    return make


def test_the_difference_that_matters_comes_first(analysed: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    a, b = analysed("a", 15.0), analysed("b", 2.0, soft_share=0.5)
    assert main(["compare", str(a), str(b)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"A: {a} (200 frames, 20 s)", f"B: {b} (200 frames, 20 s)", "the same pictures, compared one by one"]
    assert "soft_share: 0.6 in A, 0.5 in B" in lines
    first = lines[lines.index("What differs") + 2]
    assert "B is better" in first


def test_json(analysed: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(analysed("a", 15.0)), str(analysed("b", 2.0)), "--json"]) == 0
    about = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert about["same_pictures"] and about["settings"] == {}
    in_focus = next(one for one in about["differences"] if one["key"] == "in_focus")
    assert (in_focus["a"], in_focus["b"], in_focus["better"]) == (0.0, 1.0, "B")


def test_bad_input_ends_in_one_line(analysed: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, empty, several, old, strange = (
        analysed("good", 1.0),
        *(tmp_path / name for name in ("empty", "several", "old", "strange")),
    )
    for folder in (empty, several, old, strange):
        folder.mkdir()
    write_json(several / SUMMARY, {**version_label(), "recordings": [{"folder": "run_1"}, {"folder": "run_2"}]})
    write_json(old / SUMMARY, {"format": 0, "version": "0.0.1", "key": "x"})
    (strange / SUMMARY).write_text("[1, 2]")
    lines = {
        empty: "no summary.json there: wanted the output folder of `auxfocus analyze`",
        several: "of several recordings: name the folder of one, there are run_1, run_2",
        old: f"of another version (0.0.1, format 0; this is {__version__}, format 1)",
        strange: "not the summary of an analysis",
    }
    for folder, line in lines.items():
        assert main(["compare", str(good), str(folder)]) == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1 and str(folder) in said[0] and line in said[0]
