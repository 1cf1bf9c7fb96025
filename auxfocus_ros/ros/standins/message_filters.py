"""Stand-in for upstream's `message_filters` (Python): subscriptions as filters, and pairing by stamp.

Honoured: a set matches when the spread of its stamps is strictly below `slop`; pairing is greedy on arrival, the nearest queued
stamp first; older leftovers stay queued; a full queue drops its oldest stamp; a stamp already queued is replaced; messages
without a header are dropped with a warning by the approximate synchroniser and are an AttributeError for the exact one, which
drops what is older than the last set given out. Avoided: an exception in a callback does not leave the lock held.
"""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.logging import get_logger

__all__ = ["ApproximateTimeSynchronizer", "SimpleFilter", "Subscriber", "TimeSynchronizer"]

# The names of methods are upstream's.


class SimpleFilter:
    """Something that gives messages to callbacks."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}

    def registerCallback(self, cb: Callable[..., Any], *args: Any) -> int:
        """Have `cb(*messages, *args)` called for each output; the index of the connection comes back."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:
        """Give messages to every callback."""
        for callback, arguments in list(self.callbacks.values()):
            callback(*msg, *arguments)


class Subscriber(SimpleFilter):
    """A subscription as a filter. What is not found here is looked up in the subscription, `sub`."""

    def __init__(self, node: Any, msg_type: Any, topic: str, qos_profile: Any = 10, **kwargs: Any) -> None:
        super().__init__()
        self.node = node
        self.topic = topic
        self.sub = node.create_subscription(msg_type, topic, self.callback, qos_profile, **kwargs)

    def callback(self, msg: Any) -> None:
        """What the subscription calls."""
        self.signalMessage(msg)

    def getTopic(self) -> str:
        """The topic as it was asked for."""
        return self.topic

    def __getattr__(self, key: str) -> Any:
        if key == "sub":  # not there yet: without this line the look-up would call itself for ever
            raise AttributeError(key)
        return getattr(self.sub, key)


class TimeSynchronizer(SimpleFilter):
    """Gives out sets of messages with equal stamps, one from each filter, in the order of the filters."""

    def __init__(self, fs: Sequence[Any], queue_size: int) -> None:
        super().__init__()
        self.queue_size = queue_size
        # Re-entrant: a callback may feed the filter it hangs on.
        self.lock = threading.RLock()
        self._last_ns: int | None = None
        self.connectInput(fs)

    def connectInput(self, fs: Sequence[Any]) -> None:
        """Take messages from these filters."""
        self.queues: list[dict[int, Any]] = [{} for _ in fs]
        self.input_connections = [f.registerCallback(self.add, self.queues[i], i) for i, f in enumerate(fs)]

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Queue a message; give out its set where it is complete."""
        stamp_ns = _nanoseconds(msg.header.stamp)
        with self.lock:
            if self._last_ns is not None and stamp_ns <= self._last_ns:
                return
            self._enqueue(my_queue, stamp_ns, msg)
            if all(stamp_ns in queue for queue in self.queues):
                for queue in self.queues:
                    for old in [queued for queued in queue if queued < stamp_ns]:
                        del queue[old]
                self._last_ns = stamp_ns
                self.signalMessage(*[queue.pop(stamp_ns) for queue in self.queues])

    def _enqueue(self, queue: dict[int, Any], stamp_ns: int, msg: Any) -> None:
        queue[stamp_ns] = msg
        while len(queue) > self.queue_size:
            del queue[min(queue)]


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Gives out sets whose stamps lie less than `slop` seconds apart."""

    def __init__(  # noqa: PLR0917 (upstream's arguments)
        self,
        fs: Sequence[Any],
        queue_size: int,
        slop: float,
        queue_offset: bool = False,
        allow_headerless: bool = False,
        sync_arrival_time: bool = False,
    ) -> None:
        """Only pairing by header stamps is here: the last three must stay as they are."""
        if queue_offset or allow_headerless or sync_arrival_time:
            raise NotImplementedError(
                "the stand-in for message_filters pairs by header stamps only: install message_filters for the rest"
            )
        super().__init__(fs, queue_size)
        self.slop = Duration(seconds=slop)

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Queue a message; give out the nearest set that it completes."""
        if not hasattr(msg, "header") or not hasattr(msg.header, "stamp"):
            get_logger("message_filters_approx").warning("a message without a stamp was dropped: it cannot be synchronised")
            return
        stamp_ns = _nanoseconds(msg.header.stamp)
        with self.lock:
            self._enqueue(my_queue, stamp_ns, msg)
            if stamp_ns not in my_queue:  # older than everything in a full queue
                return
            slop_ns = self.slop.nanoseconds
            others = [
                [stamp_ns]
                if queue is my_queue
                else sorted((s for s in queue if abs(s - stamp_ns) <= slop_ns), key=lambda s: abs(s - stamp_ns))
                for queue in self.queues
            ]
            for stamps in itertools.product(*others):
                if max(stamps) - min(stamps) < slop_ns:
                    self.signalMessage(*[queue.pop(s) for queue, s in zip(self.queues, stamps, strict=True)])
                    return


def _nanoseconds(stamp: Any) -> int:
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)
