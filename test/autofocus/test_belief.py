"""The belief: a probability whatever it is made of, depth fused as a product of Gaussians."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.belief import Belief, depth_log_likelihood, depths_at
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

GRID = np.linspace(1050.0, 2100.0, 1051)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e4, 1e4) | st.just(-np.inf), min_size=5, max_size=5), st.floats(0.0, 0.5))
def test_it_is_a_probability_whatever_it_is_made_of(logs: list[float], floor: float) -> None:
    belief = Belief.of_log(np.arange(5.0), np.array(logs), floor)
    assert belief.probability.sum() == pytest.approx(1.0)
    assert (belief.probability >= floor / 5.0 - 1e-12).all()
    inside = belief.within(np.linspace(-3.0, 8.0, 20), np.full(5, 1.5))
    assert ((inside >= 0.0) & (inside <= 1.0)).all()


def test_within_is_the_gaussians_own() -> None:
    belief = Belief.of_log(GRID, -0.5 * ((GRID - 1500.0) / 8.0) ** 2)
    assert belief.mean_steps == pytest.approx(1500.0) and belief.sigma_steps == pytest.approx(8.0, rel=0.01)
    assert belief.within(np.array([1500.0, 1510.0]), np.full(len(GRID), 10.0)) == pytest.approx([0.7887, 0.4938], abs=0.005)


def test_widening_moves_nothing_and_keeps_the_sum() -> None:
    belief = Belief.of_log(GRID, -0.5 * ((GRID - 1500.0) / 3.0) ** 2)
    wide = belief.widened(12.0)
    assert wide.probability.sum() == pytest.approx(1.0) and wide.mean_steps == pytest.approx(1500.0)
    assert wide.sigma_steps == pytest.approx(np.hypot(3.0, 25.0 / np.sqrt(12.0)), rel=0.01)
    assert belief.widened(0.0) is belief


def test_depth_and_picture_fuse_as_gaussians_do() -> None:
    model = ThinLensModel(load_lens("bench_25mm"))
    reading = DepthReading(2.0, 0.04)
    at = float(model.best_position_steps(2.0))
    sigma = 0.5 * float(model.best_position_steps(1.96) - model.best_position_steps(2.04))
    picture = -0.5 * ((GRID - (at + 6.0)) / 6.0) ** 2
    fused = Belief.of_log(GRID, picture + depth_log_likelihood(depths_at(model, GRID), reading, 0.0))
    weight = sigma**-2 / (sigma**-2 + 6.0**-2)
    assert fused.mean_steps == pytest.approx(at + (1.0 - weight) * 6.0, abs=0.3)
    assert fused.sigma_steps == pytest.approx((sigma**-2 + 6.0**-2) ** -0.5, rel=0.05)


def test_an_outlying_depth_is_outvoted() -> None:
    model = ThinLensModel(load_lens("bench_25mm"))
    picture = -0.5 * ((GRID - 1800.0) / 4.0) ** 2
    fused = Belief.of_log(GRID, picture + depth_log_likelihood(depths_at(model, GRID), DepthReading(3.0, 0.03), 0.02))
    assert fused.mean_steps == pytest.approx(1800.0, abs=1.0)


def test_depths_are_the_models_own() -> None:
    model = ThinLensModel(load_lens("bench_25mm"))
    depth = np.array([0.5, 1.0, 3.0, 8.0])
    assert depths_at(model, model.best_position_steps(depth)) == pytest.approx(depth, rel=1e-3)
