"""Between the executor, whose callbacks must be short, and the thread that does the work: what came, until it is fetched.

Bounded for each kind of message: when the thread is slow the oldest go, and are counted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Arrival(NamedTuple):
    """A message, its role, and when it arrived by the steady clock, nanoseconds."""

    arrival_ns: int
    role: str
    message: Any


class Inbox:
    """Messages of several roles; one thread puts, another one takes.

    Attributes:
        dropped: messages that gave way to newer ones, of all roles.
    """

    def __init__(self, sizes: Mapping[str, int], clock: Callable[[], int] = time.monotonic_ns) -> None:
        """`sizes`: role -> how many messages wait at most, 1 or more."""
        self.dropped = 0
        self._clock = clock
        self._waiting: dict[str, deque[Arrival]] = {role: deque(maxlen=size) for role, size in sizes.items()}
        self._condition = threading.Condition()

    def put(self, role: str, message: Any) -> None:
        """A message has come."""
        with self._condition:
            waiting = self._waiting[role]
            self.dropped += len(waiting) == waiting.maxlen
            waiting.append(Arrival(self._clock(), role, message))
            self._condition.notify()

    def take(self) -> list[Arrival]:
        """All that came, in the order of arrival."""
        with self._condition:
            taken = [arrival for waiting in self._waiting.values() for arrival in waiting]
            for waiting in self._waiting.values():
                waiting.clear()
        return sorted(taken, key=lambda arrival: arrival.arrival_ns)

    def wait(self, timeout_s: float) -> None:
        """Until a message comes or `wake` is called, at most so long."""
        with self._condition:
            if not any(self._waiting.values()):
                self._condition.wait(timeout_s)

    def wake(self) -> None:
        """End a wait."""
        with self._condition:
            self._condition.notify_all()
