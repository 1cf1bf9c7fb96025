"""The shift that all boxes have in common."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution.targets.common_motion import common_shift


def boxes(*rows: tuple[float, float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(-1, 5)


def moved(before: np.ndarray, x: float, y: float) -> np.ndarray:
    after = before.copy()
    after[:, :2] += (x, y)
    return after


THREE = boxes((100, 100, 20, 40, 3), (160, 100, 22, 44, 4), (400, 120, 60, 30, 6))


def test_all_moved() -> None:
    assert common_shift(THREE, moved(THREE, 37.0, -12.0), 480) == pytest.approx((37, -12))


def test_nothing_moved() -> None:
    assert common_shift(THREE, THREE[::-1], 480) == (0, 0)


def test_one_alone_moves_itself() -> None:
    after = THREE.copy()
    after[2, 0] += 80
    assert common_shift(THREE, after, 480) == (0, 0)
    assert common_shift(THREE[:1], moved(THREE[:1], 50.0, 0), 480) == (0, 0)


def test_one_of_four_goes_its_own_way() -> None:
    before = np.vstack([THREE, boxes((300, 300, 30, 30, 2))])
    after = moved(before, 25.0, 0)
    after[3, 1] -= 60
    assert common_shift(before, after, 480) == pytest.approx((25, 0))


def test_a_row_of_things_alike() -> None:
    """A pan by nearly the distance from one to the next: the shift that leaves the fewest without a partner."""
    row = boxes(*((50.0 + 40 * k, 100, 20, 40, 3 + 0.4 * k) for k in range(6)))
    assert common_shift(row, moved(row, 36.0, 0), 480) == pytest.approx((36, 0))


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 3), (3, 0), (1, 3), (3, 1)])
def test_too_few(n: int, m: int) -> None:
    assert common_shift(THREE[:n], moved(THREE[:m], 30.0, 0), 480) == (0, 0)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.integers(0, 40), st.integers(0, 40))
def test_always_finite(seed: int, n: int, m: int) -> None:
    random = np.random.default_rng(seed)
    before, after = random.uniform(1, 500, (n, 5)), random.uniform(1, 500, (m, 5))
    assert np.isfinite(common_shift(before, after, 480)).all()
