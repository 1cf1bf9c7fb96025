"""From one frame to its auxiliary focus image: axis, counts, drawing, in the order that a node or a command needs.

What is remembered from frame to frame is the depth axis alone, which follows the scene.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import (
    AxisFollower,
    DepthAxis,
    DepthDistribution,
    FocusSplit,
    Scale,
    count_depth_image,
    count_points,
    project_cloud,
    split_by_focus,
)
from auxfocus_ros.distribution.axis import MAX_BINS
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.view.aux_image import draw_aux_image, picture_size_px
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.layout import counts_shape
from auxfocus_ros.view.marker_geometry import MarkerGeometry
from auxfocus_ros.view.options import ViewOptions

_FIRST_BINS = 256  # until a picture says how many show well


@dataclass(frozen=True)
class PipelineOptions:
    """Options of `AuxFocusPipeline`.

    Attributes:
        view: what the image is to look like.
        scale: of the depth axis: 'linear', 'dioptre' or 'log'.
        near_m, far_m: ends of the depth axis, metres; 0: follow the scene.
        bins: of the depth axis; 0: as many as show well in the picture.

    Raises:
        ConfigurationError: an end of the axis that cannot be.
    """

    view: ViewOptions = field(default_factory=ViewOptions)
    scale: Scale = "log"
    near_m: float = 0.0
    far_m: float = 0.0
    bins: int = 0

    def __post_init__(self) -> None:
        """Check what the view does not."""
        if not (0 <= self.near_m < math.inf and 0 <= self.far_m < math.inf and 0 <= self.bins <= MAX_BINS):
            raise ConfigurationError(
                f"depth axis: near_m and far_m must be 0 (follow the scene) or greater, bins from 0 to {MAX_BINS}, "
                f"got {self.near_m!r}, {self.far_m!r} and {self.bins!r}"
            )
        self.axis_follower()

    def axis_follower(self) -> AxisFollower:
        """A new follower by these options. Raises ConfigurationError for ends that no axis can have."""
        return AxisFollower(
            self.bins or _FIRST_BINS, self.scale, fixed_near_m=self.near_m or None, fixed_far_m=self.far_m or None
        )


@dataclass(frozen=True, eq=False)
class AuxFocusResult:
    """What became of a frame.

    Attributes:
        image: the auxiliary focus image, BGR uint8.
        geometry: where axis, focus and depth of field stand in it.
        distribution: the counts that were drawn; empty without depth.
        focus: the reading that was drawn.
        split: readings inside the depth of field, nearer and farther.
    """

    image: NDArray[np.uint8]
    geometry: MarkerGeometry
    distribution: DepthDistribution
    focus: FocusReading
    split: FocusSplit


class AuxFocusPipeline:
    """Makes auxiliary focus images of a stream of frames; not for use from several threads at once.

    `options` may be set between frames; an axis that follows begins anew where the axis' options changed.
    """

    def __init__(self, options: PipelineOptions | None = None) -> None:
        """Begin with an axis that has seen no scene."""
        self._options = options or PipelineOptions()
        self._follower = self._options.axis_follower()

    @property
    def options(self) -> PipelineOptions:
        """The present options."""
        return self._options

    @options.setter
    def options(self, options: PipelineOptions) -> None:
        old, self._options = self._options, options
        if (old.scale, old.near_m, old.far_m) != (options.scale, options.near_m, options.far_m):
            self._follower = options.axis_follower()

    def run(
        self,
        picture: NDArray[np.uint8],
        focus: FocusReading,
        *,
        camera: CameraModel | None = None,
        points_m: NDArray[Any] | None = None,
        optical_from_points: RigidTransform | None = None,
        depth_m: NDArray[Any] | None = None,
    ) -> AuxFocusResult:
        """Make the image of one frame.

        Args:
            picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey.
            focus: where the focus stands.
            camera: of the picture; needed with a cloud.
            points_m: cloud, (N, 3) float or structured with x, y, z, in its own frame.
            optical_from_points: from the cloud's frame to the camera's optical frame; None: they are one.
            depth_m: depth image of the picture's field of view, float32 metres or uint16 millimetres; read if there is no cloud.

        Returns:
            The image and all that was worked out for it. Without cloud and depth image the picture is drawn with the axis and the
            focus alone.

        Raises:
            InputError: input that cannot be used.
        """
        width, height = picture_size_px(picture)
        if points_m is not None:
            if camera is None:
                raise InputError("auxiliary focus image: a cloud needs the picture's camera model (camera_info)")
            if (camera.width_px, camera.height_px) != (width, height):
                camera = camera.scaled_to(width, height)
            shown = project_cloud(points_m, optical_from_points or RigidTransform.identity(), camera)
            bins, columns = counts_shape(width, height, self._options.view)
            axis = self._axis(shown.depth_m, bins)
            distribution = count_points(shown.u_px, shown.depth_m, axis, columns, width)
            split = split_by_focus(shown.depth_m, focus.near_limit_m, focus.far_limit_m)
        elif depth_m is not None:
            unit_m = 0.001 if depth_m.dtype == np.uint16 else 1.0
            bins, columns = counts_shape(width, height, self._options.view, source_width_px=depth_m.shape[-1])
            axis = self._axis(depth_m, bins, unit_m)
            distribution = count_depth_image(depth_m, axis, columns, unit_m)
            split = split_by_focus(depth_m, focus.near_limit_m, focus.far_limit_m, unit_m)
        else:
            bins, columns = counts_shape(width, height, self._options.view)
            distribution = DepthDistribution.empty(self._axis(np.empty(0, np.float32), bins), columns, width)
            split = FocusSplit(0, 0, 0)
        image, geometry = draw_aux_image(picture, distribution, focus, self._options.view)
        return AuxFocusResult(image, geometry, distribution, focus, split)

    def _axis(self, depth: NDArray[Any], bins: int, unit_m: float = 1.0) -> DepthAxis:
        self._follower.bins = self._options.bins or bins
        return self._follower.update(depth, unit_m)
