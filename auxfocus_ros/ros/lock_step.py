"""Lock-step: a recording is played as fast as somebody keeps up, and not faster.

The next frame goes out when `aux_focus/targets` with the stamp of the one before it has come. Waiting is bounded: where a node
cannot answer to a frame, or a message was lost on the way, the rest of the recording is played all the same. Each frame in a row
that is not answered halves the patience with the next, so that a node that has died does not hold a long recording for hours; an
answer, be it late, restores it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from auxfocus_interfaces.msg import FocusTargetArray
from auxfocus_ros.ros.qos import EVENT
from auxfocus_ros.ros.stamps import to_ns

__all__ = ["ANSWERS", "LockStep"]

ANSWERS = "aux_focus/targets"
STEADY_S = 0.3
"""Two ends find each other one after the other, milliseconds apart: what one sees of the other must have stood for so long."""
MOST_HALVINGS = 6


class LockStep:
    """Listens to the answers. `expect` and `answered` are called by the thread that plays, the rest by any."""

    def __init__(self, node: Any, patience_s: float, stopping: threading.Event) -> None:
        """Subscribe.

        Args:
            node: that plays. patience_s: how long an answer is waited for at most; above the 3 s after which the middleware sends
                again what was lost. stopping: set when nobody is to wait any longer; call `wake` then.
        """
        self._node = node
        self._patience_s = patience_s
        self._stopping = stopping
        self._condition = threading.Condition()
        self._awaited_ns: int | None = None
        self._ready_since_s: float | None = None
        self._unanswered_in_a_row = 0
        self.unanswered = 0
        self.subscription = node.create_subscription(FocusTargetArray, ANSWERS, self._hear, EVENT)

    def ready(self, topics: Iterable[Iterable[str]], now: Callable[[], float] = time.monotonic) -> bool:
        """Whether a node that answers has been taking all that it needs for a moment.

        Args:
            topics: what it needs; of topics that stand together one is enough. now: steady seconds.
        """
        answering = _nodes(self._node.get_publishers_info_by_topic(ANSWERS))
        for either in topics:
            answering &= set().union(*(_nodes(self._node.get_subscriptions_info_by_topic(topic)) for topic in either))
        if not answering:
            self._ready_since_s = None
            return False
        if self._ready_since_s is None:
            self._ready_since_s = now()
        return now() - self._ready_since_s >= STEADY_S

    def expect(self, stamp_ns: int) -> None:
        """Wait from now on for the answer to a frame that is about to go out."""
        with self._condition:
            self._awaited_ns = stamp_ns

    def answered(self) -> bool:
        """Wait for the answer; False: none came in time, which is counted in `unanswered`."""
        with self._condition:
            patience_s = self._patience_s * 0.5 ** min(self._unanswered_in_a_row, MOST_HALVINGS)
            came = self._condition.wait_for(lambda: self._awaited_ns is None or self._stopping.is_set(), patience_s)
            self._awaited_ns = None
            self._unanswered_in_a_row += not came
            self.unanswered += not came
        return came

    def wake(self) -> None:
        """Let who waits look whether to stop."""
        with self._condition:
            self._condition.notify_all()

    def _hear(self, message: FocusTargetArray) -> None:
        with self._condition:
            self._unanswered_in_a_row = 0
            if to_ns(message.header.stamp) == self._awaited_ns:
                self._awaited_ns = None
                self._condition.notify_all()


def _nodes(endpoints: Iterable[Any]) -> set[tuple[str, str]]:
    """Namespaces and names."""
    return {(endpoint.node_namespace, endpoint.node_name) for endpoint in endpoints}
