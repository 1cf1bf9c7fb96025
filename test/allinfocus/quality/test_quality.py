"""The measures of a fused picture: values worked out by hand, and what holds of every picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames
from auxfocus_ros.allinfocus.quality import psnr_db, q_abf, q_mi, q_y, ssim
from auxfocus_ros.allinfocus.quality import strips as strips_module
from auxfocus_ros.errors import InputError

Measure = Callable[[Sequence[np.ndarray], np.ndarray], float]
MEASURES = (q_abf, q_mi, q_y)


def flat(level: int, dtype: type = np.uint8) -> np.ndarray:
    """12 x 12 px of one level."""
    return np.full((12, 12), level, dtype)


def step(level: int) -> np.ndarray:
    """12 x 12 px: a dark left half, a right half of a level."""
    return np.hstack([np.zeros((12, 6), np.uint8), np.full((12, 6), level, np.uint8)])


def noise(seed: int, shape: tuple[int, ...] = (24, 20), dtype: type = np.uint8) -> np.ndarray:
    """Every level, at random."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


# Against the truth


def test_psnr_of_one_level_off_is_that_of_the_peak() -> None:
    # A mean square of 1: 10 log10(255^2) = 48.1308 dB; a tenth of all pixels 10 off has a mean square of 10: 10 dB less.
    assert psnr_db(flat(101), flat(100)) == pytest.approx(48.1308, abs=1e-4)
    some = np.full((10, 10), 100, np.uint8)
    some[3] = 110
    assert psnr_db(some, np.full((10, 10), 100, np.uint8)) == pytest.approx(38.1308, abs=1e-4)
    assert psnr_db(flat(100), flat(100)) == math.inf


def test_psnr_of_colour_and_of_sixteen_bits() -> None:
    # One channel of three is 3 off: a mean square of 3.
    truth = np.zeros((4, 5, 3), np.uint8)
    picture = truth.copy()
    picture[..., 1] = 3
    assert psnr_db(picture, truth) == pytest.approx(10 * math.log10(255**2 / 3))
    assert psnr_db(flat(300, np.uint16), flat(301, np.uint16)) == pytest.approx(20 * math.log10(65535))


def test_ssim_of_constants_is_that_of_their_means() -> None:
    # No variance anywhere: (2 a b + C1) / (a^2 + b^2 + C1), C1 = 2.55^2 = 6.5025. Of 100 and 50 the
    # numerator is 10000 + 6.5025, the denominator 10000 + 2500 + 6.5025 = 12506.5025.
    assert ssim(flat(100), flat(50)) == pytest.approx(10006.5025 / 12506.5025, rel=1e-9)


def test_ssim_of_two_patterns_of_opposite_sign() -> None:
    # Checkerboards of 100 + 10 and 100 - 10, one the other's negative: both halves weigh 1/2 in the Gaussian window (to 1e-4), so
    # both means are 100, both variances 100, the covariance -100: SSIM = (C2 - 200) / (C2 + 200), C2 = 7.65^2 = 58.5225.
    board = np.indices((16, 16)).sum(axis=0) % 2
    one, other = (np.asarray(100 + 10 * sign * (2 * board - 1), np.uint8) for sign in (1, -1))
    assert ssim(one, other) == pytest.approx((58.5225 - 200) / (58.5225 + 200), abs=1e-6)


# Q_AB/F: with g the strength and a the orientation of Sobel's gradient, kept = 0.9994 / (1 + exp(-15 (g ratio - 0.5)))
# * 0.9879 / (1 + exp(-22 (alignment - 0.8))).

ALIGNED = 0.9879 / (1 + math.exp(-4.4))
WHOLE = 0.9994 / (1 + math.exp(-7.5))


def test_q_abf_of_an_edge_of_half_the_strength() -> None:
    # At the step Sobel gives 4 * 100 in the frame and 4 * 50 in the fused picture, both along x: the ratio is 1/2, the sigmoid in
    # its middle, 0.9994 / 2. The other frame has no edge, and no weight.
    assert q_abf([step(100), flat(30)], step(50)) == pytest.approx(0.4997 * ALIGNED, rel=1e-6)
    assert q_abf([step(50), flat(30)], step(100)) == pytest.approx(0.4997 * ALIGNED, rel=1e-6)


