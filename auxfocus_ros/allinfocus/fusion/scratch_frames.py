"""Aligned frames on disk, so that memory holds no more of them than the piece that is being fused.

They lie uncompressed in one file without a name, which the system takes away with the last handle to it, however the program
ends. It is read by ordinary reads: pages of a memory map would count as the program's own.
"""

from __future__ import annotations

import errno
import math
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.fusion.frames import Picture, Span, describe
from auxfocus_ros.errors import ConfigurationError, InputError


class ScratchFrames:
    """A number of frames of one shape and type, written one after another and read piece by piece. It is `Frames`."""

    def __init__(self, folder: Path | None, shape: tuple[int, ...], dtype: Any, count: int) -> None:
        """Make room.

        Args:
            folder: on the disk that is to hold them; None: the system's folder for temporary files.
            shape: (H, W) or (H, W, 3) of each frame.
            dtype: uint8 or uint16.
            count: how many.

        Raises:
            InputError: too little room there, or no file can be made. ConfigurationError: a size that cannot be.
        """
        if count < 1 or len(shape) not in (2, 3) or min(shape) < 1:
            raise ConfigurationError(f"{count} frames of shape {shape} cannot be kept")
        self.shape: tuple[int, ...] = tuple(shape)
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._count = count
        self._folder = Path(tempfile.gettempdir()) if folder is None else folder
        self._pixel = self.dtype.itemsize * math.prod(self.shape[2:])
        self._row = self._pixel * self.shape[1]
        self._frame = self._row * self.shape[0]
        self._check_room()
        try:
            self._file = tempfile.TemporaryFile(prefix=".auxfocus_frames_", dir=self._folder)  # noqa: SIM115
        except OSError as error:
            raise InputError(f"no scratch file can be made in {self._folder}: {error.strerror}") from error

    def __len__(self) -> int:
        """How many there is room for."""
        return self._count

    def __enter__(self) -> ScratchFrames:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """The file is gone."""
        self.close()

    def close(self) -> None:
        """Give the room back."""
        self._file.close()

    def write(self, index: int, picture: Picture) -> None:
        """Keep a whole frame.

        Raises:
            InputError: another shape or type than agreed, or the disk is full.
        """
        if picture.shape != self.shape or picture.dtype != self.dtype:
            raise InputError(f"frame {index} is {describe(picture)}: wanted shape {self.shape}, {self.dtype}")
        left, offset = np.ascontiguousarray(picture).reshape(-1).view(np.uint8).data, self._start(index)
        try:
            while left:
                written = os.pwrite(self._file.fileno(), left, offset)
                left, offset = left[written:], offset + written
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._too_little() from error
            raise InputError(f"scratch frames in {self._folder} cannot be written: {error.strerror}") from error

    def read(self, index: int, rows: Span, columns: Span) -> Picture:
        """A piece of one frame, (h, w) or (h, w, 3), a new array.

        Raises:
            InputError: the frame was not written, or the disk fails.
        """
        start = self._start(index) + rows[0] * self._row + columns[0] * self._pixel
        piece = np.empty((rows[1] - rows[0], columns[1] - columns[0], *self.shape[2:]), self.dtype)
        if columns == (0, self.shape[1]):
            self._fill(piece, start)
        else:
            for number, row in enumerate(piece):
                self._fill(row, start + number * self._row)
        return piece

    def _fill(self, array: Picture, offset: int) -> None:
        left = array.reshape(-1).view(np.uint8).data
        while left:
            try:
                got = os.preadv(self._file.fileno(), [left], offset)
            except OSError as error:
                raise InputError(f"scratch frames in {self._folder} cannot be read: {error.strerror}") from error
            if got == 0:
                raise InputError(f"scratch frames in {self._folder} are read before they are written")
            left, offset = left[got:], offset + got

    def _start(self, index: int) -> int:
        if not 0 <= index < self._count:
            raise IndexError(f"there are {self._count} frames")
        return index * self._frame

    def _check_room(self) -> None:
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise InputError(f"no scratch file can be made in {self._folder}: {error.strerror}") from error
        if free < self._count * self._frame:
            raise self._too_little()

    def _too_little(self) -> InputError:
        free = shutil.disk_usage(self._folder).free
        return InputError(
            f"{self._count} aligned frames need {self._count * self._frame / 1e9:.2f} GB of scratch space in {self._folder}, "
            f"where {free / 1e9:.2f} GB are free"
        )
