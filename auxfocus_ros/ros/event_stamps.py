"""Stamps by the node's clock for what happened by the steady clock.

The glass moves by the steady clock, because a simulated clock may stand still or jump and a lens must not hang with it. Stamps
are the node's, because they are compared with the stamps of pictures. An event is stamped by how long ago it was when first
asked for.
"""

from __future__ import annotations

from auxfocus_ros.ros.stamps import NS_PER_S


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
