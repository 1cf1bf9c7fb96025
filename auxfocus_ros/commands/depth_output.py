"""What `auxfocus depth` writes: depth, previews, points and films. Each stands there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.stack_output import write_picture, write_whole
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.film import Film

DEPTH_SUFFIXES = (".png", ".tif", ".tiff", ".npy")
POINTS_SUFFIXES = (".ply", ".pcd")
FILM_SUFFIX = ".mp4"
MOST = 65535


def write_depth(flag: str, path: Path, depth_m: NDArray[np.float32], metric: bool) -> str:
    """Write depth, and say what the file holds.

    Args:
        flag: as which it was asked for. path: .png 16 bit; .tif or .npy float32. metric: it is in metres.

    Raises:
        InputError: it cannot be written.
    """
    from auxfocus_ros.commands.distribution import npy_bytes
    from auxfocus_ros.commands.stack_depth import drawn_depth

    if path.suffix.lower() == ".npy":
        write_whole(flag, path, npy_bytes(depth_m))
        return "metres" if metric else "relative depth in the network's unit"
    if path.suffix.lower() != ".png":
        write_picture(flag, path, depth_m)
        return "metres" if metric else "relative depth in the network's unit"
    if metric:
        picture, told = drawn_depth(depth_m, path)
    else:
        picture, told = (
            relative_picture(depth_m),
            f"relative inverse depth, the nearest {MOST}, 0 where it is not known or infinite",
        )
    write_picture(flag, path, picture)
    return told


def relative_picture(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Inverse depth, over its largest, in 16 bit: numbers that nobody takes for millimetres by mistake."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(depth_m > 0.0, 1.0 / depth_m, 0.0)
    inverse[~np.isfinite(inverse)] = 0.0
    return np.asarray(np.rint(inverse * (MOST / max(float(inverse.max()), 1e-30))), np.uint16)


def write_points(flag: str, path: Path, xyz: NDArray[np.float32], rgb: NDArray[np.uint8]) -> None:
    """Write points (N, 3) with red, green, blue (N, 3) as binary .ply or .pcd. Raises InputError."""
    write_whole(flag, path, ply_bytes(xyz, rgb) if path.suffix.lower() == ".ply" else coloured_pcd_bytes(xyz, rgb))


def ply_bytes(xyz: NDArray[np.float32], rgb: NDArray[np.uint8]) -> bytes:
    """Points as binary PLY. Source: http://paulbourke.net/dataformats/ply."""
    names = {"x": "float", "y": "float", "z": "float", "red": "uchar", "green": "uchar", "blue": "uchar"}
    points = np.empty(len(xyz), [(name, "<f4" if kind == "float" else "u1") for name, kind in names.items()])
    for index, name in enumerate(names):
        points[name] = (xyz if index < 3 else rgb)[:, index % 3]
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    lines += [f"property {kind} {name}" for name, kind in names.items()]
    return "\n".join([*lines, "end_header", ""]).encode("ascii") + points.tobytes()


def coloured_pcd_bytes(xyz: NDArray[np.float32], rgb: NDArray[np.uint8]) -> bytes:
    """Points as binary PCD, colours packed into the float field `rgb` as PCL has it."""
    from auxfocus_ros.rig.frame import structured_points
    from auxfocus_ros.rig.pcd import pcd_bytes

    wide = rgb.astype("<u4")
    return pcd_bytes(structured_points(xyz, rgb=(wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]).view("<f4")))


class LateFilm:
    """A film whose size is that of its first picture, and whose file comes into its place as it ends."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """path: its place; meanwhile it is written under a hidden name beside it."""
        self._path, self._rate_hz = path, rate_hz
        self._beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
        self._film: Film | None = None

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Append a BGR picture, its sides even."""
        if self._film is None:
            self._film = Film(self._beside, picture.shape[1], picture.shape[0], self._rate_hz)
        self._film.add(picture)

    def finish(self) -> None:
        """End the file and put it into its place, if there was a picture."""
        if self._film is not None:
            self._film.__exit__(None, None, None)
            self._beside.replace(self._path)

    def drop(self) -> None:
        """Leave nothing beside it."""
        self._beside.unlink(missing_ok=True)


@contextmanager
def late_film(path: Path, rate_hz: int) -> Iterator[LateFilm]:
    """A film that is kept, up to its last whole picture, whatever ends it.

    Raises:
        InputError: it cannot be written.
    """
    import av

    film = LateFilm(path, rate_hz)
    try:
        try:
            yield film
        finally:
            film.finish()
    except (OSError, av.error.FFmpegError) as error:
        raise InputError(f"-o {path}: cannot be written: {error.strerror}") from error
    finally:
        film.drop()


def check_folder(flag: str, path: Path, source: Path) -> None:
    """Make a folder for files. Raises ConfigurationError where that fails, or where it is the one that is read."""
    if path.suffix.lower() in (*DEPTH_SUFFIXES, *POINTS_SUFFIXES, FILM_SUFFIX) and not path.is_dir():
        raise ConfigurationError(f"{flag} {path}: wanted a folder here, for a file of each picture")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{flag} {path}: the folder cannot be made: {error.strerror}") from error
    if source.is_dir() and path.samefile(source):
        raise ConfigurationError(f"{flag} {path}: is the folder that is read; name another one")
    if not os.access(path, os.W_OK):
        raise ConfigurationError(f"{flag} {path}: nothing may be written there")


def check_file(flag: str, path: Path, suffixes: tuple[str, ...], inputs: list[Any]) -> None:
    """Raise ConfigurationError where a file cannot be written, or is one that is read."""
    from auxfocus_ros.commands.stack_output import check_output

    if len(suffixes) == 1 and path.suffix.lower() not in suffixes:
        raise ConfigurationError(f"{flag} {path}: wanted a name that ends in {suffixes[0]}")
    check_output(flag, path, suffixes)
    if path.exists() and any(Path(given).exists() and path.samefile(given) for given in inputs):
        raise ConfigurationError(f"{flag} {path}: is what the command reads; name another file")
