"""From other threads into the executor's: calls are queued, and a guard condition wakes the executor for them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any


class ExecutorQueue:
    """Calls functions in the thread of the executor that spins a node, in the order in which they were put."""

    def __init__(self, node: Any, failed: Callable[[Exception], None]) -> None:
        """failed: told what a call has raised; the next one is made as usual."""
        self._todo: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._failed = failed
        self._guard = node.create_guard_condition(self._work)

    def put(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have a function called soon. Any thread may ask for it."""
        self._todo.append((function, arguments))
        self._guard.trigger()

    def _work(self) -> None:
        while self._todo:
            function, arguments = self._todo.popleft()
            try:
                function(*arguments)
            except Exception as error:
                self._failed(error)
