"""The networks for depth, pose, segmentation and what moves, their losses and geometry. PyTorch is imported when the first is
loaded.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from auxfocus_ros.optics.config_path import config_dir

if TYPE_CHECKING:
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork
    from auxfocus_ros.monodepth.networks.motion_network import MotionNetwork
    from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork
    from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork

__all__ = ["load_depth_network", "load_motion_network", "load_pose_network", "load_segmentation_network", "weights_path"]


def weights_path(name: str) -> Path:
    """Where the shipped weights of a network lie: 'depth', 'motion', 'pose' or 'segmentation'."""
    return config_dir() / "monodepth" / "weights" / f"{name}.safetensors"


@lru_cache(maxsize=4)
def load_depth_network(path: Path | None = None) -> DepthNetwork:
    """path: of the weights; None: those that are shipped. Loaded once. Raises ConfigurationError."""
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.depth_network import DepthNetwork

    return load_weights(DepthNetwork(), path or weights_path("depth"))


@lru_cache(maxsize=4)
def load_segmentation_network(path: Path | None = None) -> SegmentationNetwork:
    """path: as for `load_depth_network`."""
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.segmentation_network import SegmentationNetwork

    return load_weights(SegmentationNetwork(), path or weights_path("segmentation"))


@lru_cache(maxsize=4)
def load_motion_network(path: Path | None = None) -> MotionNetwork:
    """path: as for `load_depth_network`."""
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.motion_network import MotionNetwork

    return load_weights(MotionNetwork(), path or weights_path("motion"))


@lru_cache(maxsize=4)
def load_pose_network(path: Path | None = None) -> PoseNetwork:
    """path: as for `load_depth_network`."""
    from auxfocus_ros.learning.weights import load_weights
    from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork

    return load_weights(PoseNetwork(), path or weights_path("pose"))
