"""The source's global step estimator, loaded where it is used: PyTorch is imported then and not before."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auxfocus_ros.allinfocus.networks.global_step_estimator import GlobalStepEstimator


@lru_cache(maxsize=4)
def load_global_step_estimator(path: Path | None = None) -> GlobalStepEstimator:
    """With the patch network's weights.

    Args:
        path: of the weights; None: those of the step estimator that are shipped.

    Raises:
        ConfigurationError: no such file, or not weights of the step estimator.
    """
    from auxfocus_ros.allinfocus.networks.global_step_estimator import GlobalStepEstimator
    from auxfocus_ros.autofocus.networks import weights_path
    from auxfocus_ros.autofocus.networks.reference import StepEstimator
    from auxfocus_ros.learning.weights import load_weights

    return GlobalStepEstimator(load_weights(StepEstimator(), path or weights_path("reference_estimator")))
