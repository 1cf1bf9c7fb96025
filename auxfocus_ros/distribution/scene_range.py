"""An axis that follows the scene without jumping about.

The ends that a scene asks for change from frame to frame: with noise, with a hand that passes, with a gimbal that turns. An axis
that followed at once could not be read. So there are three brakes:

1. The ends that are wanted are round numbers outside robust percentiles, so that noise does not move them.
2. The goal changes at once only where the scene would fall off the axis. It shrinks only after the scene has left much of the
   axis empty for a number of updates in a row.
3. The ends glide to their goal, in the logarithm of depth, over some ten updates.

A scene that has next to nothing in common with the axis is another scene, after a cut or in a new recording: it gets its axis at
once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.axis import DepthAxis, Scale
from auxfocus_ros.errors import ConfigurationError

_SAMPLES = 16384  # readings that are looked at: enough for percentiles to within a tenth of a percent
_ROUND_ENDS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_AIR = 1.06  # between the scene and the ends of the axis, as a factor
_SHORTEST = 1.5  # far / near of an axis that follows
_CUT = 0.25  # share that two ranges have in common: less than this is another scene
_ARRIVED = 0.004  # of the depth: ends this near their goal are set to it


def robust_range_m(
    depth: NDArray[Any], percentiles: tuple[float, float] = (0.5, 99.5), unit_m: float = 1.0
) -> tuple[float, float] | None:
    """The depths between which nearly all readings lie.

    Args:
        depth: depths of any shape, float metres, or integers in units of `unit_m`; 0, negative, NaN and infinite: no reading.
        percentiles: how many percent of the readings may lie nearer than the first and than the second.
        unit_m: metres a unit of `depth`.

    Returns:
        (near, far), metres, near <= far; None without a reading. Of large inputs an evenly spread part is looked at.
    """
    flat = depth.reshape(-1)
    step = max(1, flat.size // _SAMPLES)
    while depth.ndim > 1 and step > 1 and math.gcd(step, depth.shape[-1]) > 1:
        step += 1  # a step that divides the width would look at a few columns only
    sample = flat[::step].astype(np.float32)
    sample = sample[(sample > 0) & (sample < np.inf)]
    if not sample.size:
        return None
    ranks = [round(share / 100.0 * (sample.size - 1)) for share in percentiles]
    sample.partition(ranks)
    return float(sample[ranks[0]]) * unit_m, float(sample[ranks[1]]) * unit_m


@dataclass
class AxisFollower:
    """Chooses the ends of a depth axis from the scene, update by update.

    Attributes:
        bins, scale: of the axes it gives; may be set between updates.
        fixed_near_m, fixed_far_m: an end that is not to follow; None: it follows.
        limits_m: the ends never leave these.
        slack: by what factor the axis may be longer (far / near) than the scene asks for before it shrinks, >= 1.
        dwell_updates: for how many updates in a row it must have been, >= 1.
        glide: share of the way to the goal at each update, in (0, 1]; 1 goes there at once.

    Raises:
        ConfigurationError: a value out of its range.
    """

    bins: int
    scale: Scale = "log"
    fixed_near_m: float | None = None
    fixed_far_m: float | None = None
    limits_m: tuple[float, float] = (0.05, 500.0)
    slack: float = 1.8
    dwell_updates: int = 15
    glide: float = 0.25

    def __post_init__(self) -> None:
        """Check the settings; the axis spans the limits until a scene is seen."""
        if not (0 < self.limits_m[0] * _SHORTEST <= self.limits_m[1] < math.inf):
            raise ConfigurationError(
                f"axis follower: the limits must be finite and at least a factor of 1.5 apart, got {self.limits_m}"
            )
        if not (self.slack >= 1 and self.dwell_updates >= 1 and 0 < self.glide <= 1):
            raise ConfigurationError(
                f"axis follower: wanted slack >= 1, dwell_updates >= 1 and glide in (0, 1], got {self.slack}, "
                f"{self.dwell_updates}, {self.glide}"
            )
        self._goal: tuple[float, float] | None = None
        self._loose_updates = 0
        self._axis = self._axis_between(*self.limits_m)

    def update(self, depth: NDArray[Any], unit_m: float = 1.0) -> DepthAxis:
        """Look at a frame's depths and give the axis to draw it on.

        Args:
            depth: depths of any shape, float metres, or integers in units of `unit_m`; 0, negative, NaN and infinite: no reading.
            unit_m: metres a unit of `depth`.

        Returns:
            The axis; the same object while nothing changes. A frame without readings leaves the axis as it is. The first frame
            with readings sets it at once.
        """
        scene = robust_range_m(depth, unit_m=unit_m)
        if scene is not None:
            self._set_goal(scene)
        if self._goal is not None:
            self._go_on(self._goal)
        if self._axis.bins != self.bins:
            self._axis = self._axis_between(*self._ends)
        return self._axis

    def _set_goal(self, scene: tuple[float, float]) -> None:
        wanted = self._wanted(scene)
        if self._goal is None or _in_common(wanted, self._goal) < _CUT:
            self._goal, self._loose_updates = wanted, 0
            self._axis = self._axis_between(*wanted)
            return
        near, far = self._goal
        if scene[0] < near:
            near = min(near, wanted[0])
        if scene[1] > far:
            far = max(far, wanted[1])
        self._goal = near, far
        loose = far / near > self.slack * wanted[1] / wanted[0]
        self._loose_updates = self._loose_updates + 1 if loose else 0
        if self._loose_updates >= self.dwell_updates:
            self._goal, self._loose_updates = wanted, 0

    def _wanted(self, scene: tuple[float, float]) -> tuple[float, float]:
        """Round ends around a scene, with some air, not too close together, within the limits."""
        low, high = self.limits_m
        near = min(max(_round_down(scene[0] / _AIR), low), high / _SHORTEST)
        return near, min(_round_up(max(scene[1] * _AIR, near * _SHORTEST)), high)

    def _go_on(self, goal: tuple[float, float]) -> None:
        near, far = (_glided(now, end, self.glide) for now, end in zip(self._ends, goal, strict=True))
        if (near, far) != self._ends:
            self._axis = self._axis_between(near, far)

    def _axis_between(self, near_m: float, far_m: float) -> DepthAxis:
        """The axis; a fixed end wins over one that follows."""
        self._ends = (near_m, far_m)
        near, far = self.fixed_near_m or near_m, self.fixed_far_m or far_m
        if self.fixed_near_m is None:
            near = min(near, far / _SHORTEST)
        if self.fixed_far_m is None:
            far = max(far, near * _SHORTEST)
        return DepthAxis(near, far, self.bins, self.scale)


def _in_common(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Of the ratio that two ranges span together, the share that both span, in logarithms: 0 apart, 1 the same."""
    overlap = math.log(min(first[1], second[1]) / max(first[0], second[0]))
    return max(overlap, 0.0) / math.log(max(first[1], second[1]) / min(first[0], second[0]))


def _glided(now: float, goal: float, share: float) -> float:
    ratio = math.log(goal / now)
    return goal if abs(ratio) < _ARRIVED else now * math.exp(share * ratio)


def _round_down(depth_m: float) -> float:
    decade = 10.0 ** math.floor(math.log10(depth_m))
    return max(mantissa * decade for mantissa in _ROUND_ENDS if mantissa * decade <= depth_m * (1 + 1e-9))


def _round_up(depth_m: float) -> float:
    decade = 10.0 ** math.floor(math.log10(depth_m))
    return min(mantissa * decade for mantissa in _ROUND_ENDS if mantissa * decade >= depth_m * (1 - 1e-9))
