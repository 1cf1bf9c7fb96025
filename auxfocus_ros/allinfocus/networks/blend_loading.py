"""Loading the network that fuses video; PyTorch is imported when it is asked for, and not before."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auxfocus_ros.allinfocus.networks.blend_network import NetworkBlend


@lru_cache(maxsize=4)
def load_blend_network(path: Path | None = None) -> NetworkBlend:
    """The blending network. path: of the weights; None: those that are shipped. Raises ConfigurationError. Loaded once."""
    from auxfocus_ros.allinfocus.networks import weights_path
    from auxfocus_ros.allinfocus.networks.blend_network import BlendNetwork, NetworkBlend
    from auxfocus_ros.learning.weights import load_weights

    return NetworkBlend(load_weights(BlendNetwork(), path or weights_path("video_fusion")))
