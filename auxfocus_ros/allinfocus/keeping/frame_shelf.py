"""The frames that a capture has so far, whole: in memory up to a bound, beyond it in a file without a name, which goes with them.

One thread adds, another one closes: what is added after that is refused, so that what is fused is what is reported.
"""

from __future__ import annotations

import math
import tempfile
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import check_alike
from auxfocus_ros.allinfocus.keeping.frame_folder import FrameFolder, NoRoomError


@dataclass(frozen=True, eq=False)
class KeptFrame:
    """A frame, (H, W) or (H, W, 3) uint8 or uint16, where the lens stood, and the stamp of its exposure."""

    picture: NDArray[Any]
    position_steps: float
    stamp_ns: int


class FrameShelf:
    """See the module's text. folder: where its files go, None: nowhere."""

    def __init__(self, folder: FrameFolder | None, memory_bytes: int) -> None:
        """memory_bytes: frames beyond it are kept in a file."""
        self.folder = folder
        self._memory_bytes = memory_bytes
        self._held_bytes = 0
        self._lock = threading.Lock()
        self._closed = False
        self._frames: list[KeptFrame] = []

    def open(self, frame_bytes: int, frames: int) -> None:
        """See that so many frames, and what is made of them, find room. Raises as `FrameFolder.open`."""
        if self.folder is not None:
            self.folder.open(frame_bytes * (frames + 1))

    def add(self, picture: np.ndarray, position_steps: float, stamp_ns: int) -> None:
        """Keep a frame, and write it.

        Raises:
            InputError: another size or type than the ones before, or no picture. NoRoomError: no room in memory nor on disk.
        """
        with self._lock:
            if self._closed:
                return
            first = [kept.picture for kept in self._frames[:1]]
            check_alike([*first, picture], [*(["the first frame"] * len(first)), f"frame {len(self._frames) + 1}"])
            if self.folder is not None:  # first of all: whatever happens next, it is there
                self.folder.add_frame(len(self._frames), picture, position_steps)
            self._frames.append(KeptFrame(self._hold(picture), float(position_steps), stamp_ns))

    def close(self) -> list[KeptFrame]:
        """All that there are; nothing is added any more."""
        with self._lock:
            self._closed = True
            return self.frames

    @property
    def frames(self) -> list[KeptFrame]:
        """Those that there are now."""
        return list(self._frames)

    def _hold(self, picture: np.ndarray) -> NDArray[Any]:
        if self._held_bytes + picture.nbytes <= self._memory_bytes:
            self._held_bytes += picture.nbytes
            return np.ascontiguousarray(picture)
        try:
            with tempfile.TemporaryFile() as file:  # the map keeps it when it is closed
                file.write(np.ascontiguousarray(picture).data)
                file.flush()
                return np.memmap(file, picture.dtype, "r", shape=picture.shape)
        except OSError as error:
            raise NoRoomError(
                f"the frames fill their {math.ceil(self._memory_bytes / 1e6)} MB of memory, and {tempfile.gettempdir()} takes no "
                f"more: {error.strerror}"
            ) from error
