"""How far along its curve a thing is at a time: running, braking, standing, turning round, for ever.

A curve says where; this says when. It is a pure function of time, so that a frame can be drawn for any moment without drawing
those before it. A thing never starts or stops at once: within RAMP_S its speed rises or falls as 3 x^2 - 2 x^3, so that speed
and acceleration are continuous and speed is otherwise the one asked for.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

RAMP_S = 0.6
"""From standing to walking or driving speed and back; shorter where the way between two stops is too short for it."""
TURN_S = 0.9
"""How long turning round on the spot takes at the end of a way that is gone back."""

TURNS = ("there_and_back", "again", "stop")


@dataclass(frozen=True)
class Moment:
    """State along a curve.

    along_m: from the curve's start. rate_m_per_s: its derivative, negative on the way back. travelled_m: the whole way so far.
    turned: half turns made since the curve's start, 0 to 2.
    """

    along_m: float
    rate_m_per_s: float
    travelled_m: float
    turned: float


@dataclass(frozen=True)
class Leg:
    """One run or, with no length, one stand.

    direction: 1 or -1. ramp_in_s, ramp_out_s: how long speeding up and braking take, 0: at full speed there. turned: (before,
    after), in half turns; changes only while standing.
    """

    start_m: float
    length_m: float
    duration_s: float
    direction: float = 1.0
    speed_m_per_s: float = 0.0
    ramp_in_s: float = 0.0
    ramp_out_s: float = 0.0
    turned: tuple[float, float] = (0.0, 0.0)

    def at(self, time_s: float) -> tuple[float, float, float]:
        """(Distance since the leg's start, m; speed, m/s; half turns) at 0 <= time_s <= duration_s."""
        before, after = self.turned
        if self.length_m == 0.0:
            x = time_s / self.duration_s if before != after else 0.0
            return 0.0, 0.0, before + (after - before) * x * x * (3.0 - 2.0 * x)
        speed, left_s = self.speed_m_per_s, self.duration_s - time_s
        if time_s < self.ramp_in_s:
            x = time_s / self.ramp_in_s
            return speed * self.ramp_in_s * x * x * x * (1.0 - 0.5 * x), speed * x * x * (3.0 - 2.0 * x), before
        if left_s < self.ramp_out_s:
            x = max(left_s, 0.0) / self.ramp_out_s
            left_m = speed * self.ramp_out_s * x * x * x * (1.0 - 0.5 * x)
            return self.length_m - left_m, speed * x * x * (3.0 - 2.0 * x), before
        return min(speed * (time_s - 0.5 * self.ramp_in_s), self.length_m), speed, before


def stand(at_m: float, seconds: float, turned: tuple[float, float] = (0.0, 0.0)) -> Leg:
    """A leg that goes nowhere."""
    return Leg(at_m, 0.0, seconds, turned=turned)


def run(start_m: float, end_m: float, speed_m_per_s: float, rest: tuple[bool, bool], turned: float) -> Leg:
    """A leg from one place to another, from or to rest as `rest` says; its ramps are shortened where they do not fit."""
    length_m = abs(end_m - start_m)
    # A ramp covers half of what full speed would: both together may not cover more than the whole length.
    ramps = rest[0] + rest[1]
    ramp_s = min(RAMP_S, 2.0 * length_m / (speed_m_per_s * ramps)) if ramps else 0.0
    return Leg(
        start_m,
        length_m,
        length_m / speed_m_per_s + 0.5 * ramp_s * ramps,
        1.0 if end_m > start_m else -1.0,
        speed_m_per_s,
        ramp_s * rest[0],
        ramp_s * rest[1],
        (turned, turned),
    )


class Progress:
    """Legs that are gone once, and legs that are gone again and again after them (none: it stays where it is then)."""

    def __init__(self, first: Sequence[Leg], loop: Sequence[Leg]) -> None:
        self._first, self._loop = _Chain(first), _Chain(loop)

    def at(self, time_s: float) -> Moment:
        """The state at time_s >= 0."""
        first, loop = self._first, self._loop
        if time_s < first.duration_s or loop.duration_s <= 0.0:
            return first.at(time_s, 0.0)
        laps, local_s = divmod(time_s - first.duration_s, loop.duration_s)
        return loop.at(local_s, first.length_m + laps * loop.length_m)


class _Chain:
    """Legs one after the other."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        self.legs = list(legs)
        self.starts_s = [0.0, *itertools.accumulate(leg.duration_s for leg in self.legs)]
        self.starts_m = [0.0, *itertools.accumulate(leg.length_m for leg in self.legs)]
        self.duration_s, self.length_m = self.starts_s[-1], self.starts_m[-1]

    def at(self, time_s: float, travelled_m: float) -> Moment:
        index = min(max(bisect.bisect_right(self.starts_s, time_s) - 1, 0), len(self.legs) - 1)
        leg = self.legs[index]
        distance_m, speed, turned = leg.at(min(time_s - self.starts_s[index], leg.duration_s))
        return Moment(
            leg.start_m + leg.direction * distance_m,
            leg.direction * speed,
            travelled_m + self.starts_m[index] + distance_m,
            turned,
        )


def _way(ends_m: tuple[float, float], speed: float, pauses: Sequence[tuple[float, float]], rest: tuple[bool, bool]) -> list[Leg]:
    """The runs from one end to the other, with a stand at every pause that lies strictly between; the way down is turned."""
    start_m, end_m = ends_m
    low, high, turned = min(ends_m), max(ends_m), float(end_m < start_m)
    between = sorted((pause for pause in pauses if low < pause[0] < high), reverse=end_m < start_m)
    legs: list[Leg] = []
    here, at_rest = start_m, rest[0]
    for at_m, seconds in between:
        legs += [run(here, at_m, speed, (at_rest, True), turned), stand(at_m, seconds, (turned, turned))]
        here, at_rest = at_m, True
    return [*legs, run(here, end_m, speed, (at_rest, rest[1]), turned)]


def along(
    length_m: float,
    speed_m_per_s: float,
    turn: str,
    *,
    closed: bool = False,
    start_s: float = 0.0,
    pauses: Sequence[tuple[float, float]] = (),
) -> Progress:
    """The progress along a curve.

    Args:
        length_m: of the curve, > 0.
        speed_m_per_s: > 0.
        turn: what happens at the end of an open curve: 'there_and_back' (brakes, turns round on the spot, goes back),
            'again' (jumps to the start at full speed), 'stop' (brakes and stays). A closed curve goes on.
        closed: whether the end is the start.
        start_s: how long it stands at the start first; >= 0.
        pauses: (distance along the curve, m; seconds): how long it stands there each time that it comes past, either way.
            Different distances; 0 or the length: on top of the turn.
    """
    ends = [sum(seconds for at_m, seconds in pauses if at_m == end) for end in (0.0, length_m)]
    wait = [stand(0.0, start_s)] if start_s > 0.0 else []
    if closed:
        ends = [sum(ends), 0.0]
    elif turn == "stop":
        way = _way((0.0, length_m), speed_m_per_s, pauses, (True, True))
        return Progress([*wait, stand(0.0, ends[0]), *way], [])
    elif turn == "there_and_back":
        there = _way((0.0, length_m), speed_m_per_s, pauses, (True, True))
        back = _way((length_m, 0.0), speed_m_per_s, pauses, (True, True))
        at_end = [stand(length_m, ends[1]), stand(length_m, TURN_S, (0.0, 1.0))]
        at_start = [stand(0.0, ends[0], (1.0, 1.0)), stand(0.0, TURN_S, (1.0, 2.0))]
        return Progress(wait, [*there, *at_end, *back, *at_start])
    stops = ends[0] > 0.0 or ends[1] > 0.0
    to_rest = ends[0] > 0.0 if closed else ends[1] > 0.0
    lap = [
        stand(0.0, ends[0]),
        *_way((0.0, length_m), speed_m_per_s, pauses, (stops, to_rest)),
        stand(length_m, ends[1]),
    ]
    if not wait:
        return Progress([], lap)
    # The first lap after waiting begins from rest, the others may be in full speed.
    first = _way((0.0, length_m), speed_m_per_s, pauses, (True, to_rest))
    return Progress([*wait, stand(0.0, ends[0]), *first, stand(length_m, ends[1])], lap)
