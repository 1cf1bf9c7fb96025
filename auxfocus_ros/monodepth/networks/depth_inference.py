"""Our networks in use: a picture in, numpy out, on the graphics card where there is one."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from auxfocus_ros.monodepth.networks.depth_network import CANONICAL_FX_PX


class OwnDepth:
    """The depth network, in evaluation."""

    canonical_fx_px: float | None = CANONICAL_FX_PX

    def __init__(self, network: nn.Module) -> None:
        """network: from pictures (N, 3, h, w), RGB in 0 to 1, to a list of inverse depth, the picture's size first."""
        self._network, self._device = placed(network)

    def inverse_depth(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(h, w), 1/m for a camera of CANONICAL_FX_PX, > 0; of (h, w, 3) BGR, h and w multiples of 32."""
        with torch.inference_mode():
            inverse = self._network(tensor_of(picture, self._device))[0]
        return np.asarray(inverse[0, 0].float().cpu().numpy(), np.float32)


class OwnSegmentation:
    """The segmentation network, in evaluation."""

    def __init__(self, network: nn.Module) -> None:
        """network: from pictures (N, 3, h, w), RGB in 0 to 1, to scores (N, classes, h, w)."""
        self._network, self._device = placed(network)

    def scores(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(classes, h, w) of (h, w, 3) BGR, h and w multiples of 32."""
        with torch.inference_mode():
            return np.asarray(self._network(tensor_of(picture, self._device))[0].float().cpu().numpy(), np.float32)


def placed(network: nn.Module) -> tuple[nn.Module, torch.device]:
    """A network in evaluation, and its device; on a graphics card it is a copy, since others may hold the one that is given."""
    if not torch.cuda.is_available():
        return network.eval(), torch.device("cpu")
    device = torch.device("cuda")
    return copy.deepcopy(network).eval().to(device), device


def tensor_of(picture: NDArray[np.uint8], device: torch.device) -> torch.Tensor:
    """(1, 3, h, w) float32 RGB in 0 to 1 of (h, w, 3) BGR."""
    pixels = torch.from_numpy(np.ascontiguousarray(picture[..., ::-1])).to(device)
    return pixels.permute(2, 0, 1)[None].float() / 255.0
