"""The step estimator over a whole picture at once: what patches that overlap have in common is worked out once.

Each layer of the patch network becomes a convolution that is dilated by the strides of the layers before it, each dense layer
one of 1 x 1 px (table 1). At a stride of 1 px that answers for the patch about every pixel; where only patches `grid_px` apart
are wanted, only those values are worked out that one of them needs: each map is kept at the greatest common divisor of the grid
and of the layer's own stride in the patch network. The contrast of each patch, by which its values are divided, comes from sums
over boxes on the first map's grid.

Source: Intelligent Autofocus, section 5.2, table 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from auxfocus_ros.autofocus.networks.reference import LEAST_DEVIATION, PATCH_PX, STEPS_UNIT, StepEstimator
from auxfocus_ros.errors import InputError

DILATIONS_PX = (1, 8, 32, 128)
"""Of table 1: how far apart the values that a filter takes lie in the picture."""
CELLS_PX = (16, 32, 64)
SMALLEST_PX = 64


@dataclass(frozen=True)
class Strided:
    """How a layer is done where only a grid is wanted. stride, dilation: in values of the map before it."""

    stride: int
    dilation: int


def strided_layers(grid_px: int) -> tuple[Strided, ...]:
    """Of the three convolutions and the first dense layer, for patches `grid_px` apart. At 1 px: table 1."""
    spacings_px = [1, *(math.gcd(grid_px, own) for own in DILATIONS_PX[1:]), grid_px]
    return tuple(
        Strided(spacings_px[number + 1] // spacings_px[number], dilation // spacings_px[number])
        for number, dilation in enumerate(DILATIONS_PX)
    )


class GlobalStepNetwork(nn.Module):
    """(1, 1, H, W) grey levels, 0 to 255, 512 px each way or more, to (1, 1, rows, columns): units of 100 steps of the patches
    whose upper left corners lie `grid_px` apart, from the picture's upper left corner on.
    """

    def __init__(self, patch_network: StepEstimator) -> None:
        """Take the weights of a patch network."""
        super().__init__()
        dense = [layer for layer in patch_network.dense if isinstance(layer, nn.Linear)]
        first = dense[0].weight.detach().reshape(dense[0].out_features, -1, 4, 4)
        self._filters = [filters.detach() for filters in patch_network.filters()]
        self._filters += [first, *(layer.weight.detach()[:, :, None, None] for layer in dense[1:])]
        self._biases = [layer.bias.detach() for layer in dense]
        self._leak = float(next(layer.negative_slope for layer in patch_network.dense if isinstance(layer, nn.LeakyReLU)))

    def forward(self, levels: torch.Tensor, grid_px: int) -> torch.Tensor:
        """Without a sign."""
        layers = strided_layers(grid_px)
        maps = levels
        for filters, layer in zip(self._filters[:3], layers[:3], strict=True):
            maps = nn.functional.conv2d(maps, filters, stride=layer.stride, dilation=layer.dilation).relu_()
        values = nn.functional.conv2d(maps, self._filters[3], stride=layers[3].stride, dilation=layers[3].dilation)
        # dividing what goes into a linear layer divides what comes out of it
        values = values / (deviation(levels, grid_px, layers[0].stride) + 255.0 * LEAST_DEVIATION)
        values += self._biases[0][None, :, None, None]
        for filters, bias in zip(self._filters[4:], self._biases[1:], strict=True):
            values = nn.functional.conv2d(nn.functional.leaky_relu_(values, self._leak), filters, bias)
        return values


def deviation(levels: torch.Tensor, grid_px: int, block_px: int) -> torch.Tensor:
    """(1, 1, rows, columns) standard deviations of all patches on a grid, from sums over blocks; `block_px` divides the grid.

    levels: (1, 1, H, W) whole numbers, 0 to 255: sums of up to 256 squares are exact, those over patches are made in float64.
    """
    height, width = (edge // block_px * block_px for edge in levels.shape[2:])
    parts = levels[:, :, :height, :width]
    moments = [nn.functional.avg_pool2d(part, block_px).double() for part in (parts, parts.square())]
    blocks, step = PATCH_PX // block_px, grid_px // block_px
    mean, square = (nn.functional.avg_pool2d(moment, blocks, step) for moment in moments)
    return torch.asarray((square - mean.square()).clamp_min(0).sqrt(), dtype=levels.dtype)


class GlobalStepEstimator:
    """The network in use. It is a `StepMapEstimator`."""

    def __init__(self, patch_network: StepEstimator) -> None:
        """Take the weights of a trained patch network."""
        self._network = GlobalStepNetwork(patch_network).eval()

    def estimate_steps(self, picture: np.ndarray, cell_px: int) -> NDArray[np.float32]:
        """Distance to focus of the patch about every cell's centre.

        Args:
            picture: (H, W) or (H, W, 3) uint8 BGR, at least 64 px each way; one smaller than a patch is mirrored at its edges.
            cell_px: 16, 32 or 64.

        Returns:
            (rows, columns) of `CellGrid(W, H, cell_px)`, steps of the bench lens, >= 0. A cell whose patch would reach over the
            edge has the value of the nearest one that does not.

        Raises:
            InputError: another picture or size of cells.
        """
        if cell_px not in CELLS_PX:
            raise InputError(f"cells of {cell_px} px: wanted one of {', '.join(map(str, CELLS_PX))}")
        grey = _whole(_grey(picture))
        rows, columns = (_patches(edge, cell_px) for edge in picture.shape[:2])
        # Where mirrored, there is one patch along that edge.
        part = grey[rows.slice_of(cell_px), columns.slice_of(cell_px)]
        with torch.inference_mode():
            levels = torch.from_numpy(part).float()[None, None]
            steps = self._network(levels, cell_px)[0, 0].clamp_min(0.0).numpy() * np.float32(STEPS_UNIT)
        return np.asarray(steps[np.ix_(rows.of_cell, columns.of_cell)], np.float32)


@dataclass(frozen=True, eq=False)
class _Patches:
    """Along one edge of a picture. first_px: where the first begins. count: how many. of_cell: (cells,) which each cell takes."""

    first_px: int
    count: int
    of_cell: NDArray[Any]

    def slice_of(self, cell_px: int) -> slice:
        """What all of them cover."""
        return slice(self.first_px, self.first_px + (self.count - 1) * cell_px + PATCH_PX)


def _patches(edge_px: int, cell_px: int) -> _Patches:
    """Those about the centres of cells that lie within the picture; where there is none, one in its middle."""
    cells = -(-edge_px // cell_px)
    starts_px = np.arange(cells) * cell_px + cell_px // 2 - PATCH_PX // 2
    inside = np.flatnonzero((starts_px >= 0) & (starts_px + PATCH_PX <= edge_px))
    if len(inside) == 0:
        return _Patches(max((edge_px - PATCH_PX) // 2, 0), 1, np.zeros(cells, np.intp))
    return _Patches(int(starts_px[inside[0]]), len(inside), np.clip(np.arange(cells), inside[0], inside[-1]) - inside[0])


def _grey(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
        raise InputError(f"the picture is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3) uint8")
    if min(picture.shape[:2]) < SMALLEST_PX:
        raise InputError(
            f"the picture is {picture.shape[1]} x {picture.shape[0]}: steps are estimated of {SMALLEST_PX} px each way or more"
        )
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))


def _whole(grey: np.ndarray) -> np.ndarray:
    """At least a patch each way: mirrored, half of what is missing on either side."""
    missing = [max(PATCH_PX - edge, 0) for edge in grey.shape]
    if not any(missing):
        return grey
    top, left = (part // 2 for part in missing)
    sides = (top, missing[0] - top, left, missing[1] - left)
    return np.asarray(cv2.copyMakeBorder(grey, *sides, cv2.BORDER_REFLECT_101))
