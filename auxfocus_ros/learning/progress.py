"""What a training says while it goes on, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """Progress for a person: what is being done, how much of it, and what is to be said of it."""

    what: str
    done: int
    of: int
    note: str = ""


@dataclass(frozen=True)
class Result:
    """What came of a training: the network, and what its card says of it. complete: no pass was left to a resumption."""

    network: Any
    card: dict[str, Any]
    complete: bool
