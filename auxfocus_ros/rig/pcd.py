"""Point clouds from PCD files: ascii, binary and binary_compressed, with whatever fields they have.

Source: https://pointclouds.org/documentation/tutorials/pcd_file_format.html
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.lzf import lzf_decompress

KINDS = {
    ("F", 4): "<f4", ("F", 8): "<f8", ("U", 1): "<u1", ("U", 2): "<u2", ("U", 4): "<u4", ("U", 8): "<u8",
    ("I", 1): "<i1", ("I", 2): "<i2", ("I", 4): "<i4", ("I", 8): "<i8",
}  # fmt: skip
ENCODINGS = ("ascii", "binary", "binary_compressed")
MAX_HEADER_LINES = 100
PADDING = "_"  # PCL's name for bytes between fields


@dataclass(frozen=True)
class PcdHeader:
    """What a PCD file says of itself. dtype: one point as stored, with padding. viewpoint: tx ty tz qw qx qy qz, as stored."""

    dtype: np.dtype
    width: int
    height: int
    viewpoint: tuple[float, ...]
    encoding: str
    size: int


def load_pcd(path: str | Path) -> tuple[np.ndarray, int]:
    """Read a PCD file.

    Args:
        path: the file.

    Returns:
        (N,) structured array of the file's fields (a COUNT above 1 is a sub-array; padding is left out), and the number of rows N
        is made of (1: unorganised).

    Raises:
        InputError: a file that cannot be read or makes no sense; the message names file, line or byte, and what would be right.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cloud {path} cannot be read: {error.strerror}") from error
    try:
        return parse_pcd(data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def pcd_bytes(points: np.ndarray, rows: int = 1) -> bytes:
    """A cloud as a binary PCD file, which `load_pcd` and PCL read.

    Args:
        points: (N,) structured array of plain numbers; padding between fields is left out.
        rows: of an organised cloud; N must be a multiple of it.

    Raises:
        InputError: a field that PCD has no type for, or N does not fit the rows.
    """
    codes = {code: kind for kind, code in KINDS.items()}
    names = points.dtype.names or ()
    kinds = []
    for name in names:
        kind = codes.get(points.dtype[name].str.replace("|", "<"))
        if kind is None:
            raise InputError(f"the cloud's field {name} is {points.dtype[name]}: PCD has no such type")
        kinds.append(kind)
    if rows < 1 or len(points) % rows:
        raise InputError(f"{len(points)} points do not make {rows} equal rows")
    lines = {
        "VERSION": "0.7",
        "FIELDS": " ".join(names),
        "SIZE": " ".join(str(size) for _, size in kinds),
        "TYPE": " ".join(kind for kind, _ in kinds),
        "COUNT": " ".join("1" for _ in kinds),
        "WIDTH": len(points) // rows,
        "HEIGHT": rows,
        "VIEWPOINT": "0 0 0 1 0 0 0",
        "POINTS": len(points),
        "DATA": "binary",
    }
    packed = np.empty(len(points), [(name, points.dtype[name]) for name in names])
    for name in names:
        packed[name] = points[name]
    header = "".join(f"{key} {value}\n" for key, value in lines.items())
    return header.encode("ascii") + packed.tobytes()


def parse_pcd(data: bytes) -> tuple[np.ndarray, int]:
    """The same from a file's bytes."""
    header = parse_header(data)
    count = header.width * header.height
    body = memoryview(data)[header.size :]
    if header.encoding == "ascii":
        points = _ascii(bytes(body), header, count)
    elif header.encoding == "binary":
        needed = count * header.dtype.itemsize
        if len(body) < needed:
            raise InputError(f"breaks off: {len(body)} of {needed} bytes of points ({count} x {header.dtype.itemsize}) are there")
        points = np.frombuffer(body[:needed], header.dtype)
    else:
        points = _compressed(bytes(body), header, count)
    names = [name for name in header.dtype.names or () if not name.startswith(PADDING)]
    return (points if len(names) == len(points.dtype.names or ()) else points[names]), header.height


def parse_header(data: bytes) -> PcdHeader:
    """The header of a PCD file's bytes. Raises InputError naming the line."""
    entries: dict[str, list[str]] = {}
    at = 0
    for number in range(1, MAX_HEADER_LINES + 1):
        end = data.find(b"\n", at)
        if end < 0:
            raise InputError("not a PCD file: its header has no DATA line")
        try:
            line = data[at:end].decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise InputError(f"not a PCD file: line {number} is not text") from error
        at = end + 1
        if not line or line.startswith("#"):
            continue
        key, *values = line.split()
        entries[key.upper()] = values
        if key.upper() == "DATA":
            break
    else:
        raise InputError(f"not a PCD file: no DATA line in its first {MAX_HEADER_LINES} lines")
    encoding = entries["DATA"][0].lower() if entries["DATA"] else ""
    if encoding not in ENCODINGS:
        raise InputError(f"PCD header: DATA {encoding or '(nothing)'}; wanted one of {', '.join(ENCODINGS)}")
    dtype = _dtype(entries)
    width, height = _size(entries)
    try:
        viewpoint = tuple(float(value) for value in entries.get("VIEWPOINT", ["0", "0", "0", "1", "0", "0", "0"]))
    except ValueError as error:
        raise InputError("PCD header: VIEWPOINT is not seven numbers") from error
    return PcdHeader(dtype, width, height, viewpoint, encoding, at)


def _integers(entries: dict[str, list[str]], key: str) -> list[int]:
    try:
        values = [int(value) for value in entries[key]]
    except KeyError as error:
        raise InputError(f"PCD header: {key} is missing") from error
    except ValueError as error:
        raise InputError(f"PCD header: {key} {' '.join(entries[key])}: wanted whole numbers") from error
    return values


def _size(entries: dict[str, list[str]]) -> tuple[int, int]:
    points = _integers(entries, "POINTS") if "POINTS" in entries else None
    width = _integers(entries, "WIDTH") if "WIDTH" in entries else points
    height = _integers(entries, "HEIGHT") if "HEIGHT" in entries else [1]
    if width is None or len(width) != 1 or len(height) != 1 or width[0] < 0 or height[0] < 0:
        raise InputError("PCD header: wanted one number each for WIDTH and HEIGHT")
    if points is not None and points != [width[0] * height[0]]:
        raise InputError(f"PCD header: POINTS {points[0] if points else ''} is not WIDTH {width[0]} x HEIGHT {height[0]}")
    return width[0], max(1, height[0])


def _dtype(entries: dict[str, list[str]]) -> np.dtype:
    names = entries.get("FIELDS") or entries.get("COLUMNS")
    if not names:
        raise InputError("PCD header: FIELDS is missing")
    sizes = _integers(entries, "SIZE")
    kinds = entries.get("TYPE", [])
    counts = _integers(entries, "COUNT") if "COUNT" in entries else [1] * len(names)
    if not len(names) == len(sizes) == len(kinds) == len(counts):
        raise InputError(
            f"PCD header: {len(names)} FIELDS, {len(sizes)} SIZE, {len(kinds)} TYPE, {len(counts)} COUNT: wanted equally many"
        )
    layout = []
    for index, (name, size, kind, count) in enumerate(zip(names, sizes, kinds, counts, strict=True)):
        code = KINDS.get((kind.upper(), size))
        if code is None:
            raise InputError(f"PCD header: field {name} of TYPE {kind} and SIZE {size}: no such type")
        if not 1 <= count <= 100_000:
            raise InputError(f"PCD header: field {name} has COUNT {count}; wanted at least 1")
        unique = f"{PADDING}{index}" if name.startswith(PADDING) else name
        layout.append((unique, code) if count == 1 else (unique, code, (count,)))
    try:
        return np.dtype(layout)
    except ValueError as error:
        raise InputError(f"PCD header: FIELDS {' '.join(names)}: a name stands twice") from error


def _columns(dtype: np.dtype) -> list[tuple[str, int, int]]:
    """(type code, bytes, how many) of each field in order."""
    found = []
    for name in dtype.names or ():
        base, shape = (dtype[name], ()) if dtype[name].subdtype is None else (dtype[name].base, dtype[name].shape)
        found.append((base.str, base.itemsize, shape[0] if shape else 1))
    return found


def _ascii(text: bytes, header: PcdHeader, count: int) -> np.ndarray:
    columns = _columns(header.dtype)
    width = sum(number for _, _, number in columns)
    rows = [line for line in text.split(b"\n") if line.strip()]
    if len(rows) < count:
        raise InputError(f"breaks off: {len(rows)} of {count} points are there")
    points = np.empty(count, header.dtype)
    try:
        table = np.array(b" ".join(rows[:count]).split(), dtype="S").reshape(count, width)
    except ValueError:
        bad = next(index for index, row in enumerate(rows) if len(row.split()) != width)
        raise InputError(f"point {bad + 1} has {len(rows[bad].split())} numbers; wanted {width}") from None
    column = 0
    for name, (code, _, number) in zip(header.dtype.names or (), columns, strict=True):
        part = table[:, column : column + number]
        # Integers go through their own type: a 64-bit one does not fit a double. Some writers give them as 4.0.
        try:
            values = part.astype(code)
        except (ValueError, OverflowError):
            values = _from_floats(part, code, name)
        points[name] = values[:, 0] if number == 1 else values
        column += number
    return points


def _from_floats(part: np.ndarray, code: str, name: str) -> np.ndarray:
    try:
        with np.errstate(all="ignore"):
            return part.astype(np.float64).astype(code)
    except ValueError:
        for index, row in enumerate(part):
            for value in row:
                try:
                    float(value)
                except ValueError:
                    text = value.decode("ascii", "replace")
                    raise InputError(f"point {index + 1}: field {name} is '{text}'; wanted a number") from None
        raise


def _compressed(body: bytes, header: PcdHeader, count: int) -> np.ndarray:
    """Fields stand one after another, each for all points."""
    if len(body) < 8:
        raise InputError(f"breaks off: {len(body)} bytes after the header; wanted the two sizes of compressed data")
    packed, size = struct.unpack_from("<II", body)
    needed = count * header.dtype.itemsize
    if size != needed:
        raise InputError(f"compressed data of {size} bytes; wanted {count} points x {header.dtype.itemsize} = {needed}")
    if len(body) < 8 + packed:
        raise InputError(f"breaks off: {len(body) - 8} of {packed} bytes of compressed points are there")
    data = lzf_decompress(body[8 : 8 + packed], size)
    points = np.empty(count, header.dtype)
    at = 0
    for name in header.dtype.names or ():
        kind = header.dtype[name]
        points[name] = np.frombuffer(data, kind, count, at)
        at += count * kind.itemsize
    return points
