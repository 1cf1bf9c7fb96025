"""The aligned frames that are fused: in memory, or elsewhere, read piece by piece so that memory holds no more than a tile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError

Span = tuple[int, int]
Picture = NDArray[Any]


class Frames(Protocol):
    """Frames of one size, depth and number of channels, aligned, in the order of their focus.

    shape: (H, W) or (H, W, 3). dtype: uint8 or uint16.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __len__(self) -> int:
        """How many."""

    def read(self, index: int, rows: Span, columns: Span) -> Picture:
        """A piece of one frame, (h, w) or (h, w, 3): rows and columns from (first, one behind the last), within the picture."""


class ArrayFrames:
    """Frames that are in memory. It is `Frames`."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        """Take them, as they are.

        Raises:
            InputError: none, or not all of one size, type and number of channels.
        """
        check_alike(pictures)
        self.shape: tuple[int, ...] = pictures[0].shape
        self.dtype: np.dtype[Any] = pictures[0].dtype
        self._pictures = tuple(pictures)

    def __len__(self) -> int:
        """How many."""
        return len(self._pictures)

    def read(self, index: int, rows: Span, columns: Span) -> Picture:
        """A piece of one."""
        return self._pictures[index][slice(*rows), slice(*columns)]


def check_alike(pictures: Sequence[Picture], names: Sequence[str] = ()) -> None:
    """Raise InputError unless there are pictures, all (H, W) or (H, W, 3), uint8 or uint16, of one shape and type."""
    if not pictures:
        raise InputError("there is no frame to fuse")
    for number, picture in enumerate(pictures):
        name = names[number] if names else f"frame {number}"
        if picture.dtype not in (np.uint8, np.uint16) or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
            raise InputError(f"{name} is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3), uint8 or uint16")
        if picture.shape != pictures[0].shape or picture.dtype != pictures[0].dtype:
            first = names[0] if names else "frame 0"
            raise InputError(
                f"{name} is {describe(picture)}, {first} is {describe(pictures[0])}: all frames of a stack must be alike"
            )


def describe(picture: Picture) -> str:
    """Size, depth and channels, as a person says them."""
    kind = "grey" if picture.ndim == 2 else "colour"
    return f"{picture.shape[1]} x {picture.shape[0]} px, {8 * picture.dtype.itemsize} bit, {kind}"


@dataclass(frozen=True, eq=False)
class Fused:
    """The outcome of a fusion.

    picture: of the frames' shape and type. frame_index: (H, W) float32, which frame each pixel is sharpest in, between frames
    where that can be told, 0 to n - 1; NaN: nothing tells (no texture). None: the method has no such map.
    """

    picture: Picture
    frame_index: NDArray[np.float32] | None = None
