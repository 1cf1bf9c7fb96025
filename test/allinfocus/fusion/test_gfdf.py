"""Parts of the guided-filter fusion."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.allinfocus.fusion.gfdf import without_small_regions
from auxfocus_ros.allinfocus.fusion.guided_filter import GuidedFilter


def test_small_regions_go_to_the_nearest_other() -> None:
    decision = np.zeros((20, 30), np.uint16)
    decision[:, 15:] = 1
    decision[5:8, 3:6] = 2  # 9 px within frame 0
    decision[12:14, 20:22] = 0  # 4 px within frame 1
    cleaned = without_small_regions(decision, 3, 10)
    expected = np.zeros((20, 30), np.uint16)
    expected[:, 15:] = 1
    assert np.array_equal(cleaned, expected)


def test_regions_of_the_least_size_stay_and_corners_join() -> None:
    decision = np.zeros((20, 30), np.uint16)
    decision[5:8, 3:6] = 1
    decision[8, 6] = 1  # joined over a corner: 10 px
    assert np.array_equal(without_small_regions(decision, 2, 10), decision)
    assert not without_small_regions(decision, 2, 11).any()


def test_guided_filter_keeps_the_guides_edge() -> None:
    # In a window of two flat halves the guide's variance is far above the regularisation: a map that steps with it comes back
    # as it is; with a flat guide it becomes the mean of means.
    step = np.zeros((40, 40), np.float32)
    step[:, 20:] = 1.0
    np.testing.assert_allclose(GuidedFilter(step, 4, 1e-6)(step), step, atol=1e-3)
    smooth = GuidedFilter(np.zeros((40, 40), np.float32), 4, 1e-6)(step)
    # Mean over 9 columns of means over 9 columns, at the first column of ones: (5 + 4 + ... + 1 + 6 + ... + 9) / 81 = 45 / 81.
    np.testing.assert_allclose(smooth[20, 20], 45.0 / 81.0, rtol=1e-5)


def test_guided_filter_of_a_constant_is_the_constant() -> None:
    guide = np.random.default_rng(0).random((30, 30), np.float32)
    np.testing.assert_allclose(GuidedFilter(guide, 5, 0.3)(np.full((30, 30), 0.7, np.float32)), 0.7, atol=1e-5)
