"""Stamps by the node's clock for what happened by the steady clock.

The glass moves by the steady clock, because a simulated clock may stand still or jump and a lens must not hang with it. Stamps
are the node's, because they are compared with the stamps of pictures. An event is stamped by how long ago it was when first
asked for.
"""

from __future__ import annotations

import time
from typing import Any

from auxfocus_ros.ros.stamps import NS_PER_S

TOGETHER_S = 1e-4
MOST_READINGS = 5


def clocks_now(clock: Any) -> tuple[float, int]:
    """The steady clock, seconds, and a node's clock, nanoseconds, at one moment.

    A busy machine may let others run between two readings: the node's clock is read between two of the steady one, again where
    these lie more than TOGETHER_S apart, and of MOST_READINGS the closest counts.
    """
    best: tuple[float, float, int] | None = None
    for _ in range(MOST_READINGS):
        before_s, clock_ns, after_s = time.monotonic(), int(clock.now().nanoseconds), time.monotonic()
        apart_s = after_s - before_s
        if best is None or apart_s < best[0]:
            best = (apart_s, before_s + 0.5 * apart_s, clock_ns)
        if apart_s < TOGETHER_S:
            break
    assert best is not None
    return best[1:]


class EventStamps:
    """Keeps the stamp of the latest event, so that the same event always has the same stamp."""

    def __init__(self) -> None:
        self._event_s: float | None = None
        self._stamp_ns = 0

    def stamp_ns(self, event_s: float | None, steady_now_s: float, clock_now_ns: int) -> int:
        """The stamp of an event.

        Args:
            event_s: when it was, by the steady clock; None: never.
            steady_now_s: the steady clock now.
            clock_now_ns: the node's clock now.

        Returns:
            Nanoseconds, never in the future: when the node's clock has jumped back past the event it is stamped anew. 0 for
            never.
        """
        if event_s is None:
            return 0
        if event_s != self._event_s or self._stamp_ns > clock_now_ns:
            self._event_s = event_s
            self._stamp_ns = max(clock_now_ns - round(max(steady_now_s - event_s, 0.0) * NS_PER_S), 0)
        return self._stamp_ns
