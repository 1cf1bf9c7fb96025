"""A robot as a tree of links and joints: where one frame stands as seen from another when the joints stand so.

tf2 does this in a graph that has it; recordings, the simulator and machines without it need it all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.rigid import RigidTransform


@dataclass(frozen=True, eq=False)
class Link:
    """A rigid part, which is a frame as well.

    mass_kg: 0 for a link that is only a frame. centre_m: (3,), centre of mass in the link's frame. inertia: (3, 3), kg m^2, about
    the centre of mass, along the link's axes.
    """

    name: str
    mass_kg: float
    inertia: np.ndarray
    centre_m: np.ndarray


@dataclass(frozen=True)
class Mimic:
    """A joint that follows another one: position = multiplier * (the other's position) + offset."""

    joint: str
    multiplier: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Joint:
    """What holds a child link to its parent.

    kind: fixed, revolute, continuous or prismatic. parent_from_joint: p_parent = R p_child + t at position 0. axis: (3,), of
    length 1, in the child's frame. Positions are radians, of a prismatic joint metres: lower, upper (infinite where there is
    no limit, 0 of a fixed joint), max_speed (per second), max_effort (N m or N), damping (N m s/rad or N s/m), friction (N m
    or N).
    mimic: the joint that it follows, if any.
    """

    name: str
    kind: str
    parent: str
    child: str
    parent_from_joint: RigidTransform
    axis: np.ndarray
    lower: float = 0.0
    upper: float = 0.0
    max_speed: float = math.inf
    max_effort: float = math.inf
    damping: float = 0.0
    friction: float = 0.0
    mimic: Mimic | None = None


@dataclass(frozen=True, eq=False)
class Robot:
    """A tree of links; made by `urdf.parse_urdf`, which makes sure that it is one.

    links, joints: by name, in the file's order. root: the link that has no parent. source: where it came from, for errors.
    """

    name: str
    links: Mapping[str, Link]
    joints: Mapping[str, Joint]
    root: str
    source: str = ""
    _above: Mapping[str, Joint] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Seal the mappings and remember the joint above each link."""
        object.__setattr__(self, "links", MappingProxyType(dict(self.links)))
        object.__setattr__(self, "joints", MappingProxyType(dict(self.joints)))
        object.__setattr__(self, "_above", {joint.child: joint for joint in self.joints.values()})

    @property
    def moving_joints(self) -> tuple[Joint, ...]:
        """The joints that have a position of their own (neither fixed nor mimicking), from the root outward."""
        return tuple(joint for joint in self._outward() if joint.kind != "fixed" and joint.mimic is None)

    def joints_between(self, a: str, b: str) -> tuple[Joint, ...]:
        """The joints whose positions `transform` needs between two frames, from `a` to `b`; empty where nothing moves.

        In place of a joint that mimics stands the one that it follows.

        Raises:
            InputError: a frame that the robot does not have.
        """
        up, down = self._ways(a, b)
        drives = [self.joints[joint.mimic.joint] if joint.mimic else joint for joint in (*up, *reversed(down))]
        return tuple({joint.name: joint for joint in drives if joint.kind != "fixed"}.values())

    def transform(self, to_frame: str, from_frame: str, positions: Mapping[str, float]) -> RigidTransform:
        """Where one frame stands in another: p_to = R p_from + t.

        Args:
            to_frame, from_frame: names of links.
            positions: by joint, radians (metres of prismatic joints); those between the two frames are needed, others are passed
                over. Positions beyond a joint's limits are taken as they are: encoders say such things.

        Raises:
            InputError: a frame that the robot does not have, a joint on the way whose position is missing or not finite.
        """
        up, down = self._ways(from_frame, to_frame)
        common_from = _chain(up, positions)
        if not down:
            return RigidTransform.from_matrix(common_from)
        common_to = _chain(down, positions)
        rotation = common_to[:3, :3].T
        return RigidTransform(rotation @ common_from[:3, :3], rotation @ (common_from[:3, 3] - common_to[:3, 3]))

    def _ways(self, a: str, b: str) -> tuple[list[Joint], list[Joint]]:
        """The joints from each of two links up to their nearest common link."""
        ways = []
        for frame in (a, b):
            if frame not in self.links:
                raise InputError(f"robot '{self.name}' has no frame '{frame}': its frames are {', '.join(self.links)}")
            ways.append(list(self._upward(frame)))
        up, down = ways
        while up and down and up[-1] is down[-1]:
            up.pop()
            down.pop()
        return up, down

    def _upward(self, link: str) -> Iterator[Joint]:
        while link in self._above:
            joint = self._above[link]
            yield joint
            link = joint.parent

    def _outward(self) -> Iterator[Joint]:
        """All joints, a parent before its children, a chain before its neighbours."""
        below: dict[str, list[Joint]] = {}
        for joint in reversed(list(self.joints.values())):
            below.setdefault(joint.parent, []).append(joint)
        ahead = list(below.get(self.root, []))
        while ahead:
            joint = ahead.pop()
            yield joint
            ahead += below.get(joint.child, [])


def _chain(upward: list[Joint], positions: Mapping[str, float]) -> np.ndarray:
    """(4, 4): p_top = M p_bottom along joints given from the bottom up."""
    matrix = np.eye(4)
    for joint in upward:
        matrix = _placed(joint, positions) @ matrix
    return matrix


def _placed(joint: Joint, positions: Mapping[str, float]) -> np.ndarray:
    """(4, 4): p_parent = M p_child at the joint's position."""
    still = joint.parent_from_joint.as_matrix()
    if joint.kind == "fixed":
        return still
    moved = np.eye(4)
    position = _position(joint, positions)
    if joint.kind == "prismatic":
        moved[:3, 3] = position * joint.axis
    else:
        moved[:3, :3] = rotation_about(joint.axis, position)
    return np.asarray(still @ moved)


def _position(joint: Joint, positions: Mapping[str, float]) -> float:
    mimic = joint.mimic
    if mimic is not None and joint.name not in positions:
        driven = positions.get(mimic.joint)
        value = None if driven is None else mimic.multiplier * driven + mimic.offset
    else:
        value = positions.get(joint.name)
    if value is None:
        given = ", ".join(positions) or "none"
        raise InputError(f"there is no position of the joint '{mimic.joint if mimic else joint.name}': given are {given}")
    if not math.isfinite(value):
        raise InputError(f"the position of the joint '{joint.name}' is {value}: wanted a finite number")
    return float(value)


def rotation_about(axis: np.ndarray, angle_rad: float) -> np.ndarray:
    """(3, 3): the rotation about an axis (3,) of length 1 by an angle, right-handed. Source: Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + math.sin(angle_rad) * cross + (1.0 - math.cos(angle_rad)) * (cross @ cross))
