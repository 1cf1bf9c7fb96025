"""The way of a glass on a spring whose rest place moves, between two end stops: closed form, no time step.

The rest place is piecewise linear in time, so on each piece the glass does what a free spring does about a straight line that
lags behind it. A stop is struck without rebound and holds the glass while the spring pushes it against it. What is asked of a
path (where, how fast, when last outside a band) is answered from the pieces: within one, the acceleration's zeros are known, the
velocity is monotone between them and has at most one zero there, and between those the place is monotone, so that every
crossing is found by bisection and none can be overlooked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from auxfocus_ros.lens.spring import Spring

_NOTHING_STEPS = 1e-9
"""Distances below this are rounding, not motion."""


@dataclass(frozen=True)
class Pull:
    """Where the spring wants the glass: from `start_s` on at `place` (steps), moving at `rate` (steps/s)."""

    start_s: float
    place: float
    rate: float = 0.0


@dataclass(frozen=True)
class _Piece:
    """From `start_s` to `end_s`: free under one pull, or held at `place`."""

    start_s: float
    end_s: float
    place: float
    velocity: float
    pull: Pull
    spring: Spring | None

    def at(self, time_s: float) -> tuple[float, float]:
        """(place, velocity)."""
        if self.spring is None:
            return self.place, 0.0
        passed_s = time_s - self.start_s
        line, lag = self._line(time_s), self._lag
        place, velocity = self.spring.after(self.place - self._line(self.start_s) + lag, self.velocity - self.pull.rate, passed_s)
        return line - lag + place, self.pull.rate + velocity

    @property
    def _lag(self) -> float:
        """How far a steady motion stays behind a moving rest place: the damper's share."""
        spring = self.spring
        return 2 * spring.damping_ratio / spring.frequency_rad_per_s * self.pull.rate if spring is not None else 0.0

    def _line(self, time_s: float) -> float:
        return self.pull.place + self.pull.rate * (time_s - self.pull.start_s)

    def turns_s(self, until_s: float) -> list[float]:
        """Every time in (start_s, until_s) at which the velocity changes its sign, rising."""
        if self.spring is None:
            return []
        # The motion about the line, and its derivatives, which are free motions too.
        place = self.place - self._line(self.start_s) + self._lag
        velocity = self.velocity - self.pull.rate
        acceleration = self.spring.acceleration(place, velocity)
        span_s = until_s - self.start_s
        if self.pull.rate == 0:
            span_s = min(span_s, self.spring.stays_within_s(place, velocity, _NOTHING_STEPS))
            return [self.start_s + t for t in self.spring.zeros_s(velocity, acceleration, span_s)]
        span_s = min(span_s, self.spring.stays_within_s(velocity, acceleration, abs(self.pull.rate)))
        jerk = self.spring.acceleration(velocity, acceleration)
        edges = [0.0, *self.spring.zeros_s(acceleration, jerk, span_s), span_s]
        found = []
        for begin, end in itertools.pairwise([self.start_s + edge for edge in edges]):
            rises_later = self.at(end)[1] > 0
            if (self.at(begin)[1] > 0) != rises_later:
                found.append(_bisect(_Rises(self, rises_later), begin, end))
        return found

    def quiet_s(self, distance: float) -> float:
        """A time from which on a last piece, whose pull stands still, stays within a distance of its rest place."""
        if self.spring is None:
            return self.start_s
        return self.start_s + self.spring.stays_within_s(self.place - self.pull.place, self.velocity, distance)


@dataclass(frozen=True)
class _Rises:
    """Whether a piece rises at a time, or whether it does not."""

    piece: _Piece
    wanted: bool

    def __call__(self, time_s: float) -> bool:
        return (self.piece.at(time_s)[1] > 0) == self.wanted


@dataclass(frozen=True)
class _Inside:
    """Whether a piece is within a band at a time."""

    piece: _Piece
    low: float
    high: float

    def __call__(self, time_s: float) -> bool:
        return self.low <= self.piece.at(time_s)[0] <= self.high


@dataclass(frozen=True)
class SpringPath:
    """The whole way, from time 0 on. Times are seconds since then, places steps."""

    pieces: tuple[_Piece, ...]
    rest: float
    """Where it will rest."""

    def at(self, time_s: float) -> tuple[float, float]:
        """(place, velocity) at a time >= 0."""
        for piece in self.pieces:
            if time_s < piece.end_s:
                return piece.at(time_s)
        return self.pieces[-1].at(time_s)

    def settled_s(self, place: float, tolerance: float) -> float:
        """From when on it stays within a tolerance > 0 of a place; 0: always, inf: it will not rest there."""
        low, high = place - tolerance, place + tolerance
        if not low < self.rest < high:
            return math.inf
        room = min(self.rest - low, high - self.rest)
        for piece in reversed(self.pieces):
            inside = _Inside(piece, low, high)
            end_s = piece.end_s if math.isfinite(piece.end_s) else piece.quiet_s(room)
            for end, begin in itertools.pairwise([end_s, *reversed(piece.turns_s(end_s)), piece.start_s]):
                if not inside(end):
                    return end
                if not inside(begin):
                    return _bisect(inside, begin, end)
        return 0.0


