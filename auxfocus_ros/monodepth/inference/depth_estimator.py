"""Depth of one picture.

The picture is resized to what the network takes, as it is: its distortion is not taken out, and comes into play where points are
made, by the camera's own rays. What the network says is brought back to the picture's size between its pixels, in inverse depth,
which goes evenly over a slanted plane. Our network speaks of a camera of a canonical focal length; depth grows with the real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.inference.cameras import assumed_camera, require_fitting, require_picture
from auxfocus_ros.monodepth.inference.options import DepthNetworkOptions
from auxfocus_ros.monodepth.inference.user_network import ONNX, OWN_WEIGHTS, TORCHSCRIPT, require_file
from auxfocus_ros.monodepth.network_size import SizeRule, brought_to
from auxfocus_ros.optics.camera import CameraModel


@dataclass(frozen=True, eq=False)
class DepthEstimate:
    """What a network sees in a picture.

    depth_m: (H, W) float32, z, > 0; +inf infinitely far, NaN nothing known. Its unit is the network's own, which is metres only
    as far as what it was trained on is like the scene: relative, until it is multiplied by a scale. camera: of the picture, known
    or assumed.
    """

    depth_m: NDArray[np.float32]
    camera: CameraModel


class SeesDepth(Protocol):
    """A network, whoever's it is."""

    canonical_fx_px: float | None
    """Focal length in pixels of its picture that it speaks of; None: what it says holds for any."""

    def inverse_depth(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(h, w) of a picture (h, w, 3) BGR of a size that it takes; 0 infinitely far, NaN nothing known."""
        ...


class DepthEstimator:
    """A picture in, depth out, at whatever size."""

    def __init__(self, network: SeesDepth, rule: SizeRule, told: Callable[[str], None] | None = None) -> None:
        """network: that sees; rule: sizes it takes; told: hears, once a size of pictures, that they are resized, and to what."""
        self._network, self._rule, self._told = network, rule, told
        self._said: set[tuple[int, int]] = set()

    def network_size_px(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height at which the network sees pictures of this size."""
        return self._rule.size_for(width_px, height_px)

    def estimate(self, picture: NDArray[np.uint8], camera: CameraModel | None = None) -> DepthEstimate:
        """Depth of a picture.

        Args:
            picture: (H, W, 3) uint8 BGR.
            camera: its intrinsics; None: not known, a camera of ASSUMED_FIELD_DEG is assumed.

        Raises:
            InputError: another picture, intrinsics of another size. ConfigurationError: a user's network that fails on it.
        """
        if camera is None:
            require_picture(picture)
            camera = assumed_camera(picture.shape[1], picture.shape[0])
        require_fitting(picture, camera)
        size = (camera.width_px, camera.height_px)
        network_size = self._rule.size_for(*size)
        if size != network_size and size not in self._said:
            self._said.add(size)
            if self._told is not None:
                seen = f"{network_size[0]} x {network_size[1]} px"
                self._told(f"pictures of {size[0]} x {size[1]} px are resized to {seen} for the depth network")
        inverse = self._network.inverse_depth(brought_to(picture, network_size))
        if inverse.shape != picture.shape[:2]:
            inverse = np.asarray(cv2.resize(inverse, size, interpolation=cv2.INTER_LINEAR), np.float32)
        canonical = self._network.canonical_fx_px
        unit = 1.0 if canonical is None else camera.fx_px * network_size[0] / size[0] / canonical
        with np.errstate(divide="ignore"):
            return DepthEstimate(np.asarray(np.float32(unit) / inverse, np.float32), camera)


def load_depth_estimator(options: DepthNetworkOptions, told: Callable[[str], None] | None = None) -> DepthEstimator:
    """An estimator by our network, or by the user's that the options name.

    Raises:
        ConfigurationError: a network that cannot be used.
    """
    asked_px = (options.network_width_px, options.network_height_px)
    path = Path(options.network).expanduser()
    if options.network:
        require_file(f"depth network {path}", path, (*ONNX, *TORCHSCRIPT, *OWN_WEIGHTS))
    if options.network and path.suffix.lower() not in OWN_WEIGHTS:
        from auxfocus_ros.monodepth.inference.user_depth import UserDepth

        user = UserDepth(options)
        return DepthEstimator(user, user.rule, told)
    if options.network_output != "inverse_depth":
        raise ConfigurationError("network_output is depth, but our network gives inverse_depth")
    from auxfocus_ros.monodepth.networks import load_depth_network
    from auxfocus_ros.monodepth.networks.depth_inference import OwnDepth

    network = load_depth_network(path if options.network else None)
    return DepthEstimator(OwnDepth(network), SizeRule(*asked_px), told)
