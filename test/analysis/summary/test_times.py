"""How long frames count and which follow one another."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.times import durations_s, period_s, stretches


def test_a_gap_counts_for_one_and_a_half_periods() -> None:
    time_s = np.array([0.0, 0.1, 0.2, 0.9, 1.0])
    assert period_s(time_s) == pytest.approx(0.1)
    assert durations_s(time_s) == pytest.approx([0.1, 0.1, 0.15, 0.1, 0.1])


def test_a_clock_that_runs_backwards_or_stands_counts_as_a_period() -> None:
    assert durations_s(np.array([0.0, 0.1, 0.2, 0.05, 0.15, 0.15])) == pytest.approx([0.1] * 6)


@pytest.mark.parametrize("time_s", [[], [3.0], [3.0, 3.0]])
def test_too_few_frames_have_no_period(time_s: list[float]) -> None:
    assert period_s(np.array(time_s)) == 0.0
    assert durations_s(np.array(time_s)).tolist() == [0.0] * len(time_s)


def test_stretches_end_at_gaps_at_jumps_back_and_where_the_kind_changes() -> None:
    time_s = np.array([0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 0.5, 0.6, 0.7])
    known = np.array([True, False, True, True, True, True, True, True, True])
    kind = np.array([1.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0])
    assert [places.tolist() for places in stretches(time_s, known, kind)] == [[0, 2, 3], [4, 5], [6, 7], [8]]
    assert [places.tolist() for places in stretches(time_s, known, gap_s=1.0)] == [[0, 2, 3, 4, 5], [6, 7, 8]]
    assert stretches(time_s, np.zeros(9, dtype=bool)) == []
