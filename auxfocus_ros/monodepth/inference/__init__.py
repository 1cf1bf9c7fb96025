"""A picture in, depth out: which network is asked, at what size, for which camera, and what a user's own network has to give.

`load_depth_estimator` and `load_segmentation_estimator` are what nodes and commands take; `points_of` makes points of what comes.
"""

from auxfocus_ros.monodepth.inference.cameras import assumed_camera, require_fitting
from auxfocus_ros.monodepth.inference.depth_estimator import DepthEstimate, DepthEstimator, load_depth_estimator
from auxfocus_ros.monodepth.inference.options import DepthNetworkOptions, SegmentationNetworkOptions
from auxfocus_ros.monodepth.inference.points import points_of
from auxfocus_ros.monodepth.inference.segmentation_estimator import SegmentationEstimator, load_segmentation_estimator

__all__ = [
    "DepthEstimate",
    "DepthEstimator",
    "DepthNetworkOptions",
    "SegmentationEstimator",
    "SegmentationNetworkOptions",
    "assumed_camera",
    "load_depth_estimator",
    "load_segmentation_estimator",
    "points_of",
    "require_fitting",
]
