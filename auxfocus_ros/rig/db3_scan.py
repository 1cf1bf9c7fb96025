"""A rosbag2 `.db3` read page by page, past SQLite: for files that were cut off.

SQLite reaches a table's rows through inner pages, and in a file that broke off those may be the missing ones although the rows
are there. Each leaf page of a table says so in its first byte, so the rows are found by looking at every page. The rows' blobs
run on in chains of overflow pages. The tables of topics and of message definitions are small, are written first, and are told
apart by the shape of their rows.

Source: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.bag_parts import Channel, Damage, RawMessage, channels_by_id

MAGIC = b"SQLite format 3\0"
LEAF_OF_TABLE = 0x0D
INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class _Row(NamedTuple):
    """A message's row: enough to order rows and to fetch the blob later."""

    timestamp_ns: int
    topic_id: int
    page: int
    cell: int


class Db3Scan:
    """One `.db3` without SQLite; see the module's text. Messages are in order of time."""

    ros1 = False

    def __init__(self, path: Path) -> None:
        """Read all pages once, to learn topics and rows. Raises InputError where it is no SQLite file at all."""
        self.path = path
        self._rows: list[_Row] = []
        topics: dict[int, tuple[str, str]] = {}
        definitions: dict[str, tuple[str, str]] = {}
        self._size = path.stat().st_size
        with path.open("rb") as file:
            header = file.read(100)
            if len(header) < 100 or not header.startswith(MAGIC):
                raise InputError(f"{path} is not a rosbag2 .db3 file: it does not begin as an SQLite database")
            (page_size,) = struct.unpack_from(">H", header, 16)
            self._page_size = 65536 if page_size == 1 else page_size
            self._usable = self._page_size - header[20]
            if self._page_size < 512 or self._usable < 480:
                raise InputError(f"{path} is not a readable SQLite database: pages of {self._page_size} bytes")
            (pages,) = struct.unpack_from(">I", header, 28)
            for page in range(2, self._size // self._page_size + 1):
                self._learn_page(file, page, topics, definitions)
        self.damage: Damage | None = None
        if pages * self._page_size != self._size:
            self.damage = Damage(self._size, f"{self._size // self._page_size} of {pages} database pages are there")
        self._rows.sort()
        counts: dict[int, int] = {}
        for row in self._rows:
            counts[row.topic_id] = counts.get(row.topic_id, 0) + 1
        self.channels = [
            Channel(number, topic, kind, *definitions.get(kind, ("", "")), counts.get(number, 0))
            for number, (topic, kind) in sorted(topics.items())
        ]
        self.start_ns = self._rows[0].timestamp_ns if self._rows else 0
        self.end_ns = self._rows[-1].timestamp_ns if self._rows else 0

    def close(self) -> None:
        """Nothing is held open between passes."""

    def messages(self, topics: Collection[str], start_ns: int, stop_ns: int) -> Iterator[RawMessage]:
        """See BagPart."""
        wanted = channels_by_id(self.channels, topics)
        with self.path.open("rb") as file:
            for row in self._rows:
                channel = wanted.get(row.topic_id)
                if channel is None or not start_ns <= row.timestamp_ns < stop_ns:
                    continue
                try:
                    values = self._values(self._payload(file, self._page(file, row.page), row.cell)[1])
                except (ValueError, IndexError, struct.error) as error:
                    if self.damage is None:
                        self.damage = Damage((row.page - 1) * self._page_size, f"a message that cannot be read ({error})")
                    continue
                if isinstance(values[3], bytes):
                    yield RawMessage(channel.topic, channel.type, row.timestamp_ns, values[3])

    def _page(self, file: BinaryIO, number: int) -> bytes:
        file.seek((number - 1) * self._page_size)
        data = file.read(self._page_size)
        if len(data) < self._page_size:
            raise ValueError("beyond the file's end")
        return data

    def _learn_page(
        self, file: BinaryIO, number: int, topics: dict[int, tuple[str, str]], definitions: dict[str, tuple[str, str]]
    ) -> None:
        page = self._page(file, number)
        # An overflow page begins with the next page's number, whose first byte is 13 only in files of 900 GB.
        if page[0] != LEAF_OF_TABLE:
            return
        (cells,) = struct.unpack_from(">H", page, 3)
        if 8 + 2 * cells > len(page):
            return
        for cell in struct.unpack_from(f">{cells}H", page, 8):
            try:
                key, head = self._payload(file, page, cell, whole=False)
                kinds = self._kinds(head)
                if len(kinds) == 4 and kinds[3] >= 12 and kinds[3] % 2 == 0:
                    values = self._values(head, 3)
                    if isinstance(values[1], int) and isinstance(values[2], int):
                        self._rows.append(_Row(values[2], values[1], number, cell))
                elif len(kinds) in (4, 5, 6) and all(kind >= 13 and kind % 2 for kind in kinds[1:4]):
                    self._learn_text(key, self._values(self._payload(file, page, cell)[1]), topics, definitions)
            except (ValueError, IndexError, struct.error):
                continue

    @staticmethod
    def _learn_text(
        key: int, values: list[object], topics: dict[int, tuple[str, str]], definitions: dict[str, tuple[str, str]]
    ) -> None:
        """A row of `topics` (id, name, type, ...) or of `message_definitions` (id, type, encoding, text, hash)."""
        first, second, third = (str(value) for value in values[1:4])
        if second in ("ros2msg", "ros2idl"):
            definitions[first] = (third, second.removeprefix("ros2"))
        elif first.startswith("/") and "/" in second:
            topics[key] = (first, second)

    def _payload(self, file: BinaryIO, page: bytes, cell: int, whole: bool = True) -> tuple[int, bytes]:
        """A row's key and its bytes; with `whole` false only those on its own page."""
        size, at = _varint(page, cell)
        key, at = _varint(page, at)
        local = size
        if size > self._usable - 35:
            smallest = (self._usable - 12) * 32 // 255 - 23
            local = smallest + (size - smallest) % (self._usable - 4)
            if local > self._usable - 35:
                local = smallest
        data = page[at : at + local]
        if local == size or not whole:
            return key, data
        (following,) = struct.unpack_from(">I", page, at + local)
        pieces, got = [data], len(data)
        while following and got < size:
            overflow = self._page(file, following)
            (following,) = struct.unpack_from(">I", overflow)
            pieces.append(overflow[4 : min(self._usable, 4 + size - got)])
            got += len(pieces[-1])
        if got != size:
            raise ValueError("a chain of pages that breaks off")
        return key, b"".join(pieces)

    @staticmethod
    def _kinds(data: bytes) -> list[int]:
        """The serial types of a row's columns."""
        end, at = _varint(data, 0)
        kinds = []
        while at < end:
            kind, at = _varint(data, at)
            kinds.append(kind)
        return kinds

    def _values(self, data: bytes, count: int | None = None) -> list[object]:
        """The values of a row's first `count` columns."""
        kinds = self._kinds(data)
        at, _ = _varint(data, 0)
        values: list[object] = []
        for kind in kinds[:count]:
            size = (kind - 12) // 2 if kind >= 12 else INTEGER_SIZES.get(kind, 8 if kind == 7 else 0)
            piece = data[at : at + size]
            if len(piece) < size:
                raise ValueError("a value that breaks off")
            at += size
            if kind >= 12:
                values.append(piece if kind % 2 == 0 else piece.decode("utf-8", "replace"))
            elif kind in (8, 9):
                values.append(kind - 8)
            else:
                values.append(int.from_bytes(piece, "big", signed=True) if kind in INTEGER_SIZES else None)
        return values


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer and where it ends."""
    value = 0
    for count in range(9):
        byte = data[at + count]
        if count == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + count + 1
    raise ValueError("not a number")
