"""Many rays from one point against the geoms of a MuJoCo model, fast.

`mj_multiRay` tests every ray against every geom. Rays that look the same way are therefore gathered into patches, and for each
patch only those geoms are left switched on that can be met from it (`geom_bounds.py`): with 70 geoms this takes a third of the
time, and gives the very same answers. Geoms are switched by their group, in a copy of the model that nobody else sees; poses are
copied in before a cast, so that the world may move on while rays are cast.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from auxfocus_ros.rig.simulation.geom_bounds import Bounds, GeomBounds
from auxfocus_ros.rig.simulation.opengl import load_mujoco

SOLID_GROUP, GLASS_GROUP, HIDDEN_GROUP = 0, 4, 5
"""Geom groups while rays are cast. In a model, 4 is glass, 5 the rig itself, and all others are solid."""
EVERYWHERE_M = 1e9
"""`mj_multiRay` leaves out what lies beyond its cutoff, and judges a plane by its middle: this must not be the sensor's reach."""
PATCH_RAD = math.radians(11.25)
"""Size of a patch: smaller ones cost more in calls than they save (measured with 32768 rays and 71 geoms)."""
SLACK_RAD = 1e-6


@dataclass(frozen=True, eq=False)
class Patches:
    """Rays sorted into patches.

    rays: (N, 3) unit vectors, patch after patch. inverse: (N,) where each ray has gone. bounds: (P + 1,): patch p holds rays
    bounds[p] to bounds[p + 1]. axes: (P, 3), half_angle_rad: (P,): the cone round each patch.
    """

    rays: np.ndarray
    inverse: np.ndarray
    bounds: np.ndarray
    axes: np.ndarray
    half_angle_rad: np.ndarray


@dataclass(eq=False)
class Hits:
    """What rays meet first: geom (N,) int32, -1: nothing; distance (N,) in lengths of the ray; normal (N, 3) of the surface."""

    geom: np.ndarray
    distance: np.ndarray
    normal: np.ndarray

    @classmethod
    def empty(cls, count: int) -> Hits:
        """Room for `count` rays."""
        return cls(np.full(count, -1, np.int32), np.full(count, -1.0), np.zeros((count, 3)))

    def part(self, begin: int, end: int) -> Hits:
        """A view of some of them."""
        return Hits(self.geom[begin:end], self.distance[begin:end], self.normal[begin:end])


def sort_into_patches(directions: np.ndarray) -> Patches:
    """Gather rays that look the same way. directions: (N, 3) unit vectors, most of them far from +z and -z."""
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    elevation = np.arcsin(np.clip(directions[:, 2], -1.0, 1.0))
    columns = round(2.0 * math.pi / PATCH_RAD) + 1
    patch = np.floor((elevation + 0.5 * math.pi) / PATCH_RAD) * columns + np.floor((azimuth + math.pi) / PATCH_RAD)
    order = np.argsort(patch, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    rays = np.ascontiguousarray(directions[order])
    if not len(rays):
        return Patches(rays, inverse, np.zeros(1, np.intp), np.empty((0, 3)), np.empty(0))
    begins = np.flatnonzero(np.diff(patch[order], prepend=-1.0))
    bounds = np.append(begins, len(rays))
    axes = np.add.reduceat(rays, begins)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    cosine = np.einsum("ij,ij->i", rays, np.repeat(axes, np.diff(bounds), axis=0))
    half_angle = np.arccos(np.clip(np.minimum.reduceat(cosine, begins), -1.0, 1.0))
    return Patches(rays, inverse, bounds, axes, half_angle)


class RayCaster:
    """Casts rays against one model, from where `follow` has put it. Not for several threads at once."""

    def __init__(self, model: Any, glass: Collection[int] = ()) -> None:
        """Copy a model.

        Args:
            model: mujoco.MjModel; where its geoms are comes with `follow`.
            glass: ids of geoms that are glass besides those of group 4.
        """
        mujoco = load_mujoco()
        self._multi_ray = mujoco.mj_multiRay
        self._model = copy.copy(model)
        self._data = mujoco.MjData(self._model)
        self._switches = self._model.geom_group
        group = np.array(model.geom_group)
        self.is_glass = group == GLASS_GROUP
        self.is_glass[list(glass)] = True
        self._group = np.where(group == HIDDEN_GROUP, HIDDEN_GROUP, SOLID_GROUP).astype(np.int32)
        self._group[self.is_glass] = GLASS_GROUP
        poses = ("geom_xpos", "geom_xmat", "xpos", "xmat", "xipos", "ximat")
        self._poses = [(name, getattr(self._data, name)) for name in poses]
        self._geom_bounds = GeomBounds(self._model)
        self._origin = np.zeros(3)
        self._bounds: Bounds | None = None

    def follow(self, data: Any, origin_m: np.ndarray, reach_m: float = math.inf) -> None:
        """Take over where everything is.

        Args:
            data: mujoco.MjData of the model, with its kinematics computed.
            origin_m: (3,) in the world, where rays start from.
            reach_m: what lies beyond may be left out.
        """
        for name, mine in self._poses:
            mine[:] = getattr(data, name)
        self._origin = np.array(origin_m, np.float64)
        self._bounds = self._geom_bounds.seen_from(self._origin, self._data, reach_m)

    def cast(
        self, rays: np.ndarray, patches: Patches, turn: np.ndarray, hits: Hits, *, glass: bool, margin_rad: float = 0.0
    ) -> None:
        """Find what each ray meets first.

        Args:
            rays: (N, 3) float64, contiguous, in the world, in the order of the patches; distances are in lengths of these.
            patches: which rays belong together. turn: (3, 3) from the patches' frame to the world.
            hits: is filled; where nothing is met, its normal is anything.
            glass: whether glass stops rays; else they go through it.
            margin_rad: by how much rays may lie outside their patch's cone.
        """
        assert self._bounds is not None, "follow comes first"
        can_meet = self._bounds.can_meet(patches.axes @ turn.T, patches.half_angle_rad + margin_rad + SLACK_RAD)
        groups = np.where(can_meet, self._group, HIDDEN_GROUP).astype(np.int32)
        seen = np.array([1, 0, 0, 0, int(glass), 0], np.uint8)
        any_seen = np.any(seen[groups], axis=1)
        for patch, (begin, end) in enumerate(pairwise(patches.bounds.tolist())):
            part = hits.part(begin, end)
            if any_seen[patch]:
                self._cast(rays[begin:end], part, groups[patch], seen)
            else:
                part.geom[:], part.distance[:] = -1, -1.0

    def cast_through_glass(self, rays: np.ndarray) -> Hits:
        """What a few rays (N, 3), in the world, meet behind all glass."""
        hits = Hits.empty(len(rays))
        if len(rays):
            self._cast(np.ascontiguousarray(rays), hits, self._group, np.array([1, 0, 0, 0, 0, 0], np.uint8))
        return hits

    def _cast(self, rays: np.ndarray, hits: Hits, groups: np.ndarray, seen: np.ndarray) -> None:
        self._switches[:] = groups
        flat, normal = rays.reshape(-1), hits.normal.reshape(-1)
        self._multi_ray(
            self._model, self._data, self._origin, flat, seen, 1, -1, hits.geom, hits.distance, normal, len(rays), EVERYWHERE_M
        )
