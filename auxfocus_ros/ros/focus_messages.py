"""The focus in messages: what was drawn into a FocusMarker, focus plane and depth of field into RViz markers.

The distribution and its drawing are the business of other rooms, which this one does not import: it says by `Protocol` what it
reads of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from auxfocus_interfaces.msg import FocusMarker

STATES = {
    "unknown": FocusMarker.STATE_UNKNOWN,
    "finite": FocusMarker.STATE_FINITE,
    "infinity": FocusMarker.STATE_INFINITY,
    "beyond_infinity": FocusMarker.STATE_BEYOND_INFINITY,
}
AMBER = ColorRGBA(r=1.0, g=0.72, b=0.2, a=0.55)
AMBER_FAINT = ColorRGBA(r=1.0, g=0.72, b=0.2, a=0.15)
MARKER_LIFETIME_S = 1


class Focus(Protocol):
    """What is read of a focus reading; see FocusMarker.msg for the meaning and the units."""

    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def focus_distance_m(self) -> float: ...  # noqa: D102
    @property
    def near_limit_m(self) -> float: ...  # noqa: D102
    @property
    def far_limit_m(self) -> float: ...  # noqa: D102


class DrawnAxis(Protocol):
    """What is read of a drawn depth axis; see FocusMarker.msg for the meaning and the units."""

    @property
    def direction(self) -> int: ...  # noqa: D102
    @property
    def image_width_px(self) -> int: ...  # noqa: D102
    @property
    def image_height_px(self) -> int: ...  # noqa: D102
    @property
    def axis_depth_m(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def axis_px(self) -> Sequence[float]: ...  # noqa: D102
    @property
    def focus_px(self) -> float: ...  # noqa: D102
    @property
    def near_px(self) -> float: ...  # noqa: D102
    @property
    def far_px(self) -> float: ...  # noqa: D102


class Split(Protocol):
    """Counted points relative to the depth of field."""

    @property
    def inside(self) -> int: ...  # noqa: D102
    @property
    def nearer(self) -> int: ...  # noqa: D102
    @property
    def farther(self) -> int: ...  # noqa: D102


def make_focus_marker(focus: Focus, axis: DrawnAxis, split: Split, lens_stamp: Time | None, header: Header) -> FocusMarker:
    """The marker of one auxiliary focus image.

    Args:
        focus: the focus that was drawn.
        axis: where the depth axis and the focus were drawn.
        split: counted points inside the depth of field, nearer and farther.
        lens_stamp: stamp of the lens state that was used; None: there was none.
        header: the picture's.
    """
    message = FocusMarker(header=header, state=STATES[focus.state], direction=int(axis.direction))
    message.focus_distance_m = focus.focus_distance_m
    message.near_limit_m = focus.near_limit_m
    message.far_limit_m = focus.far_limit_m
    message.image_width_px, message.image_height_px = axis.image_width_px, axis.image_height_px
    message.axis_depth_m = [float(value) for value in axis.axis_depth_m]
    message.axis_px = [float(value) for value in axis.axis_px]
    message.focus_px, message.near_px, message.far_px = float(axis.focus_px), float(axis.near_px), float(axis.far_px)
    message.points_inside, message.points_nearer, message.points_farther = split.inside, split.nearer, split.farther
    if lens_stamp is not None:
        message.lens_stamp = lens_stamp
    return message


def make_scene_markers(plane_m: np.ndarray | None, slab_m: np.ndarray | None, header: Header) -> MarkerArray:
    """The focus plane and the depth-of-field slab for RViz and Foxglove, in the optical frame.

    Args:
        plane_m: (4, 3) corners of what the picture shows at the focus distance, in order round it; None: there is none.
        slab_m: (2, 4, 3) the same at the near and the far limit; None: there is none.
        header: the picture's.
    """
    plane = _lines("focus_plane", header, AMBER, 0.02)
    slab = _lines("depth_of_field", header, AMBER_FAINT, 0.01)
    if plane_m is None:
        plane.action = Marker.DELETE
    else:
        plane.points = _outline(plane_m)
    if slab_m is None:
        slab.action = Marker.DELETE
    else:
        near, far = slab_m
        edges = [point for pair in zip(near, far, strict=True) for point in pair]
        slab.points = [*_outline(near), *_outline(far), *(_point(point) for point in edges)]
    return MarkerArray(markers=[plane, slab])


def _lines(name: str, header: Header, color: ColorRGBA, width_m: float) -> Marker:
    marker = Marker(header=header, ns=name, type=Marker.LINE_LIST, action=Marker.ADD, color=color)
    marker.scale.x = width_m
    marker.pose.orientation.w = 1.0
    marker.lifetime = Duration(sec=MARKER_LIFETIME_S)
    return marker


def _outline(corners_m: np.ndarray) -> list[Point]:
    """The four edges of a quadrilateral as pairs of points."""
    return [_point(corners_m[(start + step) % 4]) for start in range(4) for step in (0, 1)]


def _point(point_m: Any) -> Point:
    x, y, z = (float(value) for value in point_m)
    return Point(x=x, y=y, z=z)
