"""How an angle moves under a bound on speed and acceleration, in closed form.

A glide is a row of stretches of constant acceleration that ends at rest. It is a function of time: who asks often gets no other
answer than who asks once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_NOTHING = 1e-12
"""Ways and speeds below this are rounding, not motion."""


@dataclass(frozen=True)
class Stretch:
    """Constant acceleration, from `start_s` of its glide on: angle [rad] and velocity [rad/s] at its start."""

    start_s: float
    duration_s: float
    angle: float
    velocity: float
    acceleration: float

    def at(self, time_s: float) -> tuple[float, float]:
        """(angle, velocity) at a time."""
        t = time_s - self.start_s
        return self.angle + t * (self.velocity + 0.5 * self.acceleration * t), self.velocity + self.acceleration * t


@dataclass(frozen=True)
class Glide:
    """Stretches that follow each other without gaps from `start_s`; before it as at its start, behind it at rest at `target`.

    The stretches' times count from `start_s`: seconds since 1970 have no digits left for them.
    """

    start_s: float
    stretches: tuple[Stretch, ...]
    target: float

    def at(self, time_s: float) -> tuple[float, float]:
        """(angle [rad], velocity [rad/s]) at a time."""
        since_s = max(time_s - self.start_s, 0.0)
        for stretch in self.stretches:
            if since_s < stretch.start_s + stretch.duration_s:
                return stretch.at(since_s)
        return self.target, 0.0


def glide_to(target: float, speed: float, acceleration: float, *, start_s: float, angle: float, velocity: float) -> Glide:
    """The fastest way to rest at a target.

    Brake or turn where the velocity at hand leads past the target or away from it, run up, cruise, brake. Seen along the
    direction in which the target lies beyond the place where full braking would end, the row of stretches is always the same.

    Args:
        target: where to rest, rad; infinite: cruise for ever. speed, acceleration: bounds, rad/s and rad/s^2, > 0.
        start_s, angle, velocity: when and in which state it begins; the velocity may be above `speed` and is then brought down.
    """
    if abs(target - angle) < _NOTHING and abs(velocity) < _NOTHING:
        return Glide(start_s, (), target)
    sign = 1.0 if target >= angle + stopping_way(velocity, acceleration) else -1.0
    way, along = sign * (target - angle), sign * velocity
    peak = math.sqrt(max(acceleration * way + 0.5 * along * along, 0.0))  # of run-up and braking without a cruise between
    top = min(peak, speed)
    run_up_s, brake_s = abs(top - along) / acceleration, top / acceleration
    cruise_s = max(way - 0.5 * (top + along) * run_up_s - 0.5 * top * brake_s, 0.0) / speed if peak > speed else 0.0
    rates = (math.copysign(acceleration, top - along), 0.0, -acceleration)
    stretches: list[Stretch] = []
    time_s = 0.0
    for duration_s, rate in zip((run_up_s, cruise_s, brake_s), rates, strict=True):
        if duration_s > 0.0:
            stretches.append(Stretch(time_s, duration_s, angle, velocity, sign * rate))
            if duration_s == math.inf:
                break
            time_s += duration_s
            angle, velocity = stretches[-1].at(time_s)
    return Glide(start_s, tuple(stretches), target)


def glide_to_stop(acceleration: float, *, start_s: float, angle: float, velocity: float) -> Glide:
    """Full braking."""
    target = angle + stopping_way(velocity, acceleration)
    return glide_to(target, max(abs(velocity), _NOTHING), acceleration, start_s=start_s, angle=angle, velocity=velocity)


def stopping_way(velocity: float, acceleration: float) -> float:
    """The way of full braking, with the velocity's sign: v |v| / (2 a), rad."""
    return 0.5 * velocity * abs(velocity) / acceleration
