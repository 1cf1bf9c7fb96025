"""Brightness by count."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution import DepthAxis, DepthDistribution
from auxfocus_ros.view.heat import PointStyle, brightness, fitted, paint_levels

STYLE = PointStyle("ice", True, dimming=0.3, opacity=0.9)


def distribution_of(counts: np.ndarray) -> DepthDistribution:
    return DepthDistribution(counts.astype(np.uint32), DepthAxis(1.0, 9.0, counts.shape[0]), counts.shape[1])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 3000))
def test_brightness_rises_with_the_count_and_one_reading_shows(seed: int, most: int) -> None:
    counts = np.random.default_rng(seed).integers(0, most + 1, (20, 30))
    levels = brightness(distribution_of(counts))
    order = np.argsort(counts.ravel(), kind="stable")
    assert (np.diff(levels.ravel()[order].astype(int)) >= 0).all()
    np.testing.assert_array_equal(levels == 0, counts == 0)


def test_brightness_by_hand() -> None:
    # 40 readings a column: 20 in a cell are full brightness; 3 are log 4 / log 21 of it, 0.455 * 255 = 116.1.
    counts = np.zeros((4, 2))
    counts[:, 0] = [3, 20, 17, 0]
    counts[:, 1] = [0, 0, 40, 0]
    assert brightness(distribution_of(counts))[:, 0].tolist()[:2] == [116, 255]
    assert brightness(distribution_of(counts))[2, 1] == 255


def test_brightness_is_steady_when_one_cell_changes() -> None:
    """The largest cell does not set the scale: another frame with one very full cell looks the same elsewhere."""
    counts = np.random.default_rng(4).integers(0, 10, (50, 60))
    more = counts.copy()
    more[3, 3] += 500
    difference = brightness(distribution_of(counts)).astype(int) - brightness(distribution_of(more))
    difference[3, 3] = 0
    assert np.abs(difference).max() <= 4


def test_fitting_keeps_the_brightest() -> None:
    levels = np.zeros((9, 12), np.uint8)
    levels[4, 7], levels[5, 7] = 30, 90
    small = fitted(levels, 4, 3)
    assert small.shape == (3, 4)
    assert small[1, 2] == 90
    assert np.count_nonzero(small) == 1
    assert fitted(levels, 100, 100) is levels


def test_painting_at_any_scale_agrees() -> None:
    """The fast way to whole multiples paints what the general way does."""
    levels = np.random.default_rng(1).integers(0, 256, (30, 40), np.uint8)
    levels[levels < 128] = 0
    once = np.full((30, 40, 3), 80, np.uint8)
    paint_levels(once, levels, (5, 12), STYLE)
    for factor in (2, 3, 4):
        ground = np.full((30 * factor, 40 * factor, 3), 80, np.uint8)
        paint_levels(ground, levels, (5, 12), STYLE)
        np.testing.assert_array_equal(ground, once.repeat(factor, axis=0).repeat(factor, axis=1))


def test_painting_in_bands_leaves_no_seam() -> None:
    levels = np.full((500, 400), 90, np.uint8)
    ground = np.full((1500, 1201, 3), 80, np.uint8)
    paint_levels(ground, levels, None, STYLE)
    assert (ground == ground[0, 0]).all()
