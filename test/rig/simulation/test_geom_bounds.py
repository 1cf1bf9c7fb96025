"""Bounds of geoms seen from a point: never too small, and narrow enough to be of use."""

import math
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.rig.simulation.geom_bounds import Bounds, GeomBounds
from auxfocus_ros.rig.simulation.opengl import load_mujoco

ORIGIN = np.array([0.0, 0.0, 2.0])
FAR = math.inf


def seen(world: str, reach_m: float = FAR, asset: str = "") -> Bounds:
    """Bounds of the geoms in a worldbody from 2 m above its origin."""
    mujoco = load_mujoco()
    model: Any = mujoco.MjModel.from_xml_string(f"<mujoco>{asset}<worldbody>{world}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return GeomBounds(model).seen_from(ORIGIN, data, reach_m)


def meets(bounds: Bounds, azimuth_deg: float, elevation_deg: float, half_deg: float = 0.1) -> list[int]:
    """Geoms that may be met from a narrow cone."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    level = math.cos(elevation)
    axis = np.array([[level * math.cos(azimuth), level * math.sin(azimuth), math.sin(elevation)]])
    return [int(geom) for geom in np.flatnonzero(bounds.can_meet(axis, np.array([math.radians(half_deg)]))[0])]


def test_a_sphere_is_met_within_its_radius() -> None:
    """Radius 1 m at 10 m: asin(0.1) = 5.74 deg."""
    bounds = seen('<geom size="1" pos="10 0 2"/>')
    assert meets(bounds, 5.6, 0.0) == [0] and meets(bounds, 5.9, 0.0) == []


def test_a_flat_wall_has_the_cone_of_its_corners_not_of_its_sphere() -> None:
    """A wall seen from its end, 8 m long and 20 cm thick, 2 to 10 m away: its near corners are the outermost, at 26.7 deg."""
    bounds = seen('<geom type="box" size="4 .1 1" pos="6 0 2"/>')
    assert math.degrees(bounds.half_angle_rad[0]) == pytest.approx(math.degrees(math.atan2(math.hypot(0.1, 1.0), 2.0)), abs=0.01)


@pytest.mark.parametrize("kind", ["box", "sphere", "capsule", "cylinder", "ellipsoid"])
def test_from_inside_everything_may_be_met(kind: str) -> None:
    bounds = seen(f'<geom type="{kind}" size="3 3 3" pos="0.1 0.2 2.1"/>')
    for elevation in (-89.0, -30.0, 0.0, 60.0):
        assert meets(bounds, 20.0, elevation) == [0]


def test_a_plane_is_met_from_its_front_only() -> None:
    floor, ceiling, wall_behind = (
        '<geom type="plane" size="0 0 1"/>',
        '<geom type="plane" size="0 0 1" pos="0 0 5" euler="180 0 0"/>',
        '<geom type="plane" size="0 0 1" pos="0 0 3"/>',
    )
    bounds = seen(floor + ceiling + wall_behind)
    assert meets(bounds, 0.0, -10.0) == [0] and meets(bounds, 0.0, 10.0) == [1]


def test_a_pavement_that_passes_below_lies_between_two_elevations() -> None:
    """100 m long, its near edge 2 m beside, 2 m below at its foot and 1.8 m at its top: from -45 deg to the top's far corner."""
    bounds = seen('<geom type="box" size="50 1 .1" pos="0 3 .1"/>')
    assert meets(bounds, 90.0, -44.0) == [0] and meets(bounds, 90.0, -46.0) == [] and meets(bounds, 90.0, 0.0) == []
    assert math.degrees(bounds.highest_rad[0]) == pytest.approx(-math.degrees(math.atan2(1.8, math.hypot(50.0, 4.0))), abs=0.01)


def test_a_ring_of_hills_lies_between_two_elevations_and_out_of_reach() -> None:
    """12 facets from 1 m to 6 m high whose corners are 20 m away: their middles are 20 cos(15 deg) = 19.3 m away."""
    around = [(20.0 * math.cos(a), 20.0 * math.sin(a)) for a in np.arange(12) * math.pi / 6]
    vertices = " ".join(f"{x} {y} {z}" for z in (1, 6) for x, y in around)
    faces = " ".join(f"{n} {(n + 1) % 12} {n + 12} {(n + 1) % 12} {(n + 1) % 12 + 12} {n + 12}" for n in range(12))
    asset = f'<asset><mesh name="ring" inertia="shell" vertex="{vertices}" face="{faces}"/></asset>'
    bounds = seen('<geom type="mesh" mesh="ring"/>', asset=asset)
    nearest = 20.0 * math.cos(math.radians(15.0))
    assert math.degrees(bounds.lowest_rad[0]) == pytest.approx(-math.degrees(math.atan2(1.0, nearest)), abs=1e-3)
    assert math.degrees(bounds.highest_rad[0]) == pytest.approx(math.degrees(math.atan2(4.0, nearest)), abs=1e-3)
    assert seen('<geom type="mesh" mesh="ring"/>', 19.4, asset).within_reach[0]
    assert not seen('<geom type="mesh" mesh="ring"/>', 19.2, asset).within_reach[0]


@pytest.mark.parametrize(
    ("reach_m", "expected"), [(FAR, [True, True]), (9.1, [True, True]), (8.9, [True, False]), (1.9, [False, False])]
)
def test_what_is_too_far_away_does_not_matter(reach_m: float, expected: list[bool]) -> None:
    bounds = seen('<geom type="plane" size="0 0 1"/><geom size="1" pos="10 0 2"/>', reach_m)
    assert bounds.within_reach.tolist() == expected


def test_a_mesh_above_the_origin_may_be_met_straight_up() -> None:
    asset = '<asset><mesh name="roof" inertia="shell" vertex="-9 -9 5  9 -9 5  0 9 5  0 0 5.5" face="0 1 3 1 2 3 2 0 3"/></asset>'
    bounds = seen('<geom type="mesh" mesh="roof"/>', asset=asset)
    assert meets(bounds, 0.0, 89.9) == [0] and meets(bounds, 0.0, -5.0) == []
