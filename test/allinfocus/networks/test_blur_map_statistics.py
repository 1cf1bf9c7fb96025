"""Statistics of cells: values worked out by hand, and the same whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.networks.blur_map_features import FEATURES, WINDOWS_PX, features, levels_of_window
from auxfocus_ros.allinfocus.networks.blur_map_statistics import CHANNELS, statistics
from auxfocus_ros.errors import InputError

KINDS = 17
PIXEL_OF_LEVEL_PX = (1, 2, 4, 8, 16, 32, 64)


def of_level(found: np.ndarray, level: int) -> np.ndarray:
    """(KINDS,) of a cell in the middle."""
    return found[level * KINDS : (level + 1) * KINDS, 12, 20]


@pytest.mark.parametrize("level", range(7))
def test_a_ramp_has_first_differences_alone(level: int) -> None:
    ramp = np.tile((np.arange(320) * 0.5).astype(np.uint8)[None], (256, 1))  # steps of 1 every two pixels
    found = of_level(statistics(ramp), level)
    along, across, second_along, _, mixed, _, wide, fourth = found[:8]
    peak = found[15]
    step = 0.5 * PIXEL_OF_LEVEL_PX[level]
    if level == 0:  # every other difference is 1: their mean square is 1 / 2, second ones are 1 everywhere
        assert (along, second_along, wide, fourth, peak) == pytest.approx((0.5, 1.0, 2.5, 0.5, 1.0))
    else:
        wanted = (step**2, 0.0, 9 * step**2, step**4, step**2)
        assert (along, second_along, wide, fourth, peak) == pytest.approx(wanted, rel=1e-5, abs=1e-9)
        # on a ramp all differences are alike, however far apart; of the coarsest level that is not measured
        np.testing.assert_allclose(found[9:15], 0 if level == 6 else step**2, rtol=1e-5)
    assert across == 0 and mixed == 0


def test_stripes_of_single_pixels_are_seen_by_the_finest_level_alone() -> None:
    stripes = np.zeros((256, 320), np.uint8)
    stripes[::2] = 10
    found = statistics(stripes)
    # first differences 10, second ones 20, third ones 40, over three pixels 10; those 3, 5 and 7 apart have the other sign
    wanted = [0, 100, 0, 400, 0, 1600, 100, 1e4, 1.6e5, -100, 100, -100, 100, -100, 100, 100, 400]
    np.testing.assert_allclose(of_level(found, 0), wanted)
    for level in range(1, 7):
        np.testing.assert_allclose(of_level(found, level), 0, atol=1e-6)


def test_mixed_differences_brightness_and_clipping() -> None:
    board = (np.indices((256, 320)).sum(axis=0) % 2 * 255).astype(np.uint8)
    found = statistics(board)
    assert of_level(found, 0)[4] == 510**2  # each corner of a chessboard: 255 + 255
    assert found.shape == (CHANNELS, 32, 40)
    assert found[-2, 12, 20] == 127.5
    assert found[-1, 12, 20] == pytest.approx(0.5, abs=0.01)


def test_threads_and_colour_change_nothing() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (1001, 1203), dtype=np.uint8)
    alone = statistics(picture)
    assert alone.shape == (CHANNELS, 126, 151)
    np.testing.assert_array_equal(statistics(picture, threads=2), alone)
    np.testing.assert_array_equal(statistics(np.dstack([picture] * 3)), alone)


def test_windows_have_levels_of_four_pixels_at_least() -> None:
    assert [levels_of_window(window) for window in WINDOWS_PX] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(("cell_px", "shape"), [(16, (13, 19)), (32, (7, 10)), (64, (4, 5))])
def test_features_of_a_grid(cell_px: int, shape: tuple[int, int]) -> None:
    cells = np.zeros((CHANNELS, 25, 38), np.float32)  # of a picture of 200 x 300 px
    cells[-2] = np.arange(38) + 1.0  # brightness rises along a row
    found = features(cells, cell_px)
    assert found.shape == (FEATURES, *shape) and np.isfinite(found).all()
    # the smallest window is the two cells about the middle: log(1 + mean brightness), after 3 levels' 11 + 7 numbers and 2 steps
    step = cell_px // 8
    middle = np.arange(shape[1]) * step + step / 2
    inside = middle + 1 <= 38
    np.testing.assert_allclose(np.exp(found[56, 0, inside]), 1 + middle[inside] + 0.5, rtol=1e-5)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((64, 63), np.uint8), "63 x 64"),
        (np.zeros((64, 64), np.uint16), "uint16"),
        (np.zeros((64, 64, 4), np.uint8), r"\(64, 64, 4\)"),
        (np.zeros(64, np.uint8), r"\(64,\)"),
    ],
)
def test_what_is_no_picture_is_refused(picture: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        statistics(picture)
