"""The rig file: what a recording does not say about the rig that made it.

One YAML format for every command and node (`config/rigs/*.yaml`). Every key is optional; what stands here wins over what the
recording says. Keys that are not known are refused, since a misspelt extrinsic that is silently left out costs a day.

    name: road_64
    camera: {frame: camera_optical_frame, width: 1920, height: 1200, distortion_model: plumb_bob,
             k: [fx, fy, cx, cy], d: [k1, k2, p1, p2, k3]}           # k may have CameraInfo's 9 numbers
    points: {frame: lidar}
    optical_from_points:                                             # p_optical = R p_points + t; or points_from_optical
      matrix: [[r, r, r, t], [r, r, r, t], [r, r, r, t]]             # or quaternion_xyzw or rotation_rpy_rad, and translation_m
    topics: {image: /camera/image_raw, camera_info: /camera/camera_info, points: /points, depth: /depth, lens_state: /lens/state,
             joint_states: /joint_states, gimbal_command: /gimbal/command, range: /range}
    depth: {unit_m: 0.001,                                           # metres per unit of an integer depth image
            camera: {width: 640, height: 480, k: [fx, fy, cx, cy]}}  # where depth is not registered to the picture: its camera,
                                                                     # from whose optical frame optical_from_points then is
    lens: bench_25mm                                                 # a shipped lens or a lens file
    match_tolerance_s: 0.05                                          # largest |stamp of the cloud - stamp of the picture|
    gimbal: {urdf: pan_tilt_gimbal, base_frame: base_link}           # a shipped URDF or a file: extrinsics that follow the joints
    focus_control: {kind: parameter, name: rgb_camera.focus, unit: counts, minimum: 0, maximum: 255, step: 1}
                                                                     # how the driver takes focus; kind: none for a fixed lens
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.settings import mapping, read_yaml

TOPIC_ROLES = ("image", "camera_info", "points", "depth", "lens_state", "joint_states", "gimbal_command", "range")
KEYS = (
    "name",
    "camera",
    "points",
    "optical_from_points",
    "points_from_optical",
    "topics",
    "depth",
    "lens",
    "match_tolerance_s",
    "gimbal",
    "focus_control",
)
FOCUS_KINDS = ("none", "parameter", "topic", "service")
FOCUS_UNITS = ("counts", "dioptres", "steps")
FOCUS_RANGE = ("minimum", "maximum", "step")
# Other people's names for the same models.
MODEL_ALIASES = {"": "", "fisheye": "equidistant", "kannala_brandt4": "equidistant", "radtan": "plumb_bob", "pinhole": "none"}


@dataclass(frozen=True)
class GimbalDescription:
    """The gimbal that carries the camera.

    urdf: a shipped URDF's name or a path; its frames are those that pictures and clouds name. base_frame: the link that stands
    still while the joints move.
    """

    urdf: str
    base_frame: str = "base_link"


@dataclass(frozen=True)
class FocusControl:
    """How a camera's driver takes a focus position.

    kind: one of FOCUS_KINDS; 'none': the focus is fixed, and nothing else is said. name: of the driver's parameter, topic or
    service. unit: one of FOCUS_UNITS. minimum, maximum, step: the positions that the driver takes, in that unit, minimum <
    maximum, 0 < step <= maximum - minimum.
    """

    kind: str = "none"
    name: str = ""
    unit: str = "counts"
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 0.0


@dataclass(frozen=True)
class RigDescription:
    """A rig file's content; None or empty where the file says nothing.

    optical_from_points: p_optical = R p_points + t. topics: role (one of TOPIC_ROLES) -> the topic's name.
    depth_unit_m: metres per unit of an integer depth image, > 0; None: the encoding's own rule (millimetres).
    depth_camera: the depth image's own camera, where depth is not registered to the picture; `optical_from_points` is then from
    its optical frame.
    lens: a shipped lens's name or a path. match_tolerance_s: largest |stamp of cloud - stamp of picture|, seconds, > 0.
    gimbal: what turns the camera. focus_control: how its driver takes focus.
    """

    name: str = ""
    camera: CameraModel | None = None
    camera_frame: str | None = None
    points_frame: str | None = None
    optical_from_points: RigidTransform | None = None
    topics: Mapping[str, str] = field(default_factory=dict)
    depth_unit_m: float | None = None
    depth_camera: CameraModel | None = None
    lens: str | None = None
    match_tolerance_s: float = 0.05
    gimbal: GimbalDescription | None = None
    focus_control: FocusControl | None = None


def camera_from_values(
    width_px: int, height_px: int, k: Sequence[float], d: Sequence[float] = (), model: str | None = None
) -> CameraModel:
    """A camera from the numbers as people write them.

    Args:
        width_px, height_px: size of the picture that the numbers belong to.
        k: fx, fy, cx, cy, or CameraInfo's nine numbers in rows.
        d: distortion coefficients; four of a plumb_bob are k1, k2, p1, p2, and trailing zeros may be left out.
        model: as CameraInfo or OpenCV call it; None or '': worked out from the number of coefficients.

    Raises:
        InputError: from CameraModel, or where k has neither 4 nor 9 numbers.
    """
    numbers = [float(value) for value in k]
    if len(numbers) == 9:
        if abs(numbers[1]) > 1e-9:
            raise InputError(f"intrinsics with a skew of {numbers[1]:g}: only square axes are supported")
        numbers = [numbers[0], numbers[4], numbers[2], numbers[5]]
    if len(numbers) != 4:
        raise InputError(f"intrinsics k of {len(numbers)} numbers: wanted fx, fy, cx, cy, or the nine of a 3 x 3 matrix")
    coefficients = [float(value) for value in d]
    name = MODEL_ALIASES.get(model or "", model or "")
    if not name:
        name = "none" if not any(coefficients) else "plumb_bob" if len(coefficients) <= 5 else "rational_polynomial"
    if name in ("none", "plumb_bob", "rational_polynomial") and not any(coefficients):
        name, coefficients = "none", []
    elif name in ("plumb_bob", "rational_polynomial", "equidistant"):
        wanted = {"plumb_bob": 5, "rational_polynomial": 8, "equidistant": 4}[name]
        if not coefficients:  # drivers of rectified cameras name a model and give no numbers
            name = "none"
        elif len(coefficients) < wanted:
            coefficients += [0.0] * (wanted - len(coefficients))
        elif not any(coefficients[wanted:]):
            coefficients = coefficients[:wanted]
    fx, fy, cx, cy = numbers
    return CameraModel(int(width_px), int(height_px), fx, fy, cx, cy, name, tuple(coefficients))


def _finite(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{where}: {value!r} is not a finite number")
    return float(value)


def _numbers(value: object, where: str, counts: tuple[int, ...]) -> list[float]:
    if not isinstance(value, list) or (counts and len(value) not in counts):
        wanted = " or ".join(str(count) for count in counts) + " numbers" if counts else "numbers"
        raise ConfigurationError(f"{where}: wanted a list of {wanted}, found {value!r}")
    return [_finite(number, where) for number in value]


def _camera(value: object, where: str) -> tuple[CameraModel, str | None]:
    entry = mapping(value, where, ("frame", "width", "height", "distortion_model", "k", "d"))
    for key in ("width", "height", "k"):
        if key not in entry:
            raise ConfigurationError(f"{where}: '{key}' is missing; a camera needs width, height and k")
    size = [_finite(entry[key], f"{where}.{key}") for key in ("width", "height")]
    k = _numbers(entry["k"], f"{where}.k", (4, 9))
    d = _numbers(entry.get("d", []), f"{where}.d", ())
    try:
        camera = camera_from_values(int(size[0]), int(size[1]), k, d, entry.get("distortion_model"))
    except AuxfocusError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    return camera, entry.get("frame")


def _transform(value: object, where: str) -> RigidTransform:
    entry = mapping(value, where, ("matrix", "quaternion_xyzw", "rotation_rpy_rad", "translation_m"))
    forms = [key for key in ("matrix", "quaternion_xyzw", "rotation_rpy_rad") if key in entry]
    if len(forms) != 1:
        raise ConfigurationError(f"{where}: wanted exactly one of matrix, quaternion_xyzw, rotation_rpy_rad")
    try:
        if forms[0] == "matrix":
            rows = entry["matrix"]
            if not isinstance(rows, list) or len(rows) not in (3, 4):
                raise ConfigurationError(f"{where}.matrix: wanted 3 rows of 4 numbers")
            return RigidTransform.from_matrix(np.array([_numbers(row, f"{where}.matrix", (4,)) for row in rows]))
        translation = _numbers(entry.get("translation_m", [0.0, 0.0, 0.0]), f"{where}.translation_m", (3,))
        if forms[0] == "quaternion_xyzw":
            x, y, z, w = _numbers(entry["quaternion_xyzw"], f"{where}.quaternion_xyzw", (4,))
            return RigidTransform.from_quaternion(x, y, z, w, translation)
        angles = _numbers(entry["rotation_rpy_rad"], f"{where}.rotation_rpy_rad", (3,))
        return RigidTransform(rotation_from_rpy(*angles), np.array(translation))
    except ConfigurationError:
        raise
    except AuxfocusError as error:
        raise ConfigurationError(f"{where}: {error}") from error


def _word(value: object, where: str, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"{where}: {value!r} is not {what}")
    return value


def _gimbal(value: object, where: str) -> GimbalDescription:
    entry = mapping(value, where, ("urdf", "base_frame"))
    if "urdf" not in entry:
        raise ConfigurationError(f"{where}: 'urdf' is missing: wanted a shipped URDF's name or a path")
    urdf = _word(entry["urdf"], f"{where}.urdf", "a URDF's name or path")
    return GimbalDescription(urdf, _word(entry.get("base_frame", "base_link"), f"{where}.base_frame", "a frame's name"))


def _focus_control(value: object, where: str) -> FocusControl:
    entry = mapping(value, where, ("kind", "name", "unit", *FOCUS_RANGE))
    kind = entry.get("kind")
    if kind not in FOCUS_KINDS:
        raise ConfigurationError(f"{where}.kind: {kind!r} is none of {', '.join(FOCUS_KINDS)}")
    if kind == "none":
        for key in entry:
            if key != "kind":
                raise ConfigurationError(f"{where}: '{key}' says how to focus, but kind none is a fixed focus")
        return FocusControl()
    for key in ("name", "unit", *FOCUS_RANGE):
        if key not in entry:
            raise ConfigurationError(f"{where}: '{key}' is missing; a {kind} needs name, unit, {', '.join(FOCUS_RANGE)}")
    name = _word(entry["name"], f"{where}.name", f"a {kind}'s name")
    if entry["unit"] not in FOCUS_UNITS:
        raise ConfigurationError(f"{where}.unit: {entry['unit']!r} is none of {', '.join(FOCUS_UNITS)}")
    minimum, maximum, step = (_finite(entry[key], f"{where}.{key}") for key in FOCUS_RANGE)
    if minimum >= maximum:
        raise ConfigurationError(f"{where}: minimum {minimum:g} is not below maximum {maximum:g}")
    if not 0.0 < step <= maximum - minimum:
        raise ConfigurationError(f"{where}.step: {step:g} is not above zero and within the range of {maximum - minimum:g}")
    return FocusControl(kind, name, entry["unit"], minimum, maximum, step)


def rotation_from_rpy(roll_rad: float, pitch_rad: float, yaw_rad: float) -> np.ndarray:
    """R = Rz(yaw) Ry(pitch) Rx(roll), (3, 3): URDF's and tf's fixed-axis convention."""
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    cp, sp = math.cos(pitch_rad), math.sin(pitch_rad)
    cy, sy = math.cos(yaw_rad), math.sin(yaw_rad)
    rx = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    ry = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    rz = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return rz @ ry @ rx


def parse_rig(content: object, where: str) -> RigDescription:
    """A description from parsed YAML; `where` names the file in errors. Raises ConfigurationError."""
    if content is None:
        raise ConfigurationError(f"{where}: the rig file is empty; it may have the keys {', '.join(KEYS)}")
    entry = mapping(content, where, KEYS)
    camera, camera_frame = _camera(entry["camera"], f"{where}: camera") if "camera" in entry else (None, None)
    transform = None
    if "optical_from_points" in entry and "points_from_optical" in entry:
        raise ConfigurationError(f"{where}: optical_from_points and points_from_optical exclude each other")
    if "optical_from_points" in entry:
        transform = _transform(entry["optical_from_points"], f"{where}: optical_from_points")
    elif "points_from_optical" in entry:
        transform = _transform(entry["points_from_optical"], f"{where}: points_from_optical").inverse()
    points = mapping(entry.get("points", {}), f"{where}: points", ("frame",))
    topics = mapping(entry.get("topics", {}), f"{where}: topics", TOPIC_ROLES)
    for role, topic in topics.items():
        if not isinstance(topic, str) or not topic:
            raise ConfigurationError(f"{where}: topics.{role}: {topic!r} is not a topic's name")
    depth = mapping(entry.get("depth", {}), f"{where}: depth", ("unit_m", "camera"))
    unit = _finite(depth["unit_m"], f"{where}: depth.unit_m") if "unit_m" in depth else None
    tolerance = _finite(entry.get("match_tolerance_s", 0.05), f"{where}: match_tolerance_s")
    for key, number in (("depth.unit_m", unit), ("match_tolerance_s", tolerance)):
        if number is not None and number <= 0.0:
            raise ConfigurationError(f"{where}: {key}: {number:g} is not above zero")
    lens = entry.get("lens")
    if lens is not None and not isinstance(lens, str):
        raise ConfigurationError(f"{where}: lens: {lens!r} is not a lens's name or path")
    return RigDescription(
        name=str(entry.get("name", "")),
        camera=camera,
        camera_frame=camera_frame,
        points_frame=points.get("frame"),
        optical_from_points=transform,
        topics=dict(topics),
        depth_unit_m=unit,
        depth_camera=_camera(depth["camera"], f"{where}: depth.camera")[0] if "camera" in depth else None,
        lens=lens,
        match_tolerance_s=tolerance,
        gimbal=_gimbal(entry["gimbal"], f"{where}: gimbal") if "gimbal" in entry else None,
        focus_control=_focus_control(entry["focus_control"], f"{where}: focus_control") if "focus_control" in entry else None,
    )


def shipped_rigs() -> list[str]:
    """Names of the rig files that come with the package."""
    return sorted(path.stem for path in (config_dir() / "rigs").glob("*.yaml"))


def load_rig(name_or_path: str | Path) -> RigDescription:
    """A rig by a shipped name ('road_64') or by a rig file's path. Paths of a lens or URDF in it are relative to the file.

    Raises:
        ConfigurationError: no such rig, or a file that cannot be right; the message names file and key.
    """
    path = Path(name_or_path).expanduser()
    if path.suffix not in (".yaml", ".yml") and len(path.parts) == 1:
        name, path = str(name_or_path), config_dir() / "rigs" / f"{name_or_path}.yaml"
        if not path.is_file():
            known = ", ".join(shipped_rigs()) or "none"
            raise ConfigurationError(f"there is no rig '{name}': shipped rigs are {known}; a path must end in .yaml")
    rig = parse_rig(read_yaml(path, "rig file"), str(path))
    if rig.lens is not None and rig.lens.endswith((".yaml", ".yml")):
        rig = replace(rig, lens=str(path.parent / rig.lens))
    if rig.gimbal is not None and rig.gimbal.urdf.endswith((".urdf", ".xml")):
        rig = replace(rig, gimbal=replace(rig.gimbal, urdf=str(path.parent / rig.gimbal.urdf)))
    return rig if rig.name else replace(rig, name=path.stem)
