"""The scale over time: mixed, forgotten, doubted, jumped, and lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.scale import ScaleEstimate, ScaleTracker, TrackerOptions, no_scale

OPTIONS = TrackerOptions(forget_s=5.0, hold_s=2.0, alike_s=1.0, gate_sigmas=3.0, jump_readings=3)


def reading(scale: float, sigma: float = 0.1, source: Any = "points") -> ScaleEstimate:
    return ScaleEstimate(scale, sigma, source, 4)


def test_relative_until_something_is_heard() -> None:
    tracker = ScaleTracker(OPTIONS)
    assert tracker.at(0.0) == no_scale("no reading yet")
    assert tracker.update(0.0, no_scale("no readings")).problem == "no readings"
    known = tracker.update(0.1, reading(2.0, source="rangefinder"))
    assert (known.scale, known.sigma_relative) == (pytest.approx(2.0), pytest.approx(0.1))
    assert (known.source, known.readings, known.metric) == ("rangefinder", 4, True)


def test_two_readings_far_apart_in_time_by_hand() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0))
    known = tracker.update(1.5, reading(1.1))
    variance = 0.01 * math.exp(1.5 / 5.0)
    gain = variance / (variance + 0.01)
    assert known.scale == pytest.approx(1.1**gain)
    assert known.sigma_relative == pytest.approx(math.sqrt((1.0 - gain) * variance))


def test_many_readings_of_one_thing_are_one_reading() -> None:
    tracker = ScaleTracker(OPTIONS)
    for frame in range(31):
        known = tracker.update(frame / 30.0, reading(1.0))
    assert 0.07 < known.sigma_relative < 0.1  # two independent readings would make 0.071
    for frame in range(31, 3000):
        known = tracker.update(frame / 30.0, reading(1.0))
    assert 0.03 < known.sigma_relative < 0.06  # what five seconds hold, and no more


def test_two_sources_are_two_readings() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0, source="points"))
    assert tracker.update(0.0, reading(1.0, source="height")).sigma_relative == pytest.approx(0.1 / math.sqrt(2.0))


def test_grows_unsure_and_then_relative() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(3.0))
    assert tracker.at(1.0).sigma_relative == pytest.approx(0.1 * math.exp(0.1))
    assert tracker.at(2.0).scale == pytest.approx(3.0)
    lost = tracker.at(2.1)
    assert (lost.scale, lost.source) == (1.0, "none")
    assert "no reading of the scale for 2.1 s" in lost.problem
    assert not tracker.update(2.2, no_scale("no readings")).metric
    assert tracker.update(2.3, reading(0.5)).scale == pytest.approx(0.5)  # at once: the old one says nothing any more


def test_a_single_wrong_reading_is_not_believed() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0, 0.05))
    assert tracker.update(0.1, reading(5.0, 0.05)).scale == pytest.approx(1.0)
    assert tracker.update(0.2, reading(1.0, 0.05)).scale == pytest.approx(1.0)


def test_wrong_readings_that_differ_are_no_jump() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0, 0.05))
    for frame, scale in enumerate((3.0, 9.0, 27.0, 3.0, 9.0), start=1):
        assert tracker.update(frame / 10, reading(scale, 0.05)).scale == pytest.approx(1.0)


def test_three_that_agree_are_the_new_scale_and_no_surer_than_one() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0, 0.05))
    assert tracker.update(0.1, reading(2.0, 0.05)).scale == pytest.approx(1.0)
    assert tracker.update(0.2, reading(2.0, 0.05)).scale == pytest.approx(1.0)
    jumped = tracker.update(0.3, reading(2.0, 0.05))
    assert (jumped.scale, jumped.sigma_relative) == (pytest.approx(2.0), pytest.approx(0.05))


def test_after_a_cut_nothing_is_known() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(0.0, reading(1.0))
    tracker.cut()
    assert "the scene changed" in tracker.at(0.1).problem
    assert tracker.update(0.1, reading(4.0)).scale == pytest.approx(4.0)


def test_a_recording_that_starts_again() -> None:
    tracker = ScaleTracker(OPTIONS)
    tracker.update(100.0, reading(1.0))
    assert tracker.update(0.0, reading(4.0)).scale == pytest.approx(4.0)
    tracker = ScaleTracker(OPTIONS)
    tracker.update(100.0, reading(1.0))
    assert tracker.update(99.5, reading(1.05)).scale == pytest.approx(1.0)  # late by a little: as if with the newest
    assert tracker.at(100.0).metric


def test_follows_a_scale_that_drifts() -> None:
    rng = np.random.default_rng(4)
    tracker, inside = ScaleTracker(), []
    for frame in range(600):
        stamp_s, true = 0.1 * frame, 0.1 * math.sin(0.1 * frame / 10.0)
        known = tracker.update(stamp_s, reading(math.exp(true + rng.normal(0.0, 0.1))))
        inside.append(abs(math.log(known.scale) - true) < 2.0 * known.sigma_relative)
    assert np.mean(inside[50:]) > 0.85


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.0, 0.3)), min_size=1, max_size=60))
@settings(max_examples=60)
def test_whatever_comes_the_state_is_finite_or_relative(heard: list[tuple[float, float, float]]) -> None:
    tracker, stamp_s = ScaleTracker(OPTIONS), 0.0
    for wait_s, log_scale, sigma in heard:
        stamp_s += wait_s
        known = tracker.update(stamp_s, reading(math.exp(log_scale), sigma))
        assert known.metric
        assert 0.0 < known.sigma_relative < math.inf
        assert math.exp(-3.001) < known.scale < math.exp(3.001)
        assert len(tracker._doubted) < OPTIONS.jump_readings


def test_bad_input() -> None:
    for stamp_s in (math.nan, math.inf):
        with pytest.raises(InputError, match="stamp"):
            ScaleTracker().update(stamp_s, reading(1.0))
    with pytest.raises(ConfigurationError, match=r"forget_s.*jump_readings"):
        TrackerOptions(forget_s=0.0, jump_readings=0)
