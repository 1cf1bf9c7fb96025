"""Scene files: what happens in a simulated world, who films it, and with what. The world itself is MuJoCo's own format beside it.

    name: corridor
    title: one line for a person
    model: corridor.xml                # textures, PNG or JPEG, are looked for in textures/ beside it, then beside it
    duration_s: 20.0                   # of one pass; paths go on for ever
    rate_hz: 20.0
    seed: 1
    camera: {width_px: 640, height_px: 480, lens: gimbal_35mm, sensor_width_m: 0.0236, exposure_s: 0.004}
    platform: {position_m: [0, 0, 1.6], heading_rad: 0.0,             # or path: {...}, see paths.py
               shake: {rotation_rad: 0.004, translation_m: 0.002, frequency_hz: 8.0}}     # rms
    gimbal: {urdf: pan_tilt_gimbal, pan_rad: 0.0, tilt_rad: 0.0, stabilise: true, follow: walker, follow_height_m: 1.5}
    depth_sensor: {kind: spinning_16, mount: gimbal, noise: true, rolling: false}
    light: {level: 1.0, changes: [[5.0, 1.0], [8.0, 0.1]]}           # [time s, level], linear between
    things:
      - {body: walker, label: person, path: {...}, gait: [{joint: hip_l, amplitude_rad: 0.5, stride_m: 1.4, phase_rad: 0.0}]}
      - {geom: pane, label: glass, glass: 0.08}

Keys that are not known are refused with the nearest that is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.rig.simulation.paths import Path, Standing, parse_path
from auxfocus_ros.settings import flag, mapping, number, numbers, read_yaml, text, whole

DEPTH_SENSORS = ("spinning_16", "spinning_64", "non_repeating", "depth_camera", "none")
MOUNTS = ("gimbal", "fixed")
LARGEST_PICTURE_PX = 4096


@dataclass(frozen=True)
class CameraSettings:
    """The colour camera.

    width_px, height_px: of the picture. lens: a shipped lens or a path. sensor_width_m: of the sensor's used width; the pixel
    pitch is that over width_px. exposure_s: of each picture. reference_exposure_s: the exposure that shows the world as it was
    made.
    gain: times the signal; with auto_gain the largest. full_well_e, read_noise_e: electrons. noise: off for exact pictures.
    subframes: most pictures that one exposure is made of where things move; 1: no motion blur.
    """

    width_px: int = 640
    height_px: int = 480
    lens: str = "gimbal_35mm"
    sensor_width_m: float = 0.0236
    exposure_s: float = 0.004
    reference_exposure_s: float = 0.004
    gain: float = 1.0
    auto_gain: bool = False
    full_well_e: float = 12000.0
    read_noise_e: float = 6.0
    noise: bool = True
    subframes: int = 8


@dataclass(frozen=True)
class ShakeSettings:
    """How the platform trembles: root mean squares per axis, and where the vibration lies."""

    rotation_rad: float = 0.0
    translation_m: float = 0.0
    frequency_hz: float = 8.0


@dataclass(frozen=True)
class PlatformSettings:
    """What carries the gimbal: its path, be it that it stands, and how it shakes."""

    path: Path = field(default_factory=lambda: Standing(np.array([0.0, 0.0, 1.5])))
    shake: ShakeSettings = ShakeSettings()


@dataclass(frozen=True)
class GimbalSettings:
    """The gimbal: its URDF, where it looks at first, whether it holds its view against the platform, and what it follows.

    follow_height_m: above the origin of what it follows; None: its middle.
    """

    urdf: str = "pan_tilt_gimbal"
    pan_rad: float = 0.0
    tilt_rad: float = 0.0
    stabilise: bool = True
    follow: str = ""
    follow_height_m: float | None = None


@dataclass(frozen=True)
class DepthSensorSettings:
    """The range sensor: kind (DEPTH_SENSORS), mount (MOUNTS), noise on or off, rolling: a scan takes its time."""

    kind: str = "spinning_16"
    mount: str = "gimbal"
    noise: bool = True
    rolling: bool = False


@dataclass(frozen=True)
class LightSettings:
    """Level of the light over time: (seconds, level) points, linear between, constant beyond; 1: as the world was made."""

    level: float = 1.0
    changes: tuple[tuple[float, float], ...] = ()

    def at(self, time_s: float) -> float:
        """The level at a time."""
        if not self.changes:
            return self.level
        before = self.changes[0]
        for point in self.changes:
            if time_s < point[0]:
                share = (time_s - before[0]) / (point[0] - before[0]) if point[0] > before[0] else 1.0
                return self.level * (before[1] + max(0.0, share) * (point[1] - before[1]))
            before = point
        return self.level * before[1]


@dataclass(frozen=True)
class Swing:
    """A limb's hinge that swings as its thing walks: amplitude sin(2 pi travelled / stride + phase)."""

    joint: str
    amplitude_rad: float
    stride_m: float
    phase_rad: float = 0.0


