"""Simulated scenes: the same by their seed, and blurred as their truth says."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.training import blur_scenes as module
from auxfocus_ros.allinfocus.training.blur_figures import area_under_curve, radius_of_cells
from auxfocus_ros.allinfocus.training.blur_scenes import MOST_RADIUS_PX, PICTURE_PX, TRUTH_CELLS, TRUTH_PX, blur_scenes
from auxfocus_ros.autofocus.training.sources import Sources


class Dots(Sources):
    """Bright points 96 px apart, on the middles of squares of truth."""

    def draw(self, rng: np.random.Generator, size_px: int) -> np.ndarray:
        field = np.full((size_px, size_px), 0.02, np.float32)
        field[TRUTH_PX // 2 :: 96, TRUTH_PX // 2 :: 96] = 60.0
        return field


def test_the_same_by_seed_and_others_by_another() -> None:
    first, second, other = (list(blur_scenes(seed, Sources(), 3)) for seed in ([3, 0], [3, 0], [4, 0]))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.picture, two.picture)
        np.testing.assert_array_equal(one.radius_px, two.radius_px)
    assert not np.array_equal(first[0].picture, other[0].picture)
    for scene in first:
        assert scene.picture.shape == (PICTURE_PX, PICTURE_PX) and scene.picture.dtype == np.uint8
        assert scene.radius_px.shape == (TRUTH_CELLS, TRUTH_CELLS) and scene.radius_px.dtype == np.float32
        assert scene.radius_px.min() >= 0 and scene.radius_px.max() <= MOST_RADIUS_PX


def test_points_are_as_wide_as_the_truth_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALONE_SHARE", 1.0)  # no things in front
    monkeypatch.setattr(module, "FLAT_SHARE", 0.0)  # slanted
    ratios = []
    for scene in blur_scenes(5, Dots(), 24):
        grey = scene.picture.astype(np.float64) - np.median(scene.picture)
        for row, column in np.argwhere((scene.radius_px > 8) & (scene.radius_px < 30)):
            y, x = row * TRUTH_PX + TRUTH_PX // 2, column * TRUTH_PX + TRUTH_PX // 2
            part = grey[y - 44 : y + 45, x - 44 : x + 45]
            if part.shape != (89, 89) or part[44, 44] < 30 or part[40:49, 40:49].min() < 0.7 * part[44, 44]:
                continue
            lit = part > 0.6 * part[44, 44]
            if lit[[0, -1]].any() or lit[:, [0, -1]].any():
                continue
            where = np.argwhere(lit) - 44
            if np.abs(where.mean(axis=0)).max() < 1.5:  # this square's own point, not a part of another's
                ratios.append(np.sqrt(lit.sum() / np.pi) / scene.radius_px[row, column])
    assert len(ratios) >= 20
    assert np.median(ratios) == pytest.approx(1.0, abs=0.08)


def test_cells_with_one_radius_are_judged() -> None:
    radius_px = np.full((4, 4), 10.0)
    radius_px[:2, 2:] = [[10.0, 11.0], [10.4, 10.6]]  # (11 + 0.5) / (10 + 0.5) = 1.095
    radius_px[2, 0] = 13.0  # 13.5 / 10.5 = 1.29
    found = radius_of_cells(radius_px, (2, 2))
    np.testing.assert_allclose(found, [[10.0, 10.5], [np.nan, 10.0]])


def test_the_area_under_the_curve() -> None:
    # of the pairs (0.9, 0.4), (0.9, 0.1), (0.4, 0.4), (0.4, 0.1): three right and a tie
    assert area_under_curve(np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])) == pytest.approx(3.5 / 4)
    assert area_under_curve(np.array([0.9, 0.4]), np.array([True, True])) is None
