"""PCD files written here in all three encodings, and KITTI scans."""

import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.kitti import load_kitti_bin
from auxfocus_ros.rig.lzf import lzf_decompress
from auxfocus_ros.rig.pcd import load_pcd, parse_pcd, pcd_bytes

TYPES = {"<f4": ("F", 4), "<f8": ("F", 8), "|u1": ("U", 1), "<u2": ("U", 2), "<u4": ("U", 4), "<i2": ("I", 2), "<i4": ("I", 4)}


def lzf_compress(data: bytes) -> bytes:
    """A small LZF encoder: looks 3 bytes back in a table, as the real one does, and takes the longest match there."""
    out, literal, at = bytearray(), bytearray(), 0
    table: dict[bytes, int] = {}

    def flush() -> None:
        for start in range(0, len(literal), 32):
            part = literal[start : start + 32]
            out.append(len(part) - 1)
            out.extend(part)
        literal.clear()

    while at < len(data):
        key = data[at : at + 3]
        before = table.get(key, -1) if len(key) == 3 else -1
        table[key] = at
        distance = at - before - 1
        if before < 0 or distance >= 8192:
            literal.append(data[at])
            at += 1
            continue
        length = 3
        while length < 264 and at + length < len(data) and data[before + length] == data[at + length]:
            length += 1
        flush()
        code = length - 2
        out.append(((min(code, 7)) << 5) | (distance >> 8))
        if code >= 7:
            out.append(code - 7)
        out.append(distance & 255)
        at += length
    flush()
    return bytes(out)


def write_pcd(points: np.ndarray, encoding: str, height: int = 1) -> bytes:
    names = points.dtype.names or ()
    kinds = [points.dtype[name] for name in names]
    bases = [(kind.base.str, kind.shape[0] if kind.shape else 1) for kind in kinds]
    lines = [
        "# .PCD v0.7 - Point Cloud Data file format",
        "VERSION 0.7",
        "FIELDS " + " ".join(names),
        "SIZE " + " ".join(str(TYPES[base][1]) for base, _ in bases),
        "TYPE " + " ".join(TYPES[base][0] for base, _ in bases),
        "COUNT " + " ".join(str(count) for _, count in bases),
        f"WIDTH {len(points) // height}",
        f"HEIGHT {height}",
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {len(points)}",
        f"DATA {encoding}",
    ]
    header = ("\n".join(lines) + "\n").encode()
    if encoding == "binary":
        return header + points.tobytes()
    if encoding == "ascii":
        rows = [" ".join(repr(v.item()) for name in names for v in np.atleast_1d(point[name])) for point in points]
        return header + "".join(row + "\n" for row in rows).encode()
    data = b"".join(np.ascontiguousarray(points[name]).tobytes() for name in names)
    packed = lzf_compress(data)
    return header + struct.pack("<II", len(packed), len(data)) + packed


@st.composite
def clouds(draw: st.DrawFn) -> np.ndarray:
    extra = draw(st.lists(st.sampled_from(sorted(TYPES)), max_size=4))
    count = draw(st.integers(0, 30))
    layout: list[Any] = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), *((f"f{i}", kind) for i, kind in enumerate(extra))]
    if draw(st.booleans()):
        layout.append(("normal", "<f4", (3,)))
    points = np.zeros(count, np.dtype(layout))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    for name in points.dtype.names or ():
        shape = points[name].shape
        if points[name].dtype.kind == "f":
            points[name] = rng.normal(scale=10.0, size=shape)
            points[name][rng.random(shape) < 0.1] = np.nan
        else:
            limits = np.iinfo(points[name].dtype)
            points[name] = rng.integers(limits.min, limits.max, shape, endpoint=True)
    return points


@settings(deadline=None, max_examples=60)
@given(clouds(), st.sampled_from(["ascii", "binary", "binary_compressed"]))
def test_round_trip(points: np.ndarray, encoding: str) -> None:
    back, rows = parse_pcd(write_pcd(points, encoding))
    assert rows == 1
    assert back.dtype.names == points.dtype.names
    for name in points.dtype.names or ():
        np.testing.assert_array_equal(back[name], points[name])


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=400), st.integers(1, 40))
def test_lzf_round_trip(data: bytes, repeats: int) -> None:
    data = data * repeats
    assert lzf_decompress(lzf_compress(data), len(data)) == data


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60), st.integers(0, 200))
def test_lzf_of_rubbish_ends_in_words(data: bytes, size: int) -> None:
    try:
        assert len(lzf_decompress(data, size)) == size
    except InputError as error:
        assert "LZF" in str(error)


def test_organised_padding_and_integers_as_floats() -> None:
    text = (
        b"VERSION .7\nFIELDS x y z _ rgb\nSIZE 4 4 4 1 4\nTYPE F F F U U\nCOUNT 1 1 1 4 1\n"
        b"WIDTH 2\nHEIGHT 2\nPOINTS 4\nDATA ascii\n"
        b"1 2 3 0 0 0 0 7\nnan nan nan 0 0 0 0 8.0\n1e-3 -2 3 0 0 0 0 9\n\n4 5 6 0 0 0 0 4294967295\n"
    )
    points, rows = parse_pcd(text)
    assert rows == 2
    assert points.dtype.names == ("x", "y", "z", "rgb")
    assert points["rgb"].tolist() == [7, 8, 9, 4294967295]
    assert np.isnan(points["x"][1])


