"""Focus readings: from lens states and lenses, and distances as people read them."""

from __future__ import annotations

import math

import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.view import FocusReading, distance_text


def test_states_from_distances() -> None:
    assert FocusReading.of_distances(2.0, 1.9, 2.1).state == "finite"
    assert FocusReading.of_distances(math.inf, 9.0, math.inf).state == "infinity"
    assert FocusReading.of_distances(math.nan, math.nan, math.nan).state == "unknown"
    beyond = FocusReading.of_distances(math.nan, 12.0, math.inf, beyond_infinity=True)
    assert (beyond.state, beyond.near_limit_m, beyond.has_depth_of_field) == ("beyond_infinity", 12.0, True)
    assert not FocusReading().has_depth_of_field


def test_readings_of_a_lens() -> None:
    lens = load_lens("bench_25mm")
    reading = FocusReading.of_lens(lens, 1050)
    assert reading.state == "finite"
    assert reading.focus_distance_m == pytest.approx(10.0)
    assert reading.near_limit_m < 10.0 < reading.far_limit_m
    far_beyond = FocusReading.of_lens(lens, 800)
    assert far_beyond.state == "beyond_infinity"
    assert not far_beyond.has_depth_of_field


@pytest.mark.parametrize(
    ("state", "distance", "near", "far"),
    [
        ("sharp", 1.0, 0.9, 1.1),
        ("finite", math.nan, 0.9, 1.1),
        ("finite", math.inf, 0.9, 1.1),
        ("finite", -1.0, 0.9, 1.1),
        ("finite", 1.0, 1.2, 1.1),
        ("finite", 1.0, math.nan, 1.1),
        ("finite", 1.0, 0.0, 1.1),
    ],
)
def test_readings_that_cannot_be(state: str, distance: float, near: float, far: float) -> None:
    with pytest.raises(InputError):
        FocusReading(state, distance, near, far)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (0.1234, "0.123 m"),
        (0.9996, "1.00 m"),
        (2.345, "2.35 m"),
        (9.996, "10.0 m"),
        (23.44, "23.4 m"),
        (99.96, "100 m"),
        (999.4, "999 m"),
        (1234.0, "1.2 km"),
        (26184.0, "26 km"),
        (math.inf, "∞"),
    ],
)
def test_distances_as_people_read_them(distance: float, text: str) -> None:
    assert distance_text(distance) == text
