"""Yards: a drone looks down at an angle and passes or circles."""

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
    VEHICLE,
    VEHICLES,
    WALL_TEXTURES,
    WorldBuilder,
)


def build_yard(world: WorldBuilder, moving: bool) -> CameraWay:
    """Fill a world; how its camera goes. moving: whether anything moves."""
    lot = world.lot
    world.light()
    world.ground(300.0, world.material(GROUND_TEXTURES, tint=0.6, per_metre=0.35))
    if lot.random() < 0.5:
        strip = world.material(GROUND_TEXTURES, tint=0.6, per_metre=0.5)
        world.box(
            GROUND, [20.0, world.number(-6, 6), 0.01], [40.0, world.number(1.0, 4.0), 0.012], strip, turn_rad=world.number(-1, 1)
        )
    high = world.number(2.0, 9.0)
    far = 6.0 + 4.0 * high
    for _ in range(int(lot.integers(7, 16))):
        x, y = world.number(0.6 * high, far), world.number(-0.5, 0.5) * far
        what = lot.random()
        if what < 0.35:
            size = [world.number(1.0, 4.0), world.number(1.0, 4.0), world.number(0.8, 3.0)]
            wall = world.material(WALL_TEXTURES, tint=0.6, per_metre=world.number(0.15, 0.5))
            world.box(BUILDING, [x + 4.0, y, size[2]], size, wall, turn_rad=world.number(0, 3))
        elif what < 0.6:
            world.tree(x, y)
        elif what < 0.8:
            world.bush(x, y)
        else:
            size = [world.number(0.2, 0.9) for _ in range(3)]
            world.box(
                OBJECT, [x, y, size[2]], size, world.material(CLOTH_TEXTURES, tint=0.6, cube=True), turn_rad=world.number(0, 3)
            )
    for _ in range(int(lot.integers(2, 7))):
        x, y = world.number(0.8 * high, 0.8 * far), world.number(-0.3, 0.3) * far
        heading, walks, what = world.number(-math.pi, math.pi), moving and lot.random() < 0.8, lot.random()
        if what < 0.4:
            step = world.number(0.05, 0.3) if walks else 0.0
            world.figure(PERSON, world.one_of(PEOPLE), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.03, 0.03))
        elif what < 0.65:
            step = world.number(0.05, 0.4) if walks else 0.0
            world.figure(
                ANIMAL, world.one_of(LARGE_ANIMALS), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.04, 0.04)
            )
        else:
            step = world.number(0.1, 0.9) if walks else 0.0
            world.figure(VEHICLE, world.one_of(VEHICLES), (x, y, 0.0), heading, step_m=step, turn_rad=world.number(-0.03, 0.03))
    angle, pace = world.number(-math.pi, math.pi), world.number(0.08, 0.5)
    heading, pitch = world.number(-0.3, 0.3), world.number(0.15, 0.65)
    _followed(world, (high, pitch), (pace, heading + angle), moving)
    return CameraWay(
        start_m=(0.0, world.number(-2.0, 2.0), high),
        heading_rad=heading,
        pitch_rad=pitch,
        step_m=(pace * math.cos(angle), pace * math.sin(angle), 0.2 * pace * world.number(-1, 1)),
        turn_rad=(world.number(-0.02, 0.02), world.number(-0.008, 0.008)),
        shake_rad=0.002,
        shake_m=0.005,
        roll_rad=world.number(-0.05, 0.05),
    )


def _followed(world: WorldBuilder, view: tuple[float, float], way: tuple[float, float], moving: bool) -> None:
    """Often the drone follows someone or something near the middle of its picture.

    view: the drone's height, metres, and pitch, radians, down. way: its pace, metres a frame, and direction, radians.
    """
    lot, (high_m, pitch_rad), (pace_m, way_rad) = world.lot, view, way
    follows, walks, what = lot.random() < 0.5, moving and lot.random() < 0.85, lot.random()
    x = high_m / math.tan(pitch_rad + world.number(0.0, 0.3))
    place = (min(x, 4.0 * high_m), world.number(-0.2, 0.2) * x, 0.0)
    step = pace_m * world.number(0.85, 1.15) if walks else 0.0
    if not follows:
        return
    if what < 0.4:
        world.figure(PERSON, world.one_of(PEOPLE), place, way_rad, step_m=step)
    elif what < 0.6:
        world.figure(ANIMAL, world.one_of(LARGE_ANIMALS), place, way_rad, step_m=step)
    else:
        world.figure(VEHICLE, world.one_of(VEHICLES), place, way_rad, step_m=step)
