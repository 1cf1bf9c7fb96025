"""Sequences in memory and in folders."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.sequence import DESCRIPTION, Sequence, read_sequence, write_sequence
from auxfocus_ros.optics.camera import CameraModel


def made(frames: int = 3) -> Sequence:
    lot = np.random.default_rng(1)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, 2, 3] = np.arange(frames)  # goes one metre ahead each frame
    return Sequence(
        "walk",
        lot.integers(0, 256, (frames, 8, 12, 3), np.uint8),
        CameraModel(12, 8, 10.0, 10.0, 5.5, 3.5),
        np.arange(frames) / 10.0,
        world_from_camera=poses,
        depth_m=np.full((frames, 8, 12), 2.5, np.float16),
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    sequence = made()
    write_sequence(sequence, tmp_path / "walk")
    read = read_sequence(tmp_path / "walk")
    assert read.name == "walk" and read.camera == sequence.camera and len(read) == 3
    np.testing.assert_array_equal(read.pictures, sequence.pictures)
    np.testing.assert_array_equal(read.depth_m, sequence.depth_m)
    assert read.classes is None and read.things is None


def test_what_is_written_anew_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    write_sequence(made(), tmp_path)
    write_sequence(replace(made(), depth_m=None), tmp_path)
    assert read_sequence(tmp_path).depth_m is None


def test_a_motion_takes_points_of_the_first_camera_into_the_second() -> None:
    motion = made().motion(0, 2)
    assert motion is not None
    # A point 5 m ahead of the first camera is 3 m ahead of the one that has gone 2 m.
    np.testing.assert_allclose(motion @ [0.5, 0.25, 5.0, 1.0], [0.5, 0.25, 3.0, 1.0])
    assert replace(made(), world_from_camera=None).motion(0, 1) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pictures": np.zeros((3, 8, 12), np.uint8)}, "wanted pictures"),
        ({"camera": CameraModel(13, 8, 10.0, 10.0, 5.5, 3.5)}, "13 x 8 px, the pictures have 12 x 8"),
        ({"stamps_s": np.zeros(2)}, "stamps_s must be (3,), found (2,)"),
        ({"depth_m": np.zeros((3, 8, 11), np.float16)}, "depth_m must be (3, 8, 12)"),
        ({"world_from_thing": np.zeros((2, 1, 4, 4))}, "world_from_thing must be (3, 1, 4, 4)"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as error:
        replace(made(), **change)  # type: ignore[arg-type]
    assert said in str(error.value) and "\n" not in str(error.value)


def _cut(folder: Path) -> None:
    path = folder / "pictures.npy"
    path.write_bytes(path.read_bytes()[:200])


def _other_format(folder: Path) -> None:
    (folder / DESCRIPTION).write_text(json.dumps({"format": "another"}))


@pytest.mark.parametrize(
    "spoil",
    [
        _cut,
        _other_format,
        lambda folder: (folder / DESCRIPTION).unlink(),
        lambda folder: (folder / DESCRIPTION).write_text("[1, 2"),
        lambda folder: (folder / "pictures.npy").unlink(),
        lambda folder: np.save(folder / "stamps_s.npy", np.zeros(7)),
    ],
)
def test_a_spoilt_folder_is_one_line(tmp_path: Path, spoil: object) -> None:
    write_sequence(made(), tmp_path)
    spoil(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError) as error:
        read_sequence(tmp_path)
    assert "\n" not in str(error.value)
