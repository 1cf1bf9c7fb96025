"""A capture's folder: each frame is a file as soon as it is captured, so that the end of the process costs none.

    frame_001.png ...       in the order of their capture, 8 or 16 bit
    focus_positions.csv     file, position_steps: a row for each frame that is there, as `auxfocus stack` reads it
    fused.png, depth.png    at the end; the depth in millimetres, 16 bit, 0: unknown

A file has its name only when all of it is written. What cannot be written in the middle of a capture is not the capture's end: it
is listed in `lost`.
"""

from __future__ import annotations

import contextlib
import csv
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError

POSITIONS_FILE = "focus_positions.csv"
COLUMNS = ("file", "position_steps")
COMPRESSION = 1
"""Of PNG: the fastest; a camera does not wait."""
MM_PER_M = 1000.0
LARGEST_MM = 65535.0


class NoRoomError(InputError):
    """The disk is full, or will be."""


class FrameFolder:
    """Writes a capture's files. One thread at a time.

    Attributes:
        files: what was written, in order.
        lost: names of what could not be.
        problem: why not, in one line; empty: nothing was lost.
    """

    def __init__(self, path: Path) -> None:
        """`path`: the folder, which is made by `open` where it is not there; its parent must be."""
        self.path = path
        self.files: list[Path] = []
        self.lost: list[str] = []
        self.problem = ""

    def open(self, needed_bytes: int) -> None:
        """See that a capture can be written.

        Raises:
            InputError: no folder, one that cannot be written to, or one that holds a capture already. NoRoomError: fewer bytes
                free than needed.
        """
        try:
            self.path.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path) as probe:
                probe.write(b"frames")
            free = shutil.disk_usage(self.path).free
        except OSError as error:
            raise InputError(f"output_directory {self.path} cannot be written to: {error.strerror}") from error
        if (self.path / POSITIONS_FILE).exists():
            raise InputError(f"output_directory {self.path} holds a capture already ({POSITIONS_FILE}): name another one")
        if free < needed_bytes:
            raise NoRoomError(
                f"output_directory {self.path} has {free / 1e6:.0f} MB left, but the frames may need {needed_bytes / 1e6:.0f} MB"
            )

    def add_frame(self, number: int, picture: np.ndarray, position_steps: float) -> None:
        """Write frame `number` (from 0), (H, W) or (H, W, 3) uint8 or uint16, and its row."""
        name = f"frame_{number + 1:03d}.png"
        if self._write(name, lambda: _png(picture)):
            self._attempt(POSITIONS_FILE, lambda: self._add_row(name, position_steps))

    def add_picture(self, name: str, picture: np.ndarray) -> None:
        """Write a picture of the outcome."""
        self._write(name, lambda: _png(picture))

    def add_depth(self, name: str, depth_m: NDArray[np.float32]) -> None:
        """Write a depth image, (H, W) metres. NaN, and what is farther than 65.535 m, become 0."""
        self._write(name, lambda: _png(millimetres(depth_m)))

    def _write(self, name: str, encode: Callable[[], bytes]) -> bool:
        part = self.path / f".{name}.part"

        def write() -> None:
            part.write_bytes(encode())
            part.replace(self.path / name)

        if not self._attempt(name, write):
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            return False
        self.files.append(self.path / name)
        return True

    def _add_row(self, name: str, position_steps: float) -> None:
        path = self.path / POSITIONS_FILE
        is_new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(COLUMNS)
            writer.writerow((name, repr(float(position_steps))))
        if is_new:
            self.files.append(path)

    def _attempt(self, name: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except OSError as error:
            self.lost.append(name)
            self.problem = self.problem or f"{self.path} cannot be written to any more: {error.strerror}"
            return False
        return True


def millimetres(depth_m: NDArray[np.float32]) -> NDArray[np.uint16]:
    """A depth image in 16 bits, as REP 118 has it: 0: unknown, or farther than it can say."""
    depth_mm = np.nan_to_num(np.rint(depth_m * np.float32(MM_PER_M)), nan=0.0, posinf=0.0, neginf=0.0)
    return np.where((depth_mm > 0) & (depth_mm <= LARGEST_MM), depth_mm, 0).astype(np.uint16)


def _png(picture: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION])[1].data)
