"""Rooms: a camera in the hand goes among furniture, people, cats and dogs."""

from __future__ import annotations

import math

from auxfocus_ros.rig.simulation.filmed_worlds.camera_way import CameraWay
from auxfocus_ros.rig.simulation.filmed_worlds.ingredients import (
    ANIMAL,
    BUILDING,
    CLOTH_TEXTURES,
    FURNITURE,
    GROUND,
    GROUND_TEXTURES,
    OBJECT,
    PEOPLE,
    PERSON,
    PICTURE_TEXTURES,
    PLANT,
    PLANT_TEXTURES,
    SMALL_ANIMALS,
    VEHICLE,
    WALL_TEXTURES,
    WorldBuilder,
)


def build_room(world: WorldBuilder, moving: bool) -> CameraWay:
    """Fill a world; how its camera goes. moving: whether anything moves."""
    lot = world.lot
    half = [world.number(2.0, 4.5), world.number(1.6, 3.6)]
    high = world.number(2.3, 3.4)
    world.light(indoors=True)
    floor = world.material(GROUND_TEXTURES, tint=0.6, per_metre=world.number(0.4, 1.5))
    world.box(GROUND, [0, 0, -0.05], [half[0] + 0.5, half[1] + 0.5, 0.05], floor)
    world.box(BUILDING, [0, 0, high + 0.05], [half[0] + 0.5, half[1] + 0.5, 0.05], world.plain())
    alike = world.material((*WALL_TEXTURES, *CLOTH_TEXTURES), tint=0.5, per_metre=world.number(0.3, 1.2))
    for side, (x, y, facing) in enumerate(((1, 0, math.pi), (-1, 0, 0.0), (0, 1, -0.5 * math.pi), (0, -1, 0.5 * math.pi))):
        what = lot.random()
        material = alike if what < 0.5 else world.plain() if what < 0.7 else world.material(WALL_TEXTURES, tint=0.6)
        width = 2.0 * half[1 if side < 2 else 0] + 0.2
        world.wall(BUILDING, [x * half[0], y * half[1], 0.5 * high], (width, high), facing, material)
        for _ in range(int(lot.integers(0, 3))):
            along, inward = world.number(-0.7, 0.7), 0.04
            place = [x * (half[0] - inward) + (y != 0) * along * half[0], y * (half[1] - inward) + (x != 0) * along * half[1],
                     world.number(1.0, high - 0.6)]  # fmt: skip
            world.wall(
                OBJECT,
                place,
                (world.number(0.4, 1.3), world.number(0.4, 1.1)),
                facing,
                world.material(PICTURE_TEXTURES, tint=0.2),
            )
    _furniture(world, half, high)
    start = (world.number(-0.9, -0.4) * half[0], world.number(-0.5, 0.5) * half[1], world.number(0.8, 1.8))
    pace = world.number(0.01, 0.11)
    angle = world.number(-math.pi, math.pi)
    heading = world.number(-0.5, 0.5)
    _living(world, half, start, moving)
    _companion(world, half, start, (pace, heading + angle), moving)
    return CameraWay(
        start_m=start,
        heading_rad=heading,
        pitch_rad=world.number(-0.1, 0.35),
        step_m=(pace * math.cos(angle), pace * math.sin(angle), 0.5 * pace * world.number(-1, 1)),
        turn_rad=(world.number(-0.03, 0.03), world.number(-0.012, 0.012)),
        shake_rad=0.003,
        shake_m=0.003,
        roll_rad=world.number(-0.08, 0.08),
    )


def _furniture(world: WorldBuilder, half: list[float], high: float) -> None:
    lot = world.lot
    for _ in range(int(lot.integers(8, 18))):
        along_wall = lot.random() < 0.6
        size = [world.number(0.15, 0.8), world.number(0.15, 0.6), world.number(0.15, 1.0 if along_wall else 0.45)]
        x = world.number(-0.6, 0.95) * (half[0] - size[0])
        y = (
            (1.0 if lot.random() < 0.5 else -1.0) * (half[1] - size[1] - 0.05)
            if along_wall
            else world.number(-0.9, 0.9) * half[1]
        )
        if not along_wall and abs(y) < 0.5 and x < 0.0:
            continue
        material = world.material((*CLOTH_TEXTURES, *PICTURE_TEXTURES), tint=0.6, cube=lot.random() < 0.5)
        what = lot.random()
        if what < 0.5:
            world.box(OBJECT, [x, y, size[2]], size, material, turn_rad=0.0 if along_wall else world.number(0, 3))
            if lot.random() < 0.5:
                small = world.number(0.05, 0.2)
                world.ellipsoid(OBJECT, [x, y, 2 * size[2] + small], [small, small, small], world.plain())
        elif what < 0.65:
            top = world.number(0.4, 0.9)
            world.box(OBJECT, [x, y, top], [size[0], size[1], 0.025], material)
            for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                world.cylinder(OBJECT, (x + 0.9 * sx * size[0], y + 0.9 * sy * size[1], 0.0), 0.03, top, world.plain())
        elif what < 0.85:
            name = world.one_of(FURNITURE[:3])
            world.mesh(OBJECT, name, [x, y, 0.0], material, turn_rad=world.number(0.0, 6.3))
        else:
            world.mesh(PLANT, "plant", [x, y, 0.0], world.material(PLANT_TEXTURES, tint=0.6), scale=world.number(0.7, 1.4))


def _living(world: WorldBuilder, half: list[float], camera_m: tuple[float, float, float], moving: bool) -> None:
    """People, animals and toys, in front of the camera and not in its face."""
    lot = world.lot
    for _ in range(int(lot.integers(1, 5))):
        x = world.number(camera_m[0] + 0.9, 0.9 * half[0])
        y = world.number(-0.85, 0.85) * half[1]
        heading = world.number(-math.pi, math.pi)
        walks = moving and lot.random() < 0.85
        what = lot.random()
        if what < 0.6:
            step = world.number(0.02, 0.12) if walks else 0.0
            world.figure(PERSON, world.one_of(PEOPLE), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.06, 0.06))
        elif what < 0.85:
            name = world.one_of(SMALL_ANIMALS)
            step = world.number(0.02, 0.12) if walks and name != "cat_sitting" else 0.0
            world.figure(ANIMAL, name, (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.08, 0.08))
        else:
            step = world.number(0.02, 0.1) if walks else 0.0
            world.figure(VEHICLE, "toy_car", (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.05, 0.05))


def _companion(
    world: WorldBuilder, half: list[float], camera_m: tuple[float, float, float], way: tuple[float, float], moving: bool
) -> None:
    """Often someone goes as the camera does, which follows: in the picture he stands still, as if he were far away.

    way: the camera's pace, metres a frame, and direction, radians.
    """
    lot, (pace_m, way_rad) = world.lot, way
    follows, walks = lot.random() < 0.5, moving and lot.random() < 0.85
    x = min(camera_m[0] + world.number(1.2, 3.5), 0.9 * half[0])
    y = min(max(camera_m[1] + world.number(-0.8, 0.8), -0.85 * half[1]), 0.85 * half[1])
    step, kind = pace_m * world.number(0.85, 1.15) if walks else 0.0, lot.random()
    if not follows:
        return
    if kind < 0.65:
        world.figure(PERSON, world.one_of(PEOPLE), (x, y, 0.0), way_rad, step_m=step)
    elif kind < 0.85:
        world.figure(ANIMAL, world.one_of(SMALL_ANIMALS[:2]), (x, y, 0.0), way_rad, step_m=step)
    else:
        world.figure(VEHICLE, "toy_car", (x, y, 0.0), way_rad, step_m=step)
