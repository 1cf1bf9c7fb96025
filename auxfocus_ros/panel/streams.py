"""Pictures to browsers: the newest alone, at each browser's own pace.

A stream holds one picture. A viewer asks for the next when it has drawn one, and gets the newest that it has not seen, or waits
for one. Nothing is queued for anybody: a slow viewer sees fewer pictures, never older ones, and slows nobody else.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Picture:
    """serial: its number in the stream, from 1. header: what the browser is told of it. jpeg: its file."""

    serial: int
    header: Mapping[str, Any]
    jpeg: bytes


class PictureStream:
    """The newest picture of a stream; to be used in the event loop's thread alone."""

    def __init__(self) -> None:
        self.offered = 0
        self._latest: Picture | None = None
        self._came = asyncio.Event()

    def offer(self, header: Mapping[str, Any], jpeg: bytes) -> None:
        """A picture has come: it takes the place of the one before."""
        self.offered += 1
        self._latest = Picture(self.offered, header, jpeg)
        came, self._came = self._came, asyncio.Event()
        came.set()

    def clear(self) -> None:
        """Forget the picture, since it ages while nobody looks."""
        self._latest = None

    async def newer_than(self, serial: int) -> Picture:
        """The newest picture, once there is one with a higher serial than this."""
        while self._latest is None or self._latest.serial <= serial:
            await self._came.wait()
        return self._latest


def pack(picture: Picture, sent_ms: float, dropped: int) -> bytes:
    """A picture as one binary message: the header's length in 4 bytes, the most significant first, the header, the JPEG file.

    Args:
        picture: what to send.
        sent_ms: now, milliseconds since 1970.
        dropped: how many pictures this viewer has not been sent since the one before.
    """
    told = {**picture.header, "sent_ms": sent_ms, "dropped": dropped}
    header = json.dumps(told, allow_nan=False, separators=(",", ":")).encode()
    return b"".join((struct.pack(">I", len(header)), header, picture.jpeg))
