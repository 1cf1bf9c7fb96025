"""The scene split into objects: what stands on the ground, or apart from what is behind it, from depth alone."""

from auxfocus_ros.distribution.objects.options import SegmentationOptions
from auxfocus_ros.distribution.objects.scan_memory import ScanMemory, ScanMemoryOptions
from auxfocus_ros.distribution.objects.scene_object import BoxPx, SceneObject, SegmentedScene
from auxfocus_ros.distribution.objects.segmentation import segment_depth_image, segment_points, warm_up

__all__ = [
    "BoxPx", "ScanMemory", "ScanMemoryOptions", "SceneObject", "SegmentationOptions", "SegmentedScene", "segment_depth_image",
    "segment_points", "warm_up",
]  # fmt: skip
