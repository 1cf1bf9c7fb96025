"""The focus plane, the depth of field and the objects as markers for RViz and Foxglove (visualization_msgs/MarkerArray): the one
table that recordings and the node both fill their messages from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from auxfocus_ros.rig.message_fields import NS_PER_S, Fields, header_fields, time_fields, xyz_fields

AMBER: Fields = {"r": 1.0, "g": 0.72, "b": 0.2, "a": 0.55}
AMBER_FAINT: Fields = {"r": 1.0, "g": 0.72, "b": 0.2, "a": 0.15}
WHITE: Fields = {"r": 1.0, "g": 1.0, "b": 1.0, "a": 0.95}
BLUE: Fields = {"r": 0.33, "g": 0.75, "b": 0.96, "a": 0.7}
NO_COLOUR: Fields = {"r": 0.0, "g": 0.0, "b": 0.0, "a": 0.0}
ARROW, LINE_LIST, TEXT_VIEW_FACING = 0, 5, 9  # Marker's types; an arrow is what a marker is that says nothing
ADD, DELETE, DELETE_ALL = 0, 2, 3  # Marker's actions
LIFETIME_S = 1
TEXT_SHARE = 0.02  # height of words in the scene, of their distance: as large on the screen wherever they stand


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


def scene_marker_fields(
    plane_m: np.ndarray | None,
    slab_m: np.ndarray | None,
    stamp_ns: int,
    frame: str,
    outlines: Sequence[Outline] = (),
) -> list[Fields]:
    """The markers of one picture, in the optical frame.

    Every list is the whole scene: what is not in it any more is deleted by it.

    Args:
        plane_m: (4, 3) corners of what the picture shows at the focus distance, in order round it; None: there is none.
        slab_m: (2, 4, 3) the same at the near and the far limit; None: there is none.
        stamp_ns, frame: the picture's stamp and optical frame.
        outlines: boxes round objects: white round the target of interest, amber in focus, else blue.
    """
    header = header_fields(stamp_ns, frame)
    plane = _lines("focus_plane", header, AMBER, 0.02)
    slab = _lines("depth_of_field", header, AMBER_FAINT, 0.01)
    boxes = _lines("objects", header, BLUE, 0.02)
    if plane_m is None:
        plane["action"] = DELETE
    else:
        plane["points"] = _outline(plane_m)
    if slab_m is None:
        slab["action"] = DELETE
    else:
        near, far = slab_m
        edges = [xyz_fields(point) for pair in zip(near, far, strict=True) for point in pair]
        slab["points"] = [*_outline(near), *_outline(far), *edges]
    if not outlines:
        boxes["action"] = DELETE
    for outline in outlines:
        ends = outline.edges_m.reshape(-1, 3)
        boxes["points"] += [xyz_fields(end) for end in ends]
        boxes["colors"] += [_colour(outline)] * len(ends)
    # Viewers take an array as a whole, so that words which are deleted and put back are never seen to be gone.
    stale = _marker("object_words", header, action=DELETE_ALL)
    words = [_words(number, outline, header) for number, outline in enumerate(outlines) if outline.words]
    return [plane, slab, boxes, stale, *words]


def _words(number: int, outline: Outline, header: Fields) -> Fields:
    marker = _marker("object_words", header, id=number, type=TEXT_VIEW_FACING, color=_colour(outline), text=outline.words)
    marker["pose"] = _pose(outline.words_at_m)
    marker["scale"] = xyz_fields((0.0, 0.0, max(TEXT_SHARE * outline.words_at_m[2], 0.01)))
    marker["lifetime"] = time_fields(LIFETIME_S * NS_PER_S)
    return marker


def _colour(outline: Outline) -> Fields:
    return WHITE if outline.selected else AMBER if outline.in_focus else BLUE


def _lines(name: str, header: Fields, colour: Fields, width_m: float) -> Fields:
    scale, lifetime = xyz_fields((width_m, 0.0, 0.0)), time_fields(LIFETIME_S * NS_PER_S)
    return _marker(name, header, type=LINE_LIST, color=colour, scale=scale, lifetime=lifetime)


def _pose(position_m: tuple[float, float, float]) -> Fields:
    return {"position": xyz_fields(position_m), "orientation": {"x": 0.0, "y": 0.0, "z": 0.0, "w": 1.0}}


def _marker(name: str, header: Fields, **fields: Any) -> Fields:
    """Every field of a Marker by name, as a new one has it where nothing is given."""
    return {
        "header": header,
        "ns": name,
        "id": 0,
        "type": ARROW,
        "action": ADD,
        "pose": _pose((0.0, 0.0, 0.0)),
        "scale": xyz_fields((0.0, 0.0, 0.0)),
        "color": NO_COLOUR,
        "lifetime": time_fields(0),
        "frame_locked": False,
        "points": [],
        "colors": [],
        "texture_resource": "",
        "texture": {"header": header_fields(0, ""), "format": "", "data": []},
        "uv_coordinates": [],
        "text": "",
        "mesh_resource": "",
        "mesh_file": {"filename": "", "data": []},
        "mesh_use_embedded_materials": False,
        **fields,
    }


def _outline(corners_m: np.ndarray) -> list[Fields]:
    """The four edges of a quadrilateral as pairs of points."""
    return [xyz_fields(corners_m[(start + step) % 4]) for start in range(4) for step in (0, 1)]
