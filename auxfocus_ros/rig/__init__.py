"""Where frames come from: recordings, folders of pictures and scans, focal stacks, a simulator; one interface, `Source`.

A frame is a picture, its camera's geometry, and the points or the depth image that belong to it, with one stamp. Others take
`open_source` (a source by kind and path), `Pacer` (its frames at the recorded or a fixed rate) and `load_rig` (what a recording
does not say itself). Drivers' topics are a source too, which lives in `ros`. Nothing here needs ROS.
"""

from auxfocus_ros.rig.frame import CloudBytes, Frame, LensReading, cloud_bytes, fields_xyz, points_of_depth, structured_points
from auxfocus_ros.rig.opening import SOURCE_KINDS, open_source
from auxfocus_ros.rig.pace import Pacer, Release
from auxfocus_ros.rig.rig_file import RigDescription, camera_from_values, load_rig, parse_rig, shipped_rigs
from auxfocus_ros.rig.source import Source, SourceCounts, SteeredSource

__all__ = [
    "SOURCE_KINDS",
    "CloudBytes",
    "Frame",
    "LensReading",
    "Pacer",
    "Release",
    "RigDescription",
    "Source",
    "SourceCounts",
    "SteeredSource",
    "camera_from_values",
    "cloud_bytes",
    "fields_xyz",
    "load_rig",
    "open_source",
    "parse_rig",
    "points_of_depth",
    "shipped_rigs",
    "structured_points",
]
