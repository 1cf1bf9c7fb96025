"""Filming a world that was drawn by lot: pictures, and the truth of every pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.simulation.filmed_worlds.ingredients import CLASSES, SKY, SWINGS, Mover, WorldBuilder
from auxfocus_ros.rig.simulation.filmed_worlds.room import build_room
from auxfocus_ros.rig.simulation.filmed_worlds.street import build_street
from auxfocus_ros.rig.simulation.filmed_worlds.yard import build_yard
from auxfocus_ros.rig.simulation.opengl import load_mujoco
from auxfocus_ros.rig.simulation.renderer import Renderer
from auxfocus_ros.rig.simulation.world_model import load_textures

Kind = Literal["street", "room", "yard"]
BUILD = {"street": build_street, "room": build_room, "yard": build_yard}
RATE_HZ = 10.0
NEAREST_M = 0.35
"""Nothing may stand nearer to the camera at any frame; another way is drawn until it is so."""
MOST_TRIES = 12
# How wide the cameras of a kind look: focal length over the picture's width.
FOCAL_SHARE = {"street": (0.5, 0.8), "room": (0.55, 1.0), "yard": (0.6, 1.0)}


@dataclass(frozen=True)
class FilmOptions:
    """What is filmed.

    kind: of the world. seed: of all that is random. frames: pictures, RATE_HZ. width_px, height_px: of them. moving: False: the
    same world with everything standing.
    """

    kind: Kind = "street"
    seed: int = 1
    frames: int = 6
    width_px: int = 320
    height_px: int = 96
    moving: bool = True
    living: bool = True


@dataclass(frozen=True, eq=False)
class FilmedSequence:
    """Pictures and their truth.

    pictures: (F, H, W, 3) uint8 BGR. camera: intrinsics. stamps_s: (F,). world_from_camera: (F, 4, 4). depth_m: (F, H, W)
    float16 z, +inf sky. classes: (F, H, W) uint8, numbers in CLASSES. things: (F, H, W) uint8, which mover, 0: none. moved_px:
    (F, H, W) float16, how far in the next picture what is seen lies from where it would lie had it stood; of the last frame 0.
    world_from_thing: (F, T, 4, 4), where each mover stands, the first one's number is 1.
    """

    options: FilmOptions
    pictures: NDArray[np.uint8]
    camera: CameraModel
    stamps_s: NDArray[np.float64]
    world_from_camera: NDArray[np.float64]
    depth_m: NDArray[np.float16]
    classes: NDArray[np.uint8]
    things: NDArray[np.uint8]
    moved_px: NDArray[np.float16]
    world_from_thing: NDArray[np.float64]


def film_world(options: FilmOptions) -> FilmedSequence:
    """Draw a world and film it. The same options give the same pictures on the same machine.

    Raises:
        MissingLibraryError: no MuJoCo, or no OpenGL.
    """
    for attempt in range(MOST_TRIES):
        found = _film(options, attempt)
        if float(found.depth_m.min()) >= NEAREST_M:
            break
    return found


def _film(options: FilmOptions, attempt: int) -> FilmedSequence:
    lot = np.random.default_rng((options.seed, list(BUILD).index(options.kind), attempt))
    world = WorldBuilder(lot, living=options.living)
    # What moves is drawn alike whether it may move or not, so that both worlds look the same.
    way = BUILD[options.kind](world, True)
    movers = world.movers if options.moving else [replace(mover, step_m=0.0, turn_rad=0.0) for mover in world.movers]
    focal_px = world.number(*FOCAL_SHARE[options.kind]) * options.width_px
    size = (options.width_px, options.height_px)
    middle = (0.5 * (size[0] - 1) + world.number(-4, 4), 0.5 * (size[1] - 1) + world.number(-3, 3))
    camera = CameraModel(*size, focal_px, focal_px * world.number(0.99, 1.01), *middle)
    load_textures(world.spec, config_dir() / "scenes" / "road.xml", world.mujoco)
    model = world.spec.compile()
    renderer = Renderer(model, *size)
    try:
        return _Shoot(options, model, renderer, camera, movers).take(way.poses(options.frames, lot))
    finally:
        renderer.close()


class _Shoot:
    def __init__(self, options: FilmOptions, model: Any, renderer: Renderer, camera: CameraModel, movers: list[Mover]) -> None:
        self._options, self._mujoco, self._model = options, load_mujoco(), model
        self._renderer, self._camera, self._movers = renderer, camera, movers
        self._data = self._mujoco.MjData(model)
        self._class_of, self._thing_of = self._tables()
        self._hinges = {mover.number: self._hinges_of(mover) for mover in movers}

    def take(self, poses: list[RigidTransform]) -> FilmedSequence:
        options, count = self._options, len(poses)
        shape = (count, options.height_px, options.width_px)
        pictures, depth_m = np.empty((*shape, 3), np.uint8), np.empty(shape, np.float16)
        geoms = np.empty(shape, np.uint16)
        places, things = [], np.tile(np.eye(4), (count, len(self._movers), 1, 1))
        for frame, pose in enumerate(poses):
            self._set(frame)
            pictures[frame], depth = self._renderer.picture(self._data, self._camera, pose)
            depth_m[frame] = depth
            geoms[frame] = self._renderer.labels(self._data, self._camera, pose, np.arange(1, self._model.ngeom + 1))
            for matrix, mover in zip(things[frame], self._movers, strict=True):
                body = self._model.body(mover.body).id
                matrix[:3, :3], matrix[:3, 3] = self._data.xmat[body].reshape(3, 3), self._data.xpos[body]
            places.append((self._data.geom_xpos.copy(), self._data.geom_xmat.reshape(-1, 3, 3).copy()))
        moved = np.zeros(shape, np.float16)
        for frame in range(count - 1):
            moved[frame] = self._moved(geoms[frame], depth_m[frame], poses[frame : frame + 2], places[frame : frame + 2])
        matrices = np.tile(np.eye(4), (count, 1, 1))
        for matrix, pose in zip(matrices, poses, strict=True):
            matrix[:3, :3], matrix[:3, 3] = pose.rotation, pose.translation_m
        return FilmedSequence(
            options, pictures, self._camera, np.arange(count) / RATE_HZ, matrices, depth_m, self._class_of[geoms],
            self._thing_of[geoms], moved, things,
        )  # fmt: skip

    def _tables(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Class and mover of each geom; its number is one more than MuJoCo's, 0 is the sky."""
        model = self._model
        class_of = np.full(model.ngeom + 1, CLASSES.index(SKY), np.uint8)
        thing_of = np.zeros(model.ngeom + 1, np.uint8)
        roots = {model.body(mover.body).id: mover for mover in self._movers}
        for geom in range(model.ngeom):
            mover = roots.get(int(model.body_rootid[model.geom_bodyid[geom]]))
            kind = mover.kind if mover else model.geom(geom).name.partition("/")[0]
            class_of[geom + 1] = CLASSES.index(kind)
            thing_of[geom + 1] = mover.number if mover else 0
        return class_of, thing_of

    def _hinges_of(self, mover: Mover) -> list[tuple[int, float, float]]:
        """(address, amplitude, phase) of the hinges that swing."""
        found = []
        for name, ahead in SWINGS.items():
            joint = self._mujoco.mj_name2id(self._model, self._mujoco.mjtObj.mjOBJ_JOINT, f"{mover.body}/{name}")
            if joint >= 0:
                swing = mover.swing_rad * (0.5 if name.startswith("knee") else 1.0)
                found.append((int(self._model.jnt_qposadr[joint]), min(swing, 0.3) if name.startswith("knee") else swing, ahead))
        return found

    def _set(self, frame: int) -> None:
        data = self._data
        self._mujoco.mj_resetData(self._model, data)
        for mover in self._movers:
            place, heading, way = mover.at(frame)
            mocap = int(self._model.body_mocapid[self._model.body(mover.body).id])
            data.mocap_pos[mocap] = place
            data.mocap_quat[mocap] = [math.cos(0.5 * heading), 0.0, 0.0, math.sin(0.5 * heading)]
            stride_m = 1.4 if mover.kind == "person" else 0.8
            for address, amplitude, ahead in self._hinges[mover.number]:
                data.qpos[address] = amplitude * math.sin(2.0 * math.pi * way / stride_m + mover.phase_rad + ahead)
        self._mujoco.mj_kinematics(self._model, data)
        self._mujoco.mj_camlight(self._model, data)

    def _moved(
        self, geoms: NDArray[np.uint16], depth_m: NDArray[np.float16], poses: list[RigidTransform], places: list[Any]
    ) -> NDArray[np.float32]:
        """(H, W) pixels; see FilmedSequence.moved_px."""
        moved = np.zeros(geoms.shape, np.float32)
        rows, columns = np.nonzero(self._thing_of[geoms])
        if not len(rows):
            return moved
        camera, depth = self._camera, depth_m[rows, columns].astype(np.float64)
        rays = np.stack(
            [(columns - camera.cx_px) / camera.fx_px, (rows - camera.cy_px) / camera.fy_px, np.ones(len(rows))], axis=1
        )
        points = (depth[:, None] * rays) @ poses[0].rotation.T + poses[0].translation_m
        geom = geoms[rows, columns].astype(np.intp) - 1
        (at, turned), (next_at, next_turned) = places
        own = np.einsum("nji,nj->ni", turned[geom], points - at[geom])
        later = np.einsum("nij,nj->ni", next_turned[geom], own) + next_at[geom]

        def seen(what: NDArray[np.float64]) -> NDArray[np.float64]:
            local = (what - poses[1].translation_m) @ poses[1].rotation
            z = np.maximum(local[:, 2], 0.05)
            return np.stack([camera.fx_px * local[:, 0] / z, camera.fy_px * local[:, 1] / z], axis=1)

        moved[rows, columns] = np.minimum(np.linalg.norm(seen(later) - seen(points), axis=1), 1000.0)
        return moved
