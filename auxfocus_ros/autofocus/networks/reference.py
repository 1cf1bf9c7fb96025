"""The source's networks, the step estimator and the focus discriminator, as the caption of its figure 4 and table 1 give them.

What the text leaves open: ReLU follows each convolution, leaky ReLU of 0.1 each dense layer of the estimator but the last, which
is linear; the discriminator has two classes. Both take a grey patch of 512 x 512 px, levels divided by 255, and are made blind to
its brightness and contrast (as patches come, the estimator learned nothing within ten passes): the discriminator by bringing the
patch to a mean of 0 and a contrast of about 1, the estimator behind its convolutions, see there. The estimator's output is in
units of `STEPS_UNIT` steps, so that what it learns is of order 1.

Source: Intelligent Autofocus, sections 4.1 and 4.2, figure 4, table 1.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import nn

from auxfocus_ros.errors import InputError

PATCH_PX = 512
STEPS_UNIT = 100.0
IN_FOCUS, DEFOCUS = 1, 0
LEAST_DEVIATION = 0.02
"""Added to the levels' standard deviation before they are divided by it: an even patch's noise is not blown up to contrast."""


def _mean_and_gain(grey: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(N,) and (N,) of patches (N, 1, H, W): their mean level, and what brings their contrast to about 1."""
    levels = grey.flatten(1)
    mean = levels.mean(dim=1)
    variance = torch.linalg.vector_norm(levels, dim=1).square() / levels.shape[1] - mean.square()
    return mean, 1.0 / (variance.clamp_min(0).sqrt() + LEAST_DEVIATION)


def _first_convolution(layer: nn.Module, grey: torch.Tensor) -> torch.Tensor:
    """The first layer on a patch of mean 0 and contrast 1, without making one: the product is linear."""
    assert isinstance(layer, nn.Conv2d) and layer.bias is not None
    mean, gain = _mean_and_gain(grey)
    product = nn.functional.conv2d(grey, layer.weight, stride=layer.stride)
    shift = (mean * gain)[:, None] * layer.weight.sum(dim=(1, 2, 3))[None, :]
    return product * gain[:, None, None, None] + (layer.bias[None, :] - shift)[:, :, None, None]


class StepEstimator(nn.Module):
    """(N, 1, 512, 512) grey, 0 to 1, to (N, 1): the distance to focus in units of 100 steps.

    Patches are not brought to one brightness and contrast before the first layer, as then no two that overlap would have anything
    in common. Instead nothing but differences of brightness comes out of the convolutions, none of which has a bias, and contrast
    passes through them as a factor, by which the 128 values are divided. So the maps of a large picture serve all its patches
    (`allinfocus.networks.global_step_estimator`). Of the first four filters one sees the brightness itself: its weights are not
    negative, ReLU leaves what it gives as it is, and what each filter of the second layer takes of it sums to nothing. The other
    three sum to nothing themselves.
    """

    architecture = "reference step estimator 2"

    def __init__(self) -> None:
        """663,829 weights with their biases."""
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 4, 8, stride=8, bias=False),
            nn.ReLU(),
            nn.Conv2d(4, 8, 4, stride=4, bias=False),
            nn.ReLU(),
            nn.Conv2d(8, 8, 4, stride=4, bias=False),
            nn.ReLU(),
        )
        self.dense = nn.Sequential(
            nn.Linear(128, 1024),
            nn.LeakyReLU(0.1),
            nn.Linear(1024, 512),
            nn.LeakyReLU(0.1),
            nn.Linear(512, 10),
            nn.LeakyReLU(0.1),
            nn.Linear(10, 1),
        )

    def filters(self) -> list[torch.Tensor]:
        """Of the three convolutions, (filters, channels, size, size) each, as used, with the sums that are said above."""
        first, second, third = (layer.weight for layer in self.convolutions if isinstance(layer, nn.Conv2d))
        level, edges, of_level = first[:1].abs(), first[1:], second[:, :1]
        first = torch.cat([level, edges - edges.mean(dim=(1, 2, 3), keepdim=True)])
        second = torch.cat([of_level - of_level.mean(dim=(2, 3), keepdim=True), second[:, 1:]], dim=1)
        return [first, second, third]

    def maps(self, grey: torch.Tensor) -> torch.Tensor:
        """(N, 8, 4, 4): what the convolutions make of patches, not yet divided by their contrast."""
        for filters in self.filters():
            grey = nn.functional.conv2d(grey, filters, stride=filters.shape[-1]).relu()
        return grey

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        """Units of 100 steps, without a sign."""
        _, gain = _mean_and_gain(grey)
        units: torch.Tensor = self.dense(self.maps(grey).flatten(1) * gain[:, None])
        return units


class FocusDiscriminator(nn.Module):
    """(N, 1, 512, 512) grey, 0 to 1, to (N, 2): logits of defocus and of in focus."""

    architecture = "reference focus discriminator 1"

    def __init__(self) -> None:
        """802 weights with their biases."""
        super().__init__()
        self.convolutions = nn.Sequential(nn.Conv2d(1, 1, 8, stride=8), nn.ReLU(), nn.Conv2d(1, 1, 8, stride=8), nn.ReLU())
        self.dense = nn.Sequential(nn.Linear(64, 10), nn.ReLU(), nn.Dropout(0.5), nn.Linear(10, 2))

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        """Logits of the two classes."""
        maps = self.convolutions[1:](_first_convolution(self.convolutions[0], grey))
        logits: torch.Tensor = self.dense(maps.flatten(1))
        return logits


