"""What the focus can be put on: objects with an identity that lasts, faces and people, and what somebody chose in the picture.

`TargetKeeper` is told of each frame and gives its targets; `Selection` is how somebody says what is of interest. The detectors of
faces, people and whatever a user's network finds stand in `detectors.py`.
"""

from auxfocus_ros.distribution.targets.detection import Detection
from auxfocus_ros.distribution.targets.interest import Selection, SelectionError, SelectionMode, SelectionOutcome
from auxfocus_ros.distribution.targets.options import KeeperOptions
from auxfocus_ros.distribution.targets.readings import DepthImageReadings, DepthReadings, PointReadings, SegmentMap
from auxfocus_ros.distribution.targets.region_depth import RegionDepth, region_depth
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.distribution.targets.target_keeper import TargetKeeper
from auxfocus_ros.distribution.targets.tracker import ObjectTracker, TrackerOptions

__all__ = [
    "DepthImageReadings",
    "DepthReadings",
    "Detection",
    "KeeperOptions",
    "ObjectTracker",
    "PointReadings",
    "RegionDepth",
    "SegmentMap",
    "Selection",
    "SelectionError",
    "SelectionMode",
    "SelectionOutcome",
    "Target",
    "TargetKeeper",
    "TargetSet",
    "TargetSource",
    "TargetState",
    "TrackerOptions",
    "region_depth",
]
