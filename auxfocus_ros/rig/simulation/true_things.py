"""What is true of each thing in a picture, from its labels and depth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.truth import ThingTruth

NOWHERE = (0, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class ThingPose:
    """A thing at one moment: id, name, label, whether it moves, (3,) middle and velocity in the world, metres and metres a
    second."""

    id: int
    name: str
    label: str
    moving: bool
    middle_m: np.ndarray
    velocity_m_per_s: np.ndarray


@dataclass(frozen=True, eq=False)
class CameraMotion:
    """The camera at one moment: where it is, and how it turns and moves, in its own optical frame, rad/s and m/s."""

    world_from_optical: RigidTransform
    angular_rad_per_s: np.ndarray
    linear_m_per_s: np.ndarray


def true_things(  # noqa: PLR0917 - what a picture is made of
    things: Sequence[ThingPose], labels: np.ndarray, depth_m: np.ndarray, camera: CameraMotion, lens: Lens, position_steps: float
) -> tuple[ThingTruth, ...]:
    """The truth of every thing, seen or not.

    Args:
        things: at the picture's moment.
        labels: (H, W) uint16, ids of things. depth_m: (H, W) float32, z in the optical frame.
        camera: at the same moment. lens: with the picture's pixel pitch. position_steps: where the glass is.
    """
    largest = max((thing.id for thing in things), default=0)
    places = ndimage.find_objects(labels, largest) if largest else []
    near_m, far_m = lens.depth_of_field_m(position_steps)
    power_dpt = 1.0 / lens.focus_distance_m(position_steps)  # 0 at infinity, NaN beyond
    found = []
    for thing in things:
        place = places[thing.id - 1]
        position = camera.world_from_optical.inverse().apply(thing.middle_m[None])[0]
        moves = camera.world_from_optical.rotation.T @ thing.velocity_m_per_s
        velocity = moves - camera.linear_m_per_s - np.cross(camera.angular_rad_per_s, position)
        if place is None:
            found.append(_unseen(thing, position, velocity))
            continue
        rows, columns = place
        depths = depth_m[place][labels[place] == thing.id]
        depth = float(np.median(depths))
        best = float(lens.position_for_distance(depth)) if depth > lens.focal_length_m else math.nan
        if math.isfinite(best) and not lens.contains(best):
            best = math.nan
        found.append(
            ThingTruth(
                id=thing.id,
                name=thing.name,
                label=thing.label,
                moving=thing.moving,
                pixels=len(depths),
                box_px=(columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start),
                position_m=position,
                velocity_m_per_s=velocity,
                depth_m=depth,
                depth_near_m=float(depths.min()),
                depth_far_m=float(depths.max()),
                best_position_steps=best,
                error_steps=best - position_steps,
                error_dpt=1.0 / depth - power_dpt,
                blur_radius_px=float(lens.defocus_px(position_steps, depth)),
                in_focus=bool(near_m <= depth <= far_m),
            )
        )
    return tuple(found)


def _unseen(thing: ThingPose, position: np.ndarray, velocity: np.ndarray) -> ThingTruth:
    nan = math.nan
    return ThingTruth(
        thing.id, thing.name, thing.label, thing.moving, 0, NOWHERE, position, velocity, nan, nan, nan, nan, nan, nan, nan, False
    )
