"""What the radius network is shown: finite for whatever there is, the same for colour and grey."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.networks.features import COPY_PX, FACTS, FREQUENCY_BINS, SPECTRUM_CHANNELS, features
from auxfocus_ros.errors import InputError


@settings(max_examples=20, deadline=None)
@given(
    st.integers(64, 300),
    st.integers(64, 700),
    st.sampled_from(["noise", "even", "black", "white", "half", "point"]),
    st.booleans(),
)
def test_finite_whatever_comes(height: int, width: int, kind: str, colour: bool) -> None:
    picture = np.zeros((height, width), np.uint8)
    if kind == "noise":
        picture = np.random.default_rng(height).integers(0, 256, (height, width), dtype=np.uint8)
    elif kind in ("even", "white"):
        picture[:] = 100 if kind == "even" else 255
    elif kind == "half":
        picture[:, width // 2 :] = 255
    elif kind == "point":
        picture[height // 2, width // 2] = 255
    found = features(np.dstack([picture] * 3) if colour else picture)
    assert found.spectrum.shape == (SPECTRUM_CHANNELS, FREQUENCY_BINS)
    assert found.facts.shape == (FACTS,) and found.copy.shape == (COPY_PX, COPY_PX)
    for array in (found.spectrum, found.facts, found.copy):
        assert array.dtype == np.float32 and np.isfinite(array).all()
        assert np.abs(array).max() < 6e4  # kept in half precision while training


def test_colour_that_is_grey_is_grey() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (128, 160), dtype=np.uint8)
    one, two = features(picture), features(np.dstack([picture] * 3))
    np.testing.assert_allclose(one.spectrum, two.spectrum, atol=1e-3)
    np.testing.assert_allclose(one.facts, two.facts, atol=1e-3)


def test_the_spectrum_of_white_noise_is_even() -> None:
    noise = np.random.default_rng(1).integers(90, 166, (512, 512), dtype=np.uint8)
    power = features(noise).spectrum[0, 150:200]  # below, few values fall into a bin
    assert np.abs(power - np.median(power)).max() < 0.3


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((63, 512), np.uint8),
        np.zeros((512, 40, 3), np.uint8),
        np.zeros((512, 512), np.float32),
        np.zeros((99, 99, 4), np.uint8),
    ],
)
def test_what_cannot_be_looked_at(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"64 px each way|wanted \(H, W\)"):
        features(picture)
