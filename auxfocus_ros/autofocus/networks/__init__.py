"""The learned estimators: ours, which tells the radius of the blur, and the source's two, which it is measured against.

PyTorch is imported when the first network is loaded, and not before.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from auxfocus_ros.optics.config_path import config_dir

if TYPE_CHECKING:
    from auxfocus_ros.autofocus.networks.radius_estimator import NetworkRadiusEstimator
    from auxfocus_ros.autofocus.networks.reference import ReferenceDiscriminator, ReferenceEstimator

__all__ = ["load_radius_estimator", "load_reference_discriminator", "load_reference_estimator", "weights_path"]


def weights_path(name: str) -> Path:
    """Where the shipped weights of a network lie: 'radius', 'reference_estimator' or 'reference_discriminator'."""
    return config_dir() / "autofocus" / "weights" / f"{name}.safetensors"


@lru_cache(maxsize=4)
def load_radius_estimator(path: Path | None = None) -> NetworkRadiusEstimator:
    """Ours. path: of the weights; None: those that are shipped. Raises ConfigurationError. Loaded once."""
    from auxfocus_ros.autofocus.networks.radius_estimator import NetworkRadiusEstimator
    from auxfocus_ros.autofocus.networks.radius_network import RadiusNetwork
    from auxfocus_ros.learning.weights import load_weights

    return NetworkRadiusEstimator(load_weights(RadiusNetwork(), path or weights_path("radius")))


@lru_cache(maxsize=4)
def load_reference_estimator(path: Path | None = None) -> ReferenceEstimator:
    """The source's step estimator. path: as for `load_radius_estimator`."""
    from auxfocus_ros.autofocus.networks.reference import ReferenceEstimator, StepEstimator
    from auxfocus_ros.learning.weights import load_weights

    return ReferenceEstimator(load_weights(StepEstimator(), path or weights_path("reference_estimator")))


@lru_cache(maxsize=4)
def load_reference_discriminator(path: Path | None = None) -> ReferenceDiscriminator:
    """The source's focus discriminator. path: as for `load_radius_estimator`."""
    from auxfocus_ros.autofocus.networks.reference import FocusDiscriminator, ReferenceDiscriminator
    from auxfocus_ros.learning.weights import load_weights

    return ReferenceDiscriminator(load_weights(FocusDiscriminator(), path or weights_path("reference_discriminator")))
