"""A ROS 1 bag read from its first byte to its last without its index: for bags that were cut off or never closed (`.bag.active`).

Records have a header of `name=value` fields and data; messages stand in chunk records, compressed one by one.

Source: http://wiki.ros.org/Bags/Format/2.0
"""

from __future__ import annotations

import bz2
import struct
from collections.abc import Collection, Iterator
from pathlib import Path

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.bag_parts import Channel, Damage, RawMessage, channels_by_id, partly

MAGIC = b"#ROSBAG V2.0\n"
MESSAGE, CHUNK, CONNECTION = 2, 5, 7
LENGTH = struct.Struct("<I")
NONSENSE = (struct.error, ValueError, KeyError, IndexError)  # what reading fields of damaged bytes raises


class Bag1Scan:
    """One ROS 1 bag without its index; see the module's text. Messages are in order of time within each chunk."""

    ros1 = True

    def __init__(self, path: Path) -> None:
        """Read the file once, to learn its channels, counts and times. Raises InputError where it is no ROS 1 bag at all."""
        self.path = path
        self.damage: Damage | None = None
        self.channels: list[Channel] = []
        self._known: dict[int, Channel] = {}
        counts: dict[int, int] = {}
        self.start_ns, self.end_ns = 2**63, 0
        for number, log_ns, _ in self._scan():
            counts[number] = counts.get(number, 0) + 1
            self.start_ns, self.end_ns = min(self.start_ns, log_ns), max(self.end_ns, log_ns)
        if not counts:
            self.start_ns = 0
        self.channels = [
            Channel(c.id, c.topic, c.type, c.definition, c.definition_format, counts.get(c.id, 0)) for c in self._known.values()
        ]

    def close(self) -> None:
        """Nothing is held open between passes."""

    def messages(self, topics: Collection[str], start_ns: int, stop_ns: int) -> Iterator[RawMessage]:
        """See BagPart."""
        wanted = channels_by_id(self.channels, topics)
        for number, log_ns, data in self._scan():
            channel = wanted.get(number)
            if channel is not None and start_ns <= log_ns < stop_ns:
                yield RawMessage(channel.topic, channel.type, log_ns, data)

    def _scan(self) -> Iterator[tuple[int, int, bytes]]:
        self.damage = None
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise InputError(f"{self.path} is not a ROS 1 bag of version 2.0: it does not begin as one")
            while (position := file.tell()) < size:
                try:
                    header = _fields(_sized(file.read(4), file.read))
                    (length,) = LENGTH.unpack(file.read(4))
                    kind = header["op"][0]
                except NONSENSE:
                    self._note(position, "a record that breaks off")
                    return
                data = file.read(min(length, size)) if kind in (MESSAGE, CHUNK, CONNECTION) else b""
                if not data:
                    file.seek(length, 1)
                whole = file.tell() <= size and (not data or len(data) == length)
                if kind == CHUNK:
                    codec = header.get("compression", b"none").decode("ascii", "replace")
                    content, problem = _decompressed(data, codec, _number(header.get("size", b"")))
                    if problem and whole:
                        self._note(position, problem)
                    found = list(self._records_of(content, position))
                    yield from sorted(found, key=lambda message: message[1])
                elif whole and data:
                    try:
                        yield from self._record(header, data)
                    except NONSENSE:
                        self._note(position, "a record that makes no sense")
                if not whole:
                    self._note(position, f"a record of {length} bytes reaches beyond the file's end")
                    return

    def _records_of(self, content: bytes, position: int) -> Iterator[tuple[int, int, bytes]]:
        at = 0

        def take(count: int) -> bytes:
            nonlocal at
            at += count
            if at > len(content):
                raise ValueError("beyond the chunk")
            return content[at - count : at]

        while at < len(content):
            try:
                header = _fields(_sized(take(4), take))
                data = _sized(take(4), take)
                yield from self._record(header, data)
            except NONSENSE:
                self._note(position, "a chunk that breaks off")
                return

    def _record(self, header: dict[str, bytes], data: bytes) -> Iterator[tuple[int, int, bytes]]:
        kind = header["op"][0]
        if kind == MESSAGE:
            seconds, nanoseconds = struct.unpack("<II", header["time"])
            yield LENGTH.unpack(header["conn"])[0], seconds * 10**9 + nanoseconds, data
        elif kind == CONNECTION:
            (number,) = LENGTH.unpack(header["conn"])
            about = _fields(data)
            package, _, name = about["type"].decode().partition("/")
            definition = about["message_definition"].decode("utf-8", "replace")
            channel = Channel(number, header["topic"].decode(), f"{package}/msg/{name}", definition, "msg", 0)
            self._known.setdefault(number, channel)

    def _note(self, position: int, reason: str) -> None:
        if self.damage is None:
            self.damage = Damage(position, reason)


def _sized(head: bytes, take: object) -> bytes:
    """A block after its length. Raises ValueError or struct.error where it breaks off."""
    (length,) = LENGTH.unpack(head)
    data: bytes = take(length)  # type: ignore[operator]
    if len(data) != length:
        raise ValueError("breaks off")
    return data


def _fields(data: bytes) -> dict[str, bytes]:
    """`name=value` fields, each after its length."""
    fields, at = {}, 0
    while at < len(data):
        (length,) = LENGTH.unpack_from(data, at)
        name, separator, value = data[at + 4 : at + 4 + length].partition(b"=")
        if not separator:
            raise ValueError("a field without a name")
        fields[name.decode("ascii")] = value
        at += 4 + length
    return fields


def _number(value: bytes) -> int | None:
    """A field of four bytes; None for one of another length."""
    return int(LENGTH.unpack(value)[0]) if len(value) == LENGTH.size else None


def _decompressed(data: bytes, codec: str, size: int | None) -> tuple[bytes, str]:
    """A chunk's content, as much as can be had, and what is wrong with it ('' if nothing)."""
    content = b""
    if codec == "none":
        content = data
    elif codec == "bz2":
        content = partly(bz2.BZ2Decompressor(), data)
    elif codec == "lz4":
        import lz4.frame

        content = partly(lz4.frame.LZ4FrameDecompressor(), data)
    else:
        return b"", f"a chunk of the unknown compression '{codec}'"
    return content, "" if len(content) == size else f"a chunk of which {len(content)} of {size} bytes can be read"
