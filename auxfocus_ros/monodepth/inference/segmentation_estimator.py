"""What each pixel of a picture shows, by our network or a user's."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.classes import ClassTable, class_of_pixels, load_class_table, require_classes
from auxfocus_ros.monodepth.inference.cameras import require_picture
from auxfocus_ros.monodepth.inference.network_size import FINE_BUDGET_PX, SizeRule, brought_to
from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions, input_triple
from auxfocus_ros.monodepth.inference.user_network import ONNX, OWN_WEIGHTS, TORCHSCRIPT, UserNetwork, require_file


class Segments(Protocol):
    """A network, whoever's it is."""

    def scores(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(classes, h, w) of a picture (h, w, 3) BGR of a size that it takes."""
        ...


class SegmentationEstimator:
    """A picture in, its pixels' classes out, at whatever size."""

    def __init__(self, network: Segments, rule: SizeRule, table: ClassTable) -> None:
        """network: that sees; rule: sizes it takes; table: of its classes."""
        self._network, self._rule = network, rule
        self.table = table

    def classes(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W) uint8, numbers in the table, of a picture (H, W, 3) uint8 BGR.

        Raises:
            InputError: another picture. ConfigurationError: a user's network that fails on it.
        """
        require_picture(picture)
        height, width = picture.shape[:2]
        found = class_of_pixels(self._network.scores(brought_to(picture, self._rule.size_for(width, height))))
        if found.shape == (height, width):
            return found
        return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


class UserSegmentation:
    """A user's network."""

    def __init__(self, options: SegmentationNetworkOptions, table: ClassTable) -> None:
        """Load `options.segmentation`.

        Raises:
            ConfigurationError: see `UserNetwork`; an output that is not (1, classes, h, w), the classes those of the table.
        """
        mean = input_triple("segmentation_mean", options.segmentation_mean)
        std = input_triple("segmentation_std", options.segmentation_std)
        asked_px = (options.segmentation_width_px, options.segmentation_height_px)
        path = Path(options.segmentation).expanduser()
        self._network = UserNetwork("segmentation network", path, asked_px, mean, std)
        self.rule = self._network.rule
        shape = self._network.tried.shape
        if len(shape) != 4 or shape[0] != 1 or not all(shape):
            raise ConfigurationError(f"{self._network.where}: its output has shape {shape}; wanted (1, classes, height, width)")
        require_classes(table, shape[1], self._network.where)

    def scores(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(classes, h, w). Raises ConfigurationError."""
        return np.asarray(self._network.answer(picture)[0], np.float32)


def load_segmentation_estimator(options: SegmentationNetworkOptions) -> SegmentationEstimator:
    """An estimator by our network, or by the user's that the options name.

    Raises:
        ConfigurationError: a network or a table that cannot be used, or that do not fit each other.
    """
    table = load_class_table(options.segmentation_classes or None)
    path = Path(options.segmentation).expanduser()
    if options.segmentation:
        require_file(f"segmentation network {path}", path, (*ONNX, *TORCHSCRIPT, *OWN_WEIGHTS))
    if options.segmentation and path.suffix.lower() not in OWN_WEIGHTS:
        user = UserSegmentation(options, table)
        return SegmentationEstimator(user, user.rule, table)
    from auxfocus_ros.monodepth.networks import load_segmentation_network
    from auxfocus_ros.monodepth.networks.depth_inference import OwnSegmentation
    from auxfocus_ros.monodepth.networks.segmentation_network import CLASSES

    require_classes(table, CLASSES, "our segmentation network")
    network = load_segmentation_network(path if options.segmentation else None)
    rule = SizeRule(options.segmentation_width_px, options.segmentation_height_px, budget_px=FINE_BUDGET_PX)
    return SegmentationEstimator(OwnSegmentation(network), rule, table)
