"""The depth of one frame, be it a cloud or a depth image: what the pipeline asks of it, in the same words for both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    AcrossAxis,
    DepthAxis,
    DepthDistribution,
    PanoramaPoints,
    ProjectedPoints,
    count_depth_image,
    count_layers,
    count_panorama,
    count_points,
    owners,
)
from auxfocus_ros.distribution.objects import SegmentationOptions, SegmentedScene, segment_depth_image, segment_points
from auxfocus_ros.distribution.targets import DepthImageReadings, PointReadings
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.view.content import ZoneOffset
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.zone_offsets import zone_offsets, zone_offsets_of_depth_image

Limits = tuple[float, float]
_NONE = np.empty(0, np.float32)
NO_READINGS = PointReadings(ProjectedPoints(_NONE, _NONE, _NONE, _NONE, _NONE), None, (1, 1))
"""Of a frame without depth."""


@dataclass(frozen=True, eq=False)
class CloudDepth:
    """A cloud: what the picture of `camera` shows of it, and, for a panorama, all of it.

    joined: the points with those of earlier scans, for a lidar whose scans do not repeat; None: the points alone.
    """

    points: ProjectedPoints
    camera: CameraModel
    picture_size_px: tuple[int, int]
    panorama: PanoramaPoints | None = None
    joined: ProjectedPoints | None = None
    unit_m: float = 1.0

    @property
    def depths(self) -> NDArray[Any]:
        """(N,) metres: what the depth axis is to hold."""
        return self.points.depth_m if self.panorama is None else self.panorama.distance_m

    def size_across_px(self, angle_rad: float) -> int:
        """How many pixels the readings have across; 0: they lie anywhere."""
        return 0

    def count(self, axis: DepthAxis, across: AcrossAxis, limits_m: Limits) -> DepthDistribution:
        """The distribution, and how many readings are inside the depth of field; pixels across are the picture's."""
        if self.panorama is not None:
            return count_panorama(self.panorama, axis, across, limits_m)
        return count_points(self.points, axis, across, limits_m)

    def layers(
        self, scene: SegmentedScene, layer_of: NDArray[np.uint8], count: int, like: DepthDistribution
    ) -> NDArray[np.uint32]:
        """Counts of groups of objects, (count, bins, columns), on the axes of a distribution."""
        return count_layers(self._counted, like.axis, like.across, scene, layer_of, layers=count)

    def owners(self, scene: SegmentedScene, like: DepthDistribution) -> NDArray[np.uint16]:
        """The segment of each cell, (bins, columns)."""
        return owners(self._counted, like.axis, like.across, scene)

    @property
    def _counted(self) -> ProjectedPoints | PanoramaPoints:
        return self.points if self.panorama is None else self.panorama

    def segment(self, options: SegmentationOptions) -> SegmentedScene:
        """The scene split into objects."""
        return segment_points(self.points if self.joined is None else self.joined, self.camera, options, newest=len(self.points))

    def readings(self, scene: SegmentedScene | None) -> PointReadings:
        """The readings as targets ask for them."""
        return PointReadings(self.points, None if scene is None else scene.labels, self.picture_size_px)

    def zone_offsets(self, focus: FocusReading, zones: int) -> tuple[ZoneOffset, ...]:
        """How far what each zone of the picture shows is before or behind the focus."""
        return zone_offsets(self.points, self.picture_size_px, focus, zones)


@dataclass(frozen=True, eq=False)
class ImageDepth:
    """A depth image of the picture's field of view, of any size.

    depths: (H, W) float32 metres or uint16 in units of `unit_m`. camera: the picture's; None: not known.
    """

    depths: NDArray[Any]
    unit_m: float
    picture_size_px: tuple[int, int]
    camera: CameraModel | None

    def size_across_px(self, angle_rad: float) -> int:
        """How many pixels the readings have across; 0: across is neither rows nor columns."""
        height, width = self.depths.shape
        return int(width if angle_rad == 0 else height if abs(np.cos(angle_rad)) < 1e-9 else 0)

    @cached_property
    def _own_camera(self) -> CameraModel | None:
        return None if self.camera is None else self.camera.scaled_to(self.depths.shape[1], self.depths.shape[0])

    def _own(self, across: AcrossAxis) -> AcrossAxis:
        """The same columns in the depth image's own pixels; both axes reach from edge to edge."""
        if across.unit != "pixels":
            return across
        factor = self.depths.shape[1] / self.picture_size_px[0]
        return replace(across, low=(across.low + 0.5) * factor - 0.5, high=(across.high + 0.5) * factor - 0.5)

    def count(self, axis: DepthAxis, across: AcrossAxis, limits_m: Limits) -> DepthDistribution:
        """As of a cloud."""
        counted = count_depth_image(self.depths, axis, self._own(across), self.unit_m, limits_m, camera=self._own_camera)
        return replace(counted, across=across)

    def layers(
        self, scene: SegmentedScene, layer_of: NDArray[np.uint8], count: int, like: DepthDistribution
    ) -> NDArray[np.uint32]:
        """As of a cloud."""
        own, unit_m = self._own(like.across), self.unit_m
        return count_layers(self.depths, like.axis, own, scene, layer_of, layers=count, unit_m=unit_m, camera=self._own_camera)

    def owners(self, scene: SegmentedScene, like: DepthDistribution) -> NDArray[np.uint16]:
        """As of a cloud."""
        own = self._own(like.across)
        return owners(self.depths, like.axis, own, scene, unit_m=self.unit_m, camera=self._own_camera)

    def segment(self, options: SegmentationOptions) -> SegmentedScene:
        """As of a cloud."""
        return segment_depth_image(
            self.depths, self._own_camera, options, unit_m=self.unit_m, picture_size_px=self.picture_size_px
        )

    def readings(self, scene: SegmentedScene | None) -> DepthImageReadings:
        """As of a cloud."""
        labels, step = (None, 0) if scene is None else (scene.labels, scene.step)
        return DepthImageReadings(self.depths, labels, step, self.picture_size_px, self.unit_m)

    def zone_offsets(self, focus: FocusReading, zones: int) -> tuple[ZoneOffset, ...]:
        """As of a cloud."""
        return zone_offsets_of_depth_image(self.depths, focus, zones, self.unit_m)


FrameDepth = CloudDepth | ImageDepth
