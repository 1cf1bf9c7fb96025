"""Pairs of points: where there is texture, inside the masks, spread over the picture."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.correspondences import find_correspondences, least_slope


def shifted(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is at (x, y) in the first is at (x + 4, y) in the second."""
    return picture[:, 4:], picture[:, :-4]


def test_pairs_say_the_shift_and_lie_in_every_part(picture: np.ndarray) -> None:
    found = find_correspondences(*shifted(picture), most=400)
    assert 200 < len(found.first_px) <= 400
    assert np.median(found.second_px - found.first_px, axis=0) == pytest.approx([4, 0], abs=0.05)
    assert found.textured_share > 0.9 and found.sure_share > 0.85
    counts = np.histogram2d(found.first_px[:, 1], found.first_px[:, 0], bins=(3, 4), range=((0, 144), (0, 184)))[0]
    assert counts.min() > 15


def test_both_masks_are_respected(picture: np.ndarray) -> None:
    first, second = shifted(picture)
    keep_first, keep_second = np.zeros(first.shape[:2], bool), np.zeros(first.shape[:2], bool)
    keep_first[20:100, 30:120] = True
    keep_second[40:144, 0:100] = True
    found = find_correspondences(first, second, keep_first, keep_second)
    assert len(found.first_px) > 100
    assert found.first_px.min(axis=0).tolist() >= [30, 39] and found.first_px.max(axis=0).tolist() <= [119, 99]
    assert found.second_px[:, 0].max() < 100 and found.second_px[:, 1].min() > 39


def test_even_places_give_none(picture: np.ndarray) -> None:
    first, second = (half.copy() for half in shifted(picture))
    first[:, :90], second[:, :94] = 80, 80
    found = find_correspondences(first, second)
    assert found.first_px[:, 0].min() > 85
    assert find_correspondences(np.full_like(first, 80), second).textured_share == 0


def test_an_edge_is_no_texture() -> None:
    step = np.zeros((40, 40), np.uint8)
    step[:, 20:] = 200
    assert least_slope(step).max() < 0.1
    step[20:] = 255 - step[20:]
    assert least_slope(step)[20, 20] > 20


def test_masks_and_pictures_that_do_not_fit_are_refused(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match="keep_second"):
        find_correspondences(picture, picture, None, np.ones((3, 3), bool))
    with pytest.raises(InputError, match="keep_first"):
        find_correspondences(picture, picture, np.ones(picture.shape[:2], np.float32))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="one size"):
        find_correspondences(picture, picture[:, 2:])
    with pytest.raises(InputError, match="8 bits"):
        find_correspondences(picture.astype(np.float32), picture)  # type: ignore[arg-type]
