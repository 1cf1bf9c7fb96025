"""From one frame to its auxiliary focus image: depth, axes, counts, objects, targets, drawing, in that order.

What is remembered from frame to frame: the depth axis, which follows the scene; the field of a panorama; the last scans of a
lidar that does not repeat itself; the objects' identities and the target of interest; and where an inset stands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    AcrossAxis,
    DepthAxis,
    DepthDistribution,
    FocusSplit,
    LevelFrame,
    depth_to_points,
    field_of_view,
    focus_curve,
    level_frame,
    place_by_bearing,
    project_cloud,
    visible_from_camera,
)
from auxfocus_ros.distribution.objects import ScanMemory, SegmentationOptions, SegmentedScene
from auxfocus_ros.distribution.targets import Detection, Selection, SelectionOutcome, TargetKeeper, TargetSet
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.view.association import cell_colours
from auxfocus_ros.view.aux_image import draw_aux_image, picture_size_px
from auxfocus_ros.view.content import Content, LayerStack, PictureSpan
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.frame_depth import NO_READINGS, CloudDepth, FrameDepth, ImageDepth
from auxfocus_ros.view.inset import InsetPlacer
from auxfocus_ros.view.layers import assign_layers
from auxfocus_ros.view.layout import arrange, counts_shape
from auxfocus_ros.view.marker_geometry import MarkerGeometry, marker_geometry
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.pipeline_options import PipelineOptions

NOTHING_FOUND = SegmentedScene((), np.empty(0, np.uint16), 0)
_SAME_SHAPE = 0.02  # by which the sides' ratio of a depth image may differ from the picture's


@dataclass(frozen=True, eq=False)
class FrameInput:
    """A picture with its depth.

    Attributes:
        picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey.
        camera: of the picture; needed with a cloud.
        points_m: cloud, (N, 3) float or structured with x, y, z, in its own frame.
        optical_from_points: from the cloud's frame (or that of `depth_camera`) to the camera's optical frame; None: they are one.
        depth: depth image, float32 metres or uint16 in units of `depth_unit_m`; read if there is no cloud. Of the picture's field
            of view, unless `depth_camera` is given.
        depth_unit_m: metres a unit of an integer depth image.
        depth_camera: where the depth image is another camera's: that camera.
        depth_error_share: what error all depths have in common, one standard deviation as a share of the depth: that of a scale.
        without_depth: a few words that stand in the plot where there is no depth.
        time_s: of the picture, seconds; what is tracked moves by it.
    """

    picture: NDArray[np.uint8]
    camera: CameraModel | None = None
    points_m: NDArray[Any] | None = None
    optical_from_points: RigidTransform | None = None
    depth: NDArray[Any] | None = None
    depth_unit_m: float = 0.001
    depth_camera: CameraModel | None = None
    depth_error_share: float = 0.0
    without_depth: str = "no depth readings"
    time_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was worked out for a frame, ready to be drawn.

    Attributes:
        frame: it was made of.
        focus: where the focus stood.
        content: distribution, targets, and what else is drawn.
        scene: the frame split into objects; None: it was not asked for.
        depth: the readings that all of it was made of; None: the frame has none.
    """

    frame: FrameInput
    focus: FocusReading
    content: Content
    scene: SegmentedScene | None = None
    depth: FrameDepth | None = None

    @property
    def distribution(self) -> DepthDistribution:
        """The counts; empty without depth."""
        return self.content.distribution

    @property
    def split(self) -> FocusSplit:
        """Readings inside the depth of field, nearer and farther."""
        return self.content.distribution.split

    @property
    def targets(self) -> TargetSet:
        """Objects and regions, the most important first."""
        return self.content.targets


