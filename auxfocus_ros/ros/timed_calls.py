"""Service calls that end: with an answer, or with words once it has not come in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Done = Callable[[Any, str], None]
"""Gets the response and '', or None and why there is none, in one line."""


@dataclass
class _Call:
    client: Any
    future: Any
    done: Done
    ends_s: float


class TimedCalls:
    """Calls from the executor's thread; `tick` is to be called there now and then."""

    def __init__(self, timeout_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout_s = timeout_s
        self._clock = clock
        self._calls: list[_Call] = []

    def call(self, client: Any, request: Any, done: Done) -> None:
        """Call a service; `done` is called once, in the executor's thread."""
        if not client.service_is_ready():
            done(None, f"nobody answers on {client.srv_name}")
            return
        call = _Call(client, client.call_async(request), done, self._clock() + self._timeout_s)
        self._calls.append(call)
        call.future.add_done_callback(lambda _: self._answered(call))

    def tick(self) -> None:
        """Give up on answers that are overdue."""
        now_s = self._clock()
        for call in [call for call in self._calls if call.ends_s <= now_s]:
            self._calls.remove(call)
            call.client.remove_pending_request(call.future)
            call.done(None, f"no answer on {call.client.srv_name} within {self._timeout_s:g} s")

    def _answered(self, call: _Call) -> None:
        if call not in self._calls:
            return
        self._calls.remove(call)
        error = call.future.exception()
        if error is not None:
            call.done(None, f"{call.client.srv_name} failed: {' '.join(str(error).split())}")
        else:
            call.done(call.future.result(), "")
