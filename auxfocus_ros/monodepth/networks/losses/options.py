"""What the losses are told; no PyTorch is needed to say it."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import ConfigurationError


@dataclass(frozen=True)
class LossOptions:
    """Constants and choices of the loss. Raises ConfigurationError: values out of their ranges, or an even window.

    Source: US 12,387,354 B2, block 108 (alpha 0.85, K1 and K2 far below 1, both losses with weight 1); the values of K1 and K2
    are those of Wang et al., "Image quality assessment", 2004. Smoothness has a weight of 0.001 unless told otherwise, as in
    Godard et al., "Digging into self-supervised monocular depth estimation", 2019.
    """

    alpha: float = parameter(
        0.85, "share of structure (SSIM) against brightness in the photometric error", minimum=0.0, maximum=1.0
    )
    k1: float = parameter(0.01, "constant of SSIM's comparison of means, of the largest pixel value", minimum=1e-6, maximum=1.0)
    k2: float = parameter(
        0.03, "constant of SSIM's comparison of variances, of the largest pixel value", minimum=1e-6, maximum=1.0
    )
    window: int = parameter(3, "side of the windows in which SSIM is computed, odd", unit="px", minimum=3, maximum=31)
    photometric_weight: float = parameter(1.0, "weight of the photometric loss", minimum=0.0)
    smoothness_weight: float = parameter(1e-3, "weight of the smoothness loss; 1 as the source prints it", minimum=0.0)
    least_of_sources: bool = parameter(False, "count, of several second pictures, only the one that fits best at each pixel")
    only_better_than_standing: bool = parameter(
        False, "count only pixels that the projection explains better than the second picture left where it is"
    )
    full_size: bool = parameter(False, "compare pictures at full size for every scale of depth, not at the scale's own")
    smooth_what_is_cut: bool = parameter(False, "demand smooth depth also of pixels that are cut from the comparison")

    def __post_init__(self) -> None:
        """Check."""
        demand_valid(self, "loss")
        if self.window % 2 == 0:
            raise ConfigurationError(f"loss: window is {self.window}, it must be odd, so that it has a middle pixel")