@dataclass(frozen=True)
class ThingSettings:
    """A thing that has a label, and maybe moves.

    name: of its body (or of its geom, is_geom). path: where its body goes; None: it stands where the model puts it.
    glass: share of a lidar's pulses that come back from it when it is met squarely; 0: it is no glass.
    """

    name: str
    label: str
    is_geom: bool = False
    path: Path | None = None
    gait: tuple[Swing, ...] = ()
    glass: float = 0.0


@dataclass(frozen=True)
class SceneDescription:
    """A scene file's content; `model` is the world's file, absolute."""

    name: str
    title: str
    model: FilePath
    duration_s: float
    rate_hz: float
    seed: int
    camera: CameraSettings
    platform: PlatformSettings
    gimbal: GimbalSettings
    depth_sensor: DepthSensorSettings
    light: LightSettings
    things: tuple[ThingSettings, ...]

    def with_options(
        self,
        *,
        seed: int | None = None,
        rate_hz: float | None = None,
        width_px: int | None = None,
        height_px: int | None = None,
        depth_sensor: str | None = None,
        mount: str | None = None,
        light: float | None = None,
        noise: bool | None = None,
        rolling: bool | None = None,
        stabilise: bool | None = None,
    ) -> SceneDescription:
        """The same scene with some settings of the caller's; None leaves the scene's own.

        Raises:
            ConfigurationError: a value that cannot be, by its option's name.
        """
        camera, sensor = self.camera, self.depth_sensor
        if width_px is not None:
            camera = replace(camera, width_px=whole(width_px, "width_px", 16, LARGEST_PICTURE_PX))
        if height_px is not None:
            camera = replace(camera, height_px=whole(height_px, "height_px", 16, LARGEST_PICTURE_PX))
        if depth_sensor is not None:
            sensor = replace(sensor, kind=text(depth_sensor, "depth_sensor", DEPTH_SENSORS))
        if mount is not None:
            sensor = replace(sensor, mount=text(mount, "mount", MOUNTS))
        if noise is not None:
            camera, sensor = replace(camera, noise=noise), replace(sensor, noise=noise)
        if rolling is not None:
            sensor = replace(sensor, rolling=rolling)
        return replace(
            self,
            seed=self.seed if seed is None else whole(seed, "seed", 0, 2**63 - 1),
            rate_hz=self.rate_hz if rate_hz is None else number(rate_hz, "rate_hz", 0.1, 1000.0),
            camera=camera,
            depth_sensor=sensor,
            light=self.light if light is None else replace(self.light, level=number(light, "light", 0.0, 100.0)),
            gimbal=self.gimbal if stabilise is None else replace(self.gimbal, stabilise=stabilise),
        )


def shipped_scenes() -> list[str]:
    """Names of the scenes that come with the package."""
    return sorted(path.stem for path in (config_dir() / "scenes").glob("*.yaml"))


def load_scene(name_or_path: str | FilePath) -> SceneDescription:
    """A scene by a shipped name ('corridor') or by a scene file's path.

    Raises:
        ConfigurationError: no such scene, or a file that cannot be right; the message names file and key.
    """
    path = FilePath(name_or_path).expanduser()
    if path.suffix not in (".yaml", ".yml"):
        if len(path.parts) == 1 and (config_dir() / "scenes" / f"{name_or_path}.yaml").is_file():
            path = config_dir() / "scenes" / f"{name_or_path}.yaml"
        else:
            known = ", ".join(shipped_scenes()) or "none"
            raise ConfigurationError(f"there is no scene '{name_or_path}': shipped scenes are {known}; a path must end in .yaml")
    return parse_scene(read_yaml(path, "scene file"), path)


SCENE_KEYS = (
    "name", "title", "model", "duration_s", "rate_hz", "seed", "camera", "platform", "gimbal", "depth_sensor", "light", "things",
)  # fmt: skip


