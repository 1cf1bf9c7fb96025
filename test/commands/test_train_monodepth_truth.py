"""`auxfocus train monodepth_truth` on a tiny scale: what it leaves, and what it refuses in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from auxfocus_ros.cli import main

pytest.importorskip("mujoco")


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


class Train:
    """The command, in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> Done:
        try:
            status = main(["train", "monodepth_truth", *words])
        except SystemExit as ended:
            status = int(ended.code or 0)
        return Done(status, *self._capsys.readouterr())


@pytest.fixture
def train(capsys: pytest.CaptureFixture[str]) -> Train:
    return Train(capsys)


@pytest.mark.parametrize(
    "network", ["pose", *(pytest.param(name, marks=pytest.mark.long) for name in ("depth", "segmentation", "motion"))]
)
def test_leaves_weights_that_load_and_a_card(train: Train, tmp_path: Path, network: str) -> None:
    folder = tmp_path / "out"
    words = ("--network", network, "--worlds", "3", "--epochs", "1", "--workers", "1", "-o", str(folder), "--json")
    done = train(*words)
    assert done.returncode == 0, done.stderr
    card = json.loads(done.stdout)
    assert card["worlds"] == card["worlds_judged_by"] == 3 and card["frames"] == 18 and card["epochs"] == 1
    assert card["weights_file"] == str(folder / f"{network}.safetensors")
    from auxfocus_ros.monodepth import networks

    load = getattr(networks, f"load_{network}_network")
    assert load(folder / f"{network}.safetensors").architecture == card["architecture"]
    said = (folder / f"{network}.md").read_text()
    assert f"--network {network}" in said and "18 frames" in said
    # What is complete is taken up and nothing is filmed again.
    again = train(*words, "--resume")
    assert again.returncode == 0 and "filming" not in again.stderr
    assert json.loads(again.stdout)["training_loss"] == card["training_loss"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--network", "depth", "--worlds", "-3"), "worlds"),
        (("--network", "depht"), "invalid choice"),
        (("--network", "depth", "--epochs", "x"), "epochs"),
    ],
)
def test_what_cannot_be_ends_in_one_line(train: Train, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = train(*words, "-o", str(tmp_path / "out"))
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_an_output_that_is_a_file_is_refused(train: Train, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    done = train("--network", "pose", "-o", str(tmp_path / "out"))
    assert done.returncode == 2 and "is a file, wanted a folder" in done.stderr
