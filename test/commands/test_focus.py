"""`auxfocus focus` on the stack that travels with the source, and on stacks that cannot be focused in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.cli import main

ROI = ["--roi", "256", "512", "512", "512"]
"""Where nine of the ten measures say that frame 4 is the sharpest."""


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Nine photographs of one texture, sharp in the fourth (frame 3); positions 0.5 to 4.5 dioptres, nearest last."""
    rng = np.random.default_rng(1)
    sharp = cv2.GaussianBlur(rng.uniform(0.0, 255.0, (160, 200)).astype(np.float32), (0, 0), 0.7)
    sharp = np.clip(128 + 3 * (sharp - 128), 0, 255).astype(np.float32)
    folder = tmp_path / "stack"
    folder.mkdir()
    lines = ["file,focus_dioptre,focus_distance_m"]
    for number in range(9):
        blurred = cv2.GaussianBlur(sharp, (0, 0), 0.3 + 1.2 * abs(number - 3))
        cv2.imwrite(str(folder / f"f{number}.png"), np.rint(blurred).astype(np.uint8))
        lines.append(f"f{number}.png,{0.5 + 0.5 * number:g},{1 / (0.5 + 0.5 * number):.4f}")
    (folder / "focus_positions.csv").write_text("\n".join(lines) + "\n")
    return folder


def run_json(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["focus", *words, "--json"]) == 0, capsys.readouterr().err
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["focus", *words]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    return told.err


@pytest.mark.parametrize("method", ["fibonacci", "full_sweep", "hill_climbing"])
def test_the_circuit_board(samples: Path, capsys: pytest.CaptureFixture[str], method: str) -> None:
    said = run_json(capsys, str(samples / "stack_circuit_board"), *ROI, "--start", "0", "--method", method)
    assert abs(said["index"] - 4) <= 1
    assert said["position"] == said["index"] and said["unit"] == "frames"
    assert said["captures"] == len(said["trace"]) and said["trace"][0]["index"] == (2 if method == "fibonacci" else 0)
    assert said["in_focus"] is True and said["reason"] == "none" and said["method"] == method
    assert said["file"].endswith(f"pcb_00{said['index'] + 1}.jpg")


def test_positions_are_the_tables_own_numbers(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_json(capsys, str(stack), "--method", "full_sweep", "--start", "7")
    assert (said["index"], said["position"], said["unit"]) == (3, 2.0, "dioptres")
    assert said["roi_is_given"] is False and said["start"] == 7


@pytest.mark.parametrize("order", [1, -1])
def test_a_table_elsewhere_in_metres_rising_or_falling(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], order: int
) -> None:
    rows = [f"f{number}.png,{1 / (0.5 + 0.5 * number)!r}" for number in range(9)][::order]
    table = tmp_path / "metres.csv"
    table.write_text("\n".join(["file,focus_distance_m", *rows]))
    said = run_json(capsys, str(stack), "--positions", str(table), "--method", "full_sweep")
    assert said["index"] == (3 if order == 1 else 5)
    assert said["file"].endswith("f3.png") and said["position"] == pytest.approx(0.5) and said["unit"] == "m"


def test_with_a_lens_the_positions_are_its_steps(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"f{number}.png,{1100 + 100 * number}" for number in range(9)]
    table = tmp_path / "steps.csv"
    table.write_text("\n".join(["file,position_steps", *rows]))
    said = run_json(capsys, str(stack), "--positions", str(table), "--lens", "bench_25mm", "--method", "fibonacci")
    assert (said["index"], said["position"], said["unit"]) == (3, 1400.0, "steps")
    # the lens reaches 2.1 dioptres more than 0.5
    assert "beyond the lens bench_25mm" in refused(capsys, str(stack), "--lens", "bench_25mm")


def test_for_a_person(stack: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert main(["focus", str(stack), "--method", "full_sweep", "--picture", str(sheet)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("region 80 x 80 at (") and "most textured" in lines[0]
    assert len(lines) == 11 and "frame 0 at 0.5 dioptres" in lines[1]
    assert lines[-1].startswith("in focus: frame 3 at 2 dioptres, f3.png; ")
    picture = cv2.imread(str(sheet))
    assert picture is not None and picture.shape[0] > 600 and picture.shape[1] > 1000


def test_too_few_moves_end_with_a_reason(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["focus", str(stack), "--method", "full_sweep", "--max-moves", "2", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["reason"] == "limit_reached" and said["in_focus"] is False and said["moves"] <= 2


def test_what_cannot_be_is_told_in_one_line(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(stack)
    assert "no autofocus method 'magic'" in refused(capsys, folder, "--method", "magic")
    assert "frames 0 to 8" in refused(capsys, folder, "--start", "9")
    assert "frames 0 to 8" in refused(capsys, folder, "--start", "-1")
    assert "not within the pictures of 200 x 160 px" in refused(capsys, folder, "--roi", "150", "0", "64", "64")
    assert "too small" in refused(capsys, folder, "--roi", "0", "0", "20", "64")
    assert "there is no focal stack" in refused(capsys, str(tmp_path / "none"))
    assert "cannot be read" in refused(capsys, folder, "--positions", str(tmp_path / "none.csv"))
    assert "--depth" in refused(capsys, folder, "--method", "depth")
    assert "--lens" in refused(capsys, folder, "--depth", "2")
    assert "gamma" in refused(capsys, folder, "--gamma", "-1")
    assert "above 0" in refused(capsys, folder, "--half-depth-of-focus", "0")
    assert "there is no folder" in refused(capsys, folder, "--picture", str(tmp_path / "none" / "sheet.png"))
    assert "wanted a name that ends in" in refused(capsys, folder, "--picture", str(tmp_path / "sheet.txt"))
    assert "512 px" in refused(capsys, folder, "--method", "source")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: [rows[0], rows[2], rows[1], *rows[3:]], "out of order: f0.png at 0.5 dioptres after f1.png"),
        (lambda rows: [*rows[:3], rows[3].replace("1.5", "1"), *rows[4:]], "f1.png and f2.png have the same position 1"),
        (lambda rows: rows[:-1], "the position of"),
        (lambda rows: [*rows[:-1], "f8.png,,"], "is not a number"),
        (lambda rows: [*rows[:-1], "f8.png,-1,1"], "not a possible focus_dioptre"),
        (lambda rows: [*rows, "f9.png,9,0.1"], "there is no picture"),
        (lambda rows: ["file,place", *rows[1:]], "wanted file, and one of"),
        (lambda rows: rows[:1], "names no picture"),
    ],
)
def test_positions_that_cannot_be(
    stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any, words: str
) -> None:
    rows = (stack / "focus_positions.csv").read_text().splitlines()
    table = tmp_path / "changed.csv"
    table.write_text("\n".join(change(rows)) + "\n")
    assert words in refused(capsys, str(stack), "--positions", str(table))


def test_a_stack_of_one_frame_and_one_of_two_sizes(stack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    cv2.imwrite(str(alone / "only.png"), np.zeros((200, 200), np.uint8))
    assert "at least 2" in refused(capsys, str(alone))
    cv2.imwrite(str(stack / "f6.png"), np.zeros((100, 100), np.uint8))
    assert "f6.png is about 96 x 96 px" in refused(capsys, str(stack), "--method", "fibonacci")


def test_pictures_smaller_than_a_patch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((40, 50), np.uint8))
    assert "64 px" in refused(capsys, str(tmp_path))
