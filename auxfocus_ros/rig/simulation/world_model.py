"""From a scene file and a URDF to one MuJoCo model: the world, the textures, and the rig attached to a platform that is driven.

The platform is a body with a free joint and a mass so large that the gimbal cannot move it: its motion is prescribed, and the
gimbal feels it as a real one would. Everything of the rig lies in geom group 5, which neither camera nor lidar sees; glass lies
in group 4, which the camera sees through and a lidar partly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.simulation.opengl import load_mujoco
from auxfocus_ros.rig.simulation.scene_file import SceneDescription, ThingSettings
from auxfocus_ros.rig.urdf import Robot

GLASS_GROUP = 4
RIG_GROUP = 5
PREFIX = "rig/"
PLATFORM = f"{PREFIX}platform"
PLATFORM_MASS_KG = 1e5
PLATFORM_INERTIA_KG_M2 = 1e4
TEXTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class ThingModel:
    """Where a thing of the scene stands in the compiled model.

    id: its label, from 1 in the order of the scene file. body: of its position. mocap: row of mocap_pos; -1: it stands still.
    geoms: all of its geoms. swings: (address in qpos, amplitude, stride, phase) of its limbs' hinges.
    """

    id: int
    settings: ThingSettings
    body: int
    mocap: int
    geoms: tuple[int, ...]
    swings: tuple[tuple[int, float, float, float], ...]


@dataclass(frozen=True)
class WorldModel:
    """A compiled scene.

    model: mujoco.MjModel. things: by the scene file's order. labels: (ngeom,) uint16, the thing's id of each geom, 0: none.
    glass: geom -> share of pulses that come back. bodies: link of the rig -> body. platform_q, platform_v: addresses of the free
    joint. joint_q, joint_v: addresses of the gimbal's joints, in the robot's order.
    """

    model: Any
    things: tuple[ThingModel, ...]
    labels: np.ndarray
    glass: Mapping[int, float]
    bodies: Mapping[str, int]
    platform_q: int
    platform_v: int
    joint_q: tuple[int, ...]
    joint_v: tuple[int, ...]


def compile_world(scene: SceneDescription, robot: Robot) -> WorldModel:
    """Compile a scene with its rig.

    Raises:
        ConfigurationError: a world that MuJoCo refuses, a missing texture, a thing or joint that the model does not have.
        MissingLibraryError: no MuJoCo.
    """
    mujoco = load_mujoco()
    try:
        spec = mujoco.MjSpec.from_file(str(scene.model))
    except (ValueError, RuntimeError) as error:
        raise ConfigurationError(f"{scene.model}: MuJoCo cannot read it: {_line(error)}") from error
    load_textures(spec, scene.model, mujoco)
    _attach(spec, robot, mujoco)
    for thing in scene.things:
        _check_thing(spec, thing, scene)
        for geom in _geoms_of(spec, thing) if thing.glass else []:
            geom.group = GLASS_GROUP
    spec.visual.global_.offwidth, spec.visual.global_.offheight = scene.camera.width_px, scene.camera.height_px
    try:
        model = spec.compile()
    except (ValueError, RuntimeError) as error:
        raise ConfigurationError(f"{scene.model}: MuJoCo cannot compile it: {_line(error)}") from error
    return _index(model, scene, robot, mujoco)


def load_textures(spec: Any, model: Path, mujoco: Any) -> None:
    """Decode the pictures of textures ourselves: MuJoCo reads no JPEG, and says of a missing file only that it cannot open it."""
    for texture in spec.textures:
        faces = [name for name in texture.cubefiles if name]
        for name in (texture.file, *faces):
            if name and Path(name).suffix.lower() not in TEXTURE_SUFFIXES:
                raise ConfigurationError(f"{model}: texture '{texture.name}': {name} is neither PNG nor JPEG")
        if faces:
            raise ConfigurationError(f"{model}: texture '{texture.name}': six files for a cube are not taken: use one picture")
        if not texture.file:
            continue
        folders = (model.parent / "textures", model.parent, model.parent / (spec.texturedir or ""))
        path = next((folder / texture.file for folder in folders if (folder / texture.file).is_file()), None)
        if path is None:
            raise ConfigurationError(
                f"{model}: texture '{texture.name}': there is no file {texture.file} in {folders[0]} or {folders[1]}"
            )
        picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if picture is None:
            raise ConfigurationError(f"{model}: texture '{texture.name}': {path} is no picture that can be read")
        if texture.type != mujoco.mjtTexture.mjTEXTURE_2D and list(texture.gridsize) == [1, 1]:
            side = min(picture.shape[:2])
            picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)  # a face of a cube is square
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        texture.file, texture.nchannel = "", 3
        texture.height, texture.width = rgb.shape[:2]
        texture.data = rgb.tobytes()


def _attach(spec: Any, robot: Robot, mujoco: Any) -> None:
    """Add the platform with the robot's links as bodies; joints get damping and friction, their torques come from the
    controller."""
    platform = spec.worldbody.add_body(name=PLATFORM)
    platform.add_freejoint(name=f"{PREFIX}platform_joint")
    platform.mass, platform.ipos, platform.inertia = PLATFORM_MASS_KG, [0, 0, 0], [PLATFORM_INERTIA_KG_M2] * 3
    platform.explicitinertial = True
    # The unit of angles is the user's file's, also for what is added here.
    angle = 180.0 / math.pi if spec.compiler.degree else 1.0
    children: dict[str, list[Any]] = {}
    for joint in robot.joints.values():
        children.setdefault(joint.parent, []).append(joint)

    def add(parent: Any, link_name: str, joint: Any) -> None:
        body = parent.add_body(name=PREFIX + link_name)
        if joint is not None:
            x, y, z, w = joint.parent_from_joint.as_quaternion()
            body.pos, body.quat = joint.parent_from_joint.translation_m, [w, x, y, z]
            if joint.kind in ("revolute", "continuous"):
                body.add_joint(
                    name=PREFIX + joint.name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=joint.axis, damping=joint.damping,
                    frictionloss=joint.friction, limited=joint.kind == "revolute",
                    range=[angle * joint.lower, angle * joint.upper] if joint.kind == "revolute" else [0.0, 0.0],
                )  # fmt: skip
            elif joint.kind != "fixed":
                raise ConfigurationError(
                    f"the simulated gimbal '{robot.name}': joint '{joint.name}' is {joint.kind}; only hinges turn"
                )
        link = robot.links[link_name]
        if link.mass_kg > 0.0:
            body.mass, body.ipos = link.mass_kg, link.centre_m
            inertia = link.inertia
            body.fullinertia = [inertia[0, 0], inertia[1, 1], inertia[2, 2], inertia[0, 1], inertia[0, 2], inertia[1, 2]]
            body.explicitinertial = True
        for child in children.get(link_name, []):
            add(body, child.child, child)

    add(platform, robot.root, None)


def _check_thing(spec: Any, thing: ThingSettings, scene: SceneDescription) -> None:
    kind = "geom" if thing.is_geom else "body"
    found = spec.geom(thing.name) if thing.is_geom else spec.body(thing.name)
    if found is None:
        raise ConfigurationError(f"scene '{scene.name}': things: the model {scene.model.name} has no {kind} '{thing.name}'")
    if thing.path is not None and not found.mocap:
        raise ConfigurationError(
            f"scene '{scene.name}': things: body '{thing.name}' has a path, so the model must give it mocap=\"true\""
        )
    for swing in thing.gait:
        if spec.joint(swing.joint) is None:
            raise ConfigurationError(f"scene '{scene.name}': things: '{thing.name}': the model has no joint '{swing.joint}'")


def _geoms_of(spec: Any, thing: ThingSettings) -> list[Any]:
    if thing.is_geom:
        return [spec.geom(thing.name)]
    geoms: list[Any] = []
    bodies = [spec.body(thing.name)]
    while bodies:
        body = bodies.pop()
        geoms += list(body.geoms)
        bodies += list(body.bodies)
    return geoms


def _index(model: Any, scene: SceneDescription, robot: Robot, mujoco: Any) -> WorldModel:
    labels = np.zeros(model.ngeom, np.uint16)
    roots = _ancestors(model)
    things: list[ThingModel] = []
    glass: dict[int, float] = {}
    # Bodies first, single geoms after them: a pane that belongs to a thing may be listed by itself.
    for thing_id, thing in sorted(enumerate(scene.things, 1), key=lambda item: item[1].is_geom):
        if thing.is_geom:
            geoms = [model.geom(thing.name).id]
            body = int(model.geom_bodyid[geoms[0]])
        else:
            body = model.body(thing.name).id
            geoms = [geom for geom in range(model.ngeom) if body in roots[int(model.geom_bodyid[geom])]]
        labels[geoms] = thing_id
        glass |= {geom: thing.glass for geom in geoms if thing.glass}
        swings = tuple(
            (int(model.jnt_qposadr[model.joint(swing.joint).id]), swing.amplitude_rad, swing.stride_m, swing.phase_rad)
            for swing in thing.gait
        )
        mocap = int(model.body_mocapid[body]) if thing.path is not None else -1
        things.append(ThingModel(thing_id, thing, body, mocap, tuple(geoms), swings))
    free = model.joint(f"{PREFIX}platform_joint").id
    joints = [model.joint(PREFIX + joint.name).id for joint in robot.moving_joints]
    return WorldModel(
        model=model,
        things=tuple(sorted(things, key=lambda thing: thing.id)),
        labels=labels,
        glass=glass,
        bodies={name: model.body(PREFIX + name).id for name in robot.links},
        platform_q=int(model.jnt_qposadr[free]),
        platform_v=int(model.jnt_dofadr[free]),
        joint_q=tuple(int(model.jnt_qposadr[joint]) for joint in joints),
        joint_v=tuple(int(model.jnt_dofadr[joint]) for joint in joints),
    )


def _ancestors(model: Any) -> list[set[int]]:
    """For each body itself and all bodies above it, the world left out."""
    above: list[set[int]] = [set()]
    for body in range(1, model.nbody):
        above.append({body} | above[int(model.body_parentid[body])])
    return above


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