def held_path(place: float) -> SpringPath:
    """It is jammed and stays where it is."""
    return SpringPath((_Piece(0.0, math.inf, place, 0.0, Pull(0.0, place), None),), place)


def spring_path(place: float, velocity: float, pulls: Sequence[Pull], spring: Spring, stops: tuple[float, float]) -> SpringPath:
    """The way from a place and a velocity on.

    Args:
        place, velocity: at time 0, steps, steps/s; the place between the stops.
        pulls: where the spring wants the glass, in order of their start; the first starts at 0, the last stands still.
        spring: the spring.
        stops: the lowest and the highest place that can be reached, steps; may be infinite.
    """
    low, high = stops
    pieces: list[_Piece] = []
    for number, pull in enumerate(pulls):
        now_s = pull.start_s
        end_s = pulls[number + 1].start_s if number + 1 < len(pulls) else math.inf
        while now_s < end_s:
            stop = _pressed(place, velocity, pull, now_s, stops)
            if stop is not None:
                free_s = _released_s(pull, stop, low, now_s)
                piece = _Piece(now_s, min(free_s, end_s), stop, 0.0, pull, None)
            else:
                flight = _Piece(now_s, end_s, place, velocity, pull, spring)
                piece = _Piece(now_s, _strikes_s(flight, stops), place, velocity, pull, spring)
            pieces.append(piece)
            now_s = piece.end_s
            if math.isfinite(now_s):
                place, velocity = piece.at(now_s)
                if now_s < end_s:  # on a stop, without rebound
                    place, velocity = min(max(place, low), high), 0.0
    return SpringPath(tuple(pieces), min(max(pulls[-1].place, low), high))


def _pressed(place: float, velocity: float, pull: Pull, now_s: float, stops: tuple[float, float]) -> float | None:
    """The stop that holds the glass now; None: it is free."""
    wants = pull.place + pull.rate * (now_s - pull.start_s)
    for stop, outwards in zip(stops, (-1.0, 1.0), strict=True):
        at_stop = outwards * (place - stop) >= -_NOTHING_STEPS and outwards * velocity >= 0
        beyond, growth = outwards * (wants - stop), outwards * pull.rate
        # Rounding must not decide on its own whether a pull that passes the stop is still, or already, beyond it.
        margin = _NOTHING_STEPS if growth < 0 else -_NOTHING_STEPS if growth > 0 else 0.0
        if at_stop and beyond > margin:
            return stop
    return None


def _released_s(pull: Pull, stop: float, low: float, now_s: float) -> float:
    """When the spring no longer pushes the glass against the stop that holds it."""
    leaves = pull.rate > 0 if stop == low else pull.rate < 0
    return max(pull.start_s + (stop - pull.place) / pull.rate, math.nextafter(now_s, math.inf)) if leaves else math.inf


def _strikes_s(flight: _Piece, stops: tuple[float, float]) -> float:
    """When a free flight strikes a stop; its end when it does not."""
    low, high = stops[0] - _NOTHING_STEPS, stops[1] + _NOTHING_STEPS
    if math.isinf(low) and math.isinf(high):
        return flight.end_s
    end_s = flight.end_s
    if math.isinf(end_s):  # once its swings are smaller than its way to the stops, it strikes them no more
        end_s = flight.quiet_s(max(min(flight.pull.place - low, high - flight.pull.place), _NOTHING_STEPS))
    edges = [flight.start_s, *flight.turns_s(end_s), end_s]
    inside = _Inside(flight, low, high)
    for begin, end in itertools.pairwise(edges):
        if not inside(end):
            return _bisect(lambda time_s: not inside(time_s), begin, end)
    return flight.end_s


def _bisect(true_later: Callable[[float], bool], begin_s: float, end_s: float) -> float:
    """When something that is false at the beginning and true at the end becomes true; the first time known to be true."""
    for _ in range(80):
        middle_s = 0.5 * (begin_s + end_s)
        if middle_s in (begin_s, end_s):
            break
        if true_later(middle_s):
            end_s = middle_s
        else:
            begin_s = middle_s
    return end_s
