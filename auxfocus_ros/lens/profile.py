"""Trapezoidal motion from any position and velocity to rest at a target, in closed form.

A profile is a row of phases of constant acceleration. The plan is the fastest under a bound on speed and acceleration: brake or
turn where the velocity at hand leads past the target or away from it, run up, cruise, brake. Everything is a function of the
time since its start; there is no state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_NOTHING_STEPS = 1e-9
"""Distances and speeds below this are rounding, not motion."""


@dataclass(frozen=True)
class Phase:
    """Constant acceleration for a while: position [steps], velocity [steps/s] and time [s] at its start."""

    start_s: float
    duration_s: float
    position: float
    velocity: float
    acceleration: float

    @property
    def end_s(self) -> float:
        """When it ends, seconds since the start of the profile."""
        return self.start_s + self.duration_s

    def at(self, time_s: float) -> tuple[float, float]:
        """(position, velocity) at a time of the profile."""
        t = time_s - self.start_s
        return self.position + t * (self.velocity + 0.5 * self.acceleration * t), self.velocity + self.acceleration * t


@dataclass(frozen=True)
class Profile:
    """A motion that ends at rest. `phases` follow each other without gaps from time 0; none: at rest at `target` all along."""

    phases: tuple[Phase, ...]
    target: float

    @property
    def duration_s(self) -> float:
        """Seconds until it rests."""
        return self.phases[-1].end_s if self.phases else 0.0

    def at(self, time_s: float) -> tuple[float, float]:
        """(position [steps], velocity [steps/s]) at a time since the start, which is at least 0."""
        for phase in self.phases:
            if time_s < phase.end_s:
                return phase.at(time_s)
        return self.target, 0.0

    def turning_times_s(self) -> tuple[float, ...]:
        """When the direction of motion changes, rising, the end of the profile included."""
        turns = [
            phase.start_s - phase.velocity / phase.acceleration
            for phase in self.phases
            if phase.acceleration != 0 and 0 < -phase.velocity / phase.acceleration < phase.duration_s
        ]
        rests = [before.end_s for before, after in zip(self.phases, self.phases[1:], strict=False) if after.velocity == 0]
        return (*sorted({*turns, *rests}), self.duration_s)

    def leaves_at_s(self, low: float, high: float, after_s: float) -> float:
        """The first time, `after_s` or later, at which the position is outside [low, high]; inf when it never is."""
        for phase in self.phases:
            begin = max(after_s, phase.start_s)
            if begin > phase.end_s:
                continue
            turn = phase.start_s - phase.velocity / phase.acceleration if phase.acceleration else math.inf
            ends = [turn, phase.end_s] if begin < turn < phase.end_s else [phase.end_s]
            for end in ends:
                if not low <= phase.at(end)[0] <= high:
                    return _crossing(phase, low, high, begin, end)
                begin = end
        return math.inf if low <= self.target <= high else max(after_s, self.duration_s)

    def after(self, time_s: float) -> Profile:
        """What is left of it at a time; its own time starts there."""
        left = []
        for phase in self.phases:
            if phase.end_s <= time_s:
                continue
            begin = max(time_s, phase.start_s)
            position, velocity = phase.at(begin)
            left.append(Phase(begin - time_s, phase.end_s - begin, position, velocity, phase.acceleration))
        return Profile(tuple(left), self.target)

    def then(self, following: Profile) -> Profile:
        """This one, and another that starts where this one rests."""
        begin = self.duration_s
        moved = (Phase(p.start_s + begin, p.duration_s, p.position, p.velocity, p.acceleration) for p in following.phases)
        return Profile((*self.phases, *moved), following.target)


def _crossing(phase: Phase, low: float, high: float, begin_s: float, end_s: float) -> float:
    """When a phase leaves [low, high] between two times, inside at the first, outside at the second, monotone between."""
    if not low <= phase.at(begin_s)[0] <= high:
        return begin_s
    for _ in range(60):
        middle_s = 0.5 * (begin_s + end_s)
        if low <= phase.at(middle_s)[0] <= high:
            begin_s = middle_s
        else:
            end_s = middle_s
    return end_s


def plan_profile(position: float, velocity: float, target: float, speed: float, acceleration: float) -> Profile:
    """The fastest way to rest at a target.

    Args:
        position, velocity: where the motor is and how fast it moves, steps, steps/s; the velocity may exceed `speed`.
        target: where to rest, steps.
        speed, acceleration: bounds, steps/s and steps/s^2, > 0.

    Returns:
        The profile. Where the velocity at hand is above `speed`, the first phase brings it down.
    """
    if abs(target - position) < _NOTHING_STEPS and abs(velocity) < _NOTHING_STEPS:
        return Profile((), target)
    brakes_at = position + velocity * abs(velocity) / (2 * acceleration)
    # Seen along the direction in which the target lies beyond the place where the motor could rest, the plan is always the same.
    sign = 1.0 if target >= brakes_at else -1.0
    distance, along = sign * (target - position), sign * velocity
    highest = math.sqrt(max(acceleration * distance + 0.5 * along * along, 0.0))
    top = min(highest, speed)
    changes = [abs(top - along) / acceleration, 0.0, top / acceleration]
    if highest > speed:
        covered = (top + along) * changes[0] / 2 + top * changes[2] / 2
        changes[1] = max(distance - covered, 0.0) / speed
    rates = [math.copysign(acceleration, top - along), 0.0, -acceleration]
    phases: list[Phase] = []
    start, where, how_fast = 0.0, position, velocity
    for duration, rate in zip(changes, rates, strict=True):
        if duration <= 0:
            continue
        phases.append(Phase(start, duration, where, how_fast, sign * rate))
        where, how_fast = phases[-1].at(start + duration)
        start += duration
    return Profile(tuple(phases), target)


def plan_stop(position: float, velocity: float, speed: float, acceleration: float, step: float) -> Profile:
    """Rest as soon as may be, on the first multiple of `step` at or behind the place where full braking would end.

    At rest already, it stays where it is. A motor whose step ends a little later brakes a little later, never harder.
    """
    if abs(velocity) < _NOTHING_STEPS:
        return Profile((), position)
    brakes_at = (position + velocity * abs(velocity) / (2 * acceleration)) / step
    whole = math.ceil(brakes_at - 1e-6) if velocity > 0 else math.floor(brakes_at + 1e-6)
    return plan_profile(position, velocity, whole * step, max(speed, abs(velocity)), acceleration)
