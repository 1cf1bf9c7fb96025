"""The belief over time: evidence comes with its stamp, in order or a little late."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from auxfocus_ros.autofocus.following.evidence import Evidence
from auxfocus_ros.autofocus.following.mixture import Mixture, Motion, first_belief

KEPT_S = 0.6
"""Evidence that comes later than this after its stamp is not heard."""


@dataclass(frozen=True, eq=False)
class _Entry:
    stamp_s: float
    evidence: Evidence
    after: Mixture


class Track:
    """The belief in one target. A depth reading that comes after younger pictures takes its place among them."""

    def __init__(self, motion: Motion) -> None:
        """Nothing is known."""
        self._motion = motion
        self._log: list[_Entry] = []

    @property
    def begun(self) -> bool:
        """Whether there was any evidence."""
        return bool(self._log)

    @property
    def stamp_s(self) -> float:
        """Of the youngest evidence."""
        return self._log[-1].stamp_s

    def forget(self) -> None:
        """Back to the start."""
        self._log.clear()

    def add(self, stamp_s: float, evidence: Evidence) -> bool:
        """Take evidence in; False: it is too old."""
        if self._log and stamp_s < self._log[0].stamp_s and self.stamp_s - stamp_s > KEPT_S:
            return False
        at = bisect_right([entry.stamp_s for entry in self._log], stamp_s)
        later = [(entry.stamp_s, entry.evidence) for entry in self._log[at:]]
        del self._log[at:]
        for when_s, what in ((stamp_s, evidence), *later):
            self._append(when_s, what)
        while len(self._log) > 2 and self._log[1].stamp_s < self.stamp_s - KEPT_S:
            del self._log[0]
        return True

    def at(self, stamp_s: float) -> Mixture:
        """The belief of a time, by the evidence up to then; `begun` must be true."""
        at = max(bisect_right([entry.stamp_s for entry in self._log], stamp_s) - 1, 0)
        entry = self._log[at]
        return entry.after.later(stamp_s - entry.stamp_s, self._motion, branch=False)

    def _append(self, stamp_s: float, evidence: Evidence) -> None:
        if not self._log:
            belief = first_belief(evidence, self._motion)
        else:
            last = self._log[-1]
            belief = last.after.later(stamp_s - last.stamp_s, self._motion, branch=True).given(evidence, self._motion)
        self._log.append(_Entry(stamp_s, evidence, belief))
