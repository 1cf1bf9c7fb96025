"""The focus in messages: what was drawn into a FocusMarker, targets into a FocusTargetArray, and the focus plane, the depth of
field and the objects into markers for RViz and Foxglove; all filled from the tables that recordings are written from as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray
from auxfocus_ros.distribution.targets.target import Target, TargetSet
from auxfocus_ros.rig.focus_fields import DrawnAxis, Focus, Split, focus_marker_fields, target_fields, targets_fields
from auxfocus_ros.rig.scene_fields import Outline, scene_marker_fields
from auxfocus_ros.ros.filling import filled
from auxfocus_ros.ros.stamps import to_ns


def make_focus_marker(focus: Focus, axis: DrawnAxis, split: Split, lens_stamp: Time | None, header: Header) -> FocusMarker:
    """The marker of one auxiliary focus image.

    Args:
        focus: the focus that was drawn.
        axis: where the depth axis and the focus were drawn.
        split: counted points inside the depth of field, nearer and farther.
        lens_stamp: stamp of the lens state that was used; None: there was none.
        header: the picture's.
    """
    lens_stamp_ns = None if lens_stamp is None else to_ns(lens_stamp)
    fields = focus_marker_fields(focus, axis, split, to_ns(header.stamp), header.frame_id, lens_stamp_ns=lens_stamp_ns)
    message: FocusMarker = filled(FocusMarker(), fields)
    return message


def make_targets(targets: TargetSet, header: Header, why_no_depth: str = "") -> FocusTargetArray:
    """All targets of one picture.

    Args:
        targets: in order of attention.
        header: the picture's; its stamp is when the targets that it shows were last seen.
        why_no_depth: in plain words, why there is none in this picture; empty: there is, or nobody knows why not.
    """
    fields = targets_fields(targets, to_ns(header.stamp), header.frame_id, why_no_depth)
    found = [filled(FocusTarget(), target) for target in fields.pop("targets")]
    message: FocusTargetArray = filled(FocusTargetArray(), fields)
    message.targets = found
    return message


def make_target(target: Target, header: Header) -> FocusTarget:
    """One target, with the picture's header."""
    message: FocusTarget = filled(FocusTarget(), target_fields(target, to_ns(header.stamp), header.frame_id))
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
    markers = scene_marker_fields(plane_m, slab_m, to_ns(header.stamp), header.frame_id, outlines)
    return MarkerArray(markers=[_marker(fields) for fields in markers])


def _marker(fields: Mapping[str, Any]) -> Marker:
    points, colours = fields["points"], fields["colors"]
    made = {"points": [Point(**point) for point in points], "colors": [ColorRGBA(**colour) for colour in colours]}
    message: Marker = filled(Marker(), {**fields, **made})
    return message
