"""The learned estimators of whole frames.

PyTorch is imported when the first network is loaded, and not before.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from auxfocus_ros.optics.config_path import config_dir

if TYPE_CHECKING:
    from auxfocus_ros.allinfocus.networks.blur_map_estimator import NetworkBlurMapEstimator

__all__ = ["load_blur_map_estimator", "weights_path"]


def weights_path(name: str) -> Path:
    """Where the shipped weights of a network lie: 'blur_map'."""
    return config_dir() / "allinfocus" / "weights" / f"{name}.safetensors"


@lru_cache(maxsize=4)
def load_blur_map_estimator(path: Path | None = None) -> NetworkBlurMapEstimator:
    """Ours. path: of the weights; None: those that are shipped. Raises ConfigurationError. Loaded once, its loops compiled."""
    from auxfocus_ros.allinfocus.networks.blur_map_estimator import NetworkBlurMapEstimator
    from auxfocus_ros.allinfocus.networks.blur_map_network import BlurMapNetwork
    from auxfocus_ros.learning.weights import load_weights

    estimator = NetworkBlurMapEstimator(load_weights(BlurMapNetwork(), path or weights_path("blur_map")))
    estimator.estimate(np.zeros((64, 64), np.uint8), 64)
    return estimator
