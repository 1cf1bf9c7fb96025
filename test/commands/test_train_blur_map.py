"""`auxfocus train blur_map` on a tiny scale; interrupted and resumed it ends in the same weights."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from auxfocus_ros.allinfocus.networks import load_blur_map_estimator
from auxfocus_ros.commands import train_blur_map
from auxfocus_ros.errors import ConfigurationError

SMALL = ["--scenes", "16", "--seed", "3", "--workers", "1", "--epochs", "2"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(folder: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    train_blur_map.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["blur_map", *SMALL, "-o", str(folder), *more])
    return int(arguments.run(arguments))


@pytest.mark.long
def test_weights_card_and_resumption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path / "whole", "--json") == 0
    card = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert card["command"].startswith("auxfocus train blur_map --seed 3 --scenes 16 --epochs 2")
    weights = Path(card["weights_file"])
    page = weights.with_suffix(".md").read_text()
    assert card["command"] in page and "16 pictures of scenes with depth" in page and "in focus area under curve" in page
    found = load_blur_map_estimator(weights).estimate(np.zeros((64, 96), np.uint8), 32)
    assert found.grid.shape == (2, 3)

    # A limit of time that is over after the first pass stands for an interruption; both learn from the same samples.
    shutil.copytree(tmp_path / "whole" / "work", tmp_path / "halves" / "work")
    (tmp_path / "halves" / "work" / "blur_map.checkpoint.safetensors").unlink()
    assert train(tmp_path / "halves", "--minutes", "0.00001", "--resume") == 0
    assert "--resume" in capsys.readouterr().out
    assert not (tmp_path / "halves" / "blur_map.safetensors").exists()
    assert train(tmp_path / "halves", "--resume") == 0
    first, second = (load_file(tmp_path / name / "blur_map.safetensors") for name in ("whole", "halves"))
    assert set(first) == set(second)
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
    with pytest.raises(ConfigurationError, match=r"begun with .*seed 3 and not 4"):
        train(tmp_path / "halves", "--resume", "--seed", "4")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="is a file, wanted a folder"):
        train(tmp_path / "file")
