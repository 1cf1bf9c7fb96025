"""The simulation: the same by its seed, and its labels are what is in the pictures."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import fft
from scipy.special import j1

from auxfocus_ros.autofocus.training import apertures, procedural
from auxfocus_ros.autofocus.training.simulate import FIELD_PX, Recipe, simulate
from auxfocus_ros.autofocus.training.sources import Sources, sharp_share, training_photos
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

MODEL = ThinLensModel(load_lens("bench_25mm"))


class Points(Sources):
    """A single bright point in the middle of the field."""

    def draw(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        field = np.full((size_px, size_px), 0.02, np.float32)
        field[size_px // 2, size_px // 2] = 1e4
        return field


def test_the_same_by_seed_and_others_by_another() -> None:
    first, second, other = (list(simulate(seed, Sources(), Recipe(MODEL), 6)) for seed in (3, 3, 4))
    for one, two in zip(first, second, strict=True):
        assert one.radius_px == two.radius_px
        np.testing.assert_array_equal(one.picture, two.picture)
    assert [one.radius_px for one in first] != [one.radius_px for one in other]


def test_samples_of_the_reference_model_are_pairs_of_positions_of_the_lens() -> None:
    for sample in simulate(1, Sources(), Recipe(MODEL, plain=True, near_steps=30), 16):
        assert sample.picture.shape == (512, 512) and sample.picture.dtype == np.uint8
        assert 0 <= sample.steps <= 1050
        # one step is 0.18 to 0.2 px of radius, by where focus is: 1.528 um / 2.4 / 2 / 1.62 um, times 25 mm over v0
        assert 0.18 * sample.steps <= sample.radius_px <= 0.1966 * sample.steps + 1e-6


@pytest.mark.parametrize("radius_px", [0.0, 0.7, 12.0, 210.0])
def test_the_disk_is_the_formula(radius_px: float) -> None:
    x = 2 * np.pi * radius_px * np.maximum(apertures.frequencies(256)[2].astype(np.float64), 1e-12)
    wanted = np.where(x > 1e-6, 2 * j1(np.maximum(x, 1e-6)) / np.maximum(x, 1e-6), 1.0)
    np.testing.assert_allclose(apertures.disk_transfer(256, radius_px), wanted, atol=3e-3)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("radius_px", [9.0, 60.0])
def test_a_drawn_aperture_has_the_area_of_its_disk(radius_px: float, seed: int) -> None:
    transfer = apertures.drawn_transfer(np.random.default_rng(seed), FIELD_PX, radius_px)
    kernel = fft.irfft2(transfer, s=(FIELD_PX, FIELD_PX))
    assert kernel.sum() == pytest.approx(1.0, abs=1e-3) and kernel.min() > -1e-6
    lit = kernel > 0.25 * np.quantile(kernel[kernel > 1e-8], 0.9)
    assert math.sqrt(lit.sum() / math.pi) == pytest.approx(radius_px, rel=0.08)


def test_a_gaussian_has_its_sigma() -> None:
    kernel = fft.irfft2(apertures.gaussian_transfer(FIELD_PX, 5.0), s=(FIELD_PX, FIELD_PX)).astype(np.float64)
    x = np.fft.fftfreq(FIELD_PX, 1 / FIELD_PX)
    assert (kernel.sum(axis=0) * x**2).sum() == pytest.approx(25.0, rel=0.01)


def test_a_simulated_point_is_as_large_as_its_label() -> None:
    ratios = []
    for sample in simulate(11, Points(), Recipe(MODEL, plain=True), 40):
        if not 8 <= sample.radius_px <= 110:
            continue
        grey = cv2.GaussianBlur(sample.picture, (0, 0), 1.5).astype(np.float64)
        ground = np.median(grey[[0, -1]])
        lit = grey > ground + 0.5 * (np.quantile(grey, 0.999) - ground)
        if np.quantile(grey, 0.999) - ground < 12 or lit[[0, -1]].any() or lit[:, [0, -1]].any():
            continue  # lost in noise, or beyond the patch
        ratios.append(math.sqrt(lit.sum() / math.pi) / sample.radius_px)
    assert len(ratios) >= 5
    assert np.median(ratios) == pytest.approx(1.0, abs=0.07)  # a moved or soft one may be larger


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**31))
def test_textures_are_pictures(seed: int) -> None:
    texture = procedural.draw_texture(np.random.default_rng(seed), 192)
    assert texture.shape == (192, 192) and texture.dtype == np.float32
    assert np.isfinite(texture).all() and texture.min() >= 0


def test_drawn_edges_are_sharp_to_the_pixel_and_blurred_ones_are_not() -> None:
    leaves = procedural.dead_leaves(np.random.default_rng(1), 512)
    assert sharp_share(leaves) > 0.9
    assert sharp_share(cv2.GaussianBlur(leaves, (0, 0), 1.0)) < 0.1
    assert sharp_share(np.full((512, 512), 0.4, np.float32)) == 0.0


def test_photographs_of_the_test_part_are_left_out(tmp_path: Path) -> None:
    for name in ("roman-colosseum.jpg", "noche-bogota.jpg", "mine.png"):  # of the split: test, train, not in it
        cv2.imwrite(str(tmp_path / name), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    assert [path.name for path in training_photos(tmp_path)] == ["mine.png", "noche-bogota.jpg"]
    (tmp_path / "mine.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"mine.png cannot be read"):
        Sources.read(training_photos(tmp_path))


def test_no_photographs(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no photograph there"):
        training_photos(tmp_path)
    with pytest.raises(ConfigurationError, match="no such folder"):
        training_photos(tmp_path / "nowhere")
