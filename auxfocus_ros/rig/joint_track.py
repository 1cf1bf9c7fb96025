"""Where the joints were at any time of the last seconds, from readings that come one by one.

Encoders speak at their own times; a picture and each row of a scan want the angles at theirs. Between two readings the angle is
taken as linear, which at 50 Hz and 100 rad/s^2 is off by less than 0.005 rad.
"""

from __future__ import annotations

import bisect
import math
import threading
from collections.abc import Sequence

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import JointReading

JUMP_BACK_NS = 100_000_000
"""A stamp further than this behind the newest of its joint is a new start (a loop, a simulator's reset); less is disorder."""


class JointTrack:
    """The recent readings of any number of joints, which may come from several publishers. Threads may add and ask at once."""

    def __init__(self, keep_s: float = 2.0, extrapolate_s: float = 0.02, max_gap_s: float = 0.5) -> None:
        """Empty.

        Args:
            keep_s: how long readings are kept behind the newest of their joint. extrapolate_s: how far outside the readings an
                answer is still given. max_gap_s: readings further apart than this say nothing of the time between them.
        """
        self._keep_ns, self._extrapolate_ns, self._max_gap_ns = (
            round(1e9 * seconds) for seconds in (keep_s, extrapolate_s, max_gap_s)
        )
        self._lock = threading.Lock()
        self._series: dict[str, tuple[list[int], list[float]]] = {}

    def add(self, reading: JointReading) -> None:
        """Take a reading. Positions that are not finite are none: some drivers fill them in for joints without an encoder.

        A reading of the same stamp replaces the one before. One more than 0.1 s behind its joint's newest clears the track first.

        Raises:
            InputError: another number of positions than of names.
        """
        names, positions, stamp_ns = reading.names, reading.positions_rad, reading.stamp_ns
        if len(names) != len(positions):
            raise InputError(f"joint states with {len(positions)} positions for {len(names)} joints: wanted one for each")
        with self._lock:
            if any(name in self._series and stamp_ns < self._series[name][0][-1] - JUMP_BACK_NS for name in names):
                self._series.clear()
            for name, position in zip(names, positions, strict=True):
                if math.isfinite(position):
                    self._insert(name, stamp_ns, float(position))

    def _insert(self, name: str, stamp_ns: int, position: float) -> None:
        stamps, values = self._series.setdefault(name, ([], []))
        place = bisect.bisect_left(stamps, stamp_ns)
        if place < len(stamps) and stamps[place] == stamp_ns:
            values[place] = position
            return
        stamps.insert(place, stamp_ns)
        values.insert(place, position)
        old = bisect.bisect_left(stamps, stamps[-1] - self._keep_ns)
        del stamps[:old], values[:old]

    @property
    def latest_ns(self) -> int | None:
        """The newest stamp of any joint; None: nothing was added yet."""
        with self._lock:
            return max((stamps[-1] for stamps, _ in self._series.values()), default=None)

    def at(self, stamp_ns: int, names: Sequence[str] | None = None) -> dict[str, float]:
        """Where the joints were.

        Args:
            stamp_ns: when, on the readings' clock. names: the joints that are asked for; None: all that were ever heard of.

        Returns:
            Positions by joint, radians.

        Raises:
            InputError: nothing is known of a joint, or not at this time: the message says by how much it is early or late.
        """
        with self._lock:
            if not self._series:
                raise InputError("there are no joint states yet")
            return {name: self._position(name, stamp_ns) for name in (self._series if names is None else names)}

    def _position(self, name: str, stamp_ns: int) -> float:
        if name not in self._series:
            raise InputError(f"there are no joint states of '{name}': heard of are {', '.join(self._series)}")
        stamps, values = self._series[name]
        place = bisect.bisect_left(stamps, stamp_ns)
        if place < len(stamps) and stamps[place] == stamp_ns:
            return values[place]
        if place == 0:
            return self._extrapolated(name, stamp_ns, 0, bisect.bisect_left(stamps, stamps[0] + self._extrapolate_ns))
        if place == len(stamps):
            return self._extrapolated(name, stamp_ns, -1, bisect.bisect_right(stamps, stamps[-1] - self._extrapolate_ns) - 1)
        if stamps[place] - stamps[place - 1] > self._max_gap_ns:
            gap_s = 1e-9 * (stamps[place] - stamps[place - 1])
            raise InputError(f"{name}: its joint states pause for {gap_s:.3f} s at the time asked for")
        return _linear(stamp_ns, stamps[place - 1], values[place - 1], stamps[place], values[place])

    def _extrapolated(self, name: str, stamp_ns: int, end: int, other: int) -> float:
        """Beyond one end, along the line to a reading about as far inside: that far, an encoder's noise at most doubles."""
        stamps, values = self._series[name]
        beyond_ns = abs(stamp_ns - stamps[end])
        if beyond_ns > self._extrapolate_ns:
            late = stamp_ns > stamps[end]
            raise InputError(
                f"{name}: the time asked for is {1e-9 * beyond_ns:.3f} s too {'late' if late else 'early'}: it is "
                f"{'after the last' if late else 'before the first'} of its joint states"
            )
        other = min(max(other, 0), len(stamps) - 1)
        gap_ns = abs(stamps[other] - stamps[end])
        if not 0 < gap_ns <= self._max_gap_ns:
            return values[end]
        return _linear(stamp_ns, stamps[end], values[end], stamps[other], values[other])


def _linear(at_ns: int, a_ns: int, a: float, b_ns: int, b: float) -> float:
    """The line through two readings. More than half a turn is no motion but an encoder that starts again: the short way."""
    change = b - a
    if abs(change) > math.pi:
        change = math.remainder(change, 2.0 * math.pi)
    return a + change * (at_ns - a_ns) / (b_ns - a_ns)
