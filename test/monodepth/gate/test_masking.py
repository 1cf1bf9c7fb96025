"""Static and dynamic images, initial objects, and what a projection finds that can move."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.gate import InitialObject, StaticAndDynamic, initial_objects, seen_movable, static_and_dynamic

TABLE = ClassTable(("ground", "car", "person"), (False, True, True))
CLASSES = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 2))

# Two cars of 4 and 1 pixels, and a person of 2 that touch corner to corner; a person beside the large car.
STREET = np.array(
    [
        [1, 1, 0, 0, 0],
        [1, 1, 2, 0, 0],
        [0, 0, 0, 2, 0],
        [0, 0, 0, 0, 1],
    ],
    np.uint8,
)


def test_static_and_dynamic_images_by_hand() -> None:
    picture = np.arange(1, 61, dtype=np.uint8).reshape(4, 5, 3)
    found = static_and_dynamic(picture, STREET, TABLE, 0.0)
    np.testing.assert_array_equal(found.movable, STREET > 0)
    np.testing.assert_array_equal(found.static, np.where(STREET[..., None] > 0, 0, picture))
    np.testing.assert_array_equal(found.dynamic, np.where(STREET[..., None] > 0, picture, 0))
    assert picture[0, 0, 0] == 1  # the picture itself is left as it is


@pytest.mark.parametrize(("share", "left"), [(0.05, 7), (0.051, 6), (0.1, 6), (0.11, 4), (0.2, 4), (0.21, 0)])
def test_specks_are_static(share: float, left: int) -> None:
    # Of 20 pixels: the single car pixel is 0.05 of the picture, the person 0.1, the large car 0.2.
    assert static_and_dynamic(np.zeros((4, 5, 3), np.uint8), STREET, TABLE, share).movable.sum() == left


def test_initial_objects_by_hand() -> None:
    assert initial_objects(STREET, TABLE, 0.0) == [
        InitialObject("ground", False, 13, (0, 0, 5, 4)),
        InitialObject("car", True, 4, (0, 0, 2, 2)),
        InitialObject("person", True, 2, (2, 1, 2, 2)),
        InitialObject("car", True, 1, (4, 3, 1, 1)),
    ]
    assert [one.name for one in initial_objects(STREET, TABLE, 0.1)] == ["ground", "car", "person"]


@settings(max_examples=30)
@given(classes=CLASSES, share=st.sampled_from([0.0, 0.05, 0.3]))
def test_both_images_together_are_the_picture(classes: np.ndarray, share: float) -> None:
    picture = np.random.default_rng(0).integers(1, 256, (*classes.shape, 3), dtype=np.uint8)
    found = static_and_dynamic(picture, classes, TABLE, share)
    np.testing.assert_array_equal(found.static + found.dynamic, picture)
    assert not found.movable[classes == 0].any()
    objects = initial_objects(classes, TABLE, share)
    assert found.movable.sum() == sum(one.area_px for one in objects if one.movable)
    if share == 0.0:
        assert sum(one.area_px for one in objects) == classes.size


def test_sizes_that_differ() -> None:
    with pytest.raises(InputError, match=r"wanted the picture's size \(4, 5\), found \(3, 5\)"):
        static_and_dynamic(np.zeros((4, 5, 3), np.uint8), STREET[:3], TABLE)
    with pytest.raises(InputError, match="mask of what can move"):
        StaticAndDynamic(np.zeros((4, 5, 3), np.uint8), np.zeros((4, 4), bool))
    with pytest.raises(InputError, match="of uint8"):
        StaticAndDynamic(np.zeros((4, 5, 3), np.uint8), STREET)  # type: ignore[arg-type]


def test_a_class_that_the_table_does_not_name() -> None:
    with pytest.raises(InputError, match="found number 7, the table names 0 to 2"):
        initial_objects(np.full((2, 2), 7, np.uint8), TABLE)


def test_what_the_second_picture_covers_by_hand() -> None:
    second = np.array([[False, True], [False, False]])
    coordinates = np.array(
        [
            [[1.0, 0.0], [0.49, 0.0], [0.5, 0.0]],  # on it; nearer to the left pixel; half way counts to the right
            [[1.49, 0.49], [1.5, 0.0], [1.0, 0.5]],  # its last corner; outside; the pixel below
            [[1.0, -0.5], [1.0, -0.51], [np.nan, 0.0]],  # the upper edge; outside; nowhere
        ]
    )
    assert seen_movable(second, coordinates).tolist() == [
        [True, False, True],
        [True, False, False],
        [True, False, False],
    ]
    assert not seen_movable(second, np.full((2, 2, 2), np.inf)).any()


@settings(max_examples=30)
@given(mask=arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6))), dtype=st.sampled_from([np.float32, np.float64]))
def test_pixels_that_stay_see_themselves(mask: np.ndarray, dtype: type) -> None:
    rows, columns = np.indices(mask.shape)
    np.testing.assert_array_equal(seen_movable(mask, np.stack([columns, rows], -1).astype(dtype)), mask)
    beyond = np.stack([columns + mask.shape[1], rows], -1).astype(dtype)
    assert not seen_movable(mask, beyond).any()
