"""The network on a whole picture is the network on every patch; and what it is fitted to."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from auxfocus_ros.allinfocus.networks.blur_map_estimator import NetworkBlurMapEstimator
from auxfocus_ros.allinfocus.networks.blur_map_goal import BlurMapGoal
from auxfocus_ros.allinfocus.networks.blur_map_network import REACH_PX, BlurMapNetwork
from auxfocus_ros.autofocus.radius_estimate import BINS, LEVELS
from auxfocus_ros.errors import InputError

TALL, WIDE = 1024, 1152


def textured(seed: int, height: int, width: int) -> np.ndarray:
    """Noise of every scale, blurred more and more to the right."""
    rng = np.random.default_rng(seed)
    field = sum(
        cv2.resize(rng.standard_normal((height // size + 2, width // size + 2)), (width, height), interpolation=cv2.INTER_CUBIC)
        * size**0.5
        for size in (1, 3, 9, 27, 81)
    )
    return np.clip(128 + 12 * np.asarray(field), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def estimator() -> NetworkBlurMapEstimator:
    torch.manual_seed(3)
    network = BlurMapNetwork()
    goal = BlurMapGoal({"picture": np.stack([textured(seed, 512, 512) for seed in range(2)]), "radius_px": np.zeros((2, 64, 64))})
    goal.prepare(network)
    return NetworkBlurMapEstimator(network)


@pytest.mark.parametrize("cell_px", [16, 32, 64])
def test_the_whole_map_is_the_map_of_every_patch(estimator: NetworkBlurMapEstimator, cell_px: int) -> None:
    picture = textured(7, TALL, WIDE)
    whole = estimator.estimate(picture, cell_px).probability
    side = math.ceil(REACH_PX / cell_px - 0.5)  # cells around the one in the middle that it can see
    edge = (2 * side + 1) * cell_px
    rows, columns = TALL // cell_px - 2 * side, WIDE // cell_px - 2 * side
    for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, 0)):
        top, left = row * cell_px, column * cell_px
        patch = estimator.estimate(np.ascontiguousarray(picture[top : top + edge, left : left + edge]), cell_px).probability
        np.testing.assert_allclose(patch[side, side], whole[row + side, column + side], rtol=1e-4)
    assert whole.std(axis=(0, 1)).max() > 1e-4  # it says different things of different places


def test_nothing_is_seen_from_beyond_the_reach(estimator: NetworkBlurMapEstimator) -> None:
    picture = textured(8, TALL, WIDE)
    other = picture.copy()
    middle = (TALL // 2 + 32, WIDE // 2 + 32)
    rows, columns = (np.abs(np.arange(edge) + 0.5 - at) >= REACH_PX for edge, at in zip((TALL, WIDE), middle, strict=True))
    other[rows] = 255 - other[rows]
    other[:, columns] = 255 - other[:, columns]
    at = middle[0] // 64, middle[1] // 64
    one, two = (estimator.estimate(seen, 64).probability for seen in (picture, other))
    np.testing.assert_allclose(one[at], two[at], rtol=1e-4)
    assert np.abs(one[0] - two[0]).max() > 1e-4


@pytest.mark.parametrize(("height", "width", "cell_px"), [(64, 64, 64), (64, 200, 16), (97, 131, 32), (481, 639, 64)])
def test_every_size_has_a_map(estimator: NetworkBlurMapEstimator, height: int, width: int, cell_px: int) -> None:
    found = estimator.estimate(textured(1, height, width), cell_px)
    assert found.probability.shape == (-(-height // cell_px), -(-width // cell_px), BINS)
    assert found.probability.dtype == np.float32
    np.testing.assert_allclose(found.probability.sum(axis=-1), 1, rtol=1e-5)


def test_another_cell_is_refused(estimator: NetworkBlurMapEstimator) -> None:
    with pytest.raises(InputError, match="cells of 48 px"):
        estimator.estimate(np.zeros((64, 64), np.uint8), 48)


def test_the_loss_is_least_where_the_mixture_is_right() -> None:
    radius_px = np.zeros((1, 64, 64), np.float32)
    radius_px[:, :, 1::2] = 2.0**4 - 0.5  # every other column of squares: level 4, bin 60
    goal = BlurMapGoal({"picture": np.zeros((1, 512, 512), np.uint8), "radius_px": radius_px})
    assert LEVELS[60] == pytest.approx(4.0)

    def loss(of_zero: float, of_sixty: float) -> float:
        probability = np.full(BINS, 1e-6)
        spread = np.exp(-0.5 * ((np.arange(BINS)[:, None] - np.arange(BINS)) / 0.4) ** 2)
        spread /= spread.sum(axis=1, keepdims=True)
        probability += of_zero * spread[0] + of_sixty * spread[60]
        output = torch.from_numpy(np.log(probability))[None, :, None, None].expand(1, BINS, 16, 16)
        return float(goal.loss(output.float(), np.array([0])))

    entropy_of_halves = loss(0.5, 0.5)
    assert entropy_of_halves < min(loss(0.6, 0.4), loss(0.4, 0.6), loss(1.0, 0.0))
    # knowing which of the two it is would be worth a factor 2
    evenly = BlurMapGoal({"picture": np.zeros((1, 512, 512), np.uint8), "radius_px": np.zeros((1, 64, 64), np.float32)})
    sure = np.log(np.full(BINS, 1e-6) + np.eye(BINS)[0])
    output = torch.from_numpy(sure)[None, :, None, None].expand(1, BINS, 8, 8).float()
    assert float(evenly.loss(output, np.array([0]))) < entropy_of_halves
