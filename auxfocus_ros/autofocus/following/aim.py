"""Where the lens is best put, given where the target is believed to be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from auxfocus_ros.autofocus.following.axis import Axis
from auxfocus_ros.autofocus.following.mixture import Mixture

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outlook:
    """A belief in positions. weight, mean_steps, sigma_steps, speed_steps_per_s, speed_sigma_steps_per_s: (K,)."""

    weight: Floats
    mean_steps: Floats
    sigma_steps: Floats
    speed_steps_per_s: Floats
    speed_sigma_steps_per_s: Floats
    half_depth_steps: Floats

    def chance(self, position_steps: float, within: float = 1.0) -> float:
        """Probability that the target is in focus there, or within a share of half the depth of focus."""
        return float(self.weight @ self._chances(np.array([position_steps]), within)[0])

    def best(self) -> tuple[float, float, float]:
        """(position with the greatest chance of focus, that chance, standard deviation of what is near to it)."""
        tried = self.mean_steps
        position = float(tried[int(np.argmax(self._chances(tried) @ self.weight))])
        near = self.weight * (np.abs(self.mean_steps - position) < self._half_at(position) + 2.0 * self.sigma_steps)
        middle = float(near @ self.mean_steps / near.sum())
        if self.chance(middle) >= self.chance(position):
            position = middle
        variance = near @ (self.sigma_steps**2 + (self.mean_steps - position) ** 2) / near.sum()
        return position, self.chance(position), math.sqrt(float(variance))

    def speed_near(self, position_steps: float) -> tuple[float, float]:
        """(best position's speed, its standard deviation), steps a second, of what is believed near a position."""
        near = self.weight * (np.abs(self.mean_steps - position_steps) < self._half_at(position_steps) + 2.0 * self.sigma_steps)
        if near.sum() <= 0.0:
            near = self.weight
        near = near / near.sum()
        mean = float(near @ self.speed_steps_per_s)
        variance = near @ (self.speed_sigma_steps_per_s**2 + (self.speed_steps_per_s - mean) ** 2)
        return mean, math.sqrt(float(variance))

    def side(self, position_steps: float, direction: float) -> float:
        """Probability that the target lies on the side of a position to which `direction` points."""
        return float(self.weight @ ndtr(np.sign(direction) * (self.mean_steps - position_steps) / self.sigma_steps))

    def _chances(self, positions: Floats, within: float = 1.0) -> Floats:
        """(P, K)."""
        away, half = positions[:, None] - self.mean_steps, within * self.half_depth_steps
        return np.asarray(ndtr((away + half) / self.sigma_steps) - ndtr((away - half) / self.sigma_steps))

    def _half_at(self, position_steps: float) -> float:
        return float(self.half_depth_steps[int(np.argmin(np.abs(self.mean_steps - position_steps)))])


def outlook(belief: Mixture, axis: Axis, *, apart_from_bias: bool = True) -> Outlook:
    """A belief in places, as one in positions; apart from bias: see `Mixture.place_sigma`."""
    place, speed = belief.mean[:, 0], belief.mean[:, 1]
    slope = axis.slope(place)
    position = axis.position(place)
    # the sign of d position / d place, from the ends of the axis
    sign = math.copysign(1.0, float(axis.position(axis.high)) - float(axis.position(axis.low)))
    return Outlook(
        belief.weight,
        position,
        np.maximum(slope * belief.place_sigma(apart_from_bias=apart_from_bias), 1e-3),
        sign * slope * speed,
        slope * np.sqrt(belief.spread[:, 1, 1]),
        axis.half_depth_steps(position),
    )


def move_time_s(distance_steps: float, speed: float, acceleration: float) -> float:
    """How long a move from rest to rest takes, without settling."""
    distance = abs(distance_steps)
    if distance * acceleration < speed * speed:
        return 2.0 * math.sqrt(distance / acceleration)
    return distance / speed + speed / acceleration
