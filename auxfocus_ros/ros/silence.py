"""Notices that something which came regularly does not come any more.

Time counts only while somebody looks: when our own process stands still for a second, what came meanwhile has not been heard yet,
and nobody has been silent.
"""

from __future__ import annotations

from collections.abc import Callable

LONGEST_STEP_S = 0.3


class Silence:
    """Of one source, which has to be heard once before it can fall silent."""

    def __init__(self, limit_s: float, clock: Callable[[], float]) -> None:
        """limit_s: for how long it may say nothing. clock: steady seconds."""
        self._limit_s = limit_s
        self._clock = clock
        self._looked_s = clock()
        self._quiet_s = 0.0
        self._waiting = False
        self.silent = False

    def heard(self) -> bool:
        """It has said something; True where it had been silent."""
        ended, self.silent = self.silent, False
        self._waiting, self._quiet_s = True, 0.0
        return ended

    def expect(self, grace_s: float) -> None:
        """It should be heard from now on, though it may never have been; the first time `grace_s` seconds later than usual."""
        self._waiting, self._quiet_s, self.silent = True, -grace_s, False

    def forget(self) -> None:
        """It is not expected to say anything until it is heard again."""
        self._waiting, self.silent = False, False

    def check(self) -> bool:
        """To be called some times a second; True once, when it has fallen silent."""
        now_s = self._clock()
        self._quiet_s += min(now_s - self._looked_s, LONGEST_STEP_S)
        self._looked_s = now_s
        if self.silent or not self._waiting or self._quiet_s < self._limit_s:
            return False
        self.silent = True
        return True
