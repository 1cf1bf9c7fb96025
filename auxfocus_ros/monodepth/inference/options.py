"""Which networks see depth and classes, and what pictures they want."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.network_size import LARGEST_SIDE_PX

NETWORKS = (
    ".onnx, .pt, .ts or .torchscript (TorchScript holds code: load only what you trust); .safetensors: other weights of ours"
)
OWN_SIZE = "0: the network's own, else by the picture's shape"
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class DepthNetworkOptions:
    """Settings of the network that sees depth.

    A user's network takes one picture (1, 3, H, W), red, green, blue, (value / 255 - mean) / std, and gives one output
    (1, 1, h, w) or (1, h, w). Where its own answer is relative by a shift as well (as MiDaS's is), no scale makes metres of it.

    Raises:
        ConfigurationError: a value that cannot be.
    """

    network: str = parameter("", f"depth network in place of ours: {NETWORKS}", read_only=True)
    network_output: Literal["inverse_depth", "depth"] = parameter(
        "inverse_depth", "what a network in place of ours gives", read_only=True
    )
    network_width_px: int = parameter(
        0,
        f"width of the picture that the depth network sees; {OWN_SIZE}",
        unit="px",
        minimum=0,
        maximum=LARGEST_SIDE_PX,
        read_only=True,
    )
    network_height_px: int = parameter(
        0,
        f"height of the picture that the depth network sees; {OWN_SIZE}",
        unit="px",
        minimum=0,
        maximum=LARGEST_SIDE_PX,
        read_only=True,
    )
    network_mean: str = parameter(
        "0 0 0", "what a network in place of ours wants subtracted from red, green and blue in 0 to 1", read_only=True
    )
    network_std: str = parameter(
        "1 1 1", "what a network in place of ours wants red, green and blue then divided by", read_only=True
    )

    def __post_init__(self) -> None:
        """Check all."""
        demand_valid(self, "depth network")
        input_triple("network_mean", self.network_mean)
        input_triple("network_std", self.network_std, above_zero=True)


@dataclass(frozen=True)
class SegmentationNetworkOptions:
    """Settings of the network that says what each pixel shows; a user's gives scores (1, classes, h, w) of those in the table.

    Raises:
        ConfigurationError: a value that cannot be.
    """

    segmentation: str = parameter("", f"segmentation network in place of ours: {NETWORKS}")
    segmentation_classes: str = parameter("", "table of its classes, and of what can move: a YAML file; empty: the shipped one")
    segmentation_width_px: int = parameter(
        0, f"width of the picture that the segmentation network sees; {OWN_SIZE}", unit="px", minimum=0, maximum=LARGEST_SIDE_PX
    )
    segmentation_height_px: int = parameter(
        0, f"height of the picture that the segmentation network sees; {OWN_SIZE}", unit="px", minimum=0, maximum=LARGEST_SIDE_PX
    )
    segmentation_mean: str = parameter("0 0 0", "as network_mean, of a segmentation network in place of ours")
    segmentation_std: str = parameter("1 1 1", "as network_std, of a segmentation network in place of ours")

    def __post_init__(self) -> None:
        """Check all."""
        demand_valid(self, "segmentation network")
        input_triple("segmentation_mean", self.segmentation_mean)
        input_triple("segmentation_std", self.segmentation_std, above_zero=True)


def input_triple(name: str, text: str, above_zero: bool = False) -> Triple:
    """Three numbers, for red, green and blue, between blanks or commas. Raises ConfigurationError."""
    try:
        red, green, blue = (float(word) for word in text.replace(",", " ").split())
    except ValueError:
        raise ConfigurationError(f"{name} is {text!r}, it must be three numbers, for red, green and blue") from None
    if not all(math.isfinite(value) and (value > 0.0 or not above_zero) for value in (red, green, blue)):
        raise ConfigurationError(f"{name} is {text!r}, its numbers must be finite{' and above 0' * above_zero}")
    return red, green, blue
