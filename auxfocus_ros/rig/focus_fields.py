"""The focus and the targets as FocusMarker and FocusTargetArray spell them: the one table that recordings and the node both fill
their messages from.

Drawing and finding targets is the business of other rooms, which this one does not import: it says by `Protocol` what it reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from auxfocus_ros.rig.message_fields import NS_PER_S, Fields, header_fields, roi_fields, time_fields, xyz_fields
from auxfocus_ros.rig.truth_fields import STATE_TRACKED

STATE_NUMBERS = {"unknown": 0, "finite": 1, "infinity": 2, "beyond_infinity": 3}
"""FocusMarker's numbers of a focus reading's states."""


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


class Split(Protocol):
    """Counted points relative to the depth of field."""

    @property
    def inside(self) -> int: ...  # noqa: D102
    @property
    def nearer(self) -> int: ...  # noqa: D102
    @property
    def farther(self) -> int: ...  # noqa: D102


class FoundTarget(Protocol):
    """What is read of a target; see FocusTarget.msg for the meaning and the units."""

    @property
    def id(self) -> int: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> int: ...  # noqa: D102
    @property
    def source(self) -> int: ...  # noqa: D102
    @property
    def selected(self) -> bool: ...  # noqa: D102
    @property
    def in_focus(self) -> bool: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def box_px(self) -> tuple[float, float, float, float]: ...  # noqa: D102
    @property
    def position_m(self) -> tuple[float, float, float]: ...  # noqa: D102
    @property
    def depth_m(self) -> float: ...  # noqa: D102
    @property
    def depth_sigma_m(self) -> float: ...  # noqa: D102
    @property
    def depth_near_m(self) -> float: ...  # noqa: D102
    @property
    def depth_far_m(self) -> float: ...  # noqa: D102
    @property
    def depth_velocity_m_per_s(self) -> float: ...  # noqa: D102
    @property
    def point_count(self) -> int: ...  # noqa: D102
    @property
    def last_seen_s(self) -> float: ...  # noqa: D102


class FoundTargets(Protocol):
    """What is read of all targets of one picture."""

    @property
    def targets(self) -> Sequence[FoundTarget]: ...  # noqa: D102
    @property
    def selected_id(self) -> int: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102


def focus_marker_fields(
    focus: Focus, axis: DrawnAxis, split: Split, stamp_ns: int, frame: str, *, lens_stamp_ns: int | None
) -> Fields:
    """FocusMarker of one auxiliary focus image.

    Args:
        focus: the focus that was drawn.
        axis: where the depth axis and the focus were drawn.
        split: counted points inside the depth of field, nearer and farther.
        stamp_ns, frame: the picture's stamp and optical frame.
        lens_stamp_ns: stamp of the lens state that was used; None: there was none.
    """
    return {
        "header": header_fields(stamp_ns, frame),
        "state": STATE_NUMBERS[focus.state],
        "direction": int(axis.direction),
        "focus_distance_m": float(focus.focus_distance_m),
        "near_limit_m": float(focus.near_limit_m),
        "far_limit_m": float(focus.far_limit_m),
        "lens_stamp": time_fields(lens_stamp_ns or 0),
        "image_width_px": int(axis.image_width_px),
        "image_height_px": int(axis.image_height_px),
        "picture": _region(axis.picture.left, axis.picture.top, axis.picture.width, axis.picture.height),
        "plot": _region(axis.plot.left, axis.plot.top, axis.plot.width, axis.plot.height),
        "axis_depth_m": [float(value) for value in axis.axis_depth_m],
        "axis_px": [float(value) for value in axis.axis_px],
        "focus_px": float(axis.focus_px),
        "near_px": float(axis.near_px),
        "far_px": float(axis.far_px),
        "points_inside": int(split.inside),
        "points_nearer": int(split.nearer),
        "points_farther": int(split.farther),
    }


def targets_fields(targets: FoundTargets, stamp_ns: int, frame: str, why_no_depth: str = "") -> Fields:
    """FocusTargetArray of one picture.

    Args:
        targets: in order of attention.
        stamp_ns, frame: the picture's stamp and optical frame; the stamp is when the targets that it shows were last seen.
        why_no_depth: in plain words, why there is none in this picture; empty: there is, or nobody knows why not.
    """
    return {
        "header": header_fields(stamp_ns, frame),
        "targets": [target_fields(target, stamp_ns, frame) for target in targets.targets],
        "selected_id": int(targets.selected_id),
        "message": "; ".join(filter(None, (targets.message, why_no_depth))),
    }


def target_fields(target: FoundTarget, stamp_ns: int, frame: str) -> Fields:
    """FocusTarget of one target; arguments as above."""
    last_seen_ns = 0
    if target.state == STATE_TRACKED:
        last_seen_ns = stamp_ns
    elif math.isfinite(target.last_seen_s) and target.last_seen_s > 0:
        last_seen_ns = round(target.last_seen_s * NS_PER_S)
    return {
        "header": header_fields(stamp_ns, frame),
        "id": int(target.id),
        "label": target.label,
        "state": int(target.state),
        "source": int(target.source),
        "selected": bool(target.selected),
        "confidence": float(target.confidence),
        "roi": _region(*target.box_px),
        "position_m": xyz_fields(target.position_m),
        "depth_m": float(target.depth_m),
        "depth_sigma_m": float(target.depth_sigma_m),
        "depth_near_m": float(target.depth_near_m),
        "depth_far_m": float(target.depth_far_m),
        "depth_velocity_m_per_s": float(target.depth_velocity_m_per_s),
        "point_count": int(target.point_count),
        "in_focus": bool(target.in_focus),
        "last_seen": time_fields(last_seen_ns),
    }


def _region(left: float, top: float, width: float, height: float) -> Fields:
    """A rectangle; what lies left of the picture or above it is cut off, since the message cannot say it."""
    x, y = max(round(left), 0), max(round(top), 0)
    right, bottom = round(left) + round(width), round(top) + round(height)
    return roi_fields((x, y, max(right - x, 0), max(bottom - y, 0)))