def parse_scene(content: object, path: FilePath) -> SceneDescription:
    """A scene from parsed YAML; `path` is the scene file's, to which others are relative. Raises ConfigurationError."""
    where = str(path)
    entry = mapping(content, where, SCENE_KEYS)
    if "model" not in entry:
        raise ConfigurationError(
            f"{where}: 'model' is missing: the world's file in MuJoCo's own format, relative to the scene file"
        )
    model = (path.parent / text(entry["model"], f"{where}: model")).resolve()
    if not model.is_file():
        raise ConfigurationError(f"{where}: model: there is no file {model}")
    camera = _camera(entry.get("camera", {}), f"{where}: camera")
    if camera.lens.endswith((".yaml", ".yml")):
        camera = replace(camera, lens=str(path.parent / camera.lens))
    gimbal = _gimbal(entry.get("gimbal", {}), f"{where}: gimbal")
    if gimbal.urdf.endswith((".urdf", ".xml")):
        gimbal = replace(gimbal, urdf=str(path.parent / gimbal.urdf))
    things = entry.get("things", [])
    if not isinstance(things, list):
        raise ConfigurationError(f"{where}: things: wanted a list, found {things!r}")
    parsed = tuple(_thing(value, f"{where}: things[{index}]") for index, value in enumerate(things))
    names = [thing.name for thing in parsed]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigurationError(f"{where}: things: '{doubled[0]}' stands there twice")
    return SceneDescription(
        name=text(entry.get("name", path.stem), f"{where}: name"),
        title=text(entry.get("title", path.stem), f"{where}: title"),
        model=model,
        duration_s=number(entry.get("duration_s", 20.0), f"{where}: duration_s", 0.05, 86400.0),
        rate_hz=number(entry.get("rate_hz", 20.0), f"{where}: rate_hz", 0.1, 1000.0),
        seed=whole(entry.get("seed", 0), f"{where}: seed", 0, 2**63 - 1),
        camera=camera,
        platform=_platform(entry.get("platform", {}), f"{where}: platform"),
        gimbal=gimbal,
        depth_sensor=_depth_sensor(entry.get("depth_sensor", {}), f"{where}: depth_sensor"),
        light=_light(entry.get("light", {}), f"{where}: light"),
        things=parsed,
    )


# What each camera setting may be: (least, largest); flags and texts apart.
_CAMERA_RANGES = {
    "sensor_width_m": (1e-4, 1.0), "exposure_s": (1e-6, 1.0), "reference_exposure_s": (1e-6, 1.0), "gain": (0.01, 1000.0),
    "full_well_e": (10.0, 1e7), "read_noise_e": (0.0, 1e5),
}  # fmt: skip
_CAMERA_WHOLE_RANGES = {"width_px": (16, LARGEST_PICTURE_PX), "height_px": (16, LARGEST_PICTURE_PX), "subframes": (1, 64)}


def _camera(value: object, where: str) -> CameraSettings:
    entry = mapping(value, where, tuple(field.name for field in fields(CameraSettings)))
    given: dict[str, Any] = {}
    for key, item in entry.items():
        place = f"{where}.{key}"
        if key == "lens":
            given[key] = text(item, place)
        elif key in ("noise", "auto_gain"):
            given[key] = flag(item, place)
        elif key in _CAMERA_WHOLE_RANGES:
            given[key] = whole(item, place, *_CAMERA_WHOLE_RANGES[key])
        else:
            given[key] = number(item, place, *_CAMERA_RANGES[key])
    if "exposure_s" in given and "reference_exposure_s" not in given:
        given["reference_exposure_s"] = given["exposure_s"]
    return CameraSettings(**given)


def _place(value: object, where: str) -> tuple[float, float, float]:
    x, y, z = numbers(value, where, 3)
    return x, y, z


def _standing(entry: Mapping[str, Any], where: str) -> Standing:
    return Standing(
        np.array(_place(entry.get("position_m", [0.0, 0.0, 1.5]), f"{where}.position_m")),
        number(entry.get("heading_rad", 0.0), f"{where}.heading_rad", -100.0, 100.0),
    )


def _platform(value: object, where: str) -> PlatformSettings:
    entry = mapping(value, where, ("position_m", "heading_rad", "path", "shake"))
    if "path" in entry and ("position_m" in entry or "heading_rad" in entry):
        raise ConfigurationError(f"{where}: a path says position and heading itself: leave position_m and heading_rad out")
    shake = mapping(entry.get("shake", {}), f"{where}.shake", ("rotation_rad", "translation_m", "frequency_hz"))
    ranges = {"rotation_rad": (0.0, 1.0), "translation_m": (0.0, 1.0), "frequency_hz": (0.1, 100.0)}
    return PlatformSettings(
        path=parse_path(entry["path"], f"{where}.path") if "path" in entry else _standing(entry, where),
        shake=ShakeSettings(**{key: number(item, f"{where}.shake.{key}", *ranges[key]) for key, item in shake.items()}),
    )


