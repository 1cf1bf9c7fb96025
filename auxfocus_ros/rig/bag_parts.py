"""What the readers of recordings have in common: channels, raw messages, and the part of a recording that one file holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


@dataclass(frozen=True)
class Channel:
    """A topic as one file knows it. `definition` is the message's text in `definition_format` 'msg' or 'idl' ('' without)."""

    id: int
    topic: str
    type: str
    definition: str
    definition_format: str
    count: int


class RawMessage(NamedTuple):
    """A message as it was recorded: `log_ns` is when it was recorded, `data` its serialised bytes."""

    topic: str
    type: str
    log_ns: int
    data: bytes | memoryview


@dataclass(frozen=True)
class Damage:
    """Where a file stops to make sense: `position` in bytes from its start, and what is wrong there."""

    position: int
    reason: str


class BagPart(Protocol):
    """One file of a recording. `start_ns`, `end_ns`: recorded times of its first and last message, both 0 without one."""

    @property
    def ros1(self) -> bool:
        """True where the messages are serialised as ROS 1 does it."""
        ...

    channels: list[Channel]
    start_ns: int
    end_ns: int

    def messages(self, topics: Collection[str], start_ns: int, stop_ns: int) -> Iterator[RawMessage]:
        """Messages with start_ns <= log_ns < stop_ns in the order of recording (nearly: see the reader)."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


class SalvagePart(BagPart, Protocol):
    """A file read without its index. After a pass, `damage` says where the first unreadable place is, or None."""

    damage: Damage | None


def channels_by_id(channels: Collection[Channel], topics: Collection[str]) -> dict[int, Channel]:
    """The wanted channels by their number in the file."""
    return {channel.id: channel for channel in channels if channel.topic in topics}


def partly(decompressor: Any, data: bytes) -> bytes:
    """What a stream decompressor can make of data that breaks off or is damaged somewhere."""
    pieces = []
    try:
        # In small pieces: a decompressor that meets damage gives nothing of the piece in which it met it.
        for start in range(0, len(data), 4096):
            pieces.append(decompressor.decompress(data[start : start + 4096]))
    except Exception:  # every codec has its own idea of an exception here, and the rest is lost with any of them
        pass
    return b"".join(pieces)
