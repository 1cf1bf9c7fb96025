"""The three networks: shapes, ranges, and that they can be fitted and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning.weights import load_weights, save_weights
from auxfocus_ros.monodepth.geometry.pose_planes import CHANNELS
from auxfocus_ros.monodepth.networks import load_depth_network
from auxfocus_ros.monodepth.networks.depth_network import FARTHEST_M, NEAREST_M, DepthNetwork, inverse_depth
from auxfocus_ros.monodepth.networks.frames import Row, Rows, as_tensor, toned
from auxfocus_ros.monodepth.networks.pose_network import COUNTS, PoseNetwork
from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel


def test_depth_is_told_at_several_sizes_while_it_learns_and_at_one_in_use() -> None:
    torch.manual_seed(0)
    network, pictures = DepthNetwork(), torch.rand(2, 3, 64, 96)
    shapes = [tuple(one.shape) for one in network.train()(pictures)]
    assert shapes == [(2, 1, 64, 96), (2, 1, 32, 48), (2, 1, 16, 24), (2, 1, 8, 12)]
    (finest,) = network.eval()(pictures)
    assert finest.shape == (2, 1, 64, 96)
    assert float(finest.detach().min()) >= 1 / FARTHEST_M and float(finest.detach().max()) <= 1 / NEAREST_M


def test_inverse_depth_is_even_in_its_logarithm() -> None:
    told = inverse_depth(torch.tensor([-1e3, 0.0, 1e3]))
    # In the middle of the logarithms of 1/200 and 1/0.2: the root of their product, 0.158.
    np.testing.assert_allclose(told.numpy(), [1 / 200.0, (1 / 200.0 / 0.2) ** 0.5, 1 / 0.2], rtol=1e-5)


def test_every_weight_of_the_depth_network_learns() -> None:
    torch.manual_seed(0)
    network = DepthNetwork().train()
    loss = torch.stack([one.log().mean() for one in network(torch.rand(2, 3, 64, 64))]).sum()
    loss.backward()
    assert all(value.grad is not None and bool(torch.isfinite(value.grad).all()) for value in network.parameters())
    assert sum(float(value.grad.abs().sum()) == 0 for value in network.parameters() if value.grad is not None) == 0


def test_every_pixel_has_a_score_for_every_class() -> None:
    torch.manual_seed(0)
    assert SegmentationNetwork(5)(torch.rand(1, 3, 32, 64)).shape == (1, 5, 32, 64)


def test_cells_that_do_not_count_do_not_matter_to_the_pose() -> None:
    torch.manual_seed(0)
    network = PoseNetwork().eval()
    planes = torch.rand(1, CHANNELS, 16, 64)
    planes[:, COUNTS] = 1.0
    wide = torch.zeros(1, CHANNELS, 16, 192)
    wide[..., :64] = planes
    with torch.inference_mode():
        near, far = network(planes), network(wide)
    assert near.shape == (1, 6)
    assert float((near - far).abs().max()) < 0.1 * float(near.abs().max())  # only cells at the edge see what lies beyond it


def test_weights_come_back_and_other_networks_weights_are_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DepthNetwork().eval()
    save_weights(network, tmp_path / "depth.safetensors")
    back = load_weights(DepthNetwork(), tmp_path / "depth.safetensors")
    picture = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        np.testing.assert_allclose(back(picture)[0].numpy(), network(picture)[0].numpy(), rtol=2e-2)
    with pytest.raises(ConfigurationError, match="wanted the architecture"):
        load_weights(SegmentationNetwork(), tmp_path / "depth.safetensors")
    with pytest.raises(ConfigurationError, match="no such file"):
        load_depth_network(tmp_path / "none.safetensors")


def frames(width_px: int, height_px: int, count: int) -> Sequence:
    camera = CameraModel(width_px, height_px, 50.0, 50.0, 10.0, 10.0)
    return Sequence("s", np.zeros((count, height_px, width_px, 3), np.uint8), camera, np.arange(float(count)))


def test_batches_are_of_one_size_and_leave_nothing_out() -> None:
    sequences = [frames(32, 64, 5), frames(64, 32, 4)]
    rows = Rows(sequences, [Row(number, frame) for number, one in enumerate(sequences) for frame in range(len(one))], 3)
    order = rows.order(torch.Generator().manual_seed(1)).numpy()
    assert len(order) % 3 == 0 and set(order) == set(range(9))
    for batch in order.reshape(-1, 3):
        assert len({rows.rows[index].sequence for index in batch}) == 1
    assert rows.same_size(0, 99) == 5 and rows.same_size(5, 2) == 2


def test_tones_keep_the_shape_and_the_lot() -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (4, 16, 24, 3), np.uint8)
    first = toned(pictures, torch.Generator().manual_seed(2))
    assert first.shape == pictures.shape and first.dtype == np.uint8 and not np.array_equal(first, pictures)
    np.testing.assert_array_equal(first, toned(pictures, torch.Generator().manual_seed(2)))
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 2] = 255
    np.testing.assert_array_equal(as_tensor(red)[0, :, 0, 0].numpy(), [1.0, 0.0, 0.0])
