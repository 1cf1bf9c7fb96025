"""Sweeps of a simulated lens: its aperture, its breathing and its best positions must come out again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.calibration import CalibrationOptions, Sweep, TileSweep, calibrated_table, measure_sweep
from auxfocus_ros.optics.defocus import defocus_plane
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.table_model import TableModel

# The bench lens with pixels ten times as large: a step is 0.02 px of radius.
LENS = replace(load_lens("bench_25mm"), pixel_pitch_m=16.2e-6, circle_of_confusion_m=32e-6)
THIN = ThinLensModel(LENS)
POSITIONS = np.linspace(1050.0, 2100.0, 6)
OPTIONS = CalibrationOptions()


def texture(seed: int, width: int = 384, height: int = 288) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    amplitude = 1.0 / np.maximum(np.hypot(fx, fy), 1.0 / width)
    waves = np.fft.irfft2(amplitude * np.exp(2j * math.pi * rng.random((height, fx.size))), (height, width))
    return np.clip(128.0 + 45.0 * (waves - waves.mean()) / waves.std(), 0, 255).astype(np.uint8)


def plane(best_steps: float, seed: int) -> list[Callable[[], np.ndarray]]:
    """Pictures of a plane that is sharp at a position, as the lens takes them."""
    sharp = texture(seed)

    def shown(position: float) -> np.ndarray:
        scale = float(THIN.scale(position, best_steps))
        radius = float(THIN.radius_px(position, best_steps)) / scale
        picture = defocus_plane(sharp, radius, "disk", 2.2, scale).astype(np.float64)
        noise = np.random.default_rng(seed + round(position)).normal(0.0, 1.0, picture.shape)
        return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)

    return [partial(shown, float(position)) for position in POSITIONS]


@pytest.fixture(scope="module")
def tiles() -> list[TileSweep]:
    found = []
    for best_steps, seed in ((1270.0, 1), (1740.0, 2)):
        sweep = Sweep.of(plane(best_steps, seed), POSITIONS.tolist(), LENS, 2.2)
        found += measure_sweep(sweep, OPTIONS)
    return found


def test_best_positions_lie_between_the_frames(tiles: list[TileSweep]) -> None:
    best = [tile.best_position_steps for tile in tiles]
    # Frames are 210 steps apart; a step is a fiftieth of a pixel.
    assert all(min(abs(value - 1270.0), abs(value - 1740.0)) < 15.0 for value in best)
    assert min(best) < 1500.0 < max(best)
    assert all(tile.misfit < 0.05 for tile in tiles)


def test_aperture_and_breathing_are_the_lens_s(tiles: list[TileSweep]) -> None:
    result = calibrated_table(tiles, LENS, OPTIONS)
    said = result.described(LENS)
    assert said["thin_lens_radius_against_nominal"] == pytest.approx(1.0, abs=0.03)
    assert said["breathing"] == pytest.approx(1.0, abs=0.05)
    assert said["misfit_px"] < 0.2
    assert 0.1 < said["measured_share"] < 1.0


def test_the_whole_table_is_the_lens_s(tiles: list[TileSweep]) -> None:
    model = TableModel(calibrated_table(tiles, LENS, OPTIONS).table, LENS)
    across, along = np.meshgrid(np.linspace(1050, 2100, 31), np.linspace(1050, 2100, 31))
    radius = THIN.radius_px(across, along)
    assert np.abs(model.radius_px(across, along) - radius).max() < max(0.3, 0.04 * radius.max())
    assert np.abs(model.scale(across, along) - THIN.scale(across, along)).max() < 0.004
    assert model.table.covers(1050.0, 2100.0)


def test_progress_is_told_and_ends() -> None:
    flat = [lambda: np.full((288, 384), 90, np.uint8)] * 3
    told: list[tuple[int, int]] = []
    sweep = Sweep.of(flat, [1100.0, 1200.0, 1300.0], LENS, 2.2)
    tiles = measure_sweep(sweep, OPTIONS, lambda done, total: told.append((done, total)))
    assert tiles == []
    assert told[-1][0] == told[-1][1]
    with pytest.raises(InputError, match="nothing in the sweep could be calibrated"):
        calibrated_table(tiles, LENS, OPTIONS)


def test_sweeps_that_cannot_be() -> None:
    pictures = [lambda: texture(1)] * 3
    with pytest.raises(InputError, match="a sweep of 1 frames: at least 3"):
        Sweep.of(pictures[:1], [1100.0], LENS, 2.2)
    with pytest.raises(InputError, match="two frames of the sweep have the same position"):
        Sweep.of(pictures, [1100.0, 1200.0, 1100.0], LENS, 2.2)
    small = [pictures[0], lambda: cv2.resize(texture(1), (192, 144)), pictures[0]]
    with pytest.raises(InputError, match="different sizes: 384 x 288, and 192 x 144 at position 1200"):
        Sweep.of(small, [1100.0, 1200.0, 1300.0], LENS, 2.2)
