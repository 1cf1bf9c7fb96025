"""Curves in space by their arc length: a circle, and smooth curves through points.

A curve through points is a cubic spline (twice continuously differentiable) over the length of its chords, so that points
that lie far apart do not make loops. Along it a thing must go at one speed, so it is parametrised anew by its arc length: the
length is integrated by Gauss and Legendre's rule, and points and unit tangents are kept at even distances with cubic Hermite
pieces between them. What is given as a tangent is the derivative of those pieces, so velocity is the derivative of position.

Sources: de Boor, A Practical Guide to Splines (cubic splines, chord length); Gauss-Legendre quadrature as in any textbook.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError

Vector = NDArray[np.float64]

PIECES_PER_SPAN = 256
MOST_PIECES = 20_000
# So little may a curve turn between two of the points that are kept of it, in radians.
TURN_PER_PIECE = 0.03
# A spline over the length of its chords moves at about 1 per unit; where it nearly stands still it turns on a point.
SLOWEST = 0.1


class Curve(Protocol):
    """A way through space."""

    @property
    def length_m(self) -> float:
        """The whole length, > 0."""

    def at(self, along_m: float) -> tuple[Vector, Vector]:
        """(Position (3,), m; unit tangent (3,)) at a distance from the start, 0 to length_m."""


@dataclass(frozen=True, eq=False)
class Circle:
    """A level circle; `direction` 1 is anticlockwise seen from above, -1 clockwise; it starts at `phase_rad` from +x."""

    centre_m: Vector
    radius_m: float
    direction: float
    phase_rad: float

    @property
    def length_m(self) -> float:
        """Once round."""
        return 2.0 * math.pi * self.radius_m

    def at(self, along_m: float) -> tuple[Vector, Vector]:
        """(Position (3,), m; unit tangent (3,))."""
        angle = self.phase_rad + self.direction * along_m / self.radius_m
        c, s = math.cos(angle), math.sin(angle)
        x, y, z = self.centre_m
        position = np.array([x + self.radius_m * c, y + self.radius_m * s, z])
        return position, np.array([-self.direction * s, self.direction * c, 0.0])


@dataclass(frozen=True, eq=False)
class SampledCurve:
    """Points (N, 3) and unit tangents (N, 3) at even distances from the start to the end, cubic Hermite pieces between."""

    points_m: Vector
    tangents: Vector
    length_m: float

    def at(self, along_m: float) -> tuple[Vector, Vector]:
        """(Position (3,), m; tangent (3,), of length 1 within 1e-3)."""
        pieces = len(self.points_m) - 1
        step = self.length_m / pieces
        index = min(max(int(along_m / step), 0), pieces - 1)
        x = along_m / step - index
        p, q = self.points_m[index], self.points_m[index + 1]
        a, b = self.tangents[index], self.tangents[index + 1]
        chord = (q - p) / step
        # p + step (a x + (3 chord - 2 a - b) x^2 + (a + b - 2 chord) x^3), and its derivative by the distance.
        second, third = 3.0 * chord - 2.0 * a - b, a + b - 2.0 * chord
        position = p + step * x * (a + x * (second + x * third))
        return position, a + x * (2.0 * second + (3.0 * x) * third)


def straight(start_m: Sequence[float], end_m: Sequence[float], where: str) -> SampledCurve:
    """The line between two different points; `where` names it in the ConfigurationError for equal ones."""
    points = np.array([start_m, end_m], np.float64)
    length = float(np.linalg.norm(points[1] - points[0]))
    if length < 1e-6:
        raise ConfigurationError(f"{where}: both ends are at {_place(points[0])}; a line needs two different points")
    return SampledCurve(points, np.repeat((points[1:] - points[:1]) / length, 2, axis=0), length)


def _place(point: Vector) -> str:
    return "(" + ", ".join(f"{value:g}" for value in point) + ")"


def through_points(points_m: Sequence[Sequence[float]], closed: bool, where: str) -> SampledCurve:
    """The smooth curve through points.

    Args:
        points_m: (N, 3), N >= 2, or >= 3 when closed; neighbours differ. The first point is not repeated at a closed curve's end.
        closed: whether it goes on from the last point to the first.
        where: names the points in errors.

    Raises:
        ConfigurationError: too few points, equal neighbours, or a curve that turns back on a point.
    """
    from scipy.interpolate import CubicHermiteSpline, CubicSpline

    points = np.array(points_m, np.float64).reshape(-1, 3)
    wanted = 3 if closed else 2
    if len(points) < wanted:
        kind = "a closed curve" if closed else "a curve"
        raise ConfigurationError(f"{where}: {len(points)} points; {kind} needs {wanted} or more")
    if closed:
        points = np.concatenate((points, points[:1]))
    chords = np.linalg.norm(np.diff(points, axis=0), axis=1)
    same = np.flatnonzero(chords < 1e-6)
    if len(same):
        first, second = int(same[0]), (int(same[0]) + 1) % (len(points) - closed)
        raise ConfigurationError(f"{where}: points {first} and {second} are both at {_place(points[first])}; leave one out")
    if len(points) == 2:
        return straight(points[0].tolist(), points[1].tolist(), where)

    knots = np.concatenate(([0.0], np.cumsum(chords)))
    spline = CubicSpline(knots, points, bc_type="periodic" if closed else "natural")
    pieces = min(PIECES_PER_SPAN, MOST_PIECES // len(chords))
    grid = np.unique(np.concatenate([np.linspace(a, b, pieces + 1) for a, b in itertools.pairwise(knots)]))
    rate = np.linalg.norm(spline(grid, 1), axis=1)
    if rate.min() < SLOWEST:
        place = _place(spline(grid[int(np.argmin(rate))]))
        raise ConfigurationError(
            f"{where}: the curve turns back on a point near {place}; add points that lead round it, or go an open way"
        )
    # Arc length at every grid point, by 6-point Gauss-Legendre on each piece.
    nodes, weights = np.polynomial.legendre.leggauss(6)
    half = 0.5 * np.diff(grid)
    inside = 0.5 * (grid[:-1] + grid[1:])[:, None] + half[:, None] * nodes
    lengths = np.linalg.norm(spline(inside, 1), axis=2) @ weights * half
    arc = np.concatenate(([0.0], np.cumsum(lengths)))
    total = float(arc[-1])
    sharpest = float((np.linalg.norm(np.cross(spline(grid, 1), spline(grid, 2)), axis=1) / rate**3).max())
    count = int(min(max(len(grid), sharpest * total / TURN_PER_PIECE), MOST_PIECES)) + 1
    parameter = CubicHermiteSpline(arc, grid, 1.0 / rate)(np.linspace(0.0, total, count))
    tangents = spline(parameter, 1)
    tangents /= np.linalg.norm(tangents, axis=1)[:, None]
    return SampledCurve(spline(parameter), tangents, total)
