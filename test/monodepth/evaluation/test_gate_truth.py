"""Which pairs move and which stand, and the share of right decisions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.evaluation.gate_truth import balanced_accuracy, pair_truth, pair_truths
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

SIZE = (20, 30)


def scene(*things: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """(moved_px, things) of things given as (pixels, moved by)."""
    moved, names = np.zeros(SIZE[0] * SIZE[1], np.float16), np.zeros(SIZE[0] * SIZE[1], np.uint8)
    begin = 0
    for number, (pixels, moved_px) in enumerate(things, start=1):
        names[begin : begin + pixels], moved[begin : begin + pixels] = number, moved_px
        begin += pixels
    return moved.reshape(SIZE), names.reshape(SIZE)


@pytest.mark.parametrize(
    ("things", "truth"),
    [
        ([(200, 2.5)], "moving"),
        ([(200, 2.0)], "between"),
        ([(200, 0.2)], "standing"),
        ([(200, 0.25)], "between"),
        ([(200, 0.0), (100, 3.0)], "moving"),
        ([(200, 0.0), (99, 3.0)], "between"),  # too small to be seen moving, but not standing either
        ([(200, 0.0), (150, 1.0)], "between"),
        ([(99, 3.0)], "empty"),
        ([(99, 0.0)], "empty"),
        ([], "empty"),
    ],
)
def test_truth_of_a_pair(things: list[tuple[int, float]], truth: str) -> None:
    assert pair_truth(*scene(*things), least_thing_px=100) == truth


def test_a_few_wild_pixels_do_not_move_a_thing() -> None:
    moved_px, things = scene((200, 0.0))
    moved_px[0, :20] = 9.0
    assert pair_truth(moved_px, things) == "standing"


def test_a_sequence_has_one_pair_fewer_than_frames() -> None:
    scenes = [scene((200, 3.0)), scene((200, 0.0)), scene((200, 9.0))]
    camera = CameraModel(SIZE[1], SIZE[0], 30.0, 30.0, 14.5, 9.5)
    known = Sequence(
        name="three",
        pictures=np.zeros((3, *SIZE, 3), np.uint8),
        camera=camera,
        stamps_s=np.arange(3.0),
        moved_px=np.stack([moved for moved, _ in scenes]),
        things=np.stack([things for _, things in scenes]),
    )
    assert pair_truths(known) == ["moving", "standing"]
    with pytest.raises(InputError, match=r"'three'.*not known"):
        pair_truths(Sequence("three", known.pictures, camera, known.stamps_s))


def test_balanced_accuracy_by_hand() -> None:
    pairs = [("moving", True), ("moving", True), ("moving", False), ("standing", False), ("between", True), ("empty", True)]
    found = balanced_accuracy(pairs)
    assert found.moving_right == pytest.approx(2 / 3)
    assert (found.standing_right, found.moving, found.standing) == (1.0, 3, 1)
    assert found.accuracy == pytest.approx(5 / 6)


def test_without_one_kind_there_is_no_accuracy() -> None:
    found = balanced_accuracy([("moving", True)])
    assert math.isnan(found.accuracy)
    assert found.moving_right == 1.0
