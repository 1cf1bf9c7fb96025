"""The size of a JPEG picture from its file's first segments, without decoding it."""

from __future__ import annotations

from auxfocus_ros.errors import InputError

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})


def is_jpeg(data: bytes) -> bool:
    """Whether a file begins as a JPEG does."""
    return data[:3] == b"\xff\xd8\xff"


def jpeg_size(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels.

    Args:
        data: the file, or as much of it as reaches beyond the frame header.

    Raises:
        InputError: it is no JPEG, or it is cut off before its size is said.

    Source: ITU-T T.81, B.2.2.
    """
    if not is_jpeg(data):
        raise InputError(f"a picture of {len(data)} bytes is no JPEG: it begins with {data[:4].hex(' ') or 'nothing'}")
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            break
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
        elif marker in _ALONE:
            at += 2
        elif marker in _FRAMES:
            height, width = int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
            if not (width and height):
                break
            return width, height
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if length < 2:
                break
            at += 2 + length
    raise InputError(f"a JPEG of {len(data)} bytes does not say its size: it is cut off or damaged")
