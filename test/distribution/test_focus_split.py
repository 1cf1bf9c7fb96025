"""Readings inside the depth of field, nearer and farther."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import split_by_focus
from auxfocus_ros.errors import InputError

NOT_READINGS = [0.0, -1.0, math.nan, math.inf, -math.inf]


def test_by_hand() -> None:
    depth = np.array([1.0, 2.0, 2.5, 3.0, 4.0, 5.0, *NOT_READINGS], np.float32)
    assert split_by_focus(depth, 2.0, 3.0) == (3, 1, 2)
    assert split_by_focus(depth, 2.0, math.inf) == (5, 1, 0)
    assert split_by_focus(depth, math.inf, math.inf) == (0, 6, 0)


def test_limits_that_do_not_exist() -> None:
    assert split_by_focus(np.array([1.0, 2.0]), math.nan, math.nan) == (0, 0, 0)


def test_millimetres() -> None:
    depth = np.array([[0, 1999, 2000], [2500, 3000, 3001]], np.uint16)
    assert split_by_focus(depth, 2.0, 3.0, unit_m=0.001) == (3, 1, 1)
    assert split_by_focus(depth, 2.0, math.inf, unit_m=0.001) == (4, 1, 0)


def test_limits_in_the_wrong_order() -> None:
    with pytest.raises(InputError, match="near limit"):
        split_by_focus(np.array([1.0]), 3.0, 2.0)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from([*NOT_READINGS, 0.5, 1.0, 1.5, 2.0, 7.0, 1e30]), max_size=30),
    st.sampled_from([0.5, 1.0, 2.0]),
    st.sampled_from([2.0, 7.0, math.inf]),
)
def test_as_one_would_count(depths: list[float], near: float, far: float) -> None:
    readings = [depth for depth in depths if 0 < depth < math.inf]
    expected = (
        sum(near <= depth <= far for depth in readings),
        sum(depth < near for depth in readings),
        sum(depth > far for depth in readings),
    )
    assert split_by_focus(np.array(depths, np.float32), near, far) == expected
    assert sum(expected) == len(readings)
