"""The size of picture that an ONNX file says it takes, which OpenCV reads and does not tell.

An ONNX file is one protobuf message; the way to the shape is ModelProto.graph (7), GraphProto.input (11), ValueInfoProto.type
(2), TypeProto.tensor_type (1), Tensor.shape (2), TensorShapeProto.dim (1), Dimension.dim_value (1).
Source: https://github.com/onnx/onnx, onnx/onnx.proto, and https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

WAY_TO_DIMENSIONS = (2, 1, 2)  # from an input to its shape
OPEN = 1 << 63
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5


def picture_size(model: bytes) -> tuple[int, int]:
    """Width and height of the first input that is (N, 3, H, W); 0 where the file leaves one open, or cannot be read."""
    try:
        for graph in _parts(memoryview(model), 7):
            for tensor in _parts(graph, 11):
                shape = [tensor]
                for number in WAY_TO_DIMENSIONS:
                    shape = [part for outer in shape for part in _parts(outer, number)]
                sides = [_dimension(side) for outer in shape for side in _parts(outer, 1)]
                if len(sides) == 4 and sides[1] in (0, 3):
                    return sides[3], sides[2]
    except IndexError:  # breaks off
        pass
    return 0, 0


def _dimension(message: memoryview) -> int:
    """A side in pixels, 0 where it is open: without a value, or with -1, as some exporters write it."""
    value = next((value for number, value in _fields(message) if number == 1 and isinstance(value, int)), 0)
    return value if value < OPEN else 0


def _parts(message: memoryview, wanted: int) -> Iterator[memoryview]:
    return (value for number, value in _fields(message) if number == wanted and isinstance(value, memoryview))


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of a message's fields; those of a fixed width have no use here and are left out."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, value
        elif kind == LENGTH:
            size, at = _varint(message, at)
            if at + size > len(message):
                raise IndexError("breaks off")
            yield number, message[at : at + size]
            at += size
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            at += 8 if kind == EIGHT_BYTES else 4
        else:
            raise IndexError("no protobuf")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if not byte & 0x80:
            return value, at
        shift += 7
