"""LZF decompression, the codec of `binary_compressed` PCD files.

The format is a row of instructions: a byte below 32 copies that many bytes (plus one) from the input; any other gives a length
(top three bits, 7: one more byte follows) and a distance back into the output, from which it copies. No Python wheel of it is
kept up, and a scan of 100,000 points has some 300,000 instructions: the loop below takes a fifth of a second.

Source: LibLZF by Marc Lehmann, lzf_d.c
"""

from __future__ import annotations

from auxfocus_ros.errors import InputError


def lzf_decompress(data: bytes, size: int) -> bytes:
    """Decompress.

    Args:
        data: the compressed bytes.
        size: bytes that must come out.

    Returns:
        The `size` bytes.

    Raises:
        InputError: data that breaks off, reaches back before the beginning, or gives another size; it says at which byte.
    """
    out = bytearray()
    extend = out.extend
    at, end = 0, len(data)
    try:
        while at < end:
            control = data[at]
            if control < 32:
                following = at + control + 2
                extend(data[at + 1 : following])
                at = following
                continue
            length = control >> 5
            if length == 7:
                at += 1
                length += data[at]
            length += 2
            start = len(out) - ((control & 31) << 8) - data[at + 1] - 1
            at += 2
            if start < 0:
                raise InputError(f"LZF data: at byte {at} it refers to before its beginning")
            stop = start + length
            piece = out[start:stop]
            missing = length - len(piece)
            if missing:  # the copy runs into itself: a pattern that repeats
                piece = (piece * (length // len(piece) + 1))[:length]
            extend(piece)
    except IndexError as error:
        raise InputError(f"LZF data breaks off at byte {end}") from error
    if at != end or len(out) != size:
        raise InputError(f"LZF data gives {len(out)} bytes; wanted {size}")
    return bytes(out)
