"""zstd as rosbag2 uses it: in the chunks of MCAP, for single messages, and for whole files (`.mcap.zstd`, `.db3.zstd`)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.bag_parts import partly
from auxfocus_ros.whole_file import not_written

SUFFIX = ".zstd"
MAGIC = b"\x28\xb5\x2f\xfd"
"""What packed data begins with; a serialised message of ROS 2 begins with 0."""
PIECE_BYTES = 1 << 20


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


def unpack_chunk(data: bytes) -> bytes:
    """What data were before they were packed; of data that break off or are damaged, as much as can be had."""
    zstd = _zstd()
    try:
        return bytes(zstd.decompress(data))
    except Exception:  # cut off or damaged: what is before the damage
        return partly(zstd.ZstdDecompressor(), data)


def unpack_message(data: bytes) -> bytes:
    """What a message was before it was packed. Raises InputError where it is damaged."""
    zstd = _zstd()
    try:
        return bytes(zstd.decompress(data))
    except (zstd.ZstdError, MemoryError) as error:
        raise InputError(f"{len(data)} bytes that cannot be unpacked: {error}") from error


def unpack_file(packed: Path, to: Path) -> str:
    """Unpack a file, as far as that is possible.

    Args:
        packed: the file.
        to: the file to write.

    Returns:
        What is wrong with it and from where on, '' if nothing.

    Raises:
        InputError: it cannot be read, or there is no room for what is in it.
    """
    zstd = _zstd()
    try:
        source = packed.open("rb")
    except OSError as error:
        raise InputError(f"{packed} cannot be read: {error.strerror}") from error
    with source:
        try:
            with to.open("wb") as target, zstd.open(source, "rb") as content:
                while piece := content.read1(PIECE_BYTES):
                    target.write(piece)
        except OSError as error:
            raise InputError(f"{packed} cannot be unpacked: {not_written(to, error)}") from error
        except (EOFError, zstd.ZstdError, MemoryError):
            return f"{packed} is damaged before byte {source.tell()}: from there on it cannot be unpacked"
    return ""
