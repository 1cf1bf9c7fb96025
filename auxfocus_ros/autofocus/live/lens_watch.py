"""What is known of the lens between its states and the ends of our own moves, which arrive in any order."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

import numpy as np

from auxfocus_ros.autofocus.live.events import LensReading, MoveEnd

LATE_S = 1.0
"""A reading that is older than the end of our move is a straggler only so long after it; later the clock has jumped."""
KEPT_READINGS = 256
"""Five seconds of a lens in motion."""


class LensWatch:
    """The lens as it is known now.

    A frame saw glass at rest when its exposure began at or after the moment at which the glass settled, and nothing that is known
    says that the glass has left since.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self.reading: LensReading | None = None
        self.heard_s = -math.inf
        self._ended_s = -math.inf
        self._floor_ns = 0
        self._history: deque[tuple[int, float]] = deque(maxlen=KEPT_READINGS)

    def hear(self, reading: LensReading, now_s: float) -> None:
        """The lens has said where it is."""
        self.heard_s = now_s
        if reading.stamp_ns <= self._floor_ns and now_s - self._ended_s < LATE_S:
            return
        self._floor_ns = 0 if now_s - self._ended_s >= LATE_S else self._floor_ns
        if self._history and reading.stamp_ns < self._history[-1][0]:
            self._history.clear()
        self._history.append((reading.stamp_ns, reading.position_steps))
        self.reading = reading

    def hear_end(self, end: MoveEnd, now_s: float) -> None:
        """A move of ours has ended; where it came to rest, that is newer than any reading from before, or of that very moment."""
        if self.reading is None or not math.isfinite(end.position_steps) or end.settled_ns <= 0:
            return
        if self.reading.stamp_ns <= end.settled_ns:
            self._ended_s, self._floor_ns = now_s, end.settled_ns
            self.reading = replace(
                self.reading,
                stamp_ns=end.settled_ns,
                position_steps=end.position_steps,
                goal_steps=math.nan,
                moving=False,
                settled_ns=end.settled_ns,
            )
            self._history.append((end.settled_ns, end.position_steps))

    @property
    def position_steps(self) -> float:
        """Where the glass is; NaN: unknown."""
        return math.nan if self.reading is None else self.reading.position_steps

    def saw_rest(self, stamp_ns: int) -> bool:
        """Whether a frame of this stamp saw glass at rest."""
        reading = self.reading
        return reading is not None and not reading.moving and stamp_ns >= reading.settled_ns

    def position_at(self, stamp_ns: int) -> float:
        """Where the glass was, between the readings on a straight line; NaN: unknown."""
        if not self._history:
            return math.nan
        stamps, positions = zip(*self._history, strict=True)
        since = [float(stamp - stamps[0]) for stamp in stamps]
        return float(np.interp(float(stamp_ns - stamps[0]), since, positions))

    def moved_by_others(self) -> str:
        """That the glass moves towards a goal, in words; to be asked while no move of ours is under way. Empty: it does not."""
        reading = self.reading
        if reading is None or not reading.moving or not math.isfinite(reading.goal_steps):
            return ""
        return f"somebody else moves the lens, to {reading.goal_steps:.1f} steps"
