"""The fullest bin, by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.strategy.histogram import FullestBin, fullest_bin


def found(deviation: list[float], weight: list[float] | None = None) -> FullestBin | None:
    """With half a depth of focus of 10: bins at 20, 40, ... and -20, -40, ..."""
    return fullest_bin(np.array(deviation), np.ones(len(deviation)) if weight is None else np.array(weight), 10.0)


def test_the_bin_with_most_cells() -> None:
    assert found([95.0, 102.0, 109.0, 300.0, -60.0, -61.0]) == FullestBin(100.0, 3.0)


def test_cells_count_by_their_weight_and_those_that_are_done_do_not() -> None:
    assert found([100.0, 100.0, 100.0, -60.0], [0.2, 0.2, 0.0, 0.5]) == FullestBin(-60.0, 0.5)


def test_equal_bins_the_nearest_and_then_the_upper() -> None:
    assert found([100.0, -60.0]) == FullestBin(-60.0, 1.0)
    assert found([-60.0, 60.0]) == FullestBin(60.0, 1.0)


def test_what_remains_is_not_counted_where_the_lens_stands() -> None:
    assert found([10.0]) == FullestBin(20.0, 1.0)
    assert found([-3.0]) == FullestBin(-20.0, 1.0)


def test_nothing_remains() -> None:
    assert found([np.nan, 50.0], [1.0, 0.0]) is None


@given(st.lists(st.floats(-1000.0, 1000.0).filter(lambda value: abs(value) > 10.0), min_size=1, max_size=30))
def test_going_there_brings_into_focus_all_that_it_promises(deviation: list[float]) -> None:
    best = found(deviation)
    assert best is not None and abs(best.centre_steps) >= 20.0
    assert sum(abs(value - best.centre_steps) <= 10.0 + 1e-9 for value in deviation) >= best.weight >= 1.0
