"""`auxfocus stack --select`: which frames of a recorded sweep a capture strategy would have taken.

A frame is read when the strategy visits it, and none else. Cells are compared where they lie, without alignment: breathing and
hand shake that move nothing by more than about half a cell (32 px) are taken for granted, which holds for a phone's sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auxfocus_ros.allinfocus.driving import drive
from auxfocus_ros.allinfocus.strategy import DEFAULT_STRATEGY, strategy
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, Look, MakeStrategy
from auxfocus_ros.autofocus.stack_camera import check_positions, read_picture
from auxfocus_ros.errors import ConfigurationError, InputError

CELL_PX = 64


@dataclass(frozen=True)
class Selection:
    """What was chosen. indices: of the frames, in order of visiting. end: why there it ended. told: a line for a person."""

    indices: tuple[int, ...]
    end: CaptureEnd
    told: str


class SweepCamera:
    """A lens that can stand where a frame was taken, and sees that frame, whole. It is an `allinfocus.driving.Camera`."""

    def __init__(self, images: Sequence[Path], positions: Sequence[float], start: int) -> None:
        """Stand at a frame, of which nothing is read yet. Positions rise."""
        self._images, self._positions = tuple(images), np.asarray(positions, np.float64)
        self._shape: tuple[int, ...] | None = None
        self.index = start
        self.position_steps = float(self._positions[start])
        self.looked_at: list[int] = []

    def move(self, position_steps: float) -> None:
        """Stand at the nearest frame."""
        self.index = int(np.argmin(np.abs(self._positions - position_steps)))
        self.position_steps = float(self._positions[self.index])

    def capture(self) -> np.ndarray:
        """The frame, (H, W) or (H, W, 3) uint8. Raises InputError: it cannot be read, or is of another size than the first."""
        picture = read_picture(self._images[self.index])
        if self._shape is not None and picture.shape[:2] != self._shape[:2]:
            raise InputError(
                f"{self._images[self.index]} is {picture.shape[1]} x {picture.shape[0]} px, others of its stack are "
                f"{self._shape[1]} x {self._shape[0]} px: all must have the same size"
            )
        self._shape = picture.shape
        self.looked_at.append(self.index)
        return picture


def select(
    images: Sequence[Path],
    positions: Sequence[float],
    *,
    start: int = 0,
    make: MakeStrategy | None = None,
    max_frames: int = 0,
    heard: Callable[[Look], None] = lambda _: None,
) -> Selection:
    """Run a strategy on a sweep whose lens is not calibrated.

    Args:
        images: the frames' files, at least two, of one size.
        positions: of the lens for each, strictly rising: dioptres, steps, or the frames' numbers.
        start: index of the frame where the lens stands first.
        make: the strategy; None: the default one.
        max_frames: budget; 0: none.
        heard: is told every wish before it is done.

    Raises:
        InputError: fewer than two frames, one that cannot be read, or of another size. ConfigurationError: positions out of
            order, or a start that is not there.
    """
    check_positions(positions, [image.name for image in images])
    if not 0 <= start < len(images):
        raise ConfigurationError(f"the start is frame {start}: the stack has the frames 0 to {len(images) - 1}")
    make = make or strategy(DEFAULT_STRATEGY)
    camera = SweepCamera(images, positions, start)
    height, width = read_picture(images[start]).shape[:2]
    task = CaptureTask(
        width_px=width,
        height_px=height,
        min_position_steps=float(positions[0]),
        max_position_steps=float(positions[-1]),
        start_position_steps=float(positions[start]),
        cell_px=CELL_PX,
        positions_steps=tuple(float(position) for position in positions),
        max_frames=max_frames,
    )
    capture = drive(make(task), camera, task, heard)
    indices = tuple(camera.looked_at)
    told = f"{len(indices)} of {len(images)} frames ({', '.join(str(i) for i in sorted(indices))}): {capture.end.message}"
    return Selection(indices, capture.end, told)
