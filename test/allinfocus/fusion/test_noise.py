"""Noise told from the flattest places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.fusion.noise import NoiseCount, at_levels

ALL = (slice(None), slice(None))


@pytest.mark.parametrize("sigma", [0.7, 2.0, 6.0])
def test_variance_of_white_noise_beside_texture(sigma: float) -> None:
    rng = np.random.default_rng(0)
    clean = np.full((400, 400), 120.0)
    clean[:, 200:] = np.kron(rng.uniform(60, 200, (100, 50)), np.ones((4, 4)))
    count = NoiseCount()
    count.add((clean + rng.normal(0.0, sigma, clean.shape)).astype(np.float32), ALL)
    assert count.variance_by_level()[120] == pytest.approx(sigma**2, rel=0.35)


def test_levels_have_noise_of_their_own() -> None:
    rng = np.random.default_rng(0)
    count = NoiseCount()
    for level, sigma in ((40.0, 6.0), (200.0, 1.0)):
        count.add(rng.normal(level, sigma, (256, 256)).astype(np.float32), ALL)
    variance = count.variance_by_level()
    assert variance[40] > 20.0
    assert variance[200] < 2.0
    looked_up = at_levels(variance, np.array([[40.2, 200.9, 300.0]], np.float32))
    np.testing.assert_array_equal(looked_up, [[variance[40], variance[200], variance[255]]])


def test_slopes_and_flat_pictures_have_none() -> None:
    count = NoiseCount()
    count.add(np.tile(np.linspace(0, 255, 320, dtype=np.float32), (320, 1)), ALL)
    count.add(np.asarray(cv2.GaussianBlur(np.eye(320, dtype=np.float32) * 255, (0, 0), 20)), ALL)
    assert count.variance_by_level().max() < 0.01
    assert (NoiseCount().variance_by_level() == 0.0).all()