def test_q_abf_weighs_with_the_frames_strength() -> None:
    # Edges at the same place, 400 and 100 strong, and the fused picture has the stronger: ratios 1 and 1/4.
    quarter = 0.9994 / (1 + math.exp(3.75))
    wanted = ALIGNED * (400 * WHOLE + 100 * quarter) / 500
    assert q_abf([step(100), step(25)], step(100)) == pytest.approx(wanted, rel=1e-6)
    # A third frame, as strong as the first, adds to the sum and to the weights.
    wanted = ALIGNED * (800 * WHOLE + 100 * quarter) / 900
    assert q_abf([step(100), step(25), step(100)], step(100)) == pytest.approx(wanted, rel=1e-6)


def test_q_abf_of_edges_that_turned() -> None:
    # A ramp along x of 8 levels a pixel has a gradient of (64, 0), one along y (0, 64): alignment 0. One of 8 levels both ways is
    # (64, 64): strengths 64 and 64 sqrt 2, a ratio of 0.7071, and an alignment of 1/2.
    y, x = np.mgrid[:12, :12]
    along_x, along_y, both = (np.asarray(8 * ramp, np.uint8) for ramp in (x, y, x + y))
    assert q_abf([along_x, flat(9)], along_y) == pytest.approx(WHOLE * 0.9879 / (1 + math.exp(17.6)), rel=1e-4)
    wanted = 0.9994 / (1 + math.exp(-15 * (math.sqrt(0.5) - 0.5))) * 0.9879 / (1 + math.exp(6.6))
    assert q_abf([along_x, flat(9)], both) == pytest.approx(wanted, rel=1e-4)
    # A line has no direction: the same ramp falling is the same edge.
    assert q_abf([along_x, flat(9)], along_x[:, ::-1].copy()) == pytest.approx(WHOLE * ALIGNED, rel=1e-6)


def test_q_abf_where_there_is_no_edge() -> None:
    assert math.isnan(q_abf([flat(1), flat(2)], step(10)))


# Q_MI


def test_q_mi_of_four_pixels() -> None:
    # F = 0 0 1 1, A = F: both entropies 1 bit, and 1 bit in common: 1 / 2. B = 0 1 0 1: nothing in common. 2 (1/2 + 0) = 1.
    f, b = np.array([[0, 0, 1, 1]], np.uint8), np.array([[0, 1, 0, 1]], np.uint8)
    assert q_mi([f, b], f) == pytest.approx(1.0)
    # F = 0 0 0 1 has 3/4 log2(4/3) + 1/4 * 2 = 0.811278 bits, A = 0 0 1 1 one bit, the pairs 00 00 01 11 1.5 bits: 0.311278 in
    # common, 0.311278 / 1.811278 = 0.1718555; as much of B. 2 * 2 * 0.1718555 = 0.687422.
    q = np.array([[0, 0, 0, 1]], np.uint8)
    assert q_mi([f, b], q) == pytest.approx(0.687422, abs=1e-6)
    # With a third frame as F itself: (4 / 3) (0.1718555 + 0.1718555 + 0.5) = 1.124948.
    assert q_mi([f, b, q], q) == pytest.approx(1.124948, abs=1e-6)


def test_q_mi_knows_the_upper_eight_bits() -> None:
    fine = noise(0, dtype=np.uint16)
    coarse = np.asarray(fine >> 8, np.uint8)
    other = noise(1)
    assert q_mi([fine, np.asarray(other, np.uint16) << 8], fine) == q_mi([coarse, other], coarse)


# Q_Y


def test_q_y_of_constants() -> None:
    # SSIM of constants a, b is (2 a b + C1) / (a^2 + b^2 + C1). A = 100 and B = 120 are alike (0.98): half of 100 against 110,
    # half of 120 against 110. A = 10 and B = 200 are not (0.10): the better of 10 and of 200 against 180.
    def like(a: float, b: float) -> float:
        return (2 * a * b + 6.5025) / (a * a + b * b + 6.5025)

    assert q_y([flat(100), flat(120)], flat(110)) == pytest.approx(0.5 * (like(100, 110) + like(120, 110)), rel=1e-9)
    assert q_y([flat(10), flat(200)], flat(180)) == pytest.approx(like(200, 180), rel=1e-9)


