"""From points or a depth image to the depth distribution: how many readings lie at which depth in which column of the picture.

A cloud is moved into the camera's frame and projected (`projection.py`: what the picture shows; `hidden.py`: what of it the
camera sees; `panorama.py`: all of it, by bearing), a `DepthAxis` says how depth is divided (`axis.py`), an `AcrossAxis` what the
columns are (`across.py`), and `counts.py` counts; `grouped.py` does so by object. An `AxisFollower` (`scene_range.py`) chooses
the ends of the depth axis from the scene without jumping about. Nothing here draws.
"""

from auxfocus_ros.distribution.across import AcrossAxis, AcrossUnit
from auxfocus_ros.distribution.axis import SCALES, DepthAxis, Scale
from auxfocus_ros.distribution.counts import DepthDistribution, count_depth_image, count_panorama, count_points
from auxfocus_ros.distribution.depth_cloud import depth_to_points
from auxfocus_ros.distribution.focus_split import FocusSplit
from auxfocus_ros.distribution.grouped import count_layers, owners
from auxfocus_ros.distribution.hidden import visible_from_camera
from auxfocus_ros.distribution.panorama import (
    LevelFrame,
    PanoramaPoints,
    field_of_view,
    focus_curve,
    level_frame,
    picture_span,
    place_by_bearing,
)
from auxfocus_ros.distribution.projection import ProjectedPoints, project_cloud
from auxfocus_ros.distribution.scan import warm_up
from auxfocus_ros.distribution.scene_range import AxisFollower, robust_range_m

__all__ = [
    "SCALES",
    "AcrossAxis",
    "AcrossUnit",
    "AxisFollower",
    "DepthAxis",
    "DepthDistribution",
    "FocusSplit",
    "LevelFrame",
    "PanoramaPoints",
    "ProjectedPoints",
    "Scale",
    "count_depth_image",
    "count_layers",
    "count_panorama",
    "count_points",
    "depth_to_points",
    "field_of_view",
    "focus_curve",
    "level_frame",
    "owners",
    "picture_span",
    "place_by_bearing",
    "project_cloud",
    "robust_range_m",
    "visible_from_camera",
    "warm_up",
]
