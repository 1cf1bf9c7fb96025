"""A robot from a URDF file, without ROS.

Of a URDF only the tree is read: links with their inertia, joints with their limits. What is drawn or collides (`package://`
meshes too) and what belongs to other programs (`gazebo`, `transmission`, `ros2_control`, `mujoco`) is passed over.

Format: https://wiki.ros.org/urdf/XML. Its fixed-axis angles are those of `rotation_from_rpy`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.rig_file import rotation_from_rpy
from auxfocus_ros.rig.robot import Joint, Link, Mimic, Robot

__all__ = ["JOINT_KINDS", "Joint", "Link", "Mimic", "Robot", "load_urdf", "parse_urdf", "shipped_urdfs", "urdf_path"]

JOINT_KINDS = ("fixed", "revolute", "continuous", "prismatic")
URDF_SUFFIXES = (".urdf", ".xml")


def shipped_urdfs() -> list[str]:
    """Names of the URDF files that come with the package."""
    return sorted(path.stem for path in (config_dir() / "urdf").glob("*.urdf"))


def urdf_path(path_or_shipped_name: str | Path) -> Path:
    """The file of a shipped name ('pan_tilt_gimbal') or of a path. Raises ConfigurationError where neither is meant."""
    path = Path(path_or_shipped_name).expanduser()
    if path.suffix == ".xacro":
        raise ConfigurationError(f"{path} is xacro: expand it first (xacro {path.name} > {path.with_suffix('').stem}.urdf)")
    if path.suffix in URDF_SUFFIXES or len(path.parts) > 1:
        return path
    shipped = config_dir() / "urdf" / f"{path_or_shipped_name}.urdf"
    if not shipped.is_file():
        known = ", ".join(shipped_urdfs()) or "none"
        raise ConfigurationError(
            f"there is no URDF '{path_or_shipped_name}': shipped are {known}; a path must end in {' or '.join(URDF_SUFFIXES)}"
        )
    return shipped


def load_urdf(path_or_shipped_name: str | Path) -> Robot:
    """A robot by a shipped name ('pan_tilt_gimbal') or by a URDF file's path.

    Raises:
        ConfigurationError: no such file, or one that cannot be right; the message names file and element.
    """
    path = urdf_path(path_or_shipped_name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"URDF {path} cannot be read: {reason}") from error
    return parse_urdf(text, str(path))


def parse_urdf(text: str, where: str) -> Robot:
    """A robot from a URDF's text; `where` names it in errors.

    Raises:
        ConfigurationError: not XML, a document type or entities, no robot, a link or joint that cannot be right, links that are
            not one tree. The message is one line with `where`, the element and what would be right.
    """
    robot = _parse_xml(text, where)
    if robot.tag != "robot":
        raise ConfigurationError(f"{where}: the outermost element is <{robot.tag}>: a URDF has <robot>")
    macro = next((element.tag for element in robot.iter() if element.tag.startswith("xacro:")), None)
    if macro is not None:
        raise ConfigurationError(f"{where}: it has elements of xacro (<{macro}>): expand it with xacro first")
    name = robot.get("name", "")
    if not name:
        raise ConfigurationError(f"{where}: <robot> has no name")
    links: dict[str, Link] = {}
    for element in robot.findall("link"):
        link = _link(element, where)
        if link.name in links:
            raise ConfigurationError(f"{where}: there are two links '{link.name}'")
        links[link.name] = link
    if not links:
        raise ConfigurationError(f"{where}: robot '{name}' has no link")
    joints: dict[str, Joint] = {}
    for element in robot.findall("joint"):
        joint = _joint(element, links, where)
        if joint.name in joints:
            raise ConfigurationError(f"{where}: there are two joints '{joint.name}'")
        joints[joint.name] = joint
    for joint in joints.values():
        _check_mimic(joint, joints, where)
    return Robot(name, links, joints, _root(links, joints, where), where)


def _parse_xml(text: str, where: str) -> Element:
    """The document; a document type is refused before anything in it is expanded or fetched."""
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8")

    def refuse(*_: object) -> None:
        raise ConfigurationError(f"{where}: it has a <!DOCTYPE>, which a URDF does not need: take it out")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise ConfigurationError(f"{where} line {error.lineno}: not XML: {expat.ErrorString(error.code)}") from error
    return builder.close()


def _attribute(element: Element, key: str, where: str) -> str:
    value = element.get(key, "").strip()
    if not value:
        raise ConfigurationError(f"{where}: <{element.tag}> has no {key}")
    return value


def _number(element: Element, key: str, where: str, default: float | None = None) -> float:
    if default is not None and key not in element.attrib:
        return default
    return _numbers(_attribute(element, key, where), 1, f"{where}: <{element.tag}> {key}")[0]


def _vector(element: Element | None, key: str, where: str, default: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    if element is None or key not in element.attrib:
        return np.array(default)
    return np.array(_numbers(element.attrib[key], 3, f"{where}: <{element.tag}> {key}"))


def _numbers(text: str, count: int, where: str) -> list[float]:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) for number in numbers):
        wanted = "a finite number" if count == 1 else f"{count} finite numbers"
        raise ConfigurationError(f"{where} is '{' '.join(text.split()):.60}': wanted {wanted}")
    return numbers


def _origin(element: Element | None, where: str) -> RigidTransform:
    return RigidTransform(rotation_from_rpy(*_vector(element, "rpy", where)), _vector(element, "xyz", where))


def _link(element: Element, where: str) -> Link:
    name = _attribute(element, "name", where)
    where = f"{where}: link '{name}'"
    inertial = element.find("inertial")
    if inertial is None:
        return Link(name, 0.0, np.zeros((3, 3)), np.zeros(3))
    mass, inertia = inertial.find("mass"), inertial.find("inertia")
    if mass is None or inertia is None:
        raise ConfigurationError(f"{where}: <inertial> has no <{'mass' if mass is None else 'inertia'}>")
    mass_kg = _number(mass, "value", where)
    if mass_kg < 0.0:
        raise ConfigurationError(f"{where}: a mass of {mass_kg:g} kg: it must not be below 0")
    xx, yy, zz = (_number(inertia, key, where) for key in ("ixx", "iyy", "izz"))
    xy, xz, yz = (_number(inertia, key, where, 0.0) for key in ("ixy", "ixz", "iyz"))
    origin = _origin(inertial.find("origin"), where)
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return Link(name, mass_kg, origin.rotation @ tensor @ origin.rotation.T, origin.translation_m)


def _joint(element: Element, links: Mapping[str, Link], where: str) -> Joint:
    name = _attribute(element, "name", where)
    where = f"{where}: joint '{name}'"
    kind = _attribute(element, "type", where)
    if kind not in JOINT_KINDS:
        raise ConfigurationError(f"{where}: its type is '{kind}': wanted {', '.join(JOINT_KINDS[:-1])} or {JOINT_KINDS[-1]}")
    ends = []
    for role in ("parent", "child"):
        end = element.find(role)
        if end is None:
            raise ConfigurationError(f"{where}: it has no <{role}>")
        link = _attribute(end, "link", where)
        if link not in links:
            raise ConfigurationError(f"{where}: its {role} '{link}' is no link: the links are {', '.join(links)}")
        ends.append(link)
    origin = _origin(element.find("origin"), where)
    axis = _vector(element.find("axis"), "xyz", where, (1.0, 0.0, 0.0))
    if kind == "fixed":
        return Joint(name, kind, ends[0], ends[1], origin, axis, max_speed=0.0)
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        raise ConfigurationError(f"{where}: its axis has length 0")
    lower, upper, speed, effort = _limits(element, kind, where)
    dynamics = element.find("dynamics")
    loss = [0.0 if dynamics is None else _number(dynamics, key, where, 0.0) for key in ("damping", "friction")]
    if min(loss) < 0.0:
        raise ConfigurationError(f"{where}: damping and friction must not be below 0")
    mimic = _mimic(element.find("mimic"), where)
    return Joint(name, kind, ends[0], ends[1], origin, axis / length, lower, upper, speed, effort, loss[0], loss[1], mimic)


def _limits(element: Element, kind: str, where: str) -> tuple[float, float, float, float]:
    """Lower, upper, speed, effort."""
    limit = element.find("limit")
    if limit is None:
        if kind == "continuous":
            return -math.inf, math.inf, math.inf, math.inf
        raise ConfigurationError(f"{where}: a {kind} joint needs a <limit> with lower, upper, velocity and effort")
    speed, effort = _number(limit, "velocity", where), _number(limit, "effort", where)
    if speed < 0.0 or effort < 0.0:
        raise ConfigurationError(f"{where}: <limit> velocity and effort must not be below 0")
    if kind == "continuous":
        return -math.inf, math.inf, speed, effort
    lower, upper = _number(limit, "lower", where, 0.0), _number(limit, "upper", where, 0.0)
    if lower > upper:
        raise ConfigurationError(f"{where}: its lower limit {lower:g} is above its upper limit {upper:g}")
    return lower, upper, speed, effort


def _mimic(element: Element | None, where: str) -> Mimic | None:
    if element is None:
        return None
    multiplier, offset = _number(element, "multiplier", where, 1.0), _number(element, "offset", where, 0.0)
    return Mimic(_attribute(element, "joint", where), multiplier, offset)


def _check_mimic(joint: Joint, joints: Mapping[str, Joint], where: str) -> None:
    if joint.mimic is None:
        return
    driver = joints.get(joint.mimic.joint)
    if driver is None or driver.kind == "fixed" or driver.mimic is not None:
        reason = "is no joint" if driver is None else "is fixed" if driver.kind == "fixed" else "mimics itself another one"
        raise ConfigurationError(
            f"{where}: joint '{joint.name}': it mimics '{joint.mimic.joint}', which {reason}; wanted one that moves by itself"
        )


def _root(links: Mapping[str, Link], joints: Mapping[str, Joint], where: str) -> str:
    """The link above all others. Raises ConfigurationError where links and joints are not one tree."""
    above: dict[str, Joint] = {}
    for joint in joints.values():
        other = above.setdefault(joint.child, joint)
        if other is not joint:
            raise ConfigurationError(
                f"{where}: link '{joint.child}' has two parents: by the joints '{other.name}' and '{joint.name}'"
            )
    # A link from which every way upward ends is sound; one that leads back to itself is in a loop.
    sound: set[str] = set()
    for link in links:
        way: list[str] = []
        here = link
        while here in above and here not in sound:
            if here in way:
                loop = [above[name].name for name in way[way.index(here) :]]
                raise ConfigurationError(f"{where}: there is a loop through the joints {', '.join(loop)}: a URDF is a tree")
            way.append(here)
            here = above[here].parent
        sound.update(way)
    roots = [link for link in links if link not in above]
    if len(roots) > 1:
        raise ConfigurationError(
            f"{where}: the links {', '.join(roots)} have no parent: one of them may be the root, the others need a joint"
        )
    return roots[0]
