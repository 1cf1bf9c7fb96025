"""Every sharpness measure of a region."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.frame.sharpness import sharpness_columns
from auxfocus_ros.autofocus.sharpness import MEASURES, measure

PICTURE = np.random.default_rng(3).integers(0, 255, (60, 80, 3), np.uint8)


def test_each_measure_has_its_column_and_its_own_value() -> None:
    found = sharpness_columns(PICTURE)
    assert found == {f"sharpness_{name}": measure(name, PICTURE) for name in MEASURES}
    assert set(found) == {name for name in NAMES if name.startswith("sharpness_")}
    blurred = sharpness_columns(cv2.GaussianBlur(PICTURE, (0, 0), 3.0))
    assert all(blurred[name] < found[name] for name in found)


def test_grey_pictures_are_taken_as_they_are() -> None:
    grey = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)
    assert sharpness_columns(grey) == sharpness_columns(PICTURE)


@pytest.mark.parametrize("shape", [(2, 40, 3), (40, 2)])
def test_too_small_a_region_has_none(shape: tuple[int, ...]) -> None:
    assert sharpness_columns(np.zeros(shape, np.uint8)) == {}