def grey_patch(picture: np.ndarray) -> np.ndarray:
    """(512, 512) uint8 of a picture (512, 512) or (512, 512, 3) uint8 BGR.

    Raises:
        InputError: another size or type: this network takes no other.
    """
    wanted = (PATCH_PX, PATCH_PX)
    if picture.dtype != np.uint8 or picture.shape not in (wanted, (*wanted, 3)):
        raise InputError(
            f"the picture is {picture.dtype} of shape {picture.shape}: "
            "the reference networks take (512, 512) or (512, 512, 3) uint8"
        )
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


class _Blocks:
    """A convolution whose stride is its size, done as what it is: a product of each block with the filters."""

    def __init__(self, filters: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """filters: (filters, channels, size, size). bias: (filters,)."""
        count, channels, self.size = filters.shape[:3]
        # rows of a block are (y, x, channel), as they lie in memory
        weights = filters.detach().numpy().transpose(2, 3, 1, 0).reshape(self.size**2 * channels, count)
        self.weights = np.ascontiguousarray(weights, np.float32)
        self.sums = self.weights.sum(axis=0)
        self.bias = np.zeros(count, np.float32) if bias is None else bias.detach().numpy().copy()

    def __call__(self, picture: np.ndarray, mean: float = 0.0, gain: float = 1.0) -> np.ndarray:
        """Of `(picture - mean) * gain`: (H, W, channels) uint8 or float32 to (H / size, W / size, filters), after ReLU."""
        size = self.size
        height, width, channels = picture.shape
        # a row of a block is moved as one piece
        row = np.dtype((np.void, size * channels * picture.itemsize))
        rows = np.ascontiguousarray(picture).reshape(height, width * channels).view(row)
        blocks = np.ascontiguousarray(rows.reshape(height // size, size, width // size).transpose(0, 2, 1))
        values = blocks.view(picture.dtype).reshape(-1, size * size * channels).astype(np.float32, copy=False)
        total = values @ self.weights
        total *= np.float32(gain)
        total += self.bias - np.float32(mean * gain) * self.sums
        return np.maximum(total, 0.0, out=total).reshape(height // size, width // size, -1)


class _Dense:
    """Dense layers with a leak; the last one linear."""

    def __init__(self, layers: nn.Sequential, leak: float) -> None:
        linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
        self.layers = [(layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy()) for layer in linear]
        self.leak = np.float32(leak)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(n,) to (m,) float32."""
        for i, (weight, bias) in enumerate(self.layers):
            values = weight @ values + bias
            if i < len(self.layers) - 1:
                values = np.where(values > 0, values, self.leak * values)
        return values


def _flat(maps: np.ndarray) -> np.ndarray:
    """(H, W, channels) in the order of torch's flatten: channel first."""
    return np.ascontiguousarray(maps.transpose(2, 0, 1)).ravel()


class ReferenceEstimator:
    """The step estimator in use: the same arithmetic as the module's, as matrix products in NumPy."""

    def __init__(self, module: StepEstimator) -> None:
        """Take the weights of a trained module."""
        self._convolutions = [_Blocks(filters) for filters in module.filters()]
        self._dense = _Dense(module.dense, 0.1)

    def estimate_steps(self, picture: np.ndarray) -> float:
        """Distance to focus, steps of the bench lens, of a picture (512, 512) or (512, 512, 3) uint8. Raises InputError."""
        maps = grey_patch(picture)[..., None]
        _, deviation = cv2.meanStdDev(maps)
        for layer in self._convolutions:
            maps = layer(maps)
        values = _flat(maps) * np.float32(1.0 / (deviation[0, 0] + 255.0 * LEAST_DEVIATION))
        return max(float(self._dense(values)[0]) * STEPS_UNIT, 0.0)


class ReferenceDiscriminator:
    """The focus discriminator in use."""

    def __init__(self, module: FocusDiscriminator) -> None:
        """Take the weights of a trained module."""
        layers = [layer for layer in module.convolutions if isinstance(layer, nn.Conv2d)]
        self._convolutions = [_Blocks(layer.weight, layer.bias) for layer in layers]
        self._dense = _Dense(module.dense, 0.0)

    def in_focus(self, picture: np.ndarray) -> tuple[bool, float]:
        """Whether a picture (512, 512) or (512, 512, 3) uint8 is in focus, and the probability of it. Raises InputError."""
        grey = grey_patch(picture)
        mean, deviation = cv2.meanStdDev(grey)
        maps = self._convolutions[0](grey[..., None], mean[0, 0], 1.0 / (deviation[0, 0] + 255.0 * LEAST_DEVIATION))
        for layer in self._convolutions[1:]:
            maps = layer(maps)
        logits = self._dense(_flat(maps))
        probability = float(1.0 / (1.0 + np.exp(np.clip(logits[DEFOCUS] - logits[IN_FOCUS], -60, 60))))
        return probability >= 0.5, probability
