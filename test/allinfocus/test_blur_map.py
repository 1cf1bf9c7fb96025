"""Maps of blur: the grid of cells, what a distribution says, and exact maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid, blur_map_of
from auxfocus_ros.autofocus.radius_estimate import BINS, LEVELS, RadiusEstimate

GRID = CellGrid(150, 70, 64)


def test_cells_cover_the_picture() -> None:
    assert GRID.shape == (2, 3)  # 70 = 64 + 6 rows, 150 = 64 + 64 + 22 columns


def test_shares_of_a_rectangle_by_hand() -> None:
    # rows 60 to 69: 4 of the first cell's 64, 6 of the second's; columns 128 to 149: all 22 that the third cell has
    shares = GRID.shares(128, 60, 22, 10)
    assert shares == pytest.approx(np.array([[0, 0, 4 / 64 * 22 / 64], [0, 0, 6 / 64 * 22 / 64]]))


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from((16, 32, 64)), st.data())
def test_shares_add_up_to_the_rectangle(width: int, height: int, cell: int, data: st.DataObject) -> None:
    grid = CellGrid(width, height, cell)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    size = data.draw(st.integers(1, width - left)), data.draw(st.integers(1, height - top))
    shares = grid.shares(left, top, *size)
    assert shares.shape == grid.shape and shares.min() >= 0.0 and shares.max() <= 1.0
    assert shares.sum() * cell * cell == pytest.approx(size[0] * size[1])


def test_an_exact_map_says_its_radii() -> None:
    radius = np.array([[0.0, 1.0, 3.0], [10.0, 100.0, np.nan]])
    seen = blur_map_of(radius, GRID, 0.05)
    assert seen.radius_px()[~np.isnan(radius)] == pytest.approx(radius[~np.isnan(radius)], abs=0.05, rel=0.02)
    assert seen.probability.sum(axis=-1) == pytest.approx(1.0)
    # NaN is told by an even distribution: its median lies in the middle of the levels
    assert seen.probability[1, 2] == pytest.approx(1.0 / BINS)


def test_it_agrees_with_the_estimate_of_one_picture() -> None:
    row = np.random.default_rng(3).dirichlet(np.ones(BINS))
    one, of_map = RadiusEstimate(row), BlurMap(row[None, None].astype(np.float32), CellGrid(64, 64, 64))
    assert of_map.radius_px()[0, 0] == pytest.approx(one.radius_px, rel=0.05)
    assert of_map.sigma_px()[0, 0] == pytest.approx(one.sigma_px, rel=0.05)


def test_probability_within_by_hand() -> None:
    probability = np.zeros((1, 1, BINS), np.float32)
    probability[0, 0, 10], probability[0, 0, 40] = 0.25, 0.75
    seen = BlurMap(probability, CellGrid(64, 64, 64))
    radii = np.exp2(LEVELS) - 0.5
    assert seen.probability_within(float(radii[20]))[0, 0] == pytest.approx(0.25)
    assert seen.probability_within(float(radii[10]))[0, 0] == pytest.approx(0.125, abs=1e-3)  # half of the bin
    assert seen.probability_within(200.0)[0, 0] == pytest.approx(1.0)
