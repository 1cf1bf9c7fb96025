"""The scale from measured points and from one beam: right values, outliers, edges, and an uncertainty that is true."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.scale import Readings, ScaleOptions, scale_from_points
from auxfocus_ros.monodepth.scale.log_fit import fit_logs
from auxfocus_ros.monodepth.scale.readings import cell_of
from auxfocus_ros.optics.camera import CameraModel

HEIGHT, WIDTH = 60, 80


def ramp() -> np.ndarray:
    """Depth that rises from left to right, 1 to 3."""
    return np.repeat(np.linspace(1.0, 3.0, WIDTH)[None], HEIGHT, axis=0)


def places(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, WIDTH, count), rng.integers(0, HEIGHT, count)


def test_one_beam_is_believed_with_the_networks_error() -> None:
    estimate = scale_from_points(np.full((HEIGHT, WIDTH), 2.0), Readings(40, 30, 5.0, 0.0), source="rangefinder")
    assert estimate.scale == pytest.approx(2.5)
    assert estimate.sigma_relative == pytest.approx(0.2)  # ScaleOptions.depth_error
    assert (estimate.source, estimate.readings, estimate.problem, estimate.metric) == ("rangefinder", 1, "", True)


def test_a_readings_own_error_comes_on_top() -> None:
    estimate = scale_from_points(np.full((HEIGHT, WIDTH), 2.0), Readings(40, 30, 5.0, 0.5), ScaleOptions(depth_error=0.1))
    assert estimate.sigma_relative == pytest.approx(math.hypot(0.1, 0.1), rel=1e-6)


@given(st.floats(-4.0, 4.0), st.integers(1, 60), st.integers(0, 1000))
@settings(max_examples=50)
def test_the_scale_comes_out_whatever_it_is(log_scale: float, count: int, seed: int) -> None:
    u, v = places(count, seed)
    predicted = ramp()
    estimate = scale_from_points(predicted, Readings(u, v, math.exp(log_scale) * predicted[v, u], 0.01))
    assert estimate.scale == pytest.approx(math.exp(log_scale), rel=0.03)  # the window at the picture's edge is one-sided
    assert estimate.readings == count


@pytest.mark.parametrize("wrong", ["nearer", "farther", "one place", "either side"])
def test_four_in_ten_may_be_wrong(wrong: str) -> None:
    rng = np.random.default_rng(3)
    u, v = places(50)
    predicted = ramp() * np.exp(rng.normal(0.0, 0.05, (HEIGHT, WIDTH)))
    measured = 2.0 * ramp()[v, u]
    off = {
        "nearer": -rng.uniform(0.4, 2.0, 20),
        "farther": rng.uniform(0.4, 2.0, 20),
        "one place": np.full(20, 0.9),
        "either side": rng.choice([-1.0, 1.0], 20) * rng.uniform(0.4, 2.0, 20),
    }[wrong]
    measured[:20] *= np.exp(off)
    estimate = scale_from_points(predicted, Readings(u, v, measured, 0.01 * measured))
    assert estimate.scale == pytest.approx(2.0, rel=0.04)
    assert estimate.readings <= 32


def test_a_beam_on_an_edge_is_not_used() -> None:
    predicted = np.full((HEIGHT, WIDTH), 2.0)
    predicted[:, 40:] = 6.0
    alone = scale_from_points(predicted, Readings(40, 30, 4.0, 0.01), source="rangefinder")
    assert not alone.metric
    assert alone.scale == 1.0
    assert math.isinf(alone.sigma_relative)
    assert "1 on edges" in alone.problem
    beside = scale_from_points(predicted, Readings([40, 10], [30, 30], [4.0, 4.4], 0.01))
    assert (beside.scale, beside.readings) == (pytest.approx(2.2), 1)


def test_a_thin_thing_in_the_window_does_not_decide() -> None:
    predicted = np.full((HEIGHT, WIDTH), 2.0)
    predicted[30, 40] = 0.2  # a wire, or a pixel gone wrong, where the beam points
    assert scale_from_points(predicted, Readings(40, 30, 4.0, 0.0)).scale == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        (Readings([], [], [], []), "no readings"),
        (Readings([-5, 90, np.nan], [3, 3, 3], [1.0, 1.0, 1.0], 0.1), "3 outside the picture"),
        (Readings([5, 6, 7], [3, 3, 3], [np.nan, 0.0, np.inf], 0.1), "3 outside the picture or without a depth"),
        (Readings([70], [3], [2.0], 0.1), "1 where no depth is predicted"),
    ],
)
def test_nothing_to_compare_is_said(readings: Readings, said: str) -> None:
    predicted = np.full((HEIGHT, WIDTH), 2.0)
    predicted[:, 60:] = np.nan
    estimate = scale_from_points(predicted, readings)
    assert estimate.source == "none"
    assert said in estimate.problem


@pytest.mark.parametrize("factor", [8.0, 1e6])
def test_two_readings_that_contradict_are_no_scale(factor: float) -> None:
    estimate = scale_from_points(np.full((HEIGHT, WIDTH), 2.0), Readings([10, 70], [10, 50], [2.0, 2.0 * factor], 0.01))
    assert not estimate.metric
    assert "do not agree" in estimate.problem


def test_points_fall_where_the_camera_sees_them() -> None:
    camera = CameraModel(WIDTH, HEIGHT, 50.0, 50.0, 39.5, 29.5)
    readings = Readings.of_points(np.array([[0.2, -0.1, 2.0], [0.0, 0.0, -1.0]]), camera, 0.02)
    assert (readings.u_px[0], readings.v_px[0], readings.depth_m[0]) == pytest.approx((44.5, 27.0, 2.0))
    assert scale_from_points(np.full((HEIGHT, WIDTH), 4.0), readings).scale == pytest.approx(0.5)


def test_bad_readings_and_options() -> None:
    with pytest.raises(InputError, match="one length"):
        Readings([1.0, 2.0], [1.0], [1.0, 2.0], 0.1)
    with pytest.raises(InputError, match="sigma_m"):
        Readings([1.0], [1.0], [1.0], -0.1)
    with pytest.raises(ConfigurationError, match=r"depth_error is 0.*cells is 0"):
        ScaleOptions(depth_error=0.0, cells=0)


@pytest.mark.parametrize(("count", "bad"), [(1, 0), (3, 0), (10, 0), (10, 4), (30, 12)])
def test_the_truth_lies_within_one_sigma_as_often_as_it_should(count: int, bad: int) -> None:
    rng = np.random.default_rng(7)
    off = np.zeros(300)
    for trial in range(len(off)):
        logs = rng.normal(0.0, 0.1, count)
        logs[:bad] += rng.uniform(0.3, 1.5, bad)  # all on one side
        cells = cell_of(rng.uniform(0, WIDTH, count), rng.uniform(0, HEIGHT, count), WIDTH / 4)
        fit = fit_logs(logs, np.full(count, 0.01), cells, 0.1)
        off[trial] = fit.value / fit.sigma
    assert 0.5 < np.mean(np.abs(off) < 1.0) < 0.8
    assert np.mean(np.abs(off) < 2.0) > 0.87


def test_readings_that_err_together_are_not_surer_for_being_many() -> None:
    rng = np.random.default_rng(1)
    logs = np.repeat(rng.normal(0.0, 0.1, 3), 500)  # three regions of one error each
    fit = fit_logs(logs, np.full(1500, 0.001), np.repeat([0, 1, 2], 500), 0.1)
    assert 0.03 < fit.sigma < 0.15
