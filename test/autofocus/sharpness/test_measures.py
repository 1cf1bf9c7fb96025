"""The sharpness measures: values worked out by hand, and what holds of every picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.sharpness import MEASURES, measure
from auxfocus_ros.errors import ConfigurationError, InputError

EDGE = np.array([[0, 0, 10, 10]] * 4, np.uint8)
"""A step of 10 levels down the middle."""
DIFFERENCES = sorted(set(MEASURES) - {"autocorrelation", "variance"})
SIGNLESS = [name for name in MEASURES if name != "autocorrelation"]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """128 x 128 px of a photograph."""
    file = Path(__file__).resolve().parents[3] / "config" / "scenes" / "textures" / "bark.jpg"
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture[:128, :128]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("absolute_gradient", 10 / 3),  # one of the three differences of a row; none of a column
        ("squared_gradient", 100 / 3),
        ("brenner", 100.0),  # both differences over two pixels
        ("tenengrad", 0.5 * 40**2),  # two of four columns, (1 + 2 + 1) 10; nothing at the mirrored borders
        ("laplacian", 0.5 * 10**2),  # +10 on the dark side, -10 on the bright one
        ("autocorrelation", 0.0),  # 0 (0 - 10) and 0 (10 - 10)
        ("variance", 25 / 5),
        ("entropy", 1.0),
        ("histogram", 10.0),
    ],
)
def test_golden_values_of_an_edge(name: str, wanted: float) -> None:
    assert measure(name, EDGE) == pytest.approx(wanted, rel=1e-6)
    assert measure(name, np.ascontiguousarray(EDGE.T)) == pytest.approx(wanted, rel=1e-6)


def test_golden_value_of_the_autocorrelation() -> None:
    # rows of 10 10 0 0: 10 (10 - 0) and 10 (0 - 0), in the mean 50; columns are even
    assert measure("autocorrelation", EDGE[:, ::-1].copy()) == pytest.approx(50.0)


def test_golden_value_of_the_dct_energy() -> None:
    # the AC energy of an orthonormal transform is the block's variance: half of the pixels at 0, half at 10
    block = np.repeat(np.array([[0, 10]], np.uint8), 4, axis=1).repeat(8, axis=0)
    assert measure("dct_energy", block) == pytest.approx(25.0, rel=1e-5)


def test_the_ends_of_the_histogram_leave_out_a_thousandth() -> None:
    picture = np.full((50, 50), 100, np.uint8)
    picture[0, :2] = 0, 255
    picture[1, :10] = 120
    assert measure("histogram", picture) == 20.0


@given(name=st.sampled_from(sorted(MEASURES)), level=st.integers(0, 255), height=st.integers(3, 20), width=st.integers(3, 20))
def test_nothing_is_less_sharp_than_an_even_picture(name: str, level: int, height: int, width: int) -> None:
    assert measure(name, np.full((height, width), level, np.uint8)) == pytest.approx(0.0, abs=1e-6)


@given(name=st.sampled_from(SIGNLESS), seed=st.integers(0, 2**32 - 1))
def test_no_picture_has_less_than_nothing(name: str, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (9, 12), dtype=np.uint8)
    assert measure(name, picture) >= 0.0


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_blur_lowers_the_sharpness_of_a_photograph(name: str, photo: np.ndarray) -> None:
    values = [measure(name, photo)] + [measure(name, cv2.GaussianBlur(photo, (0, 0), sigma)) for sigma in (1.5, 3.0, 6.0)]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]


@given(name=st.sampled_from(sorted(MEASURES)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_a_picture_on_its_side_is_as_sharp(name: str, seed: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (16, 24), dtype=np.uint8)
    assert measure(name, np.ascontiguousarray(picture.T)) == pytest.approx(measure(name, picture), rel=1e-4, abs=1e-3)


@given(name=st.sampled_from(DIFFERENCES), seed=st.integers(0, 2**32 - 1), more=st.integers(0, 155))
def test_more_light_everywhere_changes_nothing(name: str, seed: int, more: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 100, (16, 16), dtype=np.uint8)
    assert measure(name, picture + np.uint8(more)) == pytest.approx(measure(name, picture), rel=1e-4)


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_a_grey_picture_in_three_channels_is_the_same(name: str, photo: np.ndarray) -> None:
    assert measure(name, np.dstack([photo] * 3)) == pytest.approx(measure(name, photo), rel=1e-6)


def test_bad_pictures_and_names_are_refused_in_one_line() -> None:
    for picture in (
        np.zeros((9, 9), np.float32),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros(9, np.uint8),
        np.zeros((2, 9), np.uint8),
    ):
        with pytest.raises(InputError, match=r"sharpness: .*wanted"):
            measure("tenengrad", picture)
    with pytest.raises(ConfigurationError, match="'sobel'; there are absolute_gradient, "):
        measure("sobel", EDGE)
