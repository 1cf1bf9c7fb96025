"""Brightness by count."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.view.heat import IN_FOCAL_PLANE, IN_FOCUS, PointStyle, brightness, fitted, full_count, paint_cells
from auxfocus_ros.view.layout import Rect

STYLE = PointStyle("ice", dimming=0.3, opacity=0.9)


def levels_of(counts: np.ndarray) -> np.ndarray:
    across = AcrossAxis.of_picture(counts.shape[1], counts.shape[1])
    distribution = DepthDistribution(counts.astype(np.uint32), DepthAxis(1.0, 9.0, counts.shape[0]), across)
    return brightness(distribution.counts, full_count(distribution))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 3000))
def test_brightness_rises_with_the_count_and_one_reading_shows(seed: int, most: int) -> None:
    counts = np.random.default_rng(seed).integers(0, most + 1, (20, 30))
    levels = levels_of(counts)
    order = np.argsort(counts.ravel(), kind="stable")
    assert (np.diff(levels.ravel()[order].astype(int)) >= 0).all()
    np.testing.assert_array_equal(levels == 0, counts == 0)


def test_brightness_by_hand() -> None:
    # 40 readings a column: 20 in a cell are full brightness; 3 are log 4 / log 21 of it, 0.455 * 255 = 116.1.
    counts = np.zeros((4, 2))
    counts[:, 0] = [3, 20, 17, 0]
    counts[:, 1] = [0, 0, 40, 0]
    assert levels_of(counts)[:, 0].tolist()[:2] == [116, 255]
    assert levels_of(counts)[2, 1] == 255


def test_brightness_is_steady_when_one_cell_changes() -> None:
    """The largest cell does not set the scale: another frame with one very full cell looks the same elsewhere."""
    counts = np.random.default_rng(4).integers(0, 10, (50, 60))
    more = counts.copy()
    more[3, 3] += 500
    difference = levels_of(counts).astype(int) - levels_of(more)
    difference[3, 3] = 0
    assert np.abs(difference).max() <= 4


def test_fitting_keeps_the_brightest() -> None:
    levels = np.zeros((9, 12), np.uint8)
    levels[4, 7], levels[5, 7] = 30, 90
    small = fitted(levels, 3, 4)
    assert small.shape == (3, 4)
    assert small[1, 2] == 90
    assert np.count_nonzero(small) == 1
    assert fitted(levels, 100, 100) is levels


def painted(shape: tuple[int, int], levels: np.ndarray, kinds: np.ndarray | None, own: np.ndarray | None = None) -> np.ndarray:
    image = np.full((*shape, 3), 80, np.uint8)
    paint_cells(image, Rect(0, 0, shape[1], shape[0]), levels, kinds, STYLE, own)
    return image


def some_levels() -> np.ndarray:
    levels = np.random.default_rng(1).integers(0, 256, (30, 40), np.uint8)
    levels[levels < 128] = 0
    return levels


def test_painting_at_any_scale_agrees() -> None:
    kinds = np.zeros((30, 1), np.uint8)
    kinds[5:12] = IN_FOCUS
    once = painted((30, 40), some_levels(), kinds)
    for factor in (2, 3, 4):
        image = painted((30 * factor, 40 * factor), some_levels(), kinds)
        np.testing.assert_array_equal(image, once.repeat(factor, axis=0).repeat(factor, axis=1))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 50), st.integers(1, 60), st.integers(50, 130), st.integers(60, 170), st.integers(0, 2**32))
def test_every_cell_has_its_share_of_pixels(rows: int, columns: int, height: int, width: int, seed: int) -> None:
    """Sizes that are no multiples: pixel x belongs to cell floor(x columns / width), as OpenCV's nearest neighbour has it."""
    levels = np.random.default_rng(seed).integers(0, 256, (rows, columns), np.uint8)
    image = painted((height, width), levels, None)
    once = painted((rows, columns), levels, None)
    at_row, at_column = np.arange(height) * rows // height, np.arange(width) * columns // width
    np.testing.assert_array_equal(image, once[at_row][:, at_column])


def test_a_part_is_painted_and_nothing_round_it() -> None:
    image = np.full((50, 60, 3), 80, np.uint8)
    paint_cells(image, Rect(7, 5, 40, 30), some_levels(), None, STYLE)
    np.testing.assert_array_equal(image[5:35, 7:47], painted((30, 40), some_levels(), None))
    image[5:35, 7:47] = 80
    assert (image == 80).all()


def test_kinds_of_cells_differ_in_colour() -> None:
    levels = np.full((3, 4), 200, np.uint8)
    kinds = np.array([[0], [IN_FOCUS], [IN_FOCAL_PLANE]], np.uint8)
    plain, focus, plane = painted((3, 4), levels, kinds)[:, 0].astype(int)
    assert plain[0] - plain[2] > 40  # blue
    assert focus[2] - focus[0] > 40  # amber
    assert plane.min() > 180  # white-hot


def test_cells_of_their_own_colour() -> None:
    levels = np.full((1, 3), 255, np.uint8)
    levels[0, 2] = 0
    own = np.zeros((1, 3, 3), np.uint8)
    own[0, 1:] = (10, 220, 30)
    cells = painted((1, 3), levels, None, own)[0].astype(int)
    bare = painted((1, 3), levels, None)[0].astype(int)
    np.testing.assert_array_equal(cells[0], bare[0])  # black: as any other
    assert np.abs(cells[1] - (10, 220, 30)).max() < 40
    np.testing.assert_array_equal(cells[2], bare[2])  # no point, no colour
