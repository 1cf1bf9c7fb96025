"""Pictures taken strip by strip, as the measures judge them: grey, and only where a whole window lies in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames, Frames, Picture, Span, check_alike, describe
from auxfocus_ros.errors import InputError

STRIP_PX = 1 << 17
"""Pixels of a strip, about."""


def frames_and_fused(frames: Frames | Sequence[Picture], fused: Picture, window_px: int) -> tuple[Frames, Picture]:
    """The frames as `Frames`, and the picture that was made of them.

    Raises InputError unless there are two frames at least, and the picture is of their size and type and holds one window.
    """
    given = ArrayFrames(frames) if isinstance(frames, Sequence) else frames
    if len(given) < 2:
        raise InputError(f"a fusion is judged by two frames at least, got {len(given)}")
    check_alike([fused], ["the fused picture"])
    if fused.shape != given.shape or fused.dtype != given.dtype:
        like = np.broadcast_to(np.zeros((), given.dtype), given.shape)
        raise InputError(f"the fused picture is {describe(fused)}, its frames {describe(like)}: they must be alike")
    check_window(fused, window_px)
    return given, fused


def check_window(picture: Picture, window_px: int) -> None:
    """Raise InputError unless a window of so many pixels each way fits into the picture."""
    if min(picture.shape[:2]) < window_px:
        height, width = picture.shape[:2]
        raise InputError(f"the picture is {width} x {height} px: wanted at least {window_px} px each way")


def strips(shape: tuple[int, ...], window_px: int) -> Iterator[Span]:
    """Rows (first, one behind the last) to be read, so that each window's middle lies in the inner part of exactly one strip."""
    height, width = shape[:2]
    windows = height - window_px + 1
    step = max(1, STRIP_PX // width)
    for first in range(0, windows, step):
        yield first, min(first + step, windows) + window_px - 1


def read_grey(frames: Frames, index: int, rows: Span) -> Picture:
    """A strip of one frame, (h, W), in its own type."""
    return grey(frames.read(index, rows, (0, frames.shape[1])))


def grey(picture: Picture) -> Picture:
    """(h, w) luma of a picture, blue first, in its own type."""
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def inner(filtered: NDArray[np.float64], window_px: int) -> NDArray[np.float64]:
    """Of a filtered strip, (h, w), what whole windows gave: (h - window + 1, w - window + 1)."""
    half = window_px // 2
    return filtered[half : filtered.shape[0] - half, half : filtered.shape[1] - half]


def peak(picture: Picture) -> float:
    """The highest value that its type has: 255 or 65535."""
    return float(np.iinfo(picture.dtype).max)
