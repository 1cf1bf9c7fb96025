"""The focus plane, the depth of field and the objects as they stand in the scene, for viewers in three dimensions."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetState
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.target_places import MOST_LOOKED_AT

FARTHEST_SHOWN_M = 200.0
"""What reaches infinity is drawn up to here."""
MOST_OUTLINED = 64
"""Objects, the most important ones."""

# Corners of a box by number: its bits say whether x, y and z are the high ones. An edge joins two that differ in one bit.
_EDGES = [(a, b) for a, b in itertools.combinations(range(8), 2) if (a ^ b).bit_count() == 1]


@dataclass(frozen=True, eq=False)
class ObjectOutline:
    """A box round an object.

    Attributes:
        edges_m: (12, 2, 3) both ends of each edge in the optical frame, metres.
        words: its label, if it has one, and its depth.
        words_at_m: where they stand: above the middle of the box.
        selected: it is the target of interest.
        in_focus: its depth lies within the depth of field.
    """

    edges_m: NDArray[np.float64]
    words: str
    words_at_m: tuple[float, float, float]
    selected: bool
    in_focus: bool


def picture_corners_m(camera: CameraModel, depth_m: float) -> NDArray[np.float64] | None:
    """Corners of what the picture shows at a depth.

    Args:
        camera: of the picture.
        depth_m: metres, > 0 and finite.

    Returns:
        (4, 3) metres in the optical frame: top left, top right, bottom right, bottom left; None where no ray reaches a corner.
    """
    rays = camera.ray_table()[[0, 0, -1, -1], [0, -1, -1, 0]].astype(float)  # 4x2
    if not np.isfinite(rays).all():
        return None
    return np.column_stack([rays * depth_m, np.full(4, depth_m)])


def focus_plane_m(camera: CameraModel, focus: FocusReading) -> NDArray[np.float64] | None:
    """(4, 3) corners of the focal plane; None where the focus is not at a finite depth."""
    return picture_corners_m(camera, focus.focus_distance_m) if focus.state == "finite" else None


def depth_of_field_m(camera: CameraModel, focus: FocusReading) -> NDArray[np.float64] | None:
    """(2, 4, 3) corners at the near and the far limit; None where nothing is in focus. Infinity is cut at FARTHEST_SHOWN_M."""
    if math.isnan(focus.near_limit_m) or focus.near_limit_m >= FARTHEST_SHOWN_M:
        return None
    near = picture_corners_m(camera, focus.near_limit_m)
    far = picture_corners_m(camera, min(focus.far_limit_m, FARTHEST_SHOWN_M))
    return None if near is None or far is None else np.stack([near, far])


def object_outlines(targets: TargetSet) -> tuple[ObjectOutline, ...]:
    """Boxes round the targets that are seen or held and whose place is known, the most important first, at most MOST_OUTLINED."""
    known = (target for target in targets.targets[:MOST_LOOKED_AT] if target.state in (TargetState.TRACKED, TargetState.HELD))
    placed = (target for target in known if np.isfinite([*target.low_m, *target.high_m]).all())
    return tuple(_outline(target) for target in itertools.islice(placed, MOST_OUTLINED))


def _outline(target: Target) -> ObjectOutline:
    ends = np.sort([target.low_m, target.high_m], axis=0)  # (2, 3)
    corners = np.array([[ends[corner >> axis & 1, axis] for axis in range(3)] for corner in range(8)])  # (8, 3)
    middle = ends.mean(axis=0)
    depth = distance_text(target.depth_m) if math.isfinite(target.depth_m) else ""
    return ObjectOutline(
        edges_m=corners[_EDGES],
        words=" ".join(part for part in (target.label, depth) if part),
        words_at_m=(float(middle[0]), float(ends[0, 1] - 0.03 * middle[2]), float(middle[2])),  # y points down
        selected=target.selected,
        in_focus=target.in_focus,
    )
