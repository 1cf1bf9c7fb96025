"""The belief in a moving target: worked by hand, and the same whatever the order in which the evidence comes."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.autofocus.following.aim import Outlook, move_time_s
from auxfocus_ros.autofocus.following.axis import Axis
from auxfocus_ros.autofocus.following.evidence import Evidence, depth_evidence, picture_evidence
from auxfocus_ros.autofocus.following.mixture import Mixture, Motion
from auxfocus_ros.autofocus.following.options import FollowSetup
from auxfocus_ros.autofocus.following.sweep import LearntModel
from auxfocus_ros.autofocus.following.track import Track
from auxfocus_ros.autofocus.radius_estimate import LEVELS, RadiusEstimate, level_of
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.optics.defocus_model import ThinLensModel

MOTION = Motion(
    speed_sigma=1.0, still_sigma=0.02, wander=0.0, turns_per_s=0.0, bias_sigma=1e-6, low=0.3, high=20.0
)  # fmt: skip


def reading(place: float, variance: float) -> Evidence:
    return Evidence(np.ones(1), np.array([place]), np.array([variance]), np.array([0.05]))


def estimate(radius_px: float, sigma_px: float) -> RadiusEstimate:
    density = np.exp(-0.5 * ((np.exp2(LEVELS) - 0.5 - radius_px) / sigma_px) ** 2) * np.exp2(level_of(np.exp2(LEVELS) - 0.5))
    return RadiusEstimate(density / density.sum())


@pytest.fixture
def axis(model: ThinLensModel) -> Axis:
    return Axis(FollowSetup(1050.0, 2100.0, model), model)


def test_constant_speed_by_hand() -> None:
    belief = Mixture(np.ones(1), np.array([[2.0, 1.0, 0.0]]), np.diag([0.04, 0.01, 0.0])[None], np.array([False]))
    later = belief.later(0.5, MOTION, branch=False)
    assert later.mean[0] == pytest.approx([2.5, 1.0, 0.0])
    # 0.04 + 0.5^2 0.01; the covariance is 0.5 * 0.01
    assert later.spread[0, 0, 0] == pytest.approx(0.0425)
    assert later.spread[0, 0, 1] == pytest.approx(0.005)
    # as sure as the belief: half way between the two, and the speed by 0.005 / 0.085 of the 0.1 m
    after = later.given(reading(2.6, 0.0425), MOTION)
    first = int(np.argmax(after.weight))
    assert after.mean[first, :2] == pytest.approx([2.55, 1.0 + 0.1 * 0.005 / 0.085], abs=2e-4)
    assert after.spread[first, 0, 0] == pytest.approx(0.02125, rel=1e-2)
    assert after.weight.sum() == pytest.approx(1.0)


def test_a_place_that_is_left_is_brought_back() -> None:
    belief = Mixture(np.ones(1), np.array([[0.4, -1.0, 0.0]]), np.diag([0.01, 0.01, 0.0])[None], np.array([False]))
    later = belief.later(1.0, MOTION, branch=False)
    assert later.mean[0, :2] == pytest.approx([0.3, 0.0])


def test_late_evidence_takes_its_place() -> None:
    evidence = [(0.00, reading(3.0, 0.01)), (0.05, reading(2.96, 0.01)), (0.10, reading(2.9, 0.01)), (0.15, reading(2.84, 0.01))]
    in_order, late = Track(MOTION), Track(MOTION)
    for stamp_s, what in evidence:
        in_order.add(stamp_s, what)
    for index in (0, 2, 3, 1):
        assert late.add(*evidence[index])
    a, b = in_order.at(0.2), late.at(0.2)
    assert a.weight == pytest.approx(b.weight)
    assert a.mean == pytest.approx(b.mean)


def test_what_is_too_late_is_not_heard() -> None:
    track = Track(MOTION)
    for stamp_s in (1.0, 1.5, 2.0, 2.5):
        track.add(stamp_s, reading(3.0, 0.01))
    assert not track.add(0.5, reading(1.0, 0.01))
    assert track.stamp_s == 2.5


def test_the_axis_of_the_bench_lens(axis: Axis) -> None:
    # f^2 / (u - f) = 0.025^2 / 0.475 = 1.3158 mm, over the 1.5276 um of a step, from infinity at 1009.02
    assert axis.in_metres
    assert float(axis.position(0.5)) == pytest.approx(1870.3, abs=1.0)
    assert float(axis.place(axis.position(3.0))) == pytest.approx(3.0, rel=1e-4)
    # at 1 m a metre more is 0.025^2 / 0.975^2 / 1.5276 um = 430 steps less
    assert float(axis.slope(1.0)) == pytest.approx(430.0, rel=0.02)


def test_without_depths_places_are_positions() -> None:
    learnt = LearntModel(1050.0, 2100.0, 0.2)
    axis = Axis(FollowSetup(1050.0, 2100.0, learnt), learnt)
    assert not axis.in_metres
    assert float(axis.position(1500.0)) == pytest.approx(1500.0)
    assert float(axis.half_depth_steps(1500.0)) == pytest.approx(10.0)


def test_blur_lies_on_either_side(model: ThinLensModel, axis: Axis) -> None:
    seen = picture_evidence(axis, model, 1500.0, estimate(10.0, 0.5))
    assert seen is not None
    assert sorted(axis.position(seen.mean)) == pytest.approx([1450.0, 1550.0], abs=3.0)
    # each side is as likely for a target that may be anywhere
    assert seen.fresh[0] == pytest.approx(seen.fresh[1], rel=0.1)
    assert np.sqrt(seen.variance) * axis.slope(seen.mean) == pytest.approx([2.7, 2.7], abs=0.4)


def test_no_blur_is_one_place_and_the_end_of_the_range_has_one_side(model: ThinLensModel, axis: Axis) -> None:
    sharp = picture_evidence(axis, model, 1500.0, estimate(0.1, 0.3))
    assert sharp is not None and float(axis.position(sharp.mean[0])) == pytest.approx(1500.0, abs=0.5)
    assert len(sharp.mean) == 1
    end = picture_evidence(axis, model, 2090.0, estimate(30.0, 1.0))
    assert end is not None and len(end.mean) == 1 and float(axis.position(end.mean[0])) < 2000.0


def test_depth_beyond_the_axis_is_its_end(axis: Axis) -> None:
    assert depth_evidence(axis, DepthReading(500.0, 10.0)).mean[0] == axis.high


def test_the_best_position_has_the_greatest_chance() -> None:
    three = np.array([0.5, 0.3, 0.2])
    ones = np.ones(3)
    view = Outlook(three, np.array([1500.0, 1600.0, 1602.0]), 2.0 * ones, 0.0 * ones, ones, 10.0 * ones)
    position, chance, sigma = view.best()
    assert position == pytest.approx(1500.0) or position == pytest.approx(1600.8, abs=1.0)
    assert chance == pytest.approx(0.5, abs=0.01) and sigma < 5.0
    assert view.side(1550.0, 1.0) == pytest.approx(0.5)
    assert view.chance(1510.0) == pytest.approx(0.25, abs=0.01)


def test_move_times_by_hand() -> None:
    assert move_time_s(50.0, 2000.0, 20000.0) == pytest.approx(0.1)  # 2 sqrt(50 / 20000)
    assert move_time_s(-400.0, 2000.0, 20000.0) == pytest.approx(0.3)  # 0.2 + 0.1
