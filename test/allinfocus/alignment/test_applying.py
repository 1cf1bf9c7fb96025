"""What applying an alignment does to a picture's values."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.alignment import Alignment, apply
from auxfocus_ros.allinfocus.alignment.applying import brightened


def alignment_of(warp: np.ndarray, gains: list[float], crop: tuple[int, int, int, int]) -> Alignment:
    return Alignment(0, warp[None], np.array([gains]), np.ones(1), crop, (), (), np.ones(1, np.bool_))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_gain_is_one_of_light(kind: type) -> None:
    white = np.iinfo(kind).max
    picture = np.array([[[0, white // 4, white]]], kind)
    brighter = brightened(picture, np.array([2.0, 2.0, 2.0]))
    # coded values grow by 2 to the power of 1 / 2.2
    assert brighter.tolist() == [[[0, round(white // 4 * 1.3703509847201235), white]]]
    each = brightened(np.full((1, 1, 3), white, kind), np.array([1.0, 0.5, 0.25]))
    assert each.tolist() == [[[white, round(white * 0.5 ** (1 / 2.2)), round(white * 0.25 ** (1 / 2.2))]]]
    assert brightened(picture[..., 1], np.array([2.0])).shape == (1, 1)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_whole_pixels_are_moved_as_they_are(kind: type) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, np.iinfo(kind).max, (40, 50, 3), endpoint=True).astype(kind)
    shift = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, -2.0], [0.0, 0.0, 1.0]])
    moved = apply(picture, alignment_of(shift, [1.0] * 3, (5, 6, 30, 20)), 0)
    np.testing.assert_array_equal(moved, picture[4:24, 8:38])
    still = apply(picture, alignment_of(np.eye(3), [1.0] * 3, (5, 6, 30, 20)), 0)
    np.testing.assert_array_equal(still, picture[6:26, 5:35])
    assert still.flags.c_contiguous
