"""The reference networks against the caption of figure 4, worked out by hand, and the quick arithmetic against the modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from auxfocus_ros.autofocus.networks.reference import (
    IN_FOCUS,
    STEPS_UNIT,
    FocusDiscriminator,
    ReferenceDiscriminator,
    ReferenceEstimator,
    StepEstimator,
)
from auxfocus_ros.errors import InputError


def weights(network: torch.nn.Module) -> int:
    return sum(value.numel() for value in network.parameters())


def test_the_estimator_has_the_layers_of_figure_4() -> None:
    # Conv(4, 8, 8), Conv(8, 4, 4), Conv(8, 4, 4), no biases; 512 / 8 / 4 / 4 = 4, so 4 * 4 * 8 = 128 values; FC 1024, 512, 10, 1.
    by_hand = 8 * 8 * 4 + 4 * 4 * 4 * 8 + 4 * 4 * 8 * 8
    by_hand += (128 * 1024 + 1024) + (1024 * 512 + 512) + (512 * 10 + 10) + (10 * 1 + 1)
    network = StepEstimator()
    assert weights(network) == by_hand == 663_829
    picture = torch.zeros(2, 1, 512, 512)
    shapes = []
    for layer in network.convolutions:
        picture = layer(picture)
        shapes.append(tuple(picture.shape[1:]))
    assert shapes[0::2] == [(4, 64, 64), (8, 16, 16), (8, 4, 4)]
    assert [layer.out_features for layer in network.dense if isinstance(layer, torch.nn.Linear)] == [1024, 512, 10, 1]
    assert isinstance(network.dense[-1], torch.nn.Linear)
    assert [layer.negative_slope for layer in network.dense if isinstance(layer, torch.nn.LeakyReLU)] == [0.1, 0.1, 0.1]


def test_the_discriminator_has_the_layers_of_figure_4() -> None:
    network = FocusDiscriminator()
    assert weights(network) == (64 + 1) + (64 + 1) + (64 * 10 + 10) + (10 * 2 + 2) == 802
    assert network.convolutions(torch.zeros(1, 1, 512, 512)).shape == (1, 1, 8, 8)
    assert [layer.p for layer in network.dense if isinstance(layer, torch.nn.Dropout)] == [0.5]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_quick_arithmetic_is_that_of_the_modules(seed: int) -> None:
    torch.manual_seed(seed)
    estimator, discriminator = StepEstimator().eval(), FocusDiscriminator().eval()
    with torch.no_grad():
        estimator.dense[-1].bias += 1.0  # away from the steps that cannot be negative
    picture = np.random.default_rng(seed).integers(0, 256, (512, 512), dtype=np.uint8)
    grey = torch.from_numpy(picture)[None, None].float() / 255
    with torch.inference_mode():
        steps = float(estimator(grey)) * STEPS_UNIT
        probability = float(torch.softmax(discriminator(grey), dim=1)[0, IN_FOCUS])
    assert ReferenceEstimator(estimator).estimate_steps(picture) == pytest.approx(steps, rel=1e-4, abs=1e-3)
    said, quick = ReferenceDiscriminator(discriminator).in_focus(picture)
    assert quick == pytest.approx(probability, abs=1e-5)
    assert said == (quick >= 0.5)


def test_brightness_drops_out_of_the_maps_and_contrast_is_a_factor() -> None:
    torch.manual_seed(3)
    network = StepEstimator().eval()
    grey = torch.rand(1, 1, 512, 512)
    with torch.inference_mode():
        maps = network.maps(grey)
        assert float(maps.max()) > 1e-3
        torch.testing.assert_close(network.maps(0.5 + 0.2 * grey), 0.2 * maps, rtol=1e-4, atol=1e-6)
        assert float(network.maps(torch.full_like(grey, 0.7)).abs().max()) < 1e-6


def test_colour_that_is_grey_is_grey() -> None:
    picture = np.random.default_rng(5).integers(0, 256, (512, 512), dtype=np.uint8)
    estimator = ReferenceEstimator(StepEstimator().eval())
    assert estimator.estimate_steps(np.dstack([picture] * 3)) == estimator.estimate_steps(picture)


@pytest.mark.parametrize("shape", [(511, 512), (512, 512, 1), (512, 512, 4), (64, 64), (1024, 1024)])
def test_other_sizes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"the reference networks take \(512, 512\)"):
        ReferenceEstimator(StepEstimator()).estimate_steps(np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match=r"wanted|take"):
        ReferenceDiscriminator(FocusDiscriminator()).in_focus(np.zeros((512, 512), np.float32))
