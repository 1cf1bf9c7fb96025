"""Swings of a curve that trembles."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.summary.swings import swings


def test_by_hand() -> None:
    values = np.array([0.0, 0.0, 5.0, 10.0, 10.0, 9.0, 10.0, 4.0, 0.0])
    assert swings(values, 3.0) == [(1, 3), (6, 8)]


def test_trembling_is_no_swing() -> None:
    assert swings(np.array([0.0, 3.0, 0.0, 3.0, -0.5]), 3.5) == []
    assert swings(np.array([]), 1.0) == []


def test_a_slow_rise_is_one_swing_whatever_its_tremble() -> None:
    rise = np.linspace(0.0, 100.0, 101) + np.tile([0.0, 2.0], 51)[:101]
    assert len(swings(rise, 5.0)) == 1


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=2, max_size=40), st.integers(1, 15))
def test_swings_alternate_exceed_the_threshold_and_miss_nothing(listed: list[int], least: int) -> None:
    values = np.array(listed, dtype=np.float64)
    found = swings(values, float(least))
    changes = [values[last] - values[first] for first, last in found]
    tolerance = 0.1 * least
    assert all(abs(change) > least - 2 * tolerance for change in changes)
    assert all(one * other < 0 for one, other in pairwise(changes))
    assert all(one[1] <= other[0] for one, other in pairwise(found))
    assert bool(found) == bool(np.ptp(values) > least)
