"""The seven figures of depth against values worked out by hand, and what counts and what does not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.evaluation.metrics import frame_errors, mean_errors, median_scale

TRUE_M = np.array([[1.0, 2.0], [4.0, 8.0]])
GUESS_M = np.array([[1.1, 3.0], [4.0, 4.0]])  # off by 0.1, 1, 0, -4; ratios 1.1, 1.5, 1, 2
DEPTHS = arrays(np.float64, (4, 5), elements=st.floats(0.1, 70.0))


def test_by_hand() -> None:
    frame = frame_errors(GUESS_M, TRUE_M, cap_m=80.0, scaling="none")
    errors = frame.errors
    assert errors is not None
    assert errors.abs_rel == pytest.approx((0.1 + 0.5 + 0.0 + 0.5) / 4)
    assert errors.sq_rel_m == pytest.approx((0.01 + 0.5 + 0.0 + 2.0) / 4)
    assert errors.rmse_m == pytest.approx(math.sqrt((0.01 + 1.0 + 0.0 + 16.0) / 4))
    assert errors.rmse_log == pytest.approx(math.sqrt((math.log(1.1) ** 2 + math.log(1.5) ** 2 + math.log(2.0) ** 2) / 4))
    assert (errors.delta_1, errors.delta_2, errors.delta_3) == (0.5, 0.75, 0.75)  # 1.25, 1.5625, 1.953
    assert (frame.pixels, frame.unpredicted, frame.scale) == (4, 0, 1.0)


def test_median_scaling_by_hand() -> None:
    assert median_scale(2.0 * GUESS_M, TRUE_M) == pytest.approx(3.0 / 7.0)  # medians 3 and 7
    frame = frame_errors(2.0 * GUESS_M, TRUE_M, cap_m=80.0)
    plain = frame_errors(GUESS_M * 6.0 / 7.0, TRUE_M, cap_m=80.0, scaling="none")
    assert frame.errors is not None
    assert plain.errors is not None
    assert frame.errors.rmse_m == pytest.approx(plain.errors.rmse_m)


def test_what_has_no_truth_or_lies_beyond_the_cap_does_not_count() -> None:
    true_m = np.array([[2.0, 0.0, np.nan, np.inf, 11.0, -1.0]])
    frame = frame_errors(np.array([[3.0, 9.0, 9.0, 9.0, 9.0, 9.0]]), true_m, cap_m=10.0, scaling="none")
    assert frame.pixels == 1
    assert frame.errors is not None
    assert frame.errors.abs_rel == 0.5


def test_predictions_are_cut_to_the_cap_and_missing_ones_are_counted() -> None:
    guess = np.array([[np.inf, 50.0, 0.0, np.nan, -1.0, 5.0]])
    frame = frame_errors(guess, np.full((1, 6), 5.0), cap_m=10.0, scaling="none")
    assert (frame.pixels, frame.unpredicted) == (3, 3)
    assert frame.errors is not None
    assert frame.errors.abs_rel == pytest.approx((1.0 + 1.0 + 0.0) / 3)


def test_a_region_is_scaled_as_its_frame() -> None:
    true_m = np.full((3, 3), 4.0)
    guess = np.full((3, 3), 2.0)
    guess[0, 0] = 4.0  # twice too far against all the rest
    region = np.zeros((3, 3), bool)
    region[0, 0] = True
    frame = frame_errors(guess, true_m, cap_m=80.0, region=region)
    assert frame.errors is not None
    assert (frame.scale, frame.errors.abs_rel, frame.pixels) == (2.0, 1.0, 1)


def test_half_precision_is_summed_in_double() -> None:
    frame = frame_errors(np.full((300, 300), 60.0, np.float16), np.full((300, 300), 50.0, np.float16), cap_m=80.0, scaling="none")
    assert frame.errors is not None
    assert frame.errors.rmse_m == pytest.approx(10.0)


def test_empty_frames_are_counted_and_not_averaged() -> None:
    good = [frame_errors(GUESS_M * k, TRUE_M, cap_m=80.0, scaling="none") for k in (1.0, 1.2)]
    empty = frame_errors(GUESS_M, np.zeros((2, 2)), cap_m=80.0)
    mean = mean_errors([good[0], empty, good[1]])
    assert (mean.frames, mean.empty_frames, mean.pixels) == (2, 1, 8)
    assert mean.errors is not None
    assert mean.errors.abs_rel == pytest.approx(np.mean([f.errors.abs_rel for f in good if f.errors]))
    assert mean_errors([empty]).errors is None
    assert mean_errors([]).frames == 0


def test_a_region_without_truth_and_a_frame_without_prediction_are_empty() -> None:
    assert frame_errors(GUESS_M, TRUE_M, cap_m=80.0, region=np.zeros((2, 2), bool)).errors is None
    nothing = frame_errors(np.zeros((2, 2)), TRUE_M, cap_m=80.0)
    assert nothing.errors is None
    assert nothing.unpredicted == 4


@given(DEPTHS, DEPTHS, st.floats(0.01, 100.0))
def test_a_factor_changes_nothing_under_median_scaling(guess: np.ndarray, true_m: np.ndarray, factor: float) -> None:
    one, other = (frame_errors(g, true_m, cap_m=80.0).errors for g in (guess, factor * guess))
    assert one is not None
    assert other is not None
    for name in ("abs_rel", "sq_rel_m", "rmse_m", "rmse_log"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-6, abs=1e-9)


@given(DEPTHS, DEPTHS)
def test_deltas_are_nested_shares(guess: np.ndarray, true_m: np.ndarray) -> None:
    errors = frame_errors(guess, true_m, cap_m=80.0).errors
    assert errors is not None
    assert 0.0 <= errors.delta_1 <= errors.delta_2 <= errors.delta_3 <= 1.0


@pytest.mark.parametrize(
    ("guess", "region", "cap_m", "said"),
    [
        (np.ones((2, 3)), None, 80.0, "one shape"),
        (np.ones((2, 2)), np.ones((3, 2), bool), 80.0, "one shape"),
        (np.ones((2, 2)), None, 0.0, "depth cap"),
        (np.ones((2, 2)), None, math.nan, "depth cap"),
    ],
)
def test_bad_input(guess: np.ndarray, region: np.ndarray | None, cap_m: float, said: str) -> None:
    with pytest.raises(InputError, match=said):
        frame_errors(guess, TRUE_M, cap_m=cap_m, region=region)
