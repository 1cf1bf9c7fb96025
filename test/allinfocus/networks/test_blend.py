"""The network that fuses video: its shapes, its loading, and what it is fitted to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from auxfocus_ros.allinfocus.networks import weights_path
from auxfocus_ros.allinfocus.networks.blend_goal import SOFT_LEVELS, UNIT_LEVELS, BlendGoal
from auxfocus_ros.allinfocus.networks.blend_loading import load_blend_network
from auxfocus_ros.allinfocus.networks.blend_network import BlendNetwork, NetworkBlend
from auxfocus_ros.allinfocus.video.blending import CHANNELS
from auxfocus_ros.errors import ConfigurationError


def network(seed: int) -> BlendNetwork:
    torch.manual_seed(seed)
    return BlendNetwork().eval()


@pytest.mark.parametrize("shape", [(48, 64), (61, 81), (33, 35)])
def test_a_share_for_every_pixel_of_any_size(shape: tuple[int, int]) -> None:
    planes = np.random.default_rng(1).normal(size=(CHANNELS, *shape)).astype(np.float32)
    share = NetworkBlend(network(1)).share(planes)
    assert share.shape == shape
    assert share.dtype == np.float32
    assert (share > 0).all()
    assert (share < 1).all()


def test_padding_changes_nothing_far_from_it() -> None:
    planes = np.random.default_rng(2).normal(size=(CHANNELS, 64, 64)).astype(np.float32)
    blend = NetworkBlend(network(2))
    cut = blend.share(np.ascontiguousarray(planes[:, :63, :62]))
    np.testing.assert_allclose(cut[:20, :20], blend.share(planes)[:20, :20], atol=1e-5)


def test_the_shipped_network_is_small_and_says_what_is_missing(tmp_path: Path) -> None:
    assert weights_path("video_fusion").stat().st_size < 1_000_000
    assert load_blend_network() is load_blend_network()
    with pytest.raises(ConfigurationError, match="no such file"):
        load_blend_network(tmp_path / "none.safetensors")


def test_the_loss_is_that_of_the_blend() -> None:
    # New pixel 100, offered 140, truth 130: half of each misses by 10, (0.5 * 40 - 30) ** 2 = 100.
    parabola = np.array([1600.0, -2.0 * 40.0 * 30.0, 900.0], np.float32).reshape(1, 3, 1, 1)
    goal = BlendGoal({"planes": np.zeros((1, CHANNELS, 1, 1), np.float32), "parabola": parabola})
    loss = goal.loss(torch.zeros(1, 1, 1), np.array([0]))
    assert float(loss) == pytest.approx((np.sqrt(100.0 + SOFT_LEVELS**2) - SOFT_LEVELS) / UNIT_LEVELS)
    best = goal.loss(torch.tensor([[[np.log(3.0)]]]), np.array([0]))  # a share of 3 / 4 is the truth
    assert float(best) == pytest.approx(0.0, abs=1e-5)
    assert goal.rows == 1


def test_the_second_round_starts_where_the_first_ended() -> None:
    first, second = network(3), network(4)
    arrays = {"planes": np.zeros((1, CHANNELS, 4, 4), np.float16), "parabola": np.zeros((1, 3, 4, 4), np.float32)}
    goal = BlendGoal(arrays)
    goal.begin_with(first)
    goal.prepare(second)
    for name, value in second.state_dict().items():
        torch.testing.assert_close(value, first.state_dict()[name])
