"""Lines, sprites and text."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.view.ink import Pen, across, along, paste, sprite_drawn_by, sprite_of
from auxfocus_ros.view.text import label, plate, triangle

WHITE = (255, 255, 255)


def black(height: int = 20, width: int = 30) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_a_line_between_two_rows_colours_both_by_half() -> None:
    image = black()
    across(image, 9.5, 5, 10, Pen(1.0, WHITE, 1.0))
    np.testing.assert_allclose(image[9:11, 7, 0], 128, atol=1)
    assert image[8, 7, 0] == image[11, 7, 0] == 0
    assert (image[9, 5:11, 0] > 0).all()
    assert image[9, 4, 0] == image[9, 11, 0] == 0


def test_a_line_along_is_a_line_across_turned() -> None:
    first, second = black(25, 25), black(25, 25)
    across(first, 7.3, 2, 21, Pen(2.6, (10, 200, 90), 0.7))
    along(second, 7.3, 2, 21, Pen(2.6, (10, 200, 90), 0.7))
    np.testing.assert_array_equal(first, second.transpose(1, 0, 2))


@settings(deadline=None, max_examples=100)
@given(st.floats(-50, 80), st.floats(-50, 80), st.floats(-50, 80), st.floats(0.1, 30), st.floats(0, 1))
def test_lines_and_sprites_anywhere_stay_inside(row: float, left: float, right: float, thick: float, opacity: float) -> None:
    image = black()
    across(image, row, left, right, Pen(thick, WHITE, opacity))
    along(image, left, row, right, Pen(thick, WHITE, opacity))
    paste(image, label("1.5 m", 10.0, WHITE, 1.0), round(left), round(row))
    assert image.shape == (20, 30, 3)


def test_the_coverage_of_a_line_is_its_thickness() -> None:
    for centre in np.linspace(8, 11, 13):
        image = black()
        across(image, float(centre), 0, 29, Pen(2.4, WHITE, 1.0))
        assert image[:, 5, 0].sum() == pytest.approx(2.4 * 255, abs=3)


def test_pasting_by_hand() -> None:
    # Half opaque white over 100: 100 * 0.5 + 255 * 0.5 = 177.5.
    sprite = sprite_of([(np.ones((2, 2), np.float32), WHITE, 0.5)], 1.0)
    image = np.full((4, 4, 3), 100, np.uint8)
    paste(image, sprite, 1, 1)
    np.testing.assert_allclose(image[1:3, 1:3], 177.5, atol=1.5)
    assert (image[0] == 100).all()


def test_a_sprite_drawn_by_a_function_is_what_the_function_draws() -> None:
    def draw(image: np.ndarray) -> None:
        across(image, 9.5, 5, 20, Pen(3.0, (40, 90, 200), 0.6))
        along(image, 9.2, 2, 18, Pen(2.0, WHITE, 0.3))

    image = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    direct, pasted = image.copy(), image.copy()
    draw(direct)
    paste(pasted, sprite_drawn_by(draw, 20, 30), 0, 0)
    assert np.abs(direct.astype(int) - pasted).max() <= 2


@pytest.mark.parametrize("height", [8.0, 12.0, 30.0])
@pytest.mark.parametrize("ground", [0, 128, 255])
def test_text_can_be_read_on_any_ground(height: float, ground: int) -> None:
    sprite = label("12.5 m", height, (240, 240, 240), 1.0)
    image = np.full((sprite.height, sprite.width, 3), ground, np.uint8)
    paste(image, sprite, 0, 0)
    assert image.max() > 200
    assert int(image.max()) - int(image.min()) > 130
    rows = np.flatnonzero((image[..., 0] > 180).any(axis=1)) if ground < 180 else np.arange(round(height))
    assert abs(len(rows) - height) <= 0.25 * height + 2  # capitals are as tall as asked for


def test_text_is_drawn_once_and_kept() -> None:
    assert label("2.35 m", 12.0, WHITE, 0.9) is label("2.35 m", 12.0, WHITE, 0.9)


def test_signs_that_the_font_lacks() -> None:
    assert label("∞", 12.0, WHITE, 1.0).colour.max() > 200
    assert label("to ∞ m", 12.0, WHITE, 1.0).width > label("to  m", 12.0, WHITE, 1.0).width
    np.testing.assert_array_equal(label("ä", 12.0, WHITE, 1.0).colour, label("?", 12.0, WHITE, 1.0).colour)
    assert label("", 12.0, WHITE, 1.0).height > 0


def test_a_plate_is_filled_and_its_corners_are_round() -> None:
    sprite = plate("9", 12.0, (0, 0, 0), (40, 176, 255), 1.0)
    middle = sprite.height // 2
    assert sprite.keep[middle, 6, 0] < 30
    assert sprite.keep[0, 0, 0] > 200


@pytest.mark.parametrize("direction", ["up", "down", "left"])
def test_arrow_heads_point_their_way(direction: str) -> None:
    sprite = triangle(14.0, direction, WHITE, 1.0)
    ink = sprite.colour[..., 0].astype(float)
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    half = sprite.height // 2
    # The tip holds less ink than the base.
    less, more = {
        "up": (rows[:half], rows[half:]),
        "down": (rows[half:], rows[:half]),
        "left": (columns[:half], columns[half:]),
    }[direction]
    assert less.sum() < 0.8 * more.sum()
    assert math.isclose(less.sum() + more.sum(), ink.sum())
