"""The axis that follows the scene: robust, round, and calm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import AxisFollower, robust_range_m
from auxfocus_ros.errors import ConfigurationError


def scene(near: float, far: float, count: int = 4000) -> np.ndarray:
    return np.geomspace(near, far, count).astype(np.float32)


def ends(follower: AxisFollower, near: float, far: float, updates: int = 1) -> tuple[float, float]:
    for _ in range(updates):
        axis = follower.update(scene(near, far))
    return axis.near_m, axis.far_m


def test_robust_range_by_hand() -> None:
    # 1001 depths 1.000 .. 2.000: half a percent from either end is rank 5 and rank 995. What is no reading does not count.
    depth = np.concatenate([np.linspace(1, 2, 1001), [0, -1, math.nan, math.inf]]).astype(np.float32)
    assert robust_range_m(depth) == pytest.approx((1.005, 1.995))
    assert robust_range_m((depth[:1001].reshape(7, 143) * 1000).astype(np.uint16), unit_m=0.001) == pytest.approx(
        (1.005, 1.995), abs=1.1e-3
    )
    assert robust_range_m(np.full(5, 3.0)) == (3.0, 3.0)


@pytest.mark.parametrize("depth", [np.empty(0, np.float32), np.zeros((4, 4)), np.full(3, np.nan)])
def test_no_readings_have_no_range(depth: np.ndarray) -> None:
    assert robust_range_m(depth) is None


def test_a_large_image_is_sampled_over_all_its_columns() -> None:
    depth = np.broadcast_to(np.linspace(1, 10, 1280, dtype=np.float32), (720, 1280))
    near, far = robust_range_m(depth) or (0, 0)
    assert (near, far) == pytest.approx((1.045, 9.955), abs=0.03)


def test_the_first_scene_sets_round_ends_at_once() -> None:
    # 2.3 m / 1.06 is 2.17, rounded down 2; 40 m less half a percent times 1.06 is about 42, rounded up 50.
    assert ends(AxisFollower(64), 2.3, 40.0) == (2.0, 50.0)


def test_noise_does_not_move_it() -> None:
    follower, random = AxisFollower(64), np.random.default_rng(2)
    first = follower.update(scene(2.3, 40.0))
    for _ in range(60):
        assert follower.update(scene(2.3, 40.0) * random.normal(1, 0.02, 4000).astype(np.float32)) is first


def test_what_would_fall_off_the_axis_is_followed_gliding() -> None:
    follower = AxisFollower(64)
    first = ends(follower, 2.3, 40.0)
    after_one = ends(follower, 1.1, 40.0)
    assert 1.0 < after_one[0] < first[0]
    assert after_one[1] == first[1]
    assert ends(follower, 1.1, 40.0, 40) == (1.0, 50.0)


def test_a_shorter_scene_is_followed_only_after_a_while() -> None:
    follower = AxisFollower(64, dwell_updates=10)
    first = ends(follower, 1.1, 90.0)
    assert ends(follower, 1.1, 12.0, 9) == first
    assert ends(follower, 1.1, 90.0) == first  # it was a passing thing
    assert ends(follower, 1.1, 12.0, 9) == first
    assert ends(follower, 1.1, 12.0, 40) == (1.0, 15.0)


def test_another_scene_gets_its_axis_at_once() -> None:
    follower = AxisFollower(64)
    ends(follower, 5.0, 100.0)
    assert ends(follower, 0.5, 4.0) == (0.4, 5.0)


def test_frames_without_readings_leave_it_alone() -> None:
    follower = AxisFollower(64)
    assert (follower.update(np.zeros(4)).near_m, follower.update(np.zeros(4)).far_m) == follower.limits_m
    first = follower.update(scene(2.3, 40.0))
    assert follower.update(np.full(9, np.nan)) is first


def test_fixed_ends_stay() -> None:
    follower = AxisFollower(64, fixed_near_m=0.7, fixed_far_m=3.0)
    assert ends(follower, 5.0, 100.0, 30) == (0.7, 3.0)
    half = AxisFollower(64, fixed_near_m=0.7)
    assert ends(half, 2.0, 30.0) == (0.7, 40.0)
    assert ends(AxisFollower(64, fixed_far_m=3.0), 50.0, 90.0) == (2.0, 3.0)


def test_the_number_of_bins_can_change() -> None:
    follower = AxisFollower(64)
    first = follower.update(scene(2.3, 40.0))
    follower.bins = 100
    second = follower.update(scene(2.3, 40.0))
    assert (second.bins, second.near_m, second.far_m) == (100, first.near_m, first.far_m)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0.001, 5000.0), st.floats(1.0, 1000.0)), min_size=1, max_size=25))
def test_any_sequence_of_scenes_gives_an_axis_within_limits(scenes: list[tuple[float, float]]) -> None:
    follower = AxisFollower(32)
    for near, span in scenes:
        axis = follower.update(scene(near, near * span, 50))
        assert follower.limits_m[0] * 0.999 <= axis.near_m < axis.far_m <= follower.limits_m[1] * 1.001
    # A scene that stays ends up on the axis, as far as the limits go.
    for _ in range(80):
        axis = follower.update(scene(near, near * span, 50))
    low, high = follower.limits_m
    assert axis.near_m <= max(near, low) * 1.001 or axis.near_m <= high / 1.5 * 1.001
    assert axis.far_m >= min(near * span, high) * 0.94


@pytest.mark.parametrize(
    "settings_",
    [
        {"limits_m": (0.0, 5.0)},
        {"limits_m": (5.0, 5.1)},
        {"limits_m": (1.0, math.inf)},
        {"slack": 0.5},
        {"dwell_updates": 0},
        {"glide": 0.0},
        {"fixed_near_m": 5.0, "fixed_far_m": 2.0},
    ],
)
def test_settings_that_cannot_be(settings_: dict) -> None:
    with pytest.raises(ConfigurationError):
        AxisFollower(64, **settings_)
