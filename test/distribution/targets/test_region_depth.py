"""The depth of a region from its readings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.distribution.targets import region_depth

RANDOM = np.random.default_rng(5)


def readings(*parts: tuple[float, int], scatter: float = 0.005) -> np.ndarray:
    """Readings round some depths."""
    values = np.concatenate([depth * (1 + scatter * RANDOM.standard_normal(count)) for depth, count in parts])
    return RANDOM.permutation(values).astype(np.float32)


def test_by_hand() -> None:
    # Five readings round 4 m; their median is 4.02, their absolute deviations 0.02, 0.01, 0, 0.01 and 0.03 of it: 0.01.
    found = region_depth(np.array([4.0, 4.01, 4.02, 4.03, 4.05], np.float32))
    assert found is not None and found.count == 5
    assert found.depth_m == pytest.approx(4.02)
    scatter = math.sqrt((4 * (1.4826 * 0.01) ** 2 + (0.03 * 4.02) ** 2) / 5)
    assert found.sigma_m == pytest.approx(1.2533 * scatter / math.sqrt(5), rel=1e-3)
    assert 4.0 <= found.near_m <= found.depth_m <= found.far_m <= 4.05


def test_behind_a_pane_what_is_behind() -> None:
    found = region_depth(readings((1.5, 300), (6.0, 700)))
    assert found is not None and found.depth_m == pytest.approx(6.0, rel=0.005)


def test_behind_a_pane_a_room_that_is_deep() -> None:
    # The pane is the densest 10 percent of depth, but most readings lie behind it, from 4 to 7 m.
    room = np.linspace(4.0, 7.0, 700, dtype=np.float32)
    found = region_depth(np.concatenate([readings((1.5, 300)), room]))
    assert found is not None and 4.0 <= found.depth_m <= 7.0


def test_before_a_wall_the_thing() -> None:
    found = region_depth(readings((3.0, 60), (9.0, 40)))
    assert found is not None and found.depth_m == pytest.approx(3.0, rel=0.005)


def test_strays_between_do_not_join() -> None:
    between = np.linspace(2.2, 7.8, 15, dtype=np.float32)  # mixed pixels at an edge, one in a place
    found = region_depth(np.concatenate([readings((2.0, 5000), (8.0, 7000)), between]))
    assert found is not None and found.depth_m == pytest.approx(8.0, rel=0.005)


def test_of_two_equal_the_nearer() -> None:
    found = region_depth(np.array([5.0, 2.0, 5.0, 2.0], np.float32))
    assert found is not None and found.depth_m == 2.0


def test_one_reading() -> None:
    found = region_depth(np.array([2.0], np.float32))
    assert found is not None and (found.depth_m, found.near_m, found.far_m, found.count) == (2.0, 2.0, 2.0, 1)
    assert found.sigma_m == pytest.approx(1.2533 * 0.06)


@pytest.mark.parametrize("values", [[], [0.0], [math.nan, math.inf, -1.0, 0.0]])
def test_no_readings(values: list[float]) -> None:
    assert region_depth(np.array(values, np.float32)) is None


def test_sigma_falls_with_the_number_of_readings() -> None:
    few, many = region_depth(readings((4.0, 20), scatter=0.01)), region_depth(readings((4.0, 2000), scatter=0.01))
    assert few is not None and many is not None and many.sigma_m < 0.2 * few.sigma_m
    assert many.sigma_m == pytest.approx(1.2533 * 0.04 / math.sqrt(2000), rel=0.2)


@settings(deadline=None, max_examples=200)
@given(
    arrays(
        np.float32,
        st.integers(0, 60),
        elements=st.one_of(st.floats(-1, 1e4, width=32), st.sampled_from([math.nan, math.inf, 3e38])),
    )
)
def test_whatever_comes(values: np.ndarray) -> None:
    found = region_depth(values)
    valid = values[np.isfinite(values) & (values > 0)]
    if found is None:
        assert not len(valid)
        return
    assert math.isfinite(found.sigma_m) and found.sigma_m > 0 and 1 <= found.count <= len(valid)
    assert float(valid.min()) * (1 - 1e-6) <= found.near_m <= found.depth_m * (1 + 1e-9)
    assert found.depth_m <= found.far_m * (1 + 1e-9) <= float(valid.max()) * (1 + 1e-6)