def _gimbal(value: object, where: str) -> GimbalSettings:
    entry = mapping(value, where, tuple(field.name for field in fields(GimbalSettings)))
    given: dict[str, Any] = {key: text(entry[key], f"{where}.{key}") for key in ("urdf", "follow") if key in entry}
    given |= {key: number(entry[key], f"{where}.{key}", -math.pi, math.pi) for key in ("pan_rad", "tilt_rad") if key in entry}
    if "follow_height_m" in entry:
        given["follow_height_m"] = number(entry["follow_height_m"], f"{where}.follow_height_m", -1000.0, 1000.0)
    if "stabilise" in entry:
        given["stabilise"] = flag(entry["stabilise"], f"{where}.stabilise")
    return GimbalSettings(**given)


def _depth_sensor(value: object, where: str) -> DepthSensorSettings:
    entry = mapping(value, where, tuple(field.name for field in fields(DepthSensorSettings)))
    choices = {"kind": DEPTH_SENSORS, "mount": MOUNTS}
    given: dict[str, Any] = {key: text(entry[key], f"{where}.{key}", choices[key]) for key in choices if key in entry}
    given |= {key: flag(entry[key], f"{where}.{key}") for key in ("noise", "rolling") if key in entry}
    return DepthSensorSettings(**given)


def _light(value: object, where: str) -> LightSettings:
    entry = mapping(value, where, ("level", "changes"))
    changes = entry.get("changes", [])
    if not isinstance(changes, list):
        raise ConfigurationError(f"{where}.changes: wanted a list of [seconds, level], found {changes!r}")
    points = [numbers(change, f"{where}.changes[{index}]", 2) for index, change in enumerate(changes)]
    if any(after[0] < before[0] for before, after in pairwise(points)):
        raise ConfigurationError(f"{where}.changes: the times must rise")
    if any(point[1] < 0.0 for point in points):
        raise ConfigurationError(f"{where}.changes: a level below zero")
    return LightSettings(number(entry.get("level", 1.0), f"{where}.level", 0.0, 100.0), tuple((p[0], p[1]) for p in points))


def _thing(value: object, where: str) -> ThingSettings:
    entry = mapping(value, where, ("body", "geom", "label", "path", "gait", "glass"))
    if ("body" in entry) == ("geom" in entry):
        raise ConfigurationError(f"{where}: wanted exactly one of body and geom: the thing's name in the model")
    is_geom = "geom" in entry
    name = text(entry["geom" if is_geom else "body"], f"{where}.{'geom' if is_geom else 'body'}")
    if is_geom and ("path" in entry or "gait" in entry):
        raise ConfigurationError(f"{where}: '{name}' is a geom: only bodies move on paths")
    swings = entry.get("gait", [])
    if not isinstance(swings, list):
        raise ConfigurationError(f"{where}.gait: wanted a list, found {swings!r}")
    return ThingSettings(
        name=name,
        label=text(entry.get("label", name), f"{where}.label"),
        is_geom=is_geom,
        path=parse_path(entry["path"], f"{where}.path") if "path" in entry else None,
        gait=tuple(_swing(swing, f"{where}.gait[{index}]") for index, swing in enumerate(swings)),
        glass=number(entry.get("glass", 0.0), f"{where}.glass", 0.0, 1.0),
    )


def _swing(value: object, where: str) -> Swing:
    entry: Mapping[str, Any] = mapping(value, where, ("joint", "amplitude_rad", "stride_m", "phase_rad"))
    for key in ("joint", "amplitude_rad", "stride_m"):
        if key not in entry:
            raise ConfigurationError(f"{where}: '{key}' is missing")
    return Swing(
        joint=text(entry["joint"], f"{where}.joint"),
        amplitude_rad=number(entry["amplitude_rad"], f"{where}.amplitude_rad", -math.pi, math.pi),
        stride_m=number(entry["stride_m"], f"{where}.stride_m", 0.01, 100.0),
        phase_rad=number(entry.get("phase_rad", 0.0), f"{where}.phase_rad"),
    )
