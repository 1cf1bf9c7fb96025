"""An MCAP file read from its first byte to its last without its index: for files that were cut off or whose chunks broke.

The `rosbags` library needs the footer. A recorder that lost its power leaves none, and everything up to that moment is there to
be read: the file is a row of records (one byte of kind, eight of length), the messages in chunks of records, each compressed for
itself. A chunk that cannot be decompressed costs its own messages only; a record that reaches beyond the file ends the reading.

Source: https://mcap.dev/spec
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.bag_parts import Channel, Damage, RawMessage, channels_by_id, partly
from auxfocus_ros.rig.unpacking import unpack_chunk

MAGIC = b"\x89MCAP0\r\n"
FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
RECORD = struct.Struct("<BQ")
MESSAGE_HEAD = struct.Struct("<HIQQ")
CHUNK_HEAD = struct.Struct("<QQQI")
FORMATS = {"ros2msg": "msg", "ros1msg": "msg", "ros2idl": "idl", "omgidl": "idl"}


class _Fields:
    """A reader of the fields of one record."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def number(self, kind: str) -> int:
        (value,) = struct.unpack_from("<" + kind, self.data, self.position)
        self.position += struct.calcsize("<" + kind)
        return int(value)

    def bytes(self, size: int) -> bytes:
        self.position += size
        if self.position > len(self.data):
            raise ValueError("a field reaches beyond its record")
        return self.data[self.position - size : self.position]

    def text(self) -> str:
        return self.bytes(self.number("I")).decode()


