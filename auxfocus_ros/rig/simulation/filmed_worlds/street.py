"""Streets: we drive along x between houses, parked and moving cars, people and dogs."""

from __future__ import annotations

import math

from auxfocus_ros.rig.simulation.filmed_worlds.camera_way import CameraWay
from auxfocus_ros.rig.simulation.filmed_worlds.ingredients import (
    ANIMAL,
    BUILDING,
    CLOTH_TEXTURES,
    GROUND,
    GROUND_TEXTURES,
    LARGE_ANIMALS,
    OBJECT,
    PEOPLE,
    PERSON,
    PICTURE_TEXTURES,
    PLANT,
    PLANT_TEXTURES,
    VEHICLE,
    VEHICLES,
    WALL_TEXTURES,
    WorldBuilder,
)

LENGTH_M = 110.0


def build_street(world: WorldBuilder, moving: bool) -> CameraWay:
    """Fill a world; how its camera goes. moving: whether anything moves."""
    lot = world.lot
    lane = world.number(2.6, 4.0)
    kerb = [lane + world.number(0.2, 2.5), -lane - world.number(0.2, 2.5)]
    world.light()
    world.ground(300.0, world.material(GROUND_TEXTURES, tint=0.6, per_metre=0.5))
    _sides(world, kerb)
    _street_furniture(world, kerb)
    step = world.number(0.15, 0.8)
    _vehicles(world, lane, kerb, step, moving)
    _walkers(world, kerb, step, moving)
    own = -0.5 * lane if lot.random() < 0.75 else 0.5 * lane
    return CameraWay(
        start_m=(0.0, own + world.number(-0.4, 0.4), world.number(1.1, 2.3)),
        heading_rad=world.number(-0.06, 0.06),
        pitch_rad=world.number(-0.02, 0.12),
        step_m=(step, world.number(-0.03, 0.03), 0.0),
        turn_rad=(world.number(-0.02, 0.02), 0.0),
        shake_rad=0.002,
        shake_m=0.004,
    )


def _sides(world: WorldBuilder, kerb: list[float]) -> None:
    """Pavements, houses, hedges, fences on either side, and something at the end."""
    for sign, edge in zip((1.0, -1.0), kerb, strict=True):
        width = world.number(1.5, 5.0)
        if world.lot.random() < 0.7:
            high = world.number(0.02, 0.08)
            paving = world.material(GROUND_TEXTURES, tint=0.5, per_metre=0.7)
            world.box(GROUND, [45.0, edge + sign * 0.5 * width, high], [65.0, 0.5 * width, high], paving)
        back, x = edge + sign * width, -8.0
        while x < LENGTH_M:
            long, gap = world.number(5.0, 18.0), world.number(0.0, 4.0)
            what = world.lot.random()
            if what < 0.66:
                high, deep = world.number(3.0, 13.0), world.number(2.0, 6.0)
                wall = world.material(WALL_TEXTURES, tint=0.6, per_metre=world.number(0.12, 0.4))
                set_back = world.number(0.0, 3.0)
                place = [x + 0.5 * long, back + sign * (deep + set_back), 0.5 * high]
                world.box(BUILDING, place, [0.5 * long, deep, 0.5 * high], wall)
            elif what < 0.8:
                hedge = world.material(PLANT_TEXTURES, tint=0.6, per_metre=0.7)
                high = world.number(0.4, 1.4)
                world.box(PLANT, [x + 0.5 * long, back + sign * 0.6, high], [0.5 * long, 0.5, high], hedge)
            else:
                for _ in range(int(world.lot.integers(1, 4))):
                    world.tree(x + world.number(0.0, long), back + sign * world.number(0.5, 8.0))
            x += long + gap
    if world.lot.random() < 0.6:
        high = world.number(4.0, 14.0)
        end = world.material(WALL_TEXTURES, tint=0.5, per_metre=0.25)
        world.box(BUILDING, [world.number(60.0, LENGTH_M), 0.0, 0.5 * high], [3.0, world.number(8.0, 40.0), 0.5 * high], end)


