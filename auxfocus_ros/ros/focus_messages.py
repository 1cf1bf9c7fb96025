"""The focus in messages: what was drawn into a FocusMarker, targets into a FocusTargetArray, and the focus plane, the depth of
field and the objects into markers for RViz and Foxglove.

Drawing is the business of another room, which this one does not import: it says by `Protocol` what it reads of what was drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetState
from auxfocus_ros.ros.stamps import NS_PER_S, from_ns

STATES = {
    "unknown": FocusMarker.STATE_UNKNOWN,
    "finite": FocusMarker.STATE_FINITE,
    "infinity": FocusMarker.STATE_INFINITY,
    "beyond_infinity": FocusMarker.STATE_BEYOND_INFINITY,
}
AMBER = ColorRGBA(r=1.0, g=0.72, b=0.2, a=0.55)
AMBER_FAINT = ColorRGBA(r=1.0, g=0.72, b=0.2, a=0.15)
WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=0.95)
BLUE = ColorRGBA(r=0.33, g=0.75, b=0.96, a=0.7)
MARKER_LIFETIME_S = 1
TEXT_SHARE = 0.02  # height of words in the scene, of their distance: as large on the screen wherever they stand


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


class Area(Protocol):
    """A rectangle of whole pixels."""

    @property
    def left(self) -> int: ...  # noqa: D102
    @property
    def top(self) -> int: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102


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

    @property
    def picture(self) -> Area: ...  # noqa: D102
    @property
    def plot(self) -> Area: ...  # noqa: D102


class Outline(Protocol):
    """What is read of a box round an object: both ends of each edge (n, 2, 3), words and where they stand, metres."""

    @property
    def edges_m(self) -> np.ndarray: ...  # noqa: D102
    @property
    def words(self) -> str: ...  # noqa: D102
    @property
    def words_at_m(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def selected(self) -> bool: ...  # noqa: D102
    @property
    def in_focus(self) -> bool: ...  # noqa: D102


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
    message.picture = _region(axis.picture.left, axis.picture.top, axis.picture.width, axis.picture.height)
    message.plot = _region(axis.plot.left, axis.plot.top, axis.plot.width, axis.plot.height)
    message.axis_depth_m = [float(value) for value in axis.axis_depth_m]
    message.axis_px = [float(value) for value in axis.axis_px]
    message.focus_px, message.near_px, message.far_px = float(axis.focus_px), float(axis.near_px), float(axis.far_px)
    message.points_inside, message.points_nearer, message.points_farther = split.inside, split.nearer, split.farther
    if lens_stamp is not None:
        message.lens_stamp = lens_stamp
    return message


def make_targets(targets: TargetSet, header: Header, why_no_depth: str = "") -> FocusTargetArray:
    """All targets of one picture.

    Args:
        targets: in order of attention.
        header: the picture's; its stamp is when the targets that it shows were last seen.
        why_no_depth: in plain words, why there is none in this picture; empty: there is, or nobody knows why not.
    """
    words = "; ".join(filter(None, (targets.message, why_no_depth)))
    message = FocusTargetArray(header=header, selected_id=targets.selected_id, message=words)
    message.targets = [make_target(target, header) for target in targets.targets]
    return message


def make_target(target: Target, header: Header) -> FocusTarget:
    """One target, with the picture's header."""
    message = FocusTarget(header=header, id=target.id, label=target.label, state=int(target.state), source=int(target.source))
    message.selected, message.in_focus = bool(target.selected), bool(target.in_focus)
    message.confidence = float(target.confidence)
    message.roi = _region(*target.box_px)
    message.position_m = _point(target.position_m)
    message.depth_m, message.depth_sigma_m = float(target.depth_m), float(target.depth_sigma_m)
    message.depth_near_m, message.depth_far_m = float(target.depth_near_m), float(target.depth_far_m)
    message.depth_velocity_m_per_s = float(target.depth_velocity_m_per_s)
    message.point_count = target.point_count
    if target.state == TargetState.TRACKED:
        message.last_seen = header.stamp
    elif math.isfinite(target.last_seen_s) and target.last_seen_s > 0:
        message.last_seen = from_ns(round(target.last_seen_s * NS_PER_S))
    return message


def make_scene_markers(
    plane_m: np.ndarray | None, slab_m: np.ndarray | None, header: Header, outlines: Sequence[Outline] = ()
) -> MarkerArray:
    """The focus plane, the depth-of-field slab and the objects for RViz and Foxglove, in the optical frame.

    Every array is the whole scene: what is not in it any more is deleted by it.

    Args:
        plane_m: (4, 3) corners of what the picture shows at the focus distance, in order round it; None: there is none.
        slab_m: (2, 4, 3) the same at the near and the far limit; None: there is none.
        header: the picture's.
        outlines: boxes round objects: white round the target of interest, amber in focus, else blue.
    """
    plane = _lines("focus_plane", header, AMBER, 0.02)
    slab = _lines("depth_of_field", header, AMBER_FAINT, 0.01)
    boxes = _lines("objects", header, BLUE, 0.02)
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
    if not outlines:
        boxes.action = Marker.DELETE
    for outline in outlines:
        ends = outline.edges_m.reshape(-1, 3)
        boxes.points += [_point(end) for end in ends]
        boxes.colors += [_colour(outline)] * len(ends)
    # Viewers take an array as a whole, so that words which are deleted and put back are never seen to be gone.
    stale = Marker(header=header, ns="object_words", action=Marker.DELETEALL)
    words = [_words(number, outline, header) for number, outline in enumerate(outlines) if outline.words]
    return MarkerArray(markers=[plane, slab, boxes, stale, *words])


def _words(number: int, outline: Outline, header: Header) -> Marker:
    marker = Marker(header=header, ns="object_words", id=number, type=Marker.TEXT_VIEW_FACING, action=Marker.ADD)
    marker.text, marker.color = outline.words, _colour(outline)
    marker.pose.position, marker.pose.orientation.w = _point(outline.words_at_m), 1.0
    marker.scale.z = max(TEXT_SHARE * outline.words_at_m[2], 0.01)
    marker.lifetime = Duration(sec=MARKER_LIFETIME_S)
    return marker


def _colour(outline: Outline) -> ColorRGBA:
    return WHITE if outline.selected else AMBER if outline.in_focus else BLUE


def _region(left: float, top: float, width: float, height: float) -> RegionOfInterest:
    """A rectangle; what lies left of the picture or above it is cut off, since the message cannot say it."""
    x, y = max(round(left), 0), max(round(top), 0)
    right, bottom = round(left) + round(width), round(top) + round(height)
    return RegionOfInterest(x_offset=x, y_offset=y, width=max(right - x, 0), height=max(bottom - y, 0))


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