def test_q_y_weighs_with_the_variance() -> None:
    # One window of 7 x 7 px: 24 of 49 pixels at level 100 + 2 h, the others at 100; h is 2 in A, 4 in B, 3 in F. With p = 24/49,
    # v = p (1 - p) = 600/2401, means are 100 + 2 h p, variances (2 h)^2 v, covariances (2 h)(2 h') v.
    pattern = (np.arange(49) < 24).reshape(7, 7)
    a, b, f = (np.asarray(100 + 2 * h * pattern, np.uint8) for h in (2, 4, 3))
    p, v, c_1, c_2 = 24 / 49, 600 / 2401, 6.5025, 58.5225

    def like(h: int, k: int) -> float:
        one, other = 100 + 2 * h * p, 100 + 2 * k * p
        light = (2 * one * other + c_1) / (one**2 + other**2 + c_1)
        return light * (8 * h * k * v + c_2) / (4 * (h * h + k * k) * v + c_2)

    assert like(2, 4) > 0.75
    # Variances 16 v and 64 v: shares 1/5 and 4/5.
    assert q_y([a, b], f) == pytest.approx(0.2 * like(2, 3) + 0.8 * like(4, 3), rel=1e-9)
    # A frame of less variance than both has no part, wherever it stands.
    for frames in ([flat(0)[:7, :7], a, b], [a, flat(0)[:7, :7], b], [a, b, flat(0)[:7, :7]]):
        assert q_y(frames, f) == pytest.approx(0.2 * like(2, 3) + 0.8 * like(4, 3), rel=1e-9)


# All of them


def test_a_frame_fused_with_itself_has_the_greatest_value() -> None:
    picture = noise(2)
    assert q_abf([picture] * 2, picture) == pytest.approx(WHOLE * ALIGNED, rel=1e-6)
    assert q_mi([picture] * 3, picture) == pytest.approx(2.0)
    assert q_y([picture] * 3, picture) == pytest.approx(1.0)
    assert ssim(picture, picture) == pytest.approx(1.0)


@settings(deadline=None, max_examples=30)
@given(arrays(np.uint8, (3, 14, 13)))
def test_bounds_and_order(stack: np.ndarray) -> None:
    a, b, fused = stack
    assert q_mi([a, b], fused) == pytest.approx(q_mi([b, a], fused), rel=1e-9, abs=1e-12)
    assert q_y([a, b], fused) == pytest.approx(q_y([b, a], fused), rel=1e-9)
    assert q_abf([a, b], fused) == pytest.approx(q_abf([b, a], fused), rel=1e-6, nan_ok=True)
    assert -1e-9 <= q_mi([a, b], fused) <= 2.0 + 1e-9
    assert -1.0 <= q_y([a, b], fused) <= 1.0 + 1e-9
    edges = q_abf([a, b], fused)
    assert math.isnan(edges) or 0.0 <= edges <= WHOLE * ALIGNED * (1 + 1e-6)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strips_and_where_the_frames_lie_do_not_matter(measure: Measure, dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [noise(seed, (33, 21, 3), dtype) for seed in range(4)]
    fused = np.where(np.arange(21)[None, :, None] < 9, pictures[0], pictures[2])
    wanted = measure(pictures, fused)
    monkeypatch.setattr(strips_module, "STRIP_PX", 21 * 4)
    assert measure(pictures, fused) == pytest.approx(wanted, rel=1e-6)
    assert measure(ArrayFrames(pictures), fused) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strips_do_not_matter_to_what_is_held_against_the_truth(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    truth, picture = (noise(seed, (33, 21, 3), dtype) for seed in range(2))
    wanted = psnr_db(picture, truth), ssim(picture, truth)
    monkeypatch.setattr(strips_module, "STRIP_PX", 21 * 4)
    assert (psnr_db(picture, truth), ssim(picture, truth)) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_bad_input_is_said_in_one_line(measure: Measure) -> None:
    with pytest.raises(InputError, match="two frames at least, got 1"):
        measure([flat(1)], flat(1))
    with pytest.raises(InputError, match="fused picture is 12 x 11 px, 8 bit, grey, its frames 12 x 12 px"):
        measure([flat(1), flat(2)], flat(1)[1:])
    with pytest.raises(InputError, match="alike"):
        measure([flat(1), flat(2)], flat(1, np.uint16))
    with pytest.raises(InputError, match="float64"):
        measure([flat(1), flat(2)], np.zeros((12, 12)))


def test_windows_that_do_not_fit() -> None:
    small = np.zeros((6, 9), np.uint8)
    with pytest.raises(InputError, match="9 x 6 px: wanted at least 7 px"):
        q_y([small, small], small)
    with pytest.raises(InputError, match="at least 11 px"):
        ssim(small, small)
    with pytest.raises(InputError, match="at least 3 px"):
        q_abf([small[:2], small[:2]], small[:2])