def _street_furniture(world: WorldBuilder, kerb: list[float]) -> None:
    for _ in range(int(world.lot.integers(3, 10))):
        side = int(world.lot.integers(2))
        sign = 1.0 if side == 0 else -1.0
        x, y = world.number(4.0, 60.0), kerb[side] + sign * world.number(0.2, 2.0)
        what = world.lot.random()
        if what < 0.35:
            world.cylinder(OBJECT, (x, y, 0.0), world.number(0.03, 0.12), world.number(2.0, 6.0), world.plain())
            if world.lot.random() < 0.5:
                sign_material = world.material(PICTURE_TEXTURES, tint=0.2)
                world.wall(OBJECT, [x - 0.1, y, world.number(1.8, 2.6)], (0.7, 0.7), math.pi, sign_material)
        elif what < 0.55:
            world.tree(x, y)
        elif what < 0.7:
            world.bush(x, y)
        elif what < 0.9:
            size = [world.number(0.15, 0.6), world.number(0.15, 0.6), world.number(0.2, 0.7)]
            world.box(
                OBJECT, [x, y, size[2]], size, world.material(CLOTH_TEXTURES, tint=0.7, cube=True), turn_rad=world.number(0, 3)
            )
        else:
            world.mesh(OBJECT, "bench", [x, y, 0.0], world.plain(), turn_rad=world.number(0.0, 6.0))


def _vehicles(world: WorldBuilder, lane: float, kerb: list[float], own_step_m: float, moving: bool) -> None:
    """One ahead, one that comes, one that crosses, some parked."""
    lot = world.lot
    taken: list[float] = []

    def free(low: float, high: float) -> float | None:
        for _ in range(8):
            x = world.number(low, high)
            if all(abs(x - other) > 6.0 for other in taken):
                taken.append(x)
                return x
        return None

    if lot.random() < 0.8 and (x := free(6.0, 24.0)) is not None:
        # Who drives ahead mostly keeps our pace: in the picture he stands still, as if he were infinitely far away.
        pace = world.number(0.85, 1.15) if lot.random() < 0.6 else world.number(0.5, 1.4)
        step = own_step_m * pace if moving and lot.random() < 0.85 else 0.0
        world.figure(
            VEHICLE,
            world.one_of(VEHICLES),
            (x, -0.5 * lane + world.number(-0.3, 0.3), 0.0),
            world.number(-0.05, 0.05),
            step_m=step,
        )
    if lot.random() < 0.6:
        x, step = world.number(14.0, 40.0), world.number(0.2, 0.9) if moving and lot.random() < 0.85 else 0.0
        world.figure(VEHICLE, world.one_of(VEHICLES), (x, 0.5 * lane, 0.0), math.pi + world.number(-0.05, 0.05), step_m=step)
    if lot.random() < 0.25:
        sign = 1.0 if lot.random() < 0.5 else -1.0
        step = world.number(0.2, 0.7) if moving and lot.random() < 0.85 else 0.0
        place = (world.number(10.0, 26.0), sign * world.number(0.0, 7.0), 0.0)
        world.figure(VEHICLE, world.one_of(VEHICLES), place, -sign * 0.5 * math.pi, step_m=step)
    for side, sign in ((0, 1.0), (1, -1.0)):
        x = world.number(4.0, 14.0)
        for _ in range(int(lot.integers(0, 4))):
            place = (x, kerb[side] - sign * 0.7, 0.0)
            world.figure(VEHICLE, world.one_of(VEHICLES), place, 0.0 if side else math.pi, step_m=0.0)
            x += world.number(5.5, 14.0)


def _walkers(world: WorldBuilder, kerb: list[float], own_step_m: float, moving: bool) -> None:
    lot = world.lot
    if own_step_m < 0.4 and lot.random() < 0.6:  # someone goes before us
        step = own_step_m * world.number(0.85, 1.15) if moving and lot.random() < 0.85 else 0.0
        place = (world.number(3.0, 9.0), world.number(-2.5, 2.5), 0.0)
        world.figure(PERSON, world.one_of(PEOPLE), place, world.number(-0.05, 0.05), step_m=step)
    for _ in range(int(lot.integers(1, 6))):
        x, y = world.number(4.0, 24.0), world.number(kerb[1] - 1.5, kerb[0] + 1.5)
        heading = world.number(-math.pi, math.pi) if lot.random() < 0.5 else 0.5 * math.pi * float(lot.integers(4))
        walks = moving and lot.random() < 0.8
        if lot.random() < 0.75:
            step = world.number(0.05, 0.28) if walks else 0.0
            world.figure(PERSON, world.one_of(PEOPLE), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.02, 0.02))
        else:
            step = world.number(0.05, 0.4) if walks else 0.0
            world.figure(
                ANIMAL, world.one_of(LARGE_ANIMALS), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.04, 0.04)
            )
