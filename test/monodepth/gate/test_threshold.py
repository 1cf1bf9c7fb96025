"""The matrix of absolute differences against the matrix of thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.gate import ELEMENTS, Gate

MATRIX = arrays(np.float64, (4, 4), elements=st.floats(-10, 10))
THRESHOLDS = arrays(np.float64, (4, 4), elements=st.one_of(st.floats(0, 10), st.just(np.inf)))


def shifted(x: float, y: float, z: float) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def test_by_hand() -> None:
    thresholds = np.full((4, 4), np.inf)
    thresholds[:3, 3] = 0.5, 0.25, 0.25
    turned = np.array([[0.0, -1, 0, 0.5], [1, 0, 0, -0.5], [0, 0, 1, 1.125], [0, 0, 0, 1]])
    found = Gate(thresholds).decide(shifted(0, 0, 1), turned)
    assert found.differences.tolist() == [[1, 1, 0, 0.5], [1, 1, 0, 0.5], [0, 0, 0, 0.125], [0, 0, 0, 0]]
    assert found.moving
    assert found.exceeded_names == ["ty"]  # tx is at its threshold and not over it; the rotation is not looked at
    assert found.in_words() == "moving: ty differs by 0.5 (threshold 0.25)"


def test_standing_by_hand() -> None:
    found = Gate(np.full((4, 4), 0.25)).decide(shifted(0, 0, 1), shifted(0, 0.125, 0.75))
    assert not found.moving
    assert found.exceeded_names == []
    assert (
        found.in_words()
        == "standing: nothing differs by more than its threshold; nearest to it is tz differs by 0.25 (threshold 0.25)"
    )


def test_the_words_begin_with_what_is_furthest_over() -> None:
    thresholds = np.array([[1.0, 1, 1, 1]] * 3 + [[np.inf] * 4])
    thresholds[1, 3] = 0.0
    found = Gate(thresholds).decide(np.zeros((4, 4)), np.array([[2.0, 3, 4, 5], [0, 0, 0, 0.5], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert found.in_words() == (
        "moving: ty differs by 0.5 (threshold 0), tx differs by 5 (threshold 1), R02 differs by 4 (threshold 1) and 2 more"
    )


def test_a_gate_that_looks_at_nothing() -> None:
    found = Gate(np.full((4, 4), np.inf)).decide(np.zeros((4, 4)), np.full((4, 4), 1e300))
    assert not found.moving
    assert found.in_words() == "standing: the thresholds look at no element"


def test_names_of_elements() -> None:
    assert ELEMENTS[0][1] == "R01" and ELEMENTS[2][3] == "tz"
    assert len({name for row in ELEMENTS for name in row}) == 16


@settings(max_examples=30)
@given(static=MATRIX, dynamic=MATRIX, thresholds=THRESHOLDS)
def test_moving_when_any_element_is_over_its_threshold(static: np.ndarray, dynamic: np.ndarray, thresholds: np.ndarray) -> None:
    found = Gate(thresholds).decide(static, dynamic)
    over = [
        name
        for row, names in enumerate(ELEMENTS)
        for column, name in enumerate(names)
        if abs(static[row, column] - dynamic[row, column]) > thresholds[row, column]
    ]
    assert found.exceeded_names == over
    assert found.moving == bool(over)
    assert found.in_words().startswith("moving" if over else "standing")
    assert Gate(thresholds).decide(dynamic, static).exceeded_names == over
    assert not Gate(thresholds).decide(static, static).moving


@pytest.mark.parametrize(
    ("thresholds", "said"),
    [
        (np.zeros((3, 4)), "found the shape \\(3, 4\\)"),
        (np.full((4, 4), -0.0) - np.eye(4), "that of R00 is -1, it must be 0 or more, or inf"),
        (np.where(np.eye(4)[::-1] > 0, np.nan, 0), "that of tx is nan"),
        ([["a"] * 4] * 4, "wanted 4 rows of 4 numbers, found \\[\\['a'"),
    ],
)
def test_thresholds_that_cannot_be(thresholds: np.ndarray, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Gate(thresholds)


def test_poses_that_are_none() -> None:
    gate = Gate(np.zeros((4, 4)))
    with pytest.raises(InputError, match="dynamic pose: wanted 4 x 4 finite numbers"):
        gate.decide(np.eye(4), np.full((4, 4), np.nan))
    with pytest.raises(InputError, match="static pose"):
        gate.decide(np.eye(3), np.eye(4))
