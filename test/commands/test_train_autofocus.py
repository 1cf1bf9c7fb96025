"""`auxfocus train autofocus`: the real command on a tiny scale; interrupted and resumed it ends in the same weights."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from auxfocus_ros.autofocus.networks import load_radius_estimator
from auxfocus_ros.cli import main

SMALL = ["--patches", "64", "--seed", "3", "--workers", "1", "--epochs", "2"]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(folder: Path, *more: str) -> int:
    return main(["train", "autofocus", *SMALL, "-o", str(folder), *more])


@pytest.mark.long
def test_weights_card_and_resumption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "whole", "--json") == 0
    shown = capsys.readouterr()
    card = json.loads(shown.out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert "seed 3" in shown.err and "2 of 2" in shown.err
    assert card["patches"] == 64 and card["epochs"] == 2 and card["photos_learned_from"] == []
    assert card["command"].startswith("auxfocus train autofocus --model radius --seed 3 --patches 64 --epochs 2")
    assert 0 <= card["figures"]["within_one_sigma"] <= 1
    weights = Path(card["weights_file"])
    assert json.loads(weights.with_suffix(".json").read_text())["architecture"] == card["architecture"]
    page = weights.with_suffix(".md").read_text()
    assert card["command"] in page and "| from px |" in page
    assert load_radius_estimator(weights).estimate(np.zeros((64, 64), np.uint8)).probability.sum() == pytest.approx(1)

    # A limit of time that is over after the first pass stands for an interruption; both learn from the same samples.
    shutil.copytree(tmp_path / "whole" / "work", tmp_path / "halves" / "work")
    (tmp_path / "halves" / "work" / "radius.checkpoint.safetensors").unlink()
    assert train(tmp_path / "halves", "--minutes", "0.00001", "--resume") == 0
    assert "--resume" in capsys.readouterr().out
    assert not (tmp_path / "halves" / "radius.safetensors").exists()
    assert train(tmp_path / "halves", "--resume") == 0
    first, second = (load_file(tmp_path / name / "radius.safetensors") for name in ("whole", "halves"))
    assert set(first) == set(second)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    capsys.readouterr()
    assert train(tmp_path / "halves", "--resume", "--seed", "4") == 2
    assert re.search(r"begun with .*seed 3 and not 4", capsys.readouterr().err)


@pytest.mark.parametrize("model", ["reference_estimator", "reference_discriminator"])
def test_the_reference_networks(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(photos / name), rng.integers(0, 256, (800, 900, 3), dtype=np.uint8))
    assert train(tmp_path / "out", "--model", model, "--photos", str(photos), "--json") == 0
    card = json.loads(capsys.readouterr().out)
    assert card["photos_learned_from"] == ["a.png", "b.png"]
    assert set(load_file(tmp_path / "out" / f"{model}.safetensors")) >= {"convolutions.0.weight", "dense.0.weight"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--photos", "nowhere"], "no such folder"),
        (["--lens", "none_such"], "none_such"),
        (["--minutes", "nan"], "minutes is NaN"),
        (["--patches", "-1"], "patches is -1"),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "autofocus", "-o", str(tmp_path / "out"), *words]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("auxfocus train: ") and said in line


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from auxfocus_ros.cli import make_parser; make_parser('train'); make_parser('estimate'); "
        "import auxfocus_ros.autofocus.networks; print(sorted({'torch', 'safetensors'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
