"""The spread of means over frames."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.spread import mean_and_spread


def test_by_hand() -> None:
    """Four blocks of 2 s with means 0, 2, 4, 6: 2.58 is their standard deviation, half of it the mean's error."""
    time_s = np.arange(0.0, 8.0, 0.5)
    mean, spread = mean_and_spread(time_s, np.floor(time_s / 2) * 2)
    assert mean == pytest.approx(3.0)
    assert spread == pytest.approx(np.std([0, 2, 4, 6], ddof=1) / 2)


def test_frames_that_repeat_one_another_do_not_add_certainty() -> None:
    time_s = np.arange(0.0, 8.0, 0.5)
    values = np.floor(time_s / 2) * 2
    often = np.arange(0.0, 8.0, 0.05)
    assert mean_and_spread(often, np.floor(often / 2) * 2)[1] == pytest.approx(mean_and_spread(time_s, values)[1])


def test_of_independent_values_it_is_the_standard_error() -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=60_000)
    assert mean_and_spread(np.arange(60_000) / 10, values)[1] == pytest.approx(1 / np.sqrt(60_000), rel=0.4)


def test_too_little() -> None:
    mean, spread = mean_and_spread(np.array([0.0, 1.0]), np.array([1.0, np.nan]))
    assert mean == 1.0 and np.isnan(spread)
    assert np.isnan(mean_and_spread(np.array([0.0]), np.array([np.nan]))).all()
