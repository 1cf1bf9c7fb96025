"""What a depth reading and a picture say of where the target is: a sum of normal distributions over its place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following.axis import Axis
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.optics.defocus_model import DefocusModel

Floats = NDArray[np.float64]

_ONE_SIDED = 2.0  # sigmas: modes that are nearer to the lens than this are one
_LEAST_SIGMA_STEPS = 1.0
_MOST_MODES, _FOOT, _LEAST_MASS = 2, 0.03, 0.03
_LEAST_SHARE = 1e-3


@dataclass(frozen=True, eq=False)
class Evidence:
    """A likelihood over places.

    weight, mean, variance: (M,) of its normal distributions; the weights' sum is 1. fresh: (M,) what a target that may be at
    any position of the lens alike makes of them: its weight there. of_depth: a depth reading, which shares the readings'
    lasting error. speed: what is said of the speed besides, (value, variance).
    """

    weight: Floats
    mean: Floats
    variance: Floats
    fresh: Floats
    of_depth: bool = False
    speed: tuple[float, float] | None = None

    @property
    def anywhere(self) -> float:
        """How much such evidence was to be expected of a target that may be anywhere."""
        return float(self.fresh.sum())


def depth_evidence(axis: Axis, reading: DepthReading, velocity: tuple[float, float] | None = None) -> Evidence:
    """Of a depth; `axis` is in metres. velocity: (metres a second, its variance)."""
    sigma = max(reading.sigma_m, _LEAST_SIGMA_STEPS / max(float(axis.slope(reading.depth_m)), 1e-6) * 0.1)
    place = min(max(reading.depth_m, axis.low), axis.high)
    fresh = np.array([float(axis.slope(place)) / axis.span_steps])
    return Evidence(np.ones(1), np.array([place]), np.array([sigma**2]), fresh, of_depth=True, speed=velocity)


def picture_evidence(axis: Axis, model: DefocusModel, position_steps: float, estimate: RadiusEstimate) -> Evidence | None:
    """Of a blur radius seen from a position: as far before it or behind it. None: the model knows nothing there."""
    low, high = sorted((float(axis.position(axis.low)), float(axis.position(axis.high))))
    grid = np.linspace(low, high, max(int(high - low) + 1, 500))
    radius_px = np.asarray(model.radius_px(position_steps, grid), np.float64)
    known = np.isfinite(radius_px)
    if np.count_nonzero(known) < 10:
        return None
    logs = np.where(known, estimate.log_density(np.where(known, radius_px, 0.0)), -np.inf)
    density = np.exp(logs - logs.max())
    found = [mode for side in (grid < position_steps, grid >= position_steps) for mode in _modes(grid, density * side)]
    if not found:
        return None
    heaviest = max(mass for mass, _, _ in found)
    found = [mode for mode in found if mode[0] > _LEAST_SHARE * heaviest]
    near = [mode for mode in found if abs(mode[1] - position_steps) < _ONE_SIDED * math.sqrt(mode[2])]
    if len(near) == 2:
        found = [_as_one(near), *(mode for mode in found if mode not in near)]
    weight, mean, variance = (np.array(part) for part in zip(*found, strict=True))
    sigma = np.sqrt(variance + _LEAST_SIGMA_STEPS**2)
    places, slopes = axis.place(mean), np.maximum(axis.slope(axis.place(mean)), 1e-9)
    sigma_places = 0.5 * np.abs(axis.place(mean - sigma) - axis.place(mean + sigma))
    of_places = weight / slopes
    fresh = weight / of_places.sum() / axis.span_steps
    return Evidence(of_places / of_places.sum(), places, np.maximum(sigma_places, 1e-6) ** 2, fresh)


def _modes(grid: Floats, density: Floats) -> list[tuple[float, float, float]]:
    """(mass, mean, variance) of each hump of a density that weighs, the highest first; its far tails belong to none."""
    left, whole, found = density.copy(), float(density.sum()), []
    for _ in range(_MOST_MODES):
        top = int(np.argmax(left))
        if left[top] <= 0.0:
            break
        low = np.flatnonzero(left < _FOOT * left[top])
        begin = int(low[low < top].max(initial=-1)) + 1
        end = int(low[low > top].min(initial=len(left)))
        hump, places = left[begin:end], grid[begin:end]
        mass = float(hump.sum())
        if mass < _LEAST_MASS * whole:
            break
        mean = float(hump @ places) / mass
        found.append((mass, mean, float(hump @ (places - mean) ** 2) / mass))
        left[begin:end] = 0.0
    return found


def _as_one(modes: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    mass, mean, variance = (np.array(part) for part in zip(*modes, strict=True))
    middle = float(mass @ mean / mass.sum())
    return float(mass.sum()), middle, float(mass @ (variance + (mean - middle) ** 2) / mass.sum())