class AuxFocusPipeline:
    """Makes auxiliary focus images of a stream of frames; not for use from several threads at once.

    `options` may be set between frames; an axis that follows begins anew where its options changed, identities stay.
    """

    def __init__(self, options: PipelineOptions | None = None) -> None:
        """Begin with an axis that has seen no scene."""
        self._options = options or PipelineOptions()
        self._follower = self._options.distribution.axis_follower()
        self._keeper = TargetKeeper(self._options.distribution.keeper_options())
        self._segmentation = SegmentationOptions()
        self._memory = ScanMemory()
        self._placer = InsetPlacer()
        self._error_share = 0.0
        self._field_rad: tuple[float, float] | None = None
        self._level: LevelFrame | None = None  # which way is up does not change when a gimbal looks down

    @property
    def options(self) -> PipelineOptions:
        """The present options."""
        return self._options

    @options.setter
    def options(self, options: PipelineOptions) -> None:
        old, self._options = self._options, options
        before, now = old.distribution, options.distribution
        if (before.scale, before.near_m, before.far_m) != (now.scale, now.near_m, now.far_m):
            self._follower = now.axis_follower()
        self._keeper.options = now.keeper_options()

    def select(self, selection: Selection) -> SelectionOutcome:
        """Choose the target of interest; may be called from any thread, and never raises for what somebody chose."""
        outcome = self._keeper.select(selection)
        if outcome.target is None:
            return outcome
        return replace(outcome, target=outcome.target.with_common_error(self._error_share))

    def add_detections(self, detections: tuple[Detection, ...], time_s: float) -> None:
        """Take what a detector found in the picture of a time; may be called from any thread."""
        self._keeper.add_detections(detections, time_s)

    def analyse(self, frame: FrameInput, focus: FocusReading) -> Analysis:
        """Work out all that one image shows.

        Args:
            frame: picture and depth. Without cloud and depth image the picture is drawn with the axis and the focus alone.
            focus: where the focus stands.

        Raises:
            InputError: input that cannot be used.
        """
        size = picture_size_px(frame.picture)
        camera = None if frame.camera is None else frame.camera.scaled_to(*size)
        depth = self._depth_of(frame, camera, size)
        distribution = self._distribution(depth, camera, size, focus)
        scene = depth.segment(self._segmentation) if depth is not None and self._options.distribution.objects else None
        limits = (focus.near_limit_m, focus.far_limit_m)
        readings = NO_READINGS if depth is None else depth.readings(scene)
        targets = self._keeper.update(scene or NOTHING_FOUND, readings, size, limits, frame.time_s, camera=camera)
        if depth is not None:
            self._error_share = frame.depth_error_share  # a depth that is held keeps it
        targets = targets.with_common_error(self._error_share)
        content = Content(distribution, targets, without_readings=frame.without_depth)
        if depth is not None:
            content = self._with_objects(content, depth, scene, frame)
            content = self._with_panorama(content, depth, camera, frame, focus)
        view = self._options.view
        if view.offset_bars and depth is not None:
            content = replace(content, offsets=depth.zone_offsets(focus, view.offset_zones))
        if view.layout == "inset":
            content = replace(
                content, inset_at=self._placer.place(frame.picture, (target.box_px for target in targets.targets), view)
            )
        return Analysis(frame, focus, content, scene, depth)

    def draw(self, analysis: Analysis, view: ViewOptions | None = None) -> tuple[NDArray[np.uint8], MarkerGeometry]:
        """Draw what was worked out, by the pipeline's options or by others that need no more: see `draw_aux_image`."""
        return draw_aux_image(analysis.frame.picture, analysis.content, analysis.focus, view or self._options.view)

    def geometry(self, analysis: Analysis) -> MarkerGeometry:
        """Where axis and focus stand in the image, without drawing it."""
        size, content = picture_size_px(analysis.frame.picture), analysis.content
        return marker_geometry(arrange(*size, self._options.view, content.inset_at), content.distribution.axis, analysis.focus)

    def _depth_of(self, frame: FrameInput, camera: CameraModel | None, size: tuple[int, int]) -> FrameDepth | None:
        if frame.points_m is not None:
            return self._cloud(frame.points_m, frame, camera)
        if frame.depth is None:
            return None
        if frame.depth_camera is not None:
            own = frame.depth_camera.scaled_to(frame.depth.shape[1], frame.depth.shape[0])
            return self._cloud(depth_to_points(frame.depth, own, frame.depth_unit_m), frame, camera)
        return _registered(frame.depth, frame.depth_unit_m, size, camera)

    def _cloud(self, points_m: NDArray[Any], frame: FrameInput, camera: CameraModel | None) -> CloudDepth:
        if camera is None:
            raise InputError("auxiliary focus image: a cloud needs the picture's camera model (camera_info)")
        options, transform = self._options.distribution, frame.optical_from_points or RigidTransform.identity()
        points = project_cloud(points_m, transform, camera)
        panorama = None
        if options.field_of_view == "sensor":
            self._level = self._level or level_frame(transform)
            panorama = place_by_bearing(points_m, transform, camera, self._level)
        if options.hide_occluded:
            visible = visible_from_camera(points, camera.width_px, camera.height_px)
            points = points.only(visible)
            panorama = None if panorama is None else panorama.hiding(visible)
        joined = self._memory.add(points, camera, frame.time_s) if options.objects and frame.points_m is not None else None
        return CloudDepth(points, camera, (camera.width_px, camera.height_px), panorama, joined)

    def _distribution(
        self, depth: FrameDepth | None, camera: CameraModel | None, size: tuple[int, int], focus: FocusReading
    ) -> DepthDistribution:
        angle = self._options.distribution.across_angle_rad
        bins, columns = counts_shape(*size, self._options.view, 0 if depth is None else depth.size_across_px(angle))
        self._follower.bins = self._options.distribution.depth_bins or bins
        if depth is None:
            axis = self._follower.update(np.empty(0, np.float32))
            return DepthDistribution.empty(axis, self._across(axis, columns, camera, size, None))
        axis = self._follower.update(depth.depths, depth.unit_m)
        across = self._across(axis, columns, camera, size, depth)
        return depth.count(axis, across, (focus.near_limit_m, focus.far_limit_m))

    def _across(
        self, axis: DepthAxis, columns: int, camera: CameraModel | None, size: tuple[int, int], depth: FrameDepth | None
    ) -> AcrossAxis:
        options = self._options.distribution
        angle, (width, height) = options.across_angle_rad, size
        if isinstance(depth, CloudDepth) and depth.panorama is not None:
            self._field_rad = field_of_view(depth.panorama.bearing_rad, self._field_rad)
            return AcrossAxis(*self._field_rad, columns, "radians")
        x, y = (-0.5, width - 0.5), (-0.5, height - 0.5)
        unit = 1.0
        if options.across == "metres" and depth is not None:
            if camera is None:
                raise InputError("auxiliary focus image: metres across need the picture's camera model (camera_info)")
            # What the picture shows at the far end of the axis, so that nothing on the axis lies beside it.
            unit = axis.far_m
            x = ((x[0] - camera.cx_px) / camera.fx_px, (x[1] - camera.cx_px) / camera.fx_px)
            y = ((y[0] - camera.cy_px) / camera.fy_px, (y[1] - camera.cy_px) / camera.fy_px)
        corners = [u * math.cos(angle) + v * math.sin(angle) for u in x for v in y] if angle else [*x]
        across = options.across if depth is not None else "pixels"
        return AcrossAxis(min(corners) * unit, max(corners) * unit, columns, across, angle)

    def _with_objects(self, content: Content, depth: FrameDepth, scene: SegmentedScene | None, frame: FrameInput) -> Content:
        view = self._options.view
        if scene is None:
            return content
        if view.layers:
            targets, axis = content.targets.targets, content.distribution.axis
            plan = assign_layers(targets, axis, view.most_layers, len(scene.objects))
            counts = depth.layers(scene, plan.layer_of_segment, plan.layers, content.distribution)
            content = replace(content, layers=LayerStack(counts, plan.ids))
        if view.association == "colours" or (view.show_targets and content.targets.selected_id):
            content = replace(content, owners=depth.owners(scene, content.distribution))
        if view.association == "colours" and content.owners is not None:
            content = replace(content, cell_colours=cell_colours(frame.picture, content.targets.targets, content.owners))
        return content

    def _with_panorama(
        self, content: Content, depth: FrameDepth, camera: CameraModel | None, frame: FrameInput, focus: FocusReading
    ) -> Content:
        if not isinstance(depth, CloudDepth) or depth.panorama is None or camera is None:
            return content
        content = replace(content, panorama=PictureSpan(*depth.panorama.span_rad))
        if focus.state != "finite":
            return content
        transform = frame.optical_from_points or RigidTransform.identity()
        return replace(content, focus_curve=focus_curve(focus.focus_distance_m, transform, camera, self._level))


def _registered(depth: NDArray[Any], unit_m: float, size: tuple[int, int], camera: CameraModel | None) -> ImageDepth:
    """A depth image of the picture's field of view. Raises InputError for one that cannot be."""
    if depth.ndim != 2 or not depth.size or depth.dtype not in (np.float32, np.uint16):
        raise InputError(f"depth image: wanted (H, W) float32 metres or uint16, got shape {depth.shape} of {depth.dtype}")
    height, width = depth.shape
    if abs(width * size[1] / (height * size[0]) - 1) > _SAME_SHAPE:
        raise InputError(
            f"depth image {width} x {height} and picture {size[0]} x {size[1]} have different shapes: register the depth to the "
            "picture, or give the depth camera's intrinsics in the rig file (depth: camera)"
        )
    return ImageDepth(depth, 1.0 if depth.dtype == np.float32 else unit_m, size, camera)
