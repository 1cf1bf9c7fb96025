"""Rays cast in patches against one geom after another, as MuJoCo itself casts a single ray."""

import math
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.rig.simulation.opengl import load_mujoco
from auxfocus_ros.rig.simulation.ray_caster import Hits, RayCaster, sort_into_patches

# A wall of 24 facets, 20 m away and from 1 m to 6 m high.
_AROUND = [(20.0 * math.cos(a), 20.0 * math.sin(a)) for a in np.arange(24) * math.pi / 12]
_VERTICES = " ".join(f"{x} {y} {z}" for z in (1, 6) for x, y in _AROUND)
_FACES = " ".join(f"{n} {(n + 1) % 24} {n + 24} {(n + 1) % 24} {(n + 1) % 24 + 24} {n + 24}" for n in range(24))
RING = f'<asset><mesh name="ring" inertia="shell" vertex="{_VERTICES}" face="{_FACES}"/></asset>'
KINDS = ("box", "capsule", "ellipsoid", "cylinder", "sphere")


def compiled(world: str) -> tuple[Any, Any]:
    """Model and data of what stands in a worldbody."""
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string(f"<mujoco>{RING}<worldbody>{world}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return model, data


def random_world(rng: np.random.Generator) -> str:
    """Planes, a ring of hills and 40 things, some on moving bodies, some of glass, some of the rig itself."""
    parts = ['<geom type="mesh" mesh="ring"/><geom type="box" size="30 .5 .1" pos="0 2 .1" euler="0 0 20"/>']
    parts += ['<geom type="plane" size="0 0 1"/><geom type="plane" size="3 2 1" pos="2 1 3" euler="0 170 0"/>']
    for number in range(40):
        size, turn = rng.uniform(0.02, 2.0, 3), rng.uniform(0.0, 360.0, 3)
        shape = f'type="{KINDS[number % 5]}" size="{size[0]} {size[1]} {size[2]}" group="{[0, 0, 1, 4, 5][number // 8]}"'
        geom = f'<geom {shape} pos="{rng.uniform(-1, 1)} 0.3 0.2" euler="{turn[0]} {turn[1]} {turn[2]}"/>'
        at = rng.uniform((-15, -15, -1), (15, 15, 3))
        inner = f'<body pos=".4 .5 .6" euler="50 60 70"><joint type="hinge"/>{geom}</body>' if number % 2 else geom
        parts.append(f'<body mocap="true" pos="{at[0]} {at[1]} {at[2]}" euler="30 0 {turn[2]}">{inner}</body>')
    return "".join(parts)


def single_rays(model: Any, data: Any, origin: np.ndarray, rays: np.ndarray, glass: bool) -> Hits:
    """The same by `mj_ray`, which tests all geoms."""
    mujoco = load_mujoco()
    seen = np.array([1, 1, 1, 1, int(glass), 0], np.uint8)
    hits, geom, normal = Hits.empty(len(rays)), np.zeros(1, np.int32), np.zeros(3)
    for index, ray in enumerate(rays):
        hits.distance[index] = mujoco.mj_ray(model, data, origin, ray, seen, 1, -1, geom, normal)
        hits.geom[index], hits.normal[index] = geom[0], normal
    return hits


def directions(count: int, rng: np.random.Generator) -> np.ndarray:
    rays = rng.standard_normal((count, 3))
    return rays / np.linalg.norm(rays, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("glass", [True, False])
def test_patches_give_what_single_rays_give(seed: int, glass: bool) -> None:
    rng = np.random.default_rng(seed)
    model, data = compiled(random_world(rng))
    patches = sort_into_patches(directions(2000, rng))
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    rays = patches.rays @ turn.T
    origin = rng.uniform((-6, -6, 0.2), (6, 6, 2))
    caster, hits = RayCaster(model), Hits.empty(2000)
    caster.follow(data, origin)
    caster.cast(rays, patches, turn, hits, glass=glass)
    expected = single_rays(model, data, origin, rays, glass)
    assert (hits.geom == expected.geom).all()
    met = hits.geom >= 0
    assert met.sum() > 200
    assert np.abs(hits.distance - expected.distance).max() < 1e-12
    assert np.abs(hits.normal - expected.normal)[met].max() < 1e-12
    behind = caster.cast_through_glass(rays[:100])
    expected = single_rays(model, data, origin, rays[:100], False)
    assert (behind.geom == expected.geom).all() and np.abs(behind.distance - expected.distance).max() < 1e-12


def test_rays_may_leave_their_cone_by_the_margin() -> None:
    model, data = compiled('<geom type="sphere" pos="10 0 0" size=".01"/>')
    caster, hits = RayCaster(model), Hits.empty(1)
    caster.follow(data, np.zeros(3))
    patches = sort_into_patches(np.array([[np.cos(0.02), np.sin(0.02), 0.0]]))  # 0.2 m beside the sphere
    caster.cast(np.array([[1.0, 0.0, 0.0]]), patches, np.eye(3), hits, glass=False, margin_rad=0.02)
    assert hits.geom.tolist() == [0] and hits.distance[0] == pytest.approx(9.99, abs=1e-12)


def test_things_are_met_where_they_are_when_the_caster_follows() -> None:
    model, data = compiled('<body mocap="true" pos="5 0 0"><geom type="sphere" size="1"/></body>')
    caster, hits = RayCaster(model), Hits.empty(1)
    patches = sort_into_patches(np.array([[1.0, 0.0, 0.0]]))
    distances = []
    for x in (5.0, 8.0):
        data.mocap_pos[0] = (x, 0.0, 0.0)
        load_mujoco().mj_kinematics(model, data)
        caster.follow(data, np.zeros(3))
        data.geom_xpos[:] = 99.0  # what happens to the data afterwards is nothing to the caster
        caster.cast(patches.rays, patches, np.eye(3), hits, glass=True)
        distances.append(float(hits.distance[0]))
    assert distances == pytest.approx([4.0, 7.0], abs=1e-12)


def test_the_model_is_left_as_it_was() -> None:
    model, data = compiled(random_world(np.random.default_rng(1)))
    before = model.geom_group.copy()
    patches, hits = sort_into_patches(directions(50, np.random.default_rng(2))), Hits.empty(50)
    caster = RayCaster(model, glass=[3])
    caster.follow(data, np.zeros(3))
    caster.cast(patches.rays, patches, np.eye(3), hits, glass=True)
    assert (model.geom_group == before).all()
    assert caster.is_glass[3]


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_every_ray_lies_in_the_cone_of_one_patch(count: int) -> None:
    rays = directions(count, np.random.default_rng(count))
    patches = sort_into_patches(rays)
    assert patches.bounds[0] == 0 and patches.bounds[-1] == count and (np.diff(patches.bounds) > 0).all()
    assert (patches.rays[patches.inverse] == rays).all()
    axes = np.repeat(patches.axes, np.diff(patches.bounds), axis=0)
    half = np.repeat(patches.half_angle_rad, np.diff(patches.bounds))
    apart = np.arccos(np.clip(np.einsum("ij,ij->i", axes, patches.rays), -1.0, 1.0))
    assert (apart <= half + 1e-7).all() and (half < 0.2).all()
