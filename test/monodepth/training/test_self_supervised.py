"""The training from beginning to end on a small world: it learns, goes on where it was, and says what it cannot learn from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.progress import Told
from auxfocus_ros.learning.weights import save_weights
from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.monodepth.training import learned_pairs
from auxfocus_ros.monodepth.training.card import write_monodepth_card
from auxfocus_ros.monodepth.training.options import MonodepthTrainingOptions
from auxfocus_ros.monodepth.training.self_supervised import TrainingParts, start_weights, train

pytestmark = pytest.mark.usefixtures("one_thread", "all_stands")
SMALL = MonodepthTrainingOptions(
    seed=3, epochs=2, frames=4, batch=2, learning_rate=1e-3, start="none", pose="known", classes="given", held_out=0.25
)


class AllStands:
    """A PoseEstimator by which nothing moves."""

    def estimate(self, *pictures: Any, prior: Any = None, **how: Any) -> PoseEstimate:
        return PoseEstimate(np.eye(4), True)


@pytest.fixture
def all_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned_pairs, "_estimator", lambda method: AllStands())


def trained(options: MonodepthTrainingOptions, sequences: Any, folder: Path, resume: bool = False, **more: Any) -> Any:
    said: list[Told] = []
    result = train(options, sequences, folder, resume=resume, told=said.append, **more)
    return result, said


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    return all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())


def test_it_goes_on_where_it_was_and_reads_its_pairs_again(film: Any, tmp_path: Path) -> None:
    tall = film(5)
    low_camera = replace(tall.camera, height_px=32, cy_px=31.5 - 16)
    rows = slice(16, 48)
    low = replace(tall, pictures=tall.pictures[:, rows], camera=low_camera, depth_m=None, classes=tall.classes[:, rows])
    sequences = [film(6), low]
    shared = TrainingParts(pairs=tmp_path / "pairs")
    whole, said = trained(SMALL, sequences, tmp_path / "whole", parts=shared)
    assert whole.complete and whole.card["frames_learned_from"] == 9 and whole.card["frames_held_out"] == 2
    assert [one["pairs"] for one in whole.card["sequences"]] == [10, 8]
    assert any("18 pairs of 2 sequences" in one.note for one in said)
    half, said = trained(replace(SMALL, minutes=1e-6), sequences, tmp_path / "half", parts=shared)
    assert not half.complete and half.card["epochs"] == 1 and half.card["figures"] is None
    assert not any(one.what.startswith("judging toy") for one in said)  # they were judged before
    rest, _ = trained(replace(SMALL, minutes=0), sequences, tmp_path / "half", resume=True, parts=shared)
    assert rest.complete and same(whole.network, rest.network)
    with pytest.raises(ConfigurationError, match=r"begun with mask gate and not never"):
        trained(replace(SMALL, mask="never"), sequences, tmp_path / "half", resume=True, parts=shared)
    with pytest.raises(ConfigurationError, match=r"begun with other sequences"):
        trained(SMALL, sequences[:1], tmp_path / "half", resume=True, parts=shared)
    with pytest.raises(ConfigurationError, match=r"seed 3 and not 4"):
        trained(replace(SMALL, seed=4), sequences, tmp_path / "half", resume=True, parts=shared)


def test_the_card(film: Any, tmp_path: Path) -> None:
    save_weights(DepthNetwork(), tmp_path / "start.safetensors")
    options = replace(SMALL, epochs=1, frames=4, start=str(tmp_path / "start.safetensors"))
    result, _ = trained(options, [film(6)], tmp_path / "work")
    card = {**result.card, "command": "auxfocus train monodepth"}
    weights = tmp_path / "depth.safetensors"
    write_monodepth_card(card, weights)
    stored = json.loads(weights.with_suffix(".json").read_text())
    assert stored["figures"]["held_out"] and stored["figures"]["frames"] == 1
    assert 0 < stored["figures"]["before"]["abs_rel"] < 10 and 0 < stored["figures"]["after"]["abs_rel"] < 10
    page = weights.with_suffix(".md").read_text()
    assert "| toy 0 | 6 | 96 x 64 | 10 | 0 | none |" in page and "| before |" in page and "where the gate says" in page


@pytest.mark.parametrize(
    ("film_options", "said"),
    [
        ({"way_m": (0.0, 0.0, 0.0)}, "all 6 pairs are left out: 6 x the camera stands still; wanted a camera that moves"),
        ({"way_m": (0.0, 0.0, 0.0), "turn_rad": 0.02}, "6 x pure rotation"),
        ({"frames": 1}, "it has one frame, wanted 2 or more"),
    ],
)
def test_nothing_to_learn_from(film: Any, tmp_path: Path, film_options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        trained(SMALL, [film(**{"frames": 4, **film_options})], tmp_path)


def test_no_sequence_no_classes_no_poses_no_length(film: Any, tmp_path: Path) -> None:
    for options, sequences, said in (
        (SMALL, [], "there is no sequence"),
        (SMALL, [replace(film(3), classes=None)], "it brings no classes; wanted --classes network"),
        (SMALL, [replace(film(3), world_from_camera=None)], "its poses are not known"),
        (replace(SMALL, pose="epipolar"), [film(3)], "epipolar, which tells no length .* wanted length depth"),
        (replace(SMALL, length="depth"), [film(3)], "start is none: new weights see none"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            trained(options, sequences, tmp_path)


def test_a_sequence_beside_one_that_stands_still(film: Any, tmp_path: Path) -> None:
    result, said = trained(replace(SMALL, epochs=1, frames=4), [film(4), film(4, way_m=(0.0, 0.0, 0.0), seed=1)], tmp_path)
    assert [one["pairs"] for one in result.card["sequences"]] == [6, 0]
    assert any("6 pairs of 2 sequences; left out 6 x the camera stands still" in one.note for one in said)


def test_weights_of_another_shape(tmp_path: Path) -> None:
    from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork

    save_weights(SegmentationNetwork(), tmp_path / "other.safetensors")
    with pytest.raises(
        ConfigurationError, match=r"wanted the architecture 'auxfocus monodepth depth 1', found 'auxfocus monodepth seg"
    ):
        start_weights(str(tmp_path / "other.safetensors"))
    assert start_weights("none") is None


@pytest.mark.long
def test_it_learns_depth(film: Any, tmp_path: Path) -> None:
    save_weights(DepthNetwork(), tmp_path / "start.safetensors")
    options = replace(SMALL, epochs=8, frames=64, learning_rate=3e-3, start=str(tmp_path / "start.safetensors"))
    result, said = trained(options, [film(16), film(16, seed=1), film(16, seed=2)], tmp_path)
    losses = [float(one.note.split()[1].rstrip(",")) for one in said if one.what == "training"]
    assert losses[-1] < 0.6 * losses[0]
    found = result.card["figures"]
    assert found["after"]["abs_rel"] < 0.6 * found["before"]["abs_rel"]
