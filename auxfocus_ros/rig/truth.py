"""What a simulator knows about a frame, and nobody else can: the plain data of it, made by the simulator, sent by nodes, written
to files.

All of it belongs to one moment, the middle of the picture's exposure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auxfocus_ros.optics.rigid import RigidTransform


@dataclass(frozen=True, eq=False)
class ThingTruth:
    """One thing of the scene.

    id: its value in `FrameTruth.labels`, >= 1, the same in every frame. name: in the scene. label: its class ('person', 'car',
    ...).
    moving: with respect to the ground. pixels: of it that can be seen; 0: none, then what depends on them is NaN or empty.
    box_px: (x, y, width, height) round those pixels.
    position_m: (3,) middle of the thing in the optical frame, seen or not. velocity_m_per_s: (3,) of that point in the optical
        frame, the camera's own motion included.
    depth_m: median over its pixels. depth_near_m, depth_far_m: least and largest.
    best_position_steps: lens position that focuses depth_m; NaN: none. error_steps: best minus present position.
    error_dpt: 1 / depth_m - 1 / focus distance; NaN beyond infinity. blur_radius_px: at depth_m, positive behind the plane of
    focus.
    in_focus: depth_m lies within the depth of field.
    """

    id: int
    name: str
    label: str
    moving: bool
    pixels: int
    box_px: tuple[int, int, int, int]
    position_m: np.ndarray
    velocity_m_per_s: np.ndarray
    depth_m: float
    depth_near_m: float
    depth_far_m: float
    best_position_steps: float
    error_steps: float
    error_dpt: float
    blur_radius_px: float
    in_focus: bool


@dataclass(frozen=True, eq=False)
class FrameTruth:
    """The truth of one frame.

    scene, seed: which run of what. scene_time_s: of the middle of the exposure, since the scene began. exposure_s: seconds.
    light_level: 1: the scene as it was made.
    lens_position_steps, focus_distance_m: where the glass was; +inf: infinity, NaN: beyond it.
    world_from_base, base_from_optical: p_world = R p_base + t, and so on.
    labels: (H, W) uint16, ids of things, 0: none of them. depth_m: (H, W) float32, z in the optical frame, +inf: sky.
    defocus_px: (H, W) float32, signed blur radius in pixels, positive behind the plane of focus.
    things: in order of id, those out of sight too.
    point_labels: (N,) uint16, the thing that each of the frame's points came back from, 0: none of them; None: no lidar.
    """

    scene: str
    seed: int
    scene_time_s: float
    exposure_s: float
    light_level: float
    lens_position_steps: float
    focus_distance_m: float
    world_from_base: RigidTransform
    base_from_optical: RigidTransform
    labels: np.ndarray
    depth_m: np.ndarray
    defocus_px: np.ndarray
    things: tuple[ThingTruth, ...]
    point_labels: np.ndarray | None = None
