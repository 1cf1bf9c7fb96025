"""A user's network that sees depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.inference.options import DepthNetworkOptions, input_triple
from auxfocus_ros.monodepth.inference.user_network import UserNetwork


class UserDepth:
    """Inverse depth of it, whichever way round it answers."""

    canonical_fx_px: float | None = None
    """What it says is taken for the picture's own camera."""

    def __init__(self, options: DepthNetworkOptions) -> None:
        """Load `options.network`.

        Raises:
            ConfigurationError: see `UserNetwork`; an output that is not (1, 1, h, w) or (1, h, w).
        """
        mean, std = input_triple("network_mean", options.network_mean), input_triple("network_std", options.network_std)
        asked_px = (options.network_width_px, options.network_height_px)
        self._network = UserNetwork("depth network", Path(options.network).expanduser(), asked_px, mean, std)
        self._gives_depth = options.network_output == "depth"
        self.rule = self._network.rule
        self._inverse_of(self._network.tried)

    def inverse_depth(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(h, w), in the network's unit, 0: infinitely far, NaN: it says nothing. Raises ConfigurationError."""
        return self._inverse_of(self._network.answer(picture))

    def _inverse_of(self, answer: NDArray[np.float32]) -> NDArray[np.float32]:
        if answer.ndim not in (3, 4) or answer.shape[0] != 1 or (answer.ndim == 4 and answer.shape[1] != 1) or not answer.size:
            raise ConfigurationError(
                f"{self._network.where}: its output has shape {answer.shape}; wanted (1, 1, height, width) or (1, height, width)"
            )
        answer = answer.reshape(answer.shape[-2:])
        if not (answer > 0.0).any():
            raise ConfigurationError(f"{self._network.where}: its output is nowhere above 0, from which no depth can be had")
        if not self._gives_depth:
            if np.isinf(answer).any():
                raise ConfigurationError(f"{self._network.where}: its output is infinite in places: wanted numbers")
            return np.maximum(answer, np.float32(0.0))
        with np.errstate(divide="ignore"):
            return np.where(answer > 0.0, np.float32(1.0) / answer, np.float32(np.nan))
