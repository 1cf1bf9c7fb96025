"""Two frames tell the side and the way: a golden case, and what no frame can tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j1

from auxfocus_ros.autofocus import spectra
from auxfocus_ros.autofocus.likelihood import disk_transfer, log_likelihood
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import blur

RADII_PX = np.arange(0.0, 30.0, 0.5)


@pytest.fixture(scope="module")
def sharp() -> np.ndarray:
    """(384, 384) float32 linear light, of a power that falls with the square of the frequency."""
    frequency = np.hypot(np.fft.fftfreq(384)[:, None], np.fft.rfftfreq(384)[None, :])
    frequency[0, 0] = 1.0
    plane = np.fft.irfft2(np.fft.rfft2(np.random.default_rng(1).standard_normal((384, 384))) / frequency)
    return np.clip(0.3 + 0.1 * plane / plane.std(), 0.0, 1.0).astype(np.float32)


def seen(sharp: np.ndarray, *radii_px: float) -> spectra.CrossPower:
    rng = np.random.default_rng(2)
    noisy = [blur(sharp, radius)[64:320, 64:320] + rng.normal(0.0, 0.002, (256, 256)).astype(np.float32) for radius in radii_px]
    return spectra.cross_power(noisy)


def test_the_transfer_function_is_the_disks() -> None:
    frequency = np.array([0.001, 0.05, 0.3])
    x = 2.0 * np.pi * 20.0 * frequency
    assert disk_transfer(np.array([20.0]), frequency)[0] == pytest.approx(2.0 * j1(x) / x, abs=3e-3)
    assert disk_transfer(np.array([0.0]), frequency)[0] == pytest.approx(1.0)
    assert np.isfinite(disk_transfer(np.array([1e5]), frequency)).all()


@pytest.mark.parametrize(("first_px", "second_px"), [(12.0, 2.0), (20.0, 12.0), (4.0, 9.0), (0.0, 6.0)])
def test_the_greatest_likelihood_is_at_the_true_pair_of_blurs(sharp: np.ndarray, first_px: float, second_px: float) -> None:
    first, second = (grid.ravel() for grid in np.meshgrid(RADII_PX, RADII_PX, indexing="ij"))
    fits = log_likelihood(seen(sharp, first_px, second_px), np.stack([first, second]), model_error=0.03, weight=0.1)
    best = int(np.argmax(fits))
    assert first[best] == pytest.approx(first_px, abs=1.0) and second[best] == pytest.approx(second_px, abs=1.0)


def test_a_single_frame_says_nothing_and_equal_blurs_only_that_they_are_equal(sharp: np.ndarray) -> None:
    one = log_likelihood(seen(sharp, 8.0), RADII_PX[None, :], model_error=0.03, weight=0.1)
    assert np.all(one == 0.0)
    apart = log_likelihood(seen(sharp, 8.0, 8.0), np.array([[8.0, 8.0], [8.0, 2.0]]), model_error=0.03, weight=0.1)
    assert apart[0] > apart[1] + 5.0


def test_frames_of_another_scale_place_and_exposure_are_laid_over_each_other(sharp: np.ndarray) -> None:
    scale, way = 1.03, (7.0, -4.0)
    other = spectra.place(sharp, spectra.Placing(scale, *way))
    back = spectra.place(other, spectra.Placing(1.0 / scale))
    x, y, correlation = spectra.shift_between(sharp, back, 30.0)
    assert (x, y) == pytest.approx((-way[0] / scale, -way[1] / scale), abs=0.5)
    assert correlation > 0.9
    dark, light = spectra.same_exposure([0.5 * sharp, sharp])
    assert light.mean() == pytest.approx(dark.mean(), rel=1e-3)
    assert spectra.same_exposure([sharp, 1.02 * sharp])[1].mean() == pytest.approx(1.02 * sharp.mean())


def test_a_large_blur_is_no_shift(sharp: np.ndarray) -> None:
    assert spectra.shift_between(sharp[64:320, 64:320], blur(sharp, 40.0)[64:320, 64:320], 40.0)[:2] == (0.0, 0.0)


def test_noise_is_measured(sharp: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    plane = (0.5 + rng.normal(0.0, 0.02, (256, 320))).astype(np.float32)
    assert spectra.cross_power([plane]).noise[0] == pytest.approx(4e-4, rel=0.05)
    assert spectra.cross_power([plane]).power[:, 0, 0].mean() == pytest.approx(4e-4, rel=0.05)


def test_colour_and_sizes() -> None:
    colour = np.full((100, 70, 3), 128, np.uint8)
    assert spectra.luminance(colour, 2.2) == pytest.approx(spectra.luminance(colour[..., 0], 2.2), abs=1e-6)
    assert spectra.cut_middle(spectra.luminance(colour, 2.2), 512).shape == (96, 64)
    with pytest.raises(InputError, match="at least 64 px"):
        spectra.luminance(np.zeros((63, 100), np.uint8), 2.2)
