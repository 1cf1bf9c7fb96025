"""What worlds are built of: textured boxes, meshes, and the figures of the shipped scenes, each with its class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.rig.simulation.opengl import load_mujoco

CLASSES = ("ground", "building", "plant", "object", "sky", "vehicle", "person", "animal")
"""In the order of config/monodepth/classes.yaml."""
GROUND, BUILDING, PLANT, OBJECT, SKY, VEHICLE, PERSON, ANIMAL = CLASSES

PEOPLE = ("person_chilli", "person_lavender", "person_painted", "person_petals")
LARGE_ANIMALS, SMALL_ANIMALS = ("dog", "cow"), ("dog", "cat", "cat_sitting")
VEHICLES = ("car_red", "car_blue", "van")
GROUND_TEXTURES = ("stone", "paving", "grass", "planks", "bark", "brick")
WALL_TEXTURES = ("brick_windows", "plaster_windows", "copper_house", "arcade", "brick", "mural", "stone", "planks", "paving")
PICTURE_TEXTURES = (
    "pic_budgie", "pic_circuit", "pic_gates", "pic_lavender", "pic_osprey", "pic_skyline", "pic_spices", "pic_taipei",
    "pic_tunnel", "pic_wren", "mountains", "sign",
)  # fmt: skip
PLANT_TEXTURES = ("leaves", "hedge", "pine", "grass")
CLOTH_TEXTURES = ("cloth_chilli", "cloth_grey", "cloth_petals", "cloth_rose", "paint", "planks", "bark", "mural")
FURNITURE = ("chair", "bench", "bicycle", "bottle", "bowl")
SWINGS = {"hip_l": 0.0, "hip_r": math.pi, "shoulder_l": math.pi, "shoulder_r": 0.0, "knee_l": 1.6, "knee_r": 1.6 + math.pi,
          "leg_fl": 0.0, "leg_fr": math.pi, "leg_bl": math.pi, "leg_br": 0.0}  # fmt: skip
"""Hinges that swing as their figure walks, and how far ahead of the left hip, radians."""


@dataclass(frozen=True)
class Mover:
    """A figure that can move by itself.

    number: from 1. kind: its class. body: its name. start_m: (3,) at frame 0. heading_rad: the way it looks and goes. step_m:
    how far it goes from frame to frame; 0: it stands. turn_rad: by how much its heading turns each frame. swing_rad, phase_rad:
    of its limbs.
    """

    number: int
    kind: str
    body: str
    start_m: tuple[float, float, float]
    heading_rad: float
    step_m: float
    turn_rad: float
    swing_rad: float
    phase_rad: float

    def at(self, frame: float) -> tuple[NDArray[np.float64], float, float]:
        """(position (3,) m, heading rad, way gone m) at a frame."""
        heading = self.heading_rad + self.turn_rad * frame
        middle = self.heading_rad + 0.5 * self.turn_rad * frame
        way = self.step_m * frame
        return np.array(self.start_m) + way * np.array([math.cos(middle), math.sin(middle), 0.0]), heading, way


class WorldBuilder:
    """Collects a world; what is random in it follows from `lot`."""

    def __init__(self, lot: np.random.Generator, *, living: bool = True) -> None:
        """living: False: figures are drawn by lot and left out. Raises MissingLibraryError where MuJoCo is missing."""
        self._living = living
        self.lot, self.mujoco = lot, load_mujoco()
        self.spec: Any = self.mujoco.MjSpec()
        self.spec.compiler.degree = False
        self.spec.meshdir = str(config_dir() / "scenes" / "meshes")
        self.spec.visual.quality.shadowsize = self.spec.visual.quality.offsamples = 0
        self.spec.visual.map.znear, self.spec.visual.map.zfar, self.spec.stat.extent = 0.05, 600.0, 1.0
        self.movers: list[Mover] = []
        self._count = 0
        self._figures: dict[str, Any] = {}

    def number(self, low: float, high: float) -> float:
        """Even between two bounds."""
        return float(self.lot.uniform(low, high))

    def one_of(self, names: tuple[str, ...]) -> str:
        """One by lot."""
        return str(names[int(self.lot.integers(len(names)))])

    def light(self, *, indoors: bool = False) -> None:
        """A sky, light from all sides and one or two suns."""
        levels = self.number(0.35, 0.6) if not indoors else self.number(0.4, 0.65)
        headlight = self.spec.visual.headlight
        headlight.ambient = [levels * self.number(0.93, 1.07) for _ in range(3)]
        headlight.diffuse = headlight.specular = [0.0, 0.0, 0.0]
        for strength in (self.number(0.25, 0.6), self.number(0.05, 0.25)):
            angle, down = self.number(-math.pi, math.pi), self.number(0.35, 1.6)
            self.spec.worldbody.add_light(
                type=self.mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, dir=[math.cos(angle), math.sin(angle), -down],
                diffuse=[strength * self.number(0.9, 1.1) for _ in range(3)], castshadow=False,
            )  # fmt: skip
        top = np.array([0.36, 0.55, 0.85]) * self.number(0.6, 1.1) + self.number(0.0, 0.25)
        low = np.array([0.84, 0.88, 0.92]) * self.number(0.75, 1.05)
        self.spec.add_texture(
            name="sky", type=self.mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=self.mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
            rgb1=np.clip(top, 0, 1), rgb2=np.clip(low, 0, 1), width=32, height=192,
        )  # fmt: skip

    def material(
        self, textures: tuple[str, ...], *, tint: float = 0.5, per_metre: float | None = None, cube: bool = False
    ) -> str:
        """A material with one of the textures, tinted; per_metre: repeated so often, about; None: once over a face."""
        texture = self.one_of(textures)
        self._count += 1
        name = f"material_{self._count}"
        kind = self.mujoco.mjtTexture
        known = f"{texture}_{'cube' if cube else 'flat'}"
        if self.spec.texture(known) is None:
            self.spec.add_texture(name=known, type=kind.mjTEXTURE_CUBE if cube else kind.mjTEXTURE_2D, file=f"{texture}.jpg")
        level = self.number(1.0 - tint, 1.0)
        colour = [min(1.0, level * self.number(1.0 - 0.5 * tint, 1.0 + 0.3 * tint)) for _ in range(3)]
        often = 1.0 if per_metre is None else 2.0 * per_metre * self.number(0.6, 1.6)
        material = self.spec.add_material(
            name=name, rgba=[*colour, 1.0], texuniform=per_metre is not None, texrepeat=[often, often],
            specular=self.number(0.0, 0.3), shininess=self.number(0.1, 0.6),
        )  # fmt: skip
        material.textures[self.mujoco.mjtTextureRole.mjTEXROLE_RGB] = known
        return name

    def plain(self) -> str:
        """A material of one colour."""
        self._count += 1
        name = f"material_{self._count}"
        self.spec.add_material(name=name, rgba=[*(self.number(0.05, 0.9) for _ in range(3)), 1.0], specular=self.number(0, 0.5))
        return name

    def box(self, kind: str, middle_m: Any, half_m: Any, material: str, *, turn_rad: float = 0.0) -> None:
        """A box on the world, turned about z."""
        self._geom(kind, type=self.mujoco.mjtGeom.mjGEOM_BOX, pos=middle_m, size=half_m, material=material, turn_rad=turn_rad)

    def wall(self, kind: str, middle_m: Any, size_m: tuple[float, float], facing_rad: float, material: str) -> None:
        """A thin upright box whose picture stands upright towards `facing_rad`; size_m: width and height."""
        side = [-math.sin(facing_rad), math.cos(facing_rad), 0.0]
        rotation = np.array([side, [0.0, 0.0, 1.0], [math.cos(facing_rad), math.sin(facing_rad), 0.0]]).T
        self._geom(kind, type=self.mujoco.mjtGeom.mjGEOM_BOX, pos=middle_m, size=[0.5 * size_m[0], 0.5 * size_m[1], 0.03],
                   material=material, rotation=rotation)  # fmt: skip

    def cylinder(self, kind: str, foot_m: Any, radius_m: float, height_m: float, material: str) -> None:
        """Upright."""
        x, y, z = foot_m
        self._geom(kind, type=self.mujoco.mjtGeom.mjGEOM_CYLINDER, pos=[x, y, z + 0.5 * height_m],
                   size=[radius_m, 0.5 * height_m, 0.0], material=material)  # fmt: skip

    def ellipsoid(self, kind: str, middle_m: Any, half_m: Any, material: str) -> None:
        """Along the axes."""
        self._geom(kind, type=self.mujoco.mjtGeom.mjGEOM_ELLIPSOID, pos=middle_m, size=half_m, material=material)

    def mesh(self, kind: str, name: str, place_m: Any, material: str, *, scale: float = 1.0, turn_rad: float = 0.0) -> None:
        """A shipped mesh, its foot at a place."""
        self._count += 1
        known = f"{name}_{self._count}"
        self.spec.add_mesh(
            name=known, file=f"{name}.obj", scale=[scale] * 3, inertia=self.mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        )
        self._geom(kind, type=self.mujoco.mjtGeom.mjGEOM_MESH, meshname=known, pos=place_m, material=material, turn_rad=turn_rad)

    def ground(self, half_m: float, material: str) -> None:
        """A plane at z = 0."""
        self._geom(GROUND, type=self.mujoco.mjtGeom.mjGEOM_PLANE, pos=[0, 0, 0], size=[half_m, half_m, 1.0], material=material)

    def tree(self, x_m: float, y_m: float) -> None:
        """A trunk with a crown, or a conifer."""
        bark, leaves = self.material(("bark",), cube=True), self.material(PLANT_TEXTURES, tint=0.7)
        height = self.number(1.6, 3.6)
        self.cylinder(PLANT, (x_m, y_m, 0.0), self.number(0.08, 0.25), height, bark)
        if self.lot.random() < 0.6:
            self.mesh(PLANT, "crown", [x_m, y_m, height + 0.6], leaves, scale=self.number(0.9, 2.0), turn_rad=self.number(0, 6))
        else:
            half = self.number(0.7, 1.8)
            self.ellipsoid(PLANT, [x_m, y_m, height + half], [half, half, half * self.number(1.0, 1.8)], leaves)

    def bush(self, x_m: float, y_m: float) -> None:
        """Round or clipped."""
        leaves = self.material(PLANT_TEXTURES, tint=0.7, per_metre=0.8)
        half = [self.number(0.3, 1.2), self.number(0.3, 1.2), self.number(0.3, 0.9)]
        if self.lot.random() < 0.5:
            self.ellipsoid(PLANT, [x_m, y_m, 0.7 * half[2]], half, leaves)
        else:
            self.box(PLANT, [x_m, y_m, half[2]], half, leaves, turn_rad=self.number(0, 3))

    def figure(
        self,
        kind: str,
        name: str,
        place_m: tuple[float, float, float],
        heading_rad: float,
        *,
        step_m: float,
        turn_rad: float = 0.0,
    ) -> None:
        """A person, an animal or a vehicle that goes so far each frame; 0: it stands."""
        order = self.lot.permutation(3) if kind == VEHICLE else np.arange(3)
        tints = self.lot.uniform(0.55, 1.35, (32, 3))
        swing, phase = self.number(0.15, 0.5), self.number(-math.pi, math.pi)
        if not self._living:
            return
        number = len(self.movers) + 1
        body_name = f"thing_{number}"
        body = self.spec.worldbody.add_body(name=body_name, mocap=True, pos=place_m)
        figure = self.mujoco.MjSpec.from_file(str(config_dir() / "scenes" / "figures" / f"{name}.xml"))
        for material, tint in zip(figure.materials, tints, strict=False):
            material.rgba = [*np.clip(np.asarray(material.rgba[:3])[order] * tint, 0.0, 1.0), 1.0]
        body.add_frame().attach_body(figure.body("figure"), f"{body_name}/", "")
        self.movers.append(Mover(number, kind, body_name, place_m, heading_rad, step_m, turn_rad, swing, phase))

    def _geom(self, kind: str, *, turn_rad: float = 0.0, rotation: NDArray[np.float64] | None = None, **settings: Any) -> None:
        self._count += 1
        quaternion = [math.cos(0.5 * turn_rad), 0.0, 0.0, math.sin(0.5 * turn_rad)]
        if rotation is not None:
            found = np.empty(4)
            self.mujoco.mju_mat2Quat(found, np.ascontiguousarray(rotation).reshape(9))
            quaternion = found.tolist()
        self.spec.worldbody.add_geom(name=f"{kind}/{self._count}", quat=quaternion, contype=0, conaffinity=0, **settings)
