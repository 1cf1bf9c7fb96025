"""A distribution over the blur radius: its median, its spread, and its density."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.autofocus.radius_estimate import BINS, LARGEST_RADIUS_PX, LEVELS, RadiusEstimate, level_of


def estimate(radius_px: float, sigma_levels: float) -> RadiusEstimate:
    weight = np.exp(-0.5 * ((LEVELS - level_of(radius_px)) / sigma_levels) ** 2) + 1e-12
    return RadiusEstimate(weight / weight.sum())


def test_the_grid_runs_from_no_blur_to_the_largest() -> None:
    radii_px = np.exp2(LEVELS) - 0.5
    assert radii_px[0] == pytest.approx(0.0) and radii_px[-1] == pytest.approx(LARGEST_RADIUS_PX)
    assert len(LEVELS) == BINS and LEVELS[12] - LEVELS[0] == pytest.approx(1.0)


@given(st.floats(1.0, 150.0), st.floats(0.15, 0.4))
def test_median_and_spread_are_those_of_what_went_in(radius_px: float, sigma_levels: float) -> None:
    told = estimate(radius_px, sigma_levels)
    assert told.radius_px == pytest.approx(radius_px, rel=0.03, abs=0.05)
    # a Gaussian in levels: half of 2^s - 2^-s of (r + 0.5)
    wanted = 0.5 * (2.0**sigma_levels - 2.0**-sigma_levels) * (radius_px + 0.5)
    assert told.sigma_px == pytest.approx(wanted, rel=0.12)


@given(st.floats(2.0, 100.0), st.floats(0.12, 0.3))
def test_the_density_integrates_to_nearly_one(radius_px: float, sigma_levels: float) -> None:
    levels = np.linspace(LEVELS[0], LEVELS[-1], 40001)
    radii = np.exp2(levels) - 0.5
    total = np.trapezoid(np.exp(estimate(radius_px, sigma_levels).log_density(radii)), radii)
    assert total == pytest.approx(1.0, abs=0.05)  # straight lines between logarithms cut a narrow peak's shoulders


def test_no_radius_is_impossible() -> None:
    weight = np.zeros(BINS)
    weight[50] = 1.0
    assert np.isfinite(RadiusEstimate(weight).log_density(np.array([0.0, 5.0, 200.0, 1000.0]))).all()
