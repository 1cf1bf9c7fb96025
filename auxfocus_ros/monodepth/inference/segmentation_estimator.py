"""What each pixel of a picture shows, by our network or a user's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.classes import ClassTable, class_of_pixels, class_probabilities, load_class_table, require_classes
from auxfocus_ros.monodepth.inference.cameras import require_picture
from auxfocus_ros.monodepth.inference.options import SegmentationNetworkOptions, input_triple
from auxfocus_ros.monodepth.inference.user_network import ONNX, OWN_WEIGHTS, TORCHSCRIPT, UserNetwork, require_file
from auxfocus_ros.monodepth.network_size import SizeRule, brought_to

BUDGETS_PX = (43_000, 86_000)
"""Pixels of the two sizes at which our network looks at a picture: the small one shows it what is around, the large one a person
who is far away.
"""


class Segments(Protocol):
    """A network, whoever's it is."""

    def scores(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(classes, h, w) of a picture (h, w, 3) BGR of a size that it takes."""
        ...


class SegmentationEstimator:
    """A picture in, its pixels' classes out, at whatever size."""

    def __init__(self, network: Segments, rules: Sequence[SizeRule], table: ClassTable, *, mirrored: bool = False) -> None:
        """Put together.

        Args:
            network: that sees.
            rules: the sizes at which it looks; of several the mean probability counts.
            table: of its classes.
            mirrored: it also looks at the picture's mirror image.
        """
        self._network, self._rules, self._mirrored = network, tuple(rules), mirrored
        self.table = table

    def classes(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W) uint8, numbers in the table, of a picture (H, W, 3) uint8 BGR.

        Raises:
            InputError: another picture. ConfigurationError: a user's network that fails on it.
        """
        require_picture(picture)
        height, width = picture.shape[:2]
        total = np.zeros((len(self.table), height, width), np.float32)
        for rule in self._rules:
            seen = brought_to(picture, rule.size_for(width, height))
            for mirrored in (False, True) if self._mirrored else (False,):
                scores = self._network.scores(np.ascontiguousarray(seen[:, ::-1]) if mirrored else seen)
                probabilities = class_probabilities(scores)[..., ::-1] if mirrored else class_probabilities(scores)
                for number, plane in enumerate(np.ascontiguousarray(probabilities, np.float32)):
                    total[number] += cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR)
        return class_of_pixels(total)


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
        return SegmentationEstimator(user, (user.rule,), table)
    from auxfocus_ros.monodepth.networks import load_segmentation_network
    from auxfocus_ros.monodepth.networks.depth_inference import OwnSegmentation
    from auxfocus_ros.monodepth.networks.segmentation_network import CLASSES

    require_classes(table, CLASSES, "our segmentation network")
    network = load_segmentation_network(path if options.segmentation else None)
    asked_px = (options.segmentation_width_px, options.segmentation_height_px)
    rules = [SizeRule(*asked_px)] if any(asked_px) else [SizeRule(budget_px=budget_px) for budget_px in BUDGETS_PX]
    return SegmentationEstimator(OwnSegmentation(network), rules, table, mirrored=True)
