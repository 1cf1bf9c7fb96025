"""From points or a depth image to the depth distribution: how many readings lie at which depth in which column of the picture.

A cloud is moved into the camera's frame and projected (`projection.py`: what the picture shows), a `DepthAxis` says how depth is
divided (`axis.py`), and `counts.py` counts. An `AxisFollower` (`scene_range.py`) chooses the ends of the axis from the scene
without jumping about. Nothing here draws.
"""

from auxfocus_ros.distribution.axis import SCALES, DepthAxis, Scale
from auxfocus_ros.distribution.counts import DepthDistribution, count_depth_image, count_points
from auxfocus_ros.distribution.focus_split import FocusSplit, split_by_focus
from auxfocus_ros.distribution.projection import ProjectedPoints, project_cloud
from auxfocus_ros.distribution.scene_range import AxisFollower, robust_range_m

__all__ = [
    "SCALES",
    "AxisFollower",
    "DepthAxis",
    "DepthDistribution",
    "FocusSplit",
    "ProjectedPoints",
    "Scale",
    "count_depth_image",
    "count_points",
    "project_cloud",
    "robust_range_m",
    "split_by_focus",
]
