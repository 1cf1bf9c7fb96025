"""The radius network in use: a picture in, a distribution over its blur's radius out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from auxfocus_ros.autofocus.networks.features import Features, features
from auxfocus_ros.autofocus.networks.radius_network import RadiusNetwork
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate


class NetworkRadiusEstimator:
    """Estimates radii by the trained network. It is a `RadiusEstimator`."""

    def __init__(self, network: RadiusNetwork) -> None:
        """Take a trained network."""
        self._network = network.eval()

    def estimate(self, picture: np.ndarray) -> RadiusEstimate:
        """Of a picture (H, W) or (H, W, 3) uint8, at least 64 px each way. Raises InputError."""
        return self.estimate_many([picture])[0]

    def estimate_many(self, pictures: Sequence[np.ndarray]) -> list[RadiusEstimate]:
        """Of pictures of any sizes, each as for `estimate`."""
        return self.of_features([features(picture) for picture in pictures])

    def of_features(self, found: Sequence[Features]) -> list[RadiusEstimate]:
        """Of what was worked out of pictures."""
        if not found:
            return []
        threads = torch.get_num_threads()
        if threads != 1:  # on so little work a second thread costs more than it brings
            torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                logits = self._network(
                    torch.from_numpy(np.stack([one.spectrum for one in found])),
                    torch.from_numpy(np.stack([one.facts for one in found])),
                    torch.from_numpy(np.stack([one.copy for one in found])),
                )
                probabilities = torch.softmax(logits.double(), dim=1).numpy()
        finally:
            if threads != 1:
                torch.set_num_threads(threads)
        return [RadiusEstimate(probability) for probability in probabilities]
