"""Known paths: where a thing is at a time, as a pure function, so that the truth of every frame is exact and repeatable.

In a scene file, for a thing or for the platform:

    path: {kind: line, from_m: [x, y, z], to_m: [x, y, z], speed_m_per_s: 1.2, turn: there_and_back}   # or again, stop
    path: {kind: circle, centre_m: [x, y, z], radius_m: 8, speed_m_per_s: 2, phase_rad: 0}             # speed < 0: clockwise
    path: {kind: waypoints, points_m: [[x, y, z], ...], speed_m_per_s: 1.2, closed: false}             # open: turn as above
    path: {kind: sway, centre_m: [x, y, z], amplitude_m: [x, y, z], period_s: 3}                       # fidgets on the spot

Options: `heading: along` (the default; for a sway 0), or an angle in radians that it keeps, or for a circle `inward`; `start_s`:
how long it stands at the start first; and but for a sway `pauses: [[distance from the start along the curve, seconds], ...]`.

An open curve is gone there and back: it brakes, turns left about on the spot, and goes back, so that velocity and heading have
no jumps; only `again` jumps. Speed is the one asked for between the ramps of `progress`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.curves import Circle, Curve, SampledCurve, straight, through_points
from auxfocus_ros.rig.simulation.progress import TURNS, Progress, along
from auxfocus_ros.settings import flag, mapping, number, numbers, text

Vector = NDArray[np.float64]

FASTEST_M_PER_S = 300.0
LONGEST_S = 86_400.0
# Below this level part the direction of a tangent on the map says nothing.
LEAST_LEVEL = 0.01


@dataclass(frozen=True, eq=False)
class PathPoint:
    """Where a thing is.

    position_m: (3,) float64, in the world. heading_rad: about z, 0 along +x, -pi to pi. velocity_m_per_s: (3,) float64, the
    derivative of the position. travelled_m: the whole way so far, never falling: what legs and wheels turn by.
    """

    position_m: Vector
    heading_rad: float
    velocity_m_per_s: Vector
    travelled_m: float


class Path(Protocol):
    """A way that is gone for ever."""

    def at(self, time_s: float) -> PathPoint:
        """Where the thing is at time_s >= 0, seconds since the pass began. Raises InputError for other times."""


def _check_time(time_s: float) -> None:
    if not 0.0 <= time_s < math.inf:
        raise InputError(f"a path's time is {time_s:g} s: it must be 0 or later")


def wrap_angle(angle_rad: float) -> float:
    """The same angle from -pi to pi."""
    return math.remainder(angle_rad, 2.0 * math.pi)


@dataclass(frozen=True, eq=False)
class Standing:
    """A thing that stays at position_m (3,) with heading_rad."""

    position_m: Vector
    heading_rad: float = 0.0

    def at(self, time_s: float) -> PathPoint:
        """As in `Path`."""
        _check_time(time_s)
        return PathPoint(np.array(self.position_m, np.float64), self.heading_rad, np.zeros(3), 0.0)


@dataclass(frozen=True, eq=False)
class CurvePath:
    """A curve that is gone along at a speed. `heading` turns (moment's half turns, position, tangent) into an angle."""

    curve: Curve
    progress: Progress
    heading: Callable[[float, Vector, Vector], float]

    def at(self, time_s: float) -> PathPoint:
        """As in `Path`."""
        _check_time(time_s)
        moment = self.progress.at(time_s)
        position, tangent = self.curve.at(moment.along_m)
        heading = wrap_angle(self.heading(moment.turned, position, tangent))
        return PathPoint(position, heading, tangent * moment.rate_m_per_s, moment.travelled_m)


# A quarter and an eighth of a period apart, so that two or three axes together make an ellipse and not one straight line.
SWAY_PHASES_RAD = np.array([0.0, 0.5 * math.pi, 0.25 * math.pi])


class Sway:
    """A thing that moves about a place: centre + amplitude sin(2 pi t / period + phase), axis by axis."""

    def __init__(self, centre_m: Vector, amplitude_m: Vector, period_s: float, heading_rad: float, start_s: float) -> None:
        self._centre, self._amplitude, self._heading = centre_m, amplitude_m, heading_rad
        self._rate = 2.0 * math.pi / period_s
        # The time itself goes along: one turn of a closed way of `period_s`, started from rest where it has to wait first.
        self._period_s = period_s
        self._progress = along(period_s, 1.0, "again", closed=True, start_s=start_s)
        # The way so far has no closed form: a table over one period, by the trapezoid rule (spectrally exact on a period).
        self._ticks = np.linspace(0.0, period_s, 257)
        speed = np.linalg.norm(amplitude_m * self._rate * np.cos(self._rate * self._ticks[:, None] + SWAY_PHASES_RAD), axis=1)
        steps = 0.5 * (speed[1:] + speed[:-1]) * np.diff(self._ticks)
        self._ways = np.concatenate(([0.0], np.cumsum(steps)))

    def at(self, time_s: float) -> PathPoint:
        """As in `Path`."""
        _check_time(time_s)
        moment = self._progress.at(time_s)
        angle = self._rate * moment.along_m + SWAY_PHASES_RAD
        position = self._centre + self._amplitude * np.sin(angle)
        velocity = self._amplitude * np.cos(angle) * (self._rate * moment.rate_m_per_s)
        laps = math.floor(moment.travelled_m / self._period_s)
        rest_s = moment.travelled_m - laps * self._period_s
        travelled = laps * float(self._ways[-1]) + float(np.interp(rest_s, self._ticks, self._ways))
        return PathPoint(position, self._heading, velocity, travelled)


# From a scene file

OPTIONS = ("kind", "heading", "start_s")
KEYS = {
    "line": ("from_m", "to_m", "speed_m_per_s", "turn", "pauses"),
    "circle": ("centre_m", "radius_m", "speed_m_per_s", "phase_rad", "pauses"),
    "waypoints": ("points_m", "speed_m_per_s", "closed", "turn", "pauses"),
    "sway": ("centre_m", "amplitude_m", "period_s"),
}
REQUIRED = {
    "line": ("from_m", "to_m", "speed_m_per_s"),
    "circle": ("centre_m", "radius_m", "speed_m_per_s"),
    "waypoints": ("points_m", "speed_m_per_s"),
    "sway": ("centre_m", "amplitude_m", "period_s"),
}


def parse_path(value: object, where: str) -> Path:
    """A path from its entry in a scene file, as this module's docstring has it.

    Args:
        value: what YAML gave.
        where: the entry's way down in its file, for errors.

    Raises:
        ConfigurationError: one line that names the key and says what would be right.
    """
    every = tuple(dict.fromkeys((*OPTIONS, *(key for keys in KEYS.values() for key in keys))))
    kind = text(mapping(value, where, every, ("kind",))["kind"], f"{where}.kind", tuple(KEYS))
    entry = mapping(value, where, (*OPTIONS, *KEYS[kind]), REQUIRED[kind])
    start_s = number(entry.get("start_s", 0.0), f"{where}.start_s", 0.0, LONGEST_S)
    if kind == "sway":
        return _sway(entry, where, start_s)
    speed = number(entry["speed_m_per_s"], f"{where}.speed_m_per_s", -FASTEST_M_PER_S, FASTEST_M_PER_S)
    if speed == 0.0 or (speed < 0.0 and kind != "circle"):
        wanted = "not 0" if kind == "circle" else "above 0"
        raise ConfigurationError(f"{where}.speed_m_per_s: {speed:g} must be {wanted}; what does not move needs no path")

    curve: Circle | SampledCurve
    closed, turn = kind == "circle", "there_and_back"
    if kind == "circle":
        centre = np.array(numbers(entry["centre_m"], f"{where}.centre_m", 3))
        radius = number(entry["radius_m"], f"{where}.radius_m", 1e-3, 1e5)
        phase = number(entry.get("phase_rad", 0.0), f"{where}.phase_rad")
        curve = Circle(centre, radius, math.copysign(1.0, speed), phase)
    else:
        turn = text(entry.get("turn", turn), f"{where}.turn", TURNS)
        if kind == "line":
            start, end = (numbers(entry[key], f"{where}.{key}", 3) for key in ("from_m", "to_m"))
            curve = straight(start, end, where)
        else:
            closed = flag(entry.get("closed", False), f"{where}.closed")
            if closed and "turn" in entry:
                raise ConfigurationError(f"{where}.turn: a closed curve has no end; leave turn out, or set closed: false")
            curve = through_points(_points(entry["points_m"], f"{where}.points_m"), closed, f"{where}.points_m")
    pauses = _pauses(entry.get("pauses", []), f"{where}.pauses", curve.length_m)
    heading = _heading(entry.get("heading", "along"), f"{where}.heading", curve)
    return CurvePath(curve, along(curve.length_m, abs(speed), turn, closed=closed, start_s=start_s, pauses=pauses), heading)


def _sway(entry: dict[str, Any], where: str, start_s: float) -> Sway:
    heading = entry.get("heading", 0.0)
    if heading == "along":
        raise ConfigurationError(f"{where}.heading: what sways has no direction; wanted an angle in radians")
    return Sway(
        np.array(numbers(entry["centre_m"], f"{where}.centre_m", 3)),
        np.array(numbers(entry["amplitude_m"], f"{where}.amplitude_m", 3)),
        number(entry["period_s"], f"{where}.period_s", 0.05, LONGEST_S),
        wrap_angle(number(heading, f"{where}.heading")),
        start_s,
    )


def _points(value: object, where: str) -> list[list[float]]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: wanted a list of points [x, y, z], found {value!r}")
    return [numbers(point, f"{where}[{index}]", 3) for index, point in enumerate(value)]


def _pauses(value: object, where: str, length_m: float) -> list[tuple[float, float]]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{where}: wanted a list of [distance along the curve in metres, seconds], found {value!r}")
    pauses = []
    for index, entry in enumerate(value):
        at_m, seconds = numbers(entry, f"{where}[{index}]", 2)
        if not 0.0 <= at_m <= length_m:
            raise ConfigurationError(f"{where}[{index}]: {at_m:g} m is not on the curve, which is {length_m:.3f} m long")
        pauses.append((at_m, number(seconds, f"{where}[{index}][1]", 0.0, LONGEST_S)))
    places = [at_m for at_m, _ in pauses]
    if len(set(places)) != len(places):
        raise ConfigurationError(f"{where}: two pauses at the same distance; make them one")
    return pauses


def _heading(value: object, where: str, curve: Circle | SampledCurve) -> Callable[[float, Vector, Vector], float]:
    words = ("along", "inward") if isinstance(curve, Circle) else ("along",)
    if not isinstance(value, str):
        angle = number(value, where)
        return lambda turned, position, tangent: angle
    if text(value, where, words) == "inward" and isinstance(curve, Circle):
        x, y, _ = curve.centre_m
        return lambda turned, position, tangent: math.atan2(y - position[1], x - position[0])
    if isinstance(curve, SampledCurve) and np.hypot(curve.tangents[:, 0], curve.tangents[:, 1]).min() < LEAST_LEVEL:
        raise ConfigurationError(f"{where}: the path goes straight up or down, where 'along' is no heading; give it in radians")
    return lambda turned, position, tangent: math.atan2(tangent[1], tangent[0]) + math.pi * turned