class McapScan:
    """One MCAP file without its index; see the module's text. Messages are in order of time within each chunk."""

    def __init__(self, path: Path) -> None:
        """Read the file once, to learn its channels, counts and times. Raises InputError where it is no MCAP file at all."""
        self.path = path
        self.damage: Damage | None = None
        self.channels: list[Channel] = []
        self._schemas: dict[int, tuple[str, str, str]] = {}
        self._known: dict[int, Channel] = {}
        self._encodings: set[str] = set()
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

    @property
    def ros1(self) -> bool:
        """True where the messages are ROS 1's."""
        return "ros1" in self._encodings

    def close(self) -> None:
        """Nothing is held open between passes."""

    def messages(self, topics: Collection[str], start_ns: int, stop_ns: int) -> Iterator[RawMessage]:
        """See BagPart."""
        wanted = channels_by_id(self.channels, topics)
        for number, log_ns, data in self._scan(start_ns, stop_ns):
            channel = wanted.get(number)
            if channel is not None and start_ns <= log_ns < stop_ns:
                yield RawMessage(channel.topic, channel.type, log_ns, data)

    def _scan(self, start_ns: int = 0, stop_ns: int = 2**63) -> Iterator[tuple[int, int, bytes]]:
        """(channel, log time, data) of all messages that can be read; sets `damage`."""
        self.damage = None
        with self.path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise InputError(f"{self.path} is not an MCAP file: it does not begin as one")
            size = self.path.stat().st_size
            while True:
                position = file.tell()
                head = file.read(RECORD.size)
                if len(head) < RECORD.size:
                    # A whole file ends with its magic, after a footer: this point is reached only without one.
                    self._note(position, "the file ends without a footer")
                    return
                kind, length = RECORD.unpack(head)
                if kind in (FOOTER, DATA_END):
                    return
                whole = position + RECORD.size + length <= size
                if not whole and kind != CHUNK:
                    self._note(position, f"a record of {length} bytes reaches beyond the file's end")
                    return
                if kind == CHUNK:
                    yield from self._chunk(file, position, length, start_ns, stop_ns)
                elif kind in (SCHEMA, CHANNEL, MESSAGE):
                    yield from self._record(kind, file.read(length), position)
                else:
                    file.seek(length, 1)
                if not whole:
                    self._note(position, f"a chunk of {length} bytes reaches beyond the file's end")
                    return

    def _chunk(self, file: BinaryIO, position: int, length: int, start_ns: int, stop_ns: int) -> Iterator[tuple[int, int, bytes]]:
        head = file.read(min(length, CHUNK_HEAD.size))
        if len(head) < CHUNK_HEAD.size:
            return
        first_ns, last_ns, size, checksum = CHUNK_HEAD.unpack(head)
        # A chunk without wanted times may still introduce channels, which were all learned in the first pass.
        if self.channels and (last_ns < start_ns or first_ns >= stop_ns) and size:
            file.seek(length - len(head), 1)
            return
        fields = _Fields(file.read(min(length - len(head), self.path.stat().st_size)))
        found: list[tuple[int, int, bytes]] = []
        try:
            codec = fields.text()
            stored = fields.data[fields.position + 8 :]
            content, problem = _decompressed(stored, codec, size, checksum)
            if problem:
                self._note(position, problem)
            found = list(self._records_of(content, position))
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            self._note(position, f"a chunk that makes no sense ({error})")
        yield from sorted(found, key=lambda message: message[1])

    def _records_of(self, content: bytes, position: int) -> Iterator[tuple[int, int, bytes]]:
        """Messages in a chunk's content; stops where it breaks off."""
        at = 0
        while at + RECORD.size <= len(content):
            kind, length = RECORD.unpack_from(content, at)
            at += RECORD.size
            if at + length > len(content):
                self._note(position, "a chunk that breaks off")
                return
            if kind in (SCHEMA, CHANNEL, MESSAGE):
                yield from self._record(kind, content[at : at + length], position)
            at += length

    def _record(self, kind: int, data: bytes, position: int) -> Iterator[tuple[int, int, bytes]]:
        try:
            if kind == MESSAGE:
                number, _, log_ns, _ = MESSAGE_HEAD.unpack_from(data)
                yield number, log_ns, data[MESSAGE_HEAD.size :]
            elif kind == SCHEMA:
                fields = _Fields(data)
                number = fields.number("H")
                self._schemas[number] = (fields.text(), fields.text(), fields.text())
            elif kind == CHANNEL:
                self._learn_channel(_Fields(data))
        except (struct.error, ValueError) as error:
            self._note(position, f"a record that makes no sense ({error})")

    def _learn_channel(self, fields: _Fields) -> None:
        number, schema = fields.number("H"), fields.number("H")
        topic, encoding = fields.text(), fields.text()
        name, kind, text = self._schemas.get(schema, ("", "", ""))
        self._encodings.add(encoding)
        if number not in self._known:
            self._known[number] = Channel(number, topic, _type_name(name), text, FORMATS.get(kind, ""), 0)

    def _note(self, position: int, reason: str) -> None:
        if self.damage is None:
            self.damage = Damage(position, reason)


def _type_name(name: str) -> str:
    """ROS 1 files say sensor_msgs/Image."""
    package, _, rest = name.partition("/")
    return name if "/" in rest or not rest else f"{package}/msg/{rest}"


def _decompressed(data: bytes, codec: str, size: int, checksum: int) -> tuple[bytes, str]:
    """A chunk's content, as much as can be had, and what is wrong with it ('' if nothing)."""
    content = b""
    if codec == "":
        content = data
    elif codec == "zstd":
        content = unpack_chunk(data)
    elif codec == "lz4":
        content = _lz4(data)
    else:
        return b"", f"a chunk of the unknown compression '{codec}'"
    if len(content) != size:
        return content, f"a chunk of which {len(content)} of {size} bytes can be read"
    if checksum and crc32(content) != checksum:
        return content, "a chunk whose checksum is wrong"
    return content, ""


def _lz4(data: bytes) -> bytes:
    import lz4.frame

    try:
        return bytes(lz4.frame.decompress(data))
    except Exception:
        return partly(lz4.frame.LZ4FrameDecompressor(), data)
