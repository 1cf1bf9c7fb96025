"""Where geoms lie in the view from a point: bounds that are quick to test, and never too small.

Each geom lies within a cone, the narrower of two: round its bounding sphere, and round the corners of its bounding box. A mesh or
a box that stands all round the point, as a ring of hills or a long pavement does, has no cone worth the name; it lies between two
elevations instead, which follow from its heights and from how near its faces come to the vertical through the point.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from auxfocus_ros.rig.simulation.opengl import load_mujoco

WIDE_RAD = 1.0
"""Half angle of a cone from which on elevations are worth their cost."""
MOST_FACES = 4000
"""Of a mesh whose elevations are worked out."""
SLACK_RAD = 1e-6
_SHORTEST_M = 1e-9
_CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))  # 8x3
# Two triangles for each side of a box, by the numbers of its corners.
_BOX_FACES = np.array(
    [
        [0, 1, 2],
        [1, 2, 3],
        [4, 5, 6],
        [5, 6, 7],
        [0, 1, 4],
        [1, 4, 5],
        [2, 3, 6],
        [3, 6, 7],
        [0, 2, 4],
        [2, 4, 6],
        [1, 3, 5],
        [3, 5, 7],
    ]
)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Of all geoms, in world directions.

    toward: (G, 3), half_angle_rad: (G,): cones. lowest_rad, highest_rad: (G,) elevations.
    within_reach: (G,) bool, the others lie too far away to matter.
    """

    toward: np.ndarray
    half_angle_rad: np.ndarray
    lowest_rad: np.ndarray
    highest_rad: np.ndarray
    within_reach: np.ndarray

    def can_meet(self, axes: np.ndarray, half_angle_rad: np.ndarray) -> np.ndarray:
        """(P, G) bool: geoms that may be met by a ray in each of some cones, axes (P, 3) and half_angle_rad (P,)."""
        half = half_angle_rad[:, None]
        apart = np.arccos(np.clip(axes @ self.toward.T, -1.0, 1.0))
        elevation = np.arcsin(np.clip(axes[:, 2:], -1.0, 1.0))
        level = (elevation + half >= self.lowest_rad) & (elevation - half <= self.highest_rad)
        return np.asarray((apart <= half + self.half_angle_rad) & level & self.within_reach)


class GeomBounds:
    """The sizes of a model's geoms, ready to be looked at from anywhere."""

    def __init__(self, model: Any) -> None:
        """model: mujoco.MjModel; its sizes are taken as they are now."""
        kinds = load_mujoco().mjtGeom
        kind = np.asarray(model.geom_type)
        self._is_plane = kind == int(kinds.mjGEOM_PLANE)
        self._radius_m = np.array(model.geom_rbound)
        box = np.array(model.geom_aabb)  # middle and half sizes in the geom's own frame
        box[self._is_plane] = 0.0
        self._corners = box[:, None, :3] + box[:, None, 3:] * _CORNERS  # Gx8x3
        self._faces: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for geom in np.flatnonzero(kind == int(kinds.mjGEOM_BOX)).tolist():
            self._faces[geom] = (self._corners[geom], _BOX_FACES)
        for geom in np.flatnonzero(kind == int(kinds.mjGEOM_MESH)).tolist():
            mesh = int(model.geom_dataid[geom])
            first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
            vertices = np.array(model.mesh_vert[first : first + count], np.float64)
            first, count = int(model.mesh_faceadr[mesh]), int(model.mesh_facenum[mesh])
            if count <= MOST_FACES:
                self._faces[geom] = (vertices, np.array(model.mesh_face[first : first + count]))

    def seen_from(self, origin_m: np.ndarray, data: Any, reach_m: float) -> Bounds:
        """Bounds of all geoms.

        Args:
            origin_m: (3,) in the world. data: mujoco.MjData, where everything is.
            reach_m: what lies further away in all its parts does not matter.
        """
        count = len(self._radius_m)
        turn = data.geom_xmat.reshape(-1, 3, 3)
        offset = data.geom_xpos - origin_m
        distance = np.maximum(np.linalg.norm(offset, axis=1), _SHORTEST_M)
        toward = offset / distance[:, None]
        # A sphere is met within asin(radius / distance) of its middle, and everywhere from inside.
        half_angle = np.where(self._radius_m < distance, np.arcsin(np.minimum(self._radius_m / distance, 1.0)), np.pi)
        within_reach = distance - self._radius_m <= reach_m
        # A cone of less than a right angle that holds the corners of a box holds all of it.
        corners = np.einsum("gij,gkj->gki", turn, self._corners) + offset[:, None]
        corners /= np.maximum(np.linalg.norm(corners, axis=2, keepdims=True), _SHORTEST_M)
        axis = corners.sum(axis=1)
        axis /= np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), _SHORTEST_M)
        least = np.einsum("gki,gi->gk", corners, axis).min(axis=1)
        box_half = np.where(least > 0.0, np.arccos(np.clip(least, 0.0, 1.0)), np.pi)
        narrower = box_half < half_angle
        toward[narrower], half_angle[narrower] = axis[narrower], box_half[narrower]
        # A plane has a front only: it is met by what runs against its normal.
        normal = turn[self._is_plane, :, 2]
        toward[self._is_plane], half_angle[self._is_plane] = -normal, 0.5 * np.pi
        height = -np.einsum("gi,gi->g", normal, offset[self._is_plane])
        within_reach[self._is_plane] = (height >= 0.0) & (height <= reach_m)
        lowest, highest = np.full(count, -np.pi), np.full(count, np.pi)
        for geom, (vertices, faces) in self._faces.items():
            if half_angle[geom] > WIDE_RAD and within_reach[geom]:
                lowest[geom], highest[geom], nearest_m = _elevations(vertices @ turn[geom].T + offset[geom], faces)
                within_reach[geom] = nearest_m <= reach_m
        return Bounds(toward, half_angle + SLACK_RAD, lowest - SLACK_RAD, highest + SLACK_RAD, within_reach)


def _elevations(vertices: np.ndarray, faces: np.ndarray) -> tuple[float, float, float]:
    """Lowest and highest elevation of a body's faces from the origin, and how near they come to the vertical through it, metres.

    vertices: (V, 3) from the origin, z up. faces: (F, 3).
    """
    level, height = vertices[:, :2], vertices[:, 2]
    begin = level[faces]  # Fx3x2: the sides of each triangle, seen from above
    end = np.roll(begin, -1, axis=1)
    side = end - begin
    length2 = np.maximum(np.square(side).sum(axis=2), _SHORTEST_M**2)
    along = np.clip(-(begin * side).sum(axis=2) / length2, 0.0, 1.0)
    nearest = float(np.sqrt(np.square(begin + along[..., None] * side).sum(axis=2).min()))
    cross = begin[..., 0] * end[..., 1] - begin[..., 1] * end[..., 0]
    if ((cross >= 0.0).all(axis=1) | (cross <= 0.0).all(axis=1)).any():
        nearest = 0.0  # a triangle above or below the origin
    furthest = float(np.linalg.norm(level, axis=1).max())
    low, high = float(height.min()), float(height.max())
    lowest = np.arctan2(low, nearest if low < 0.0 else furthest)
    highest = np.arctan2(high, nearest if high > 0.0 else furthest)
    return float(lowest), float(highest), nearest
