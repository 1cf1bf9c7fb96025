"""What is still to be sent to one viewer: of each kind of state the newest alone, of events every one."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

MAX_EVENTS = 512
"""More than a page that reads can leave lying; one that does not is let go."""


class Letter(NamedTuple):
    """A text, and when it was put into the outbox (seconds of the event loop's clock)."""

    text: str
    put_s: float
    kind: str


class Outbox:
    """In the order in which things came; to be used in the event loop's thread alone."""

    def __init__(self) -> None:
        self._letters: dict[str | int, Letter] = {}
        self._events = 0
        self._came = asyncio.Event()
        self.replaced = 0

    @property
    def overflown(self) -> bool:
        """Whether more events wait than anybody who reads would leave."""
        return len(self._letters) > MAX_EVENTS

    def put_state(self, kind: str, text: str, put_s: float) -> None:
        """A state: takes the place of one of its kind that still waits."""
        self.replaced += kind in self._letters
        self._letters[kind] = Letter(text, put_s, kind)
        self._came.set()

    def put_event(self, kind: str, text: str, put_s: float) -> None:
        """Something of which each one counts."""
        self._events += 1
        self._letters[self._events] = Letter(text, put_s, kind)
        self._came.set()

    async def next(self) -> Letter:
        """The oldest that waits, once there is one; it is out of the box then."""
        while not self._letters:
            self._came.clear()
            await self._came.wait()
        return self._letters.pop(next(iter(self._letters)))
