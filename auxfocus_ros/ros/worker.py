"""Heavy work beside the executor: one thread behind a slot that holds the latest item alone, or the latest few.

Callbacks stay short: they put what came into the slot and return. When the thread is slower than what comes, the older item is
replaced and counted, so that a slow moment costs frames and never builds up lag.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

JOIN_TIMEOUT_S = 5.0


class LatestWorker(Generic[T]):
    """Calls `work(item)` in a thread of its own for the latest items offered, of which `waiting` may wait, in their order.

    An exception from `work` goes to `failed` and the thread lives on.
    """

    def __init__(self, name: str, work: Callable[[T], None], failed: Callable[[Exception], None], *, waiting: int = 1) -> None:
        self._work = work
        self._failed = failed
        self._condition = threading.Condition()
        self._items: deque[T] = deque(maxlen=waiting)
        self._stopping = False
        self.replaced = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def offer(self, item: T) -> None:
        """Hand over an item; the oldest that waits goes for it when there are too many, and is counted in `replaced`."""
        with self._condition:
            self.replaced += len(self._items) == self._items.maxlen
            self._items.append(item)
            self._condition.notify()

    def stop(self) -> bool:
        """Finish the item at hand and end the thread; False when it did not end within JOIN_TIMEOUT_S."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join(JOIN_TIMEOUT_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._items and not self._stopping:
                    self._condition.wait()
                if self._stopping:
                    return
                item = self._items.popleft()
            try:
                self._work(item)
            except Exception as error:
                self._failed(error)
