"""Pairs of a sequence: judged once a couple, kept in a file, and known again by what they were made from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.monodepth.classes import load_class_table
from auxfocus_ros.monodepth.gate import Gate, GateOptions, GateSettings
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.monodepth.training.couple_motion import CUT, STILL
from auxfocus_ros.monodepth.training.learning_frames import divided, learning_frames
from auxfocus_ros.monodepth.training.pair_file import fingerprint, read_pairs, write_pairs
from auxfocus_ros.monodepth.training.pairs import Judges, PairTable, make_pairs
from auxfocus_ros.monodepth.training.sequence_checks import BLACK_FRAME
from auxfocus_ros.monodepth.training.target_pose import known_pose


class Sees:
    """A PoseEstimator: the static pose is the identity, the dynamic one differs by so much."""

    def __init__(self, differs: float) -> None:
        self._differs = differs

    def estimate(self, *pictures: Any, prior: np.ndarray | None = None, **how: Any) -> PoseEstimate:
        matrix = np.eye(4)
        matrix[0, 3] = 0.0 if prior is None else self._differs
        return PoseEstimate(matrix, True)


def judges(differs: float = 0.0) -> Judges:
    gate = GateSettings("network", {"network": Gate(np.full((4, 4), 0.1))}, GateOptions(), "here")
    return Judges(load_class_table(), gate, Sees(differs), known_pose)


def made(sequence: Any, folder: Path, differs: float = 0.0, gap: int = 1) -> PairTable:
    return make_pairs(
        sequence, sequence.classes, gap, judges(differs), folder=folder, told=lambda done, of: None, on_problem=pytest.fail
    )


@pytest.mark.parametrize(("differs", "moving"), [(0.0, False), (0.5, True)])
def test_every_couple_gives_two_pairs(film: Any, tmp_path: Path, differs: float, moving: bool) -> None:
    sequence = film(4)
    pairs = made(sequence, tmp_path, differs)
    assert list(zip(pairs.targets, pairs.sources, strict=True)) == [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]
    assert pairs.poses[0][:3, 3] == pytest.approx([-0.08, 0, -0.03])
    assert np.allclose(pairs.poses[1] @ pairs.poses[0], np.eye(4))
    assert pairs.moving.tolist() == [moving] * 6 and not pairs.left_out
    assert np.array_equal(pairs.movable, sequence.classes == 5)
    lines = [json.loads(line) for line in (tmp_path / "gate.jsonl").read_text().splitlines()]
    assert [line["frames"] for line in lines] == [[0, 1], [1, 2], [2, 3]] and {line["moving"] for line in lines} == {moving}
    assert len(list((tmp_path / "decisions").iterdir())) == 3


def test_what_cannot_be_learned_from_is_counted(film: Any, tmp_path: Path) -> None:
    sequence = film(8)
    pictures = sequence.pictures.copy()
    pictures[2] = 0
    pictures[5] = pictures[4]  # for one couple the camera stood still
    pictures[7] = film(1, seed=5).pictures[0]
    pairs = made(replace(sequence, pictures=pictures), tmp_path)
    assert pairs.left_out == {BLACK_FRAME: 4, STILL: 2, CUT: 2}
    # Frames 4 and 5 show the same: what lies between 5 and 6 are two steps, which the poses do not say, but pairs they are.
    assert sorted({(min(pair), max(pair)) for pair in zip(pairs.targets, pairs.sources, strict=True)}) == [
        (0, 1), (3, 4), (5, 6),
    ]  # fmt: skip
    frames = learning_frames(sequence, pairs)
    assert frames.targets.tolist() == [0, 1, 3, 4, 5, 6]
    assert frames.sources.tolist() == [[-1, 1], [0, -1], [-1, 4], [3, -1], [-1, 6], [5, -1]]


def test_a_gap(film: Any, tmp_path: Path) -> None:
    pairs = made(film(5), tmp_path, gap=3)
    assert list(zip(pairs.targets, pairs.sources, strict=True)) == [(0, 3), (1, 4), (3, 0), (4, 1)]


def test_a_table_comes_back_from_its_file_and_from_no_other(film: Any, tmp_path: Path) -> None:
    sequence = film(3)
    pairs, path = made(sequence, tmp_path, 0.5), tmp_path / "pairs.npz"
    plan = {"sequence": fingerprint(sequence), "gap": 1, "thresholds": [(0.1, 0.2)]}
    assert read_pairs(plan, path) is None
    write_pairs(pairs, plan, path)
    found = read_pairs(plan, path)
    assert found is not None and found.left_out == pairs.left_out and len(found) == 4
    for name in ("targets", "sources", "poses", "moving", "reasons", "movable"):
        assert np.array_equal(getattr(found, name), getattr(pairs, name)), name
    assert read_pairs({**plan, "gap": 2}, path) is None
    path.write_bytes(path.read_bytes()[:500])
    assert read_pairs(plan, path) is None


def test_a_fingerprint_is_of_pictures_camera_poses_and_classes(film: Any) -> None:
    sequence = film(2)
    others = [
        film(2, seed=1), film(3), replace(sequence, classes=None), replace(sequence, camera=replace(sequence.camera, fx_px=81.0)),
        replace(sequence, world_from_camera=None),
    ]  # fmt: skip
    assert fingerprint(film(2)) == fingerprint(sequence)
    assert len({fingerprint(one) for one in (sequence, *others)}) == 6


def test_what_is_held_out(film: Any, tmp_path: Path) -> None:
    sequence = film(6)
    frames = learning_frames(sequence, made(sequence, tmp_path))
    learned, judged = divided([frames], 0.4)
    assert [one.targets.tolist() for one in (*learned, *judged)] == [[0, 1, 2, 3], [4, 5]]
    learned, judged = divided([frames], 0.1)  # of six frames a tenth is none
    assert len(learned[0]) == 6 and judged == []
    learned, judged = divided([frames] * 12, 0.25)
    assert (len(learned), len(judged)) == (9, 3)
