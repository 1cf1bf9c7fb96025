"""The search for blur radius and scale between two pictures: what was put in must come out."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.calibration import (
    CalibrationOptions,
    PicturePair,
    Pyramid,
    calibrate_pair,
    linear_light,
    score_surface,
)
from auxfocus_ros.optics.calibration.patch import most_textured_patch
from auxfocus_ros.optics.defocus import defocus_plane


@lru_cache(maxsize=4)
def texture(width: int = 480, height: int = 360, seed: int = 1) -> np.ndarray:
    """Texture of all sizes, as photographs have it (power falls with the square of the frequency), grey, uint8."""
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    amplitude = 1.0 / np.maximum(np.hypot(fx, fy), 1.0 / max(width, height))
    spectrum = amplitude * np.exp(2j * math.pi * rng.random((height, fx.size)))
    waves = np.fft.irfft2(spectrum, (height, width))
    picture = np.clip(128.0 + 45.0 * (waves - waves.mean()) / waves.std(), 0, 255).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def noisy(picture: np.ndarray, sigma: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.clip(np.rint(picture + rng.normal(0.0, sigma, picture.shape)), 0, 255).astype(np.uint8)


def near_enough(radius_px: float, found_px: float) -> bool:
    return abs(found_px - radius_px) <= max(0.3, 0.03 * radius_px)


CASES = [
    # radius, scale, kernel, gamma, noise in levels, width
    (0.0, 0.97, "disk", 2.2, 3.0, 480),
    (0.5, 1.02, "gaussian", 2.4, 1.0, 480),
    (1.0, 1.0, "disk", 1.0, 1.0, 480),
    (1.6, 0.95, "disk", 2.2, 2.0, 480),
    (3.0, 1.08, "gaussian", 2.4, 2.0, 480),
    (7.0, 0.9, "disk", 1.8, 1.0, 480),
    (15.0, 1.1, "disk", 2.4, 1.0, 640),
    (24.0, 0.96, "gaussian", 2.2, 0.0, 640),
    (60.0, 1.05, "disk", 2.2, 1.0, 1280),
    pytest.param((160.0, 0.94, "disk", 2.4, 1.0, 1600), marks=pytest.mark.long),
    pytest.param((100.0, 1.1, "gaussian", 2.2, 1.0, 1600), marks=pytest.mark.long),
]


@pytest.mark.parametrize("case", CASES)
def test_what_was_put_in_comes_out(case: Any) -> None:
    radius, scale, kernel, gamma, noise, width = case
    height = width * 3 // 4
    sharp = texture(width, height)
    blurred = defocus_plane(sharp, radius, kernel, gamma, scale, centre_px=(0.48 * width, 0.53 * height))
    options = CalibrationOptions(kernel=kernel, gamma=gamma)
    match = calibrate_pair(noisy(sharp, noise, 1), noisy(blurred, noise, 2), options).match
    assert near_enough(radius, match.radius_px)
    assert match.scale == pytest.approx(scale, abs=0.002)
    assert 0.99 < match.score <= 1.0


@settings(deadline=None, max_examples=3)
@given(
    radius=st.floats(0.0, 14.0),
    scale=st.floats(0.9, 1.1),
    kernel=st.sampled_from(["disk", "gaussian"]),
    gamma=st.sampled_from([1.0, 1.8, 2.2, 2.4]),
    seed=st.integers(0, 3),
)
def test_any_radius_scale_kernel_and_gamma(radius: float, scale: float, kernel: Any, gamma: float, seed: int) -> None:
    sharp = texture(320, 256, seed)
    blurred = defocus_plane(sharp, radius, kernel, gamma, scale)
    options = CalibrationOptions(kernel=kernel, gamma=gamma)
    match = calibrate_pair(noisy(sharp, 1.0, seed), noisy(blurred, 1.0, seed + 9), options).match
    assert near_enough(radius, match.radius_px)
    assert match.scale == pytest.approx(scale, abs=0.003)


def test_a_picture_and_itself() -> None:
    found = calibrate_pair(texture(), texture())
    assert found.match.radius_px == pytest.approx(0.0, abs=0.1)
    assert found.match.scale == pytest.approx(1.0, abs=1e-5)
    assert found.match.score == pytest.approx(1.0, abs=1e-4)
    assert found.described()["sigma_px"] is None


def test_colour_and_sixteen_bits_say_the_same() -> None:
    sharp = texture()
    blurred = defocus_plane(sharp, 5.0, "disk", 2.2, 1.03)
    grey = calibrate_pair(sharp, blurred).match
    colour = calibrate_pair(np.repeat(sharp[..., None], 3, 2), np.repeat(blurred[..., None], 3, 2)).match
    deep = calibrate_pair(sharp.astype(np.uint16) * 257, blurred.astype(np.uint16) * 257).match
    for other in (colour, deep):
        assert other.radius_px == pytest.approx(grey.radius_px, abs=1e-3)
        assert other.scale == pytest.approx(grey.scale, abs=1e-5)


def test_the_shift_of_the_patch_is_told() -> None:
    sharp = texture()
    moved = np.roll(defocus_plane(sharp, 4.0), (3, -5), (0, 1))
    match = calibrate_pair(sharp, moved, patch=(100, 80, 256, 200)).match
    assert match.shift_px == pytest.approx((-5.0, 3.0), abs=0.05)
    assert match.radius_px == pytest.approx(4.0, abs=0.1)


def test_brightness_and_contrast_of_the_light_do_not_matter() -> None:
    sharp = texture().astype(np.float64) / 255.0
    blurred = defocus_plane(sharp, 6.0, "disk", 1.0)
    match = calibrate_pair(sharp, 0.4 * blurred + 0.1, CalibrationOptions(gamma=1.0)).match
    assert match.radius_px == pytest.approx(6.0, abs=0.1)


def test_errors_are_of_the_size_that_is_told() -> None:
    sharp = texture()
    blurred = defocus_plane(sharp, 9.0, "disk", 2.2, 1.02)
    clear = calibrate_pair(sharp, blurred).match
    dim = calibrate_pair(noisy(sharp, 1.0, 1), noisy(blurred, 25.0, 2)).match
    assert clear.radius_sigma_px < 0.05
    assert clear.radius_sigma_px < dim.radius_sigma_px < 1.0
    assert abs(dim.radius_px - 9.0) < 5.0 * dim.radius_sigma_px + 0.1
    assert dim.score < clear.score


@pytest.mark.parametrize("radius", [1.5, 6.0, 20.0])
def test_the_wrong_way_round_is_found_out(radius: float) -> None:
    sharp = texture()
    with pytest.raises(InputError, match=r"the focused picture is the more blurred of the two.*the other way round"):
        calibrate_pair(defocus_plane(sharp, radius, "disk", 2.2, 1.01), sharp)


def test_a_blur_as_wide_as_the_patch_allows_is_refused() -> None:
    sharp = texture()
    with pytest.raises(InputError, match=r"as wide as the patch allows \(8 px with .*: give a larger patch"):
        calibrate_pair(sharp, defocus_plane(sharp, 14.0), CalibrationOptions(max_radius_px=8.0))


def flat(width: int = 480, height: int = 360) -> np.ndarray:
    return np.full((height, width), 90, np.uint8)


@pytest.mark.parametrize(
    ("focused", "defocused", "patch", "words"),
    [
        (texture(), texture(320, 256), None, "different sizes: the focused one 480 x 360, the defocused one 320 x 256"),
        (flat(), texture(), None, "the focused picture shows nothing that could be matched"),
        (texture(), flat(), None, "the defocused picture shows nothing"),
        (texture()[:40], texture()[:40], None, "a calibration needs 64 pixels each way"),
        (texture(), texture(), (400, 10, 100, 100), "leaves the picture of 480 x 360"),
        (texture(), texture(), (-1, 10, 100, 100), "leaves the picture"),
        (texture(), texture(), (10, 10, 100, 20), "the patch is 100 x 20: a calibration needs 64"),
        (texture().astype(np.int32), texture().astype(np.int32), None, "wanted uint8, uint16, or floating point"),
        (np.zeros((360, 480, 4), np.uint8), np.zeros((360, 480, 4), np.uint8), None, "wanted .height, width"),
    ],
)
def test_pictures_that_cannot_be_compared(focused: np.ndarray, defocused: np.ndarray, patch: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        calibrate_pair(focused, defocused, patch=patch)


def test_a_flat_patch_in_a_textured_picture() -> None:
    half = texture().copy()
    half[:, :240] = 90
    with pytest.raises(InputError, match="the patch at x 20, y 20 of the focused picture shows nothing"):
        calibrate_pair(half, half, patch=(20, 20, 128, 128))


@pytest.mark.parametrize("wrong", [{"kernel": "square"}, {"gamma": 0.0}, {"max_radius_px": -1.0}, {"max_scale_change": 2.0}])
def test_options_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        CalibrationOptions(**wrong)


def test_the_patch_is_taken_where_the_texture_is() -> None:
    picture = np.full((400, 600), 100, np.uint8)
    picture[40:240, 330:530] = texture()[:200, :200]
    patch = most_textured_patch(linear_light(picture, 2.2), share=0.5)
    assert patch.width == patch.height == 200
    assert abs(patch.x - 330) < 60 and abs(patch.y - 40) < 60


def test_the_surface_is_highest_at_what_was_found() -> None:
    sharp = texture()
    blurred = defocus_plane(sharp, 8.0, "disk", 2.2, 1.03)
    found = calibrate_pair(sharp, blurred, patch=(150, 100, 112, 112))
    pair = PicturePair(Pyramid(linear_light(sharp, 2.2)), Pyramid(linear_light(blurred, 2.2)), found.patch, "disk")
    surface = score_surface(pair, found.match, found.largest_radius_px)
    row, column = np.unravel_index(np.nanargmax(surface.scores), surface.scores.shape)
    assert surface.radii_px[row] == pytest.approx(8.0, abs=1.0)
    assert surface.scales[column] == pytest.approx(1.03, abs=0.004)
    assert surface.table().shape == (32, 32)
    assert np.nanmax(surface.scores) <= 1.0


def test_pictures_of_different_scenes_are_refused() -> None:
    with pytest.raises(InputError, match=r"no blur makes the two pictures alike|the more blurred of the two"):
        calibrate_pair(texture(seed=1), texture(seed=2))
