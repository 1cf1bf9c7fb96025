"""Targets that are a part of the picture and no object: what somebody pointed at, framed, or a detector found where depth shows
nothing that stands out."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.targets.boxes import central_part, clipped, square_round
from auxfocus_ros.distribution.targets.readings import DepthReadings
from auxfocus_ros.distribution.targets.region_depth import RegionDepth, region_depth
from auxfocus_ros.distribution.targets.target import Target, TargetSource, TargetState
from auxfocus_ros.optics.camera import CameraModel, distortion_of
from auxfocus_ros.optics.distortion import undistorted_rays

POINT_SHARE = 0.02
"""Of the picture's height: the side of the square that a point stands for."""
_WIDENED = (1.0, 2.0, 4.0)  # where a sparse lidar has no readings in it, it is made wider
_ENOUGH = 3  # readings
_CENTRAL_SHARE = 0.5  # of a detector's box: round it there is background


@dataclass(frozen=True)
class Region:
    """A part of the picture that stays where it is. source: POINT, BOX or WHOLE_FRAME."""

    id: int
    box_px: BoxPx
    source: TargetSource

    @classmethod
    def round_point(cls, identity: int, x_px: float, y_px: float, picture_size_px: tuple[int, int]) -> Region:
        """The square round a point."""
        side = max(POINT_SHARE * picture_size_px[1], 3.0)
        return cls(identity, square_round(x_px, y_px, side, picture_size_px), TargetSource.POINT)

    def look(self, readings: DepthReadings, picture_size_px: tuple[int, int], time_s: float) -> Target:
        """What is there in a frame; `depth_m` is NaN without readings."""
        widened = _WIDENED if self.source == TargetSource.POINT else (1.0,)
        return _target(self, _depth_at(self.box_px, widened, readings, picture_size_px), picture_size_px, time_s)


def look_at_detection(
    identity: int, box_px: BoxPx, readings: DepthReadings, picture_size_px: tuple[int, int], time_s: float
) -> Target | None:
    """What a detector's box shows in a frame, by the readings in its middle; None: the picture shows nothing of it."""
    box = clipped(box_px, picture_size_px)
    if box is None:
        return None
    depth = region_depth(readings.depths_in(central_part(box, _CENTRAL_SHARE))) or region_depth(readings.depths_in(box))
    return _target(Region(identity, box, TargetSource.DETECTOR), depth, picture_size_px, time_s)


def placed(target: Target, camera: CameraModel) -> Target:
    """A target with the place in the optical frame that its box and depths give it; unchanged where there is no ray or depth."""
    if not math.isfinite(target.depth_m):
        return target
    left, top, width, height = target.box_px
    u = np.array([left + 0.5 * (width - 1), left - 0.5, left + width - 0.5])
    v = np.array([top + 0.5 * (height - 1), top - 0.5, top + height - 0.5])
    rays = undistorted_rays(distortion_of(camera), (u - camera.cx_px) / camera.fx_px, (v - camera.cy_px) / camera.fy_px)
    if not np.isfinite(rays).all():
        return target
    (x, y), low, high = (rays * target.depth_m).tolist()
    return replace(
        target,
        position_m=(x, y, target.depth_m),
        low_m=(*low, target.depth_near_m),
        high_m=(*high, target.depth_far_m),
    )


def _depth_at(
    box: BoxPx, widened: tuple[float, ...], readings: DepthReadings, picture_size_px: tuple[int, int]
) -> RegionDepth | None:
    found = None
    for factor in widened:
        wide = box
        if factor > 1.0:
            middle = (box[0] + 0.5 * (box[2] - 1), box[1] + 0.5 * (box[3] - 1))
            wide = square_round(*middle, factor * max(box[2:]), picture_size_px)
        found = region_depth(readings.depths_in(wide)) or found
        if found is not None and found.count >= _ENOUGH:
            return found
    return found


def _target(region: Region, depth: RegionDepth | None, picture_size_px: tuple[int, int], time_s: float) -> Target:
    target = Target(
        id=region.id,
        box_px=region.box_px,
        state=TargetState.TRACKED,
        source=region.source,
        area_share=region.box_px[2] * region.box_px[3] / (picture_size_px[0] * picture_size_px[1]),
        last_seen_s=time_s,
    )
    if depth is None:
        return target
    return replace(
        target, depth_m=depth.depth_m, depth_near_m=depth.near_m, depth_far_m=depth.far_m, depth_sigma_m=depth.sigma_m,
        point_count=depth.count,
    )  # fmt: skip
