"""How unlike two pictures are at every pixel."""

from __future__ import annotations

import torch

from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.losses.ssim import ssim


def photometric_error(projected: torch.Tensor, target: torch.Tensor, options: LossOptions) -> torch.Tensor:
    """L_t = alpha (1 - SSIM(x, y)) / 2 + (1 - alpha) |x - y|, at each pixel.

    Args:
        projected, target: the source's x and y, (N, C, H, W) in [0, 1], finite. What is cut is 0 in both.
        options: alpha, K1, K2 and the window.

    Returns:
        (N, 1, H, W) from 0 (equal) to 1; means over the channels, where the source has grey pictures.

    Raises:
        InputError: another shape, or pictures smaller than half a window.

    Source: US 12,387,354 B2, block 108 and claim 8.
    """
    structure = (1 - ssim(projected, target, options)) / 2
    brightness = (projected - target).abs().mean(1, keepdim=True)
    return options.alpha * structure + (1 - options.alpha) * brightness
