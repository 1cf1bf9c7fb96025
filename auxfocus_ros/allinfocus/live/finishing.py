"""From the frames of a capture to one picture and its depth: aligned, fused, written.

A frame of which it is not known where it lies is left out. Between frames and pieces of them it asks whether anybody still waits,
so that work on large frames can be ended.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.alignment import Alignment, apply, find_alignment
from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames, Frames, Fused, Picture, Span
from auxfocus_ros.allinfocus.fusion.scratch_frames import ScratchFrames
from auxfocus_ros.allinfocus.keeping import FrameFolder, KeptFrame
from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS

FUSED_FILE, DEPTH_FILE = "fused.png", "depth.png"


class GivenUp(Exception):
    """Nobody waits for the outcome any more."""


@dataclass(frozen=True, eq=False)
class Finished:
    """What came of it.

    picture: of the frames' shape and type. depth_m: (H, W) float32, NaN: unknown; None: nothing says how deep. reference: the
    frame that the picture is in the place of. problems: what is wrong with frames, one line each.
    """

    picture: NDArray[Any]
    reference: KeptFrame
    depth_m: NDArray[np.float32] | None = None
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fusing:
    """How frames become one picture.

    fuse: of aligned frames in the order of their focus. depth_m: of where each pixel is sharpest (H, W), between frames, and of
    the frames' positions: metres; None: not known. memory_bytes: aligned frames that need more lie on disk. align: as
    `alignment.find_alignment`.
    """

    fuse: Callable[[Frames], Fused]
    depth_m: Callable[[NDArray[np.float32], Sequence[float]], NDArray[np.float32]] | None = None
    memory_bytes: int = 1 << 30
    align: Callable[..., Alignment] = find_alignment


class _AskingFrames:
    """Frames that ask before each piece. It is `Frames`."""

    def __init__(self, frames: Frames, ask: Callable[[], None]) -> None:
        self.shape, self.dtype = frames.shape, frames.dtype
        self._frames, self._ask = frames, ask

    def __len__(self) -> int:
        return len(self._frames)

    def read(self, index: int, rows: Span, columns: Span) -> Picture:
        self._ask()
        return self._frames.read(index, rows, columns)


def finish(kept: Sequence[KeptFrame], fusing: Fusing, folder: FrameFolder | None, ask: Callable[[], None]) -> Finished:
    """Align and fuse what was captured, and write the outcome.

    Args:
        kept: at least one, in the order of their capture; of several at one position the last counts.
        fusing: by what.
        folder: where the outcome is written; None: nowhere.
        ask: called now and then; what it raises ends the work.

    Returns:
        The outcome, in the place of the frame that the others were aligned to.

    Raises:
        AuxfocusError: the frames cannot be aligned or fused. Whatever `ask` raises.
    """
    ask()
    frames = _in_order(kept)
    finished = _fused(frames, fusing, ask) if len(frames) > 1 else Finished(frames[0].picture, frames[0])
    if folder is not None:
        folder.add_picture(FUSED_FILE, finished.picture)
        if finished.depth_m is not None:
            folder.add_depth(DEPTH_FILE, finished.depth_m)
    return finished


def _fused(frames: list[KeptFrame], fusing: Fusing, ask: Callable[[], None]) -> Finished:
    """All of the reference's pixels: those that not every frame covers are its own."""
    alignment = fusing.align(lambda index: frames[index].picture, len(frames), told=lambda _: ask())
    reference = frames[alignment.reference]
    problems = [
        f"the frame at {frames[index].position_steps:g} steps {reason}" + ("" if index in alignment.used else ": left out")
        for index, reason in zip(alignment.suspect, alignment.reasons, strict=True)
    ]
    used = alignment.used
    left, top, width, height = alignment.crop
    if min(width, height) < 1:
        return Finished(reference.picture, reference, None, [*problems, "no pixel is seen by all frames: one of them is given"])
    aligned = (apply(_asked(frames[index].picture, ask), alignment, index) for index in used)
    shape = (height, width, *reference.picture.shape[2:])
    if len(used) * math.prod(shape) * reference.picture.itemsize <= fusing.memory_bytes:
        fused = fusing.fuse(_AskingFrames(ArrayFrames(list(aligned)), ask))
    else:
        with ScratchFrames(None, shape, reference.picture.dtype, len(used)) as scratch:
            for number, picture in enumerate(aligned):
                scratch.write(number, picture)
            fused = fusing.fuse(_AskingFrames(scratch, ask))
    picture = reference.picture.copy()
    picture[top : top + height, left : left + width] = fused.picture
    depth_m = None
    if fused.frame_index is not None and fusing.depth_m is not None:
        depth_m = np.full(picture.shape[:2], np.nan, np.float32)
        positions = [frames[index].position_steps for index in used]
        depth_m[top : top + height, left : left + width] = fusing.depth_m(fused.frame_index, positions)
    return Finished(picture, reference, depth_m, problems)


def _asked(picture: Picture, ask: Callable[[], None]) -> Picture:
    ask()
    return picture


def _in_order(kept: Sequence[KeptFrame]) -> list[KeptFrame]:
    """By their positions, one at each."""
    ordered: list[KeptFrame] = []
    for frame in sorted(kept, key=lambda frame: frame.position_steps):
        if ordered and frame.position_steps - ordered[-1].position_steps <= SAME_POSITION_STEPS:
            ordered.pop()
        ordered.append(frame)
    return ordered
