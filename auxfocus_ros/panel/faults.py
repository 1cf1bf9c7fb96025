"""What is wrong in the graph, as the page is told it: raised once, changed when it becomes another, cleared once.

Several things say that something is wrong (a state's fault code, a node's diagnostics, silence), and some say it every second
with another number in it. The board keeps what stands by its source and speaks only when that has changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LEVELS = ("warning", "error")
_DIGITS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class _Fault:
    level: str
    text: str
    until_s: float


@dataclass
class _Told:
    """What the page was told of a source last: since when, and the words without their numbers."""

    since_ms: float
    level: str
    skeleton: str
    text: str


class FaultBoard:
    """Keeps the faults of each source by a code of the caller's; `say` gets each message of type 'fault'."""

    def __init__(self, say: Callable[[Mapping[str, Any]], None], clock: Callable[[], float]) -> None:
        """clock: seconds since 1970."""
        self._say = say
        self._clock = clock
        self._faults: dict[str, dict[str, _Fault]] = {}
        self._told: dict[str, _Told] = {}

    def set(self, source: str, code: str, text: str, *, level: str = "error", for_s: float = math.inf) -> None:
        """This stands from now on, until it is cleared or `for_s` seconds are over. text: one line for a person."""
        self._faults.setdefault(source, {})[code] = _Fault(level, text, self._clock() + for_s)
        self._tell(source)

    def clear(self, source: str, code: str) -> None:
        """This does not stand any more."""
        if self._faults.get(source, {}).pop(code, None) is not None:
            self._tell(source)

    def tick(self) -> None:
        """Clear what has stood for its time; to be called now and then."""
        now_s = self._clock()
        for source, faults in self._faults.items():
            over = [code for code, fault in faults.items() if fault.until_s <= now_s]
            for code in over:
                del faults[code]
            if over:
                self._tell(source)

    def _tell(self, source: str) -> None:
        faults = sorted(self._faults[source].values(), key=lambda fault: -LEVELS.index(fault.level))
        told = self._told.get(source)
        if not faults:
            if told is not None:
                del self._told[source]
                self._say(_message(source, told, cleared=True))
            return
        # Two who say the same of one fault may have looked at it at different times.
        texts = {_DIGITS.sub("#", fault.text): fault.text for fault in reversed(faults)}
        text, skeleton = "; ".join(reversed(texts.values())), "; ".join(reversed(texts))
        if told is not None and (told.level, told.skeleton) == (faults[0].level, skeleton):
            return
        since_ms = told.since_ms if told is not None else round(1e3 * self._clock(), 1)
        self._told[source] = _Told(since_ms, faults[0].level, skeleton, text)
        self._say(_message(source, self._told[source], cleared=False))


def _message(source: str, told: _Told, *, cleared: bool) -> dict[str, Any]:
    return {
        "type": "fault",
        "source": source,
        "level": told.level,
        "text": told.text,
        "since_ms": told.since_ms,
        "cleared": cleared,
    }
