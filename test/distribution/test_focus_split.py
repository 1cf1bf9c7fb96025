"""Readings inside the depth of field, nearer and farther."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, FocusSplit, count_depth_image
from auxfocus_ros.errors import InputError

AXIS = DepthAxis(0.5, 100.0, 32)
NOT_READINGS = [0.0, -1.0, math.nan, math.inf, -math.inf]


def split(depth: np.ndarray, near_m: float, far_m: float) -> FocusSplit:
    """As it is counted together with the distribution."""
    image = np.atleast_2d(depth if depth.dtype == np.uint16 else depth.astype(np.float32))
    return count_depth_image(image, AXIS, AcrossAxis.of_picture(image.shape[1], 1), 0.001, (near_m, far_m)).split


def test_by_hand() -> None:
    depth = np.array([1.0, 2.0, 2.5, 3.0, 4.0, 5.0, *NOT_READINGS], np.float32)
    assert split(depth, 2.0, 3.0) == (3, 1, 2)
    assert split(depth, 2.0, math.inf) == (5, 1, 0)
    assert split(depth, math.inf, math.inf) == (0, 6, 0)


def test_limits_that_do_not_exist() -> None:
    assert split(np.array([1.0, 2.0]), math.nan, math.nan) == (0, 0, 0)


def test_millimetres() -> None:
    depth = np.array([[0, 1999, 2000], [2500, 3000, 3001]], np.uint16)
    assert split(depth, 2.0, 3.0) == (3, 1, 1)
    assert split(depth, 2.0, math.inf) == (4, 1, 0)


def test_limits_in_the_wrong_order() -> None:
    with pytest.raises(InputError, match="near limit"):
        split(np.array([1.0]), 3.0, 2.0)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.sampled_from([*NOT_READINGS, 0.5, 1.0, 1.5, 2.0, 7.0, 1e30]), min_size=1, max_size=30),
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
    assert split(np.array(depths, np.float32), near, far) == expected
    assert sum(expected) == len(readings)
