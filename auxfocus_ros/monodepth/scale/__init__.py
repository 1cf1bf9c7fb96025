"""Metric scale: a network's depth is right up to a factor, a lens needs metres. From measured points, a rangefinder's beam, a
known motion or a known height of the camera comes the factor, with its uncertainty; without any of these the depth stays
relative.
"""

from auxfocus_ros.monodepth.scale.estimate import ScaleEstimate, ScaleSource, no_scale
from auxfocus_ros.monodepth.scale.height import scale_from_height
from auxfocus_ros.monodepth.scale.motion import readings_from_motion, scale_from_motion, scale_from_translation
from auxfocus_ros.monodepth.scale.options import ScaleOptions, TrackerOptions
from auxfocus_ros.monodepth.scale.points import scale_from_points
from auxfocus_ros.monodepth.scale.readings import Readings
from auxfocus_ros.monodepth.scale.tracker import ScaleTracker

__all__ = [
    "Readings", "ScaleEstimate", "ScaleOptions", "ScaleSource", "ScaleTracker", "TrackerOptions", "no_scale",
    "readings_from_motion", "scale_from_height", "scale_from_motion", "scale_from_points", "scale_from_translation",
]  # fmt: skip