HEADER = b"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 2\nHEIGHT 1\nPOINTS 2\nDATA "


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "no DATA line"),
        (b"\x00\xff\n\n", "line 1 is not text"),
        (b"hello\n" * 200, "no DATA line"),
        (HEADER + b"binary_zip\n", "DATA binary_zip; wanted one of ascii"),
        (HEADER.replace(b"SIZE 4 4 4", b"SIZE 4 4") + b"ascii\n", "3 FIELDS, 2 SIZE"),
        (HEADER.replace(b"SIZE 4 4 4", b"SIZE 4 4 3") + b"ascii\n", "field z of TYPE F and SIZE 3"),
        (HEADER.replace(b"x y z", b"x y x") + b"ascii\n", "twice"),
        (HEADER.replace(b"WIDTH 2", b"WIDTH two") + b"ascii\n", "wanted whole numbers"),
        (HEADER.replace(b"WIDTH 2", b"WIDTH 3") + b"ascii\n", "POINTS 2 is not WIDTH 3 x HEIGHT 1"),
        (HEADER.replace(b"COUNT 1 1 1", b"COUNT 1 1 0") + b"ascii\n", "COUNT 0"),
        (HEADER + b"ascii\n1 2 3\n", "breaks off: 1 of 2 points"),
        (HEADER + b"ascii\n1 2 3\n1 2\n", "point 2 has 2 numbers; wanted 3"),
        (HEADER + b"ascii\n1 2 3\n1 b 2\n", "point 2: field y is 'b'"),
        (HEADER + b"binary\n" + bytes(20), "20 of 24 bytes"),
        (HEADER + b"binary_compressed\n" + bytes(4), "two sizes"),
        (HEADER + b"binary_compressed\n" + struct.pack("<II", 10, 23) + bytes(10), "wanted 2 points x 12 = 24"),
        (HEADER + b"binary_compressed\n" + struct.pack("<II", 10, 24) + bytes(5), "5 of 10 bytes"),
        (HEADER + b"binary_compressed\n" + struct.pack("<II", 3, 24) + b"\x20\x05\x00", "before its beginning"),
    ],
)
def test_what_cannot_be_read(data: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.pcd"
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as caught:
        load_pcd(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_pcd(tmp_path / "none.pcd")
    with pytest.raises(InputError, match="cannot be read"):
        load_kitti_bin(tmp_path / "none.bin")


def test_kitti(tmp_path: Path) -> None:
    values = np.arange(8, dtype="<f4")
    (tmp_path / "a.bin").write_bytes(values.tobytes())
    points = load_kitti_bin(tmp_path / "a.bin")
    assert points["intensity"].tolist() == [3.0, 7.0]
    (tmp_path / "b.bin").write_bytes(values.tobytes()[:-2])
    with pytest.raises(InputError, match="30 bytes: wanted a multiple of 16"):
        load_kitti_bin(tmp_path / "b.bin")


def test_a_real_64_beam_scan(shared_data: Path) -> None:
    begun = time.perf_counter()
    points, _ = load_pcd(shared_data / "rgb_lidar_road" / "1" / "calib.pcd")
    assert time.perf_counter() - begun < 1.0
    assert len(points) == 101340
    assert set(np.unique(points["ring"])) == set(range(64))
    # One turn of the lidar takes a tenth of a second.
    assert np.ptp(points["timestamp"]) == pytest.approx(0.1, abs=0.005)
    assert np.isfinite(points["x"]).all() and np.abs(points["z"]).max() < 50.0


def test_written_and_read_again(tmp_path: Path) -> None:
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("t", "<f8"), ("ring", "<u2"), ("tag", "u1"), ("shift", "<i4")]
    points = np.zeros(
        6, np.dtype({"names": [k for k, _ in kinds], "formats": [k for _, k in kinds], "offsets": [0, 4, 8, 16, 24, 26, 28]})
    )
    for number, (name, _) in enumerate(kinds):
        points[name] = np.arange(6) + 10 * number
    points["z"][3] = np.nan
    file = tmp_path / "a.pcd"
    file.write_bytes(pcd_bytes(points, 2))
    found, rows = load_pcd(file)
    assert (
        rows == 2 and found.dtype.names == points.dtype.names and found.dtype.itemsize == 27
    )  # 4 x 3 + 8 + 2 + 1 + 4: no padding
    for name, _ in kinds:
        np.testing.assert_array_equal(found[name], points[name])
    empty, _ = parse_pcd(pcd_bytes(points[:0]))
    assert len(empty) == 0


def test_what_no_file_can_hold() -> None:
    with pytest.raises(InputError, match="field flag is bool"):
        pcd_bytes(np.zeros(2, [("x", "<f4"), ("flag", "?")]))
    with pytest.raises(InputError, match="3 points do not make 2 equal rows"):
        pcd_bytes(np.zeros(3, [("x", "<f4")]), 2)
