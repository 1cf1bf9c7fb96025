"""A plane of random texture before the bench lens, and an estimator that knows the truth but for an error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from auxfocus_ros.autofocus.plane_camera import LIGHTS, PlaneCamera
from auxfocus_ros.autofocus.radius_estimate import LEVELS, RadiusEstimate, level_of
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens


@pytest.fixture(scope="session")
def model() -> ThinLensModel:
    return ThinLensModel(load_lens("bench_25mm"))


@pytest.fixture(scope="session")
def texture() -> np.ndarray:
    """(512, 512) uint8 with the power spectrum of natural pictures."""
    rng = np.random.default_rng(3)
    frequency = np.hypot(np.fft.fftfreq(512)[:, None], np.fft.rfftfreq(512)[None, :])
    frequency[0, 0] = 1.0
    plane = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((512, 512))) / frequency)
    return np.clip(128.0 + 45.0 * plane / plane.std(), 5.0, 250.0).astype(np.uint8)


@pytest.fixture(scope="session")
def plane_camera(model: ThinLensModel, texture: np.ndarray) -> Callable[..., PlaneCamera]:
    """`plane_camera(best, start, **settings)`: a camera that sees 256 x 256 px of the plane."""

    def made(best: float, start: float, **settings: object) -> PlaneCamera:
        return PlaneCamera(texture, model, best, start, **{"size_px": 256, "light": LIGHTS[1], **settings})

    return made


class KnowingEstimator:
    """Gaussian in level about the camera's true radius."""

    def __init__(self, model: ThinLensModel, camera: PlaneCamera, spread: float = 0.1, seed: int = 0) -> None:
        self._model, self._camera, self._spread = model, camera, spread
        self._rng = np.random.default_rng(seed)

    def estimate(self, picture: np.ndarray) -> RadiusEstimate:
        truth = self._model.radius_px(self._camera.position_steps, self._camera.best_position_steps)
        middle = max(float(level_of(truth)) + self._spread * self._rng.standard_normal(), LEVELS[0])
        density = np.exp(-0.5 * ((LEVELS - middle) / max(self._spread, 0.03)) ** 2) + 1e-6
        return RadiusEstimate(density / density.sum())


@pytest.fixture(scope="session")
def knowing_estimator(model: ThinLensModel) -> Callable[..., KnowingEstimator]:
    return lambda camera, **settings: KnowingEstimator(model, camera, **settings)
