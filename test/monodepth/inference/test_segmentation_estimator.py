"""What each pixel shows: several sizes and the mirror image count alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.classes import load_class_table
from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions
from auxfocus_ros.monodepth.inference.segmentation_estimator import BUDGETS_PX, SegmentationEstimator, load_segmentation_estimator
from auxfocus_ros.monodepth.network_size import SizeRule

TABLE = load_class_table()


class Leaning:
    """A network that takes the left part of whatever it is shown for class 1, the rest for class 2; it is told how surely."""

    def __init__(self, left: float, right: float) -> None:
        self.left, self.right = left, right
        self.sizes: list[tuple[int, int]] = []

    def scores(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = picture.shape[:2]
        self.sizes.append((width, height))
        scores = np.zeros((len(TABLE), height, width), np.float32)
        scores[1, :, : width // 2] = self.left
        scores[2, :, width // 2 :] = self.right
        return scores


def test_one_size_alone() -> None:
    network = Leaning(3.0, 3.0)
    found = SegmentationEstimator(network, [SizeRule(64, 32)], TABLE).classes(np.zeros((16, 32, 3), np.uint8))
    assert network.sizes == [(64, 32)] and found.shape == (16, 32) and found.dtype == np.uint8
    assert (found[:, :15] == 1).all() and (found[:, 17:] == 2).all()


def test_the_mirror_image_is_turned_back_and_counts_as_much() -> None:
    # On the left class 1 has e^3 / (e^3 + 7) = 0.74 and, mirrored back, class 2 has e^2 / (e^2 + 7) = 0.51; on the right it is
    # the other way about. So class 1 wins on both sides.
    network = Leaning(3.0, 2.0)
    found = SegmentationEstimator(network, [SizeRule(64, 32)], TABLE, mirrored=True).classes(np.zeros((16, 32, 3), np.uint8))
    assert len(network.sizes) == 2 and (found == 1).all()


def test_of_several_sizes_the_mean_probability_counts() -> None:
    network = Leaning(3.0, 3.0)
    rules = [SizeRule(64, 32), SizeRule(128, 64)]
    found = SegmentationEstimator(network, rules, TABLE).classes(np.zeros((40, 80, 3), np.uint8))
    assert network.sizes == [(64, 32), (128, 64)]
    assert (found[:, :38] == 1).all() and (found[:, 42:] == 2).all()


def test_our_network_looks_twice_unless_a_size_is_asked_for() -> None:
    own = load_segmentation_estimator(SegmentationNetworkOptions())
    assert [rule.budget_px for rule in own._rules] == list(BUDGETS_PX)
    asked = load_segmentation_estimator(SegmentationNetworkOptions(segmentation_width_px=128, segmentation_height_px=64))
    assert [rule.size_for(640, 480) for rule in asked._rules] == [(128, 64)]
    picture = np.random.default_rng(1).integers(0, 256, (48, 160, 3), np.uint8)
    assert own.classes(picture).shape == asked.classes(picture).shape == (48, 160)
