"""The words that every capture strategy speaks: what it asks of a camera, what it is shown, what it knows, and how it ends.

A strategy is a generator, as a way of focusing is (`autofocus.terms`). It yields a `Look` (stand there, and show me a frame
exposed there) and is sent the `Sight`; it returns a `CaptureEnd`. Whoever runs it moves the lens, waits for frames and keeps
them. A dynamic strategy never returns by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMap, CellGrid
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import DefocusModel

BoxPx = tuple[int, int, int, int]
"""Left, top, width, height, whole pixels."""


class End(IntEnum):
    """Why a static capture was over."""

    ALL_IN_FOCUS = 0
    """Every part that can be judged was in focus once."""
    OUT_OF_RANGE = 1
    """What remains is in focus nowhere in the lens's range."""
    VISITED = 2
    """The next position lies within the depth of field of one that was visited."""
    NOT_WORTH_IT = 3
    """What a further frame would bring is too little."""
    LIMIT_REACHED = 4
    """The budget of frames is spent."""
    NO_TEXTURE = 5
    """Nothing in the picture tells of its blur."""


@dataclass(frozen=True, eq=False)
class Known:
    """What is known after a frame. Matrices are (rows, columns) of the task's grid; None: not yet, or the strategy has none.

    share_in_focus: of the region, sharp in one frame at least (dynamic: in the last frames that count), 0 to 1. deviation_steps:
    best position less present one, NaN: unknown. in_focus: in this frame (the mask M). done: needs nothing more (the activation
    matrix U). best_position_steps: where each cell is believed to be in focus, NaN: unknown. blur: the map of this frame, for
    whoever can use it. expected_gain: share that the next frame is expected to add.
    """

    share_in_focus: float = math.nan
    deviation_steps: NDArray[np.float64] | None = None
    in_focus: NDArray[np.bool_] | None = None
    done: NDArray[np.bool_] | None = None
    best_position_steps: NDArray[np.float64] | None = None
    blur: BlurMap | None = None
    expected_gain: float = math.nan
    message: str = ""


@dataclass(frozen=True)
class Look:
    """A wish: a frame exposed with the lens at rest at `position_steps`, which is in the range. known: so far, to be shown."""

    position_steps: float
    known: Known = Known()


@dataclass(frozen=True, eq=False)
class Sight:
    """A frame: (H, W) or (H, W, 3) uint8, all of it, and where the lens stood, which may be a little off the wish."""

    picture: np.ndarray
    position_steps: float


@dataclass(frozen=True)
class CaptureEnd:
    """How a static capture ended. complete: nothing that could have been had is missing. message: in plain words."""

    end: End
    complete: bool
    message: str
    known: Known = Known()


@dataclass(frozen=True, eq=False)
class CaptureTask:
    """What is to be captured, with what.

    Attributes:
        width_px, height_px: of the frames.
        min_position_steps, max_position_steps: range of the lens, the smaller first.
        start_position_steps: where it stands.
        cell_px: 16, 32 or 64; the grid that everything is judged on.
        model: the calibrated defocus model; None: unknown, the blur that a unit of position makes is learned.
        half_depth_of_focus_steps: a position this far from the best one is still in focus; None: asked of the model, or learned.
        positions_steps: the only positions that there are (a stack's), rising; None: any in the range.
        roi: what must come out sharp; None: all of the frame.
        depth_m: depth image of any size over the same field of view, metres, NaN and 0: unknown; None: nothing is known before
            the first frame.
        depth_sigma: one standard deviation of it, as a share of the depth.
        max_frames: budget of frames; 0: none.
        keep: k of a dynamic capture, that of the last k + 1 frames what was in focus counts; None: static, all count.
        seed: for strategies that draw numbers.
    """

    width_px: int
    height_px: int
    min_position_steps: float
    max_position_steps: float
    start_position_steps: float
    cell_px: int = 64
    model: DefocusModel | None = None
    half_depth_of_focus_steps: float | None = None
    positions_steps: tuple[float, ...] | None = None
    roi: BoxPx | None = None
    depth_m: NDArray[Any] | None = None
    depth_sigma: float = 0.03
    max_frames: int = 0
    keep: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ConfigurationError, with every problem in one line, unless it can be done."""
        low, high, start = self.min_position_steps, self.max_position_steps, self.start_position_steps
        problems = []
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            problems.append(f"the range [{low:g}, {high:g}] must be two finite positions, the smaller first")
        elif not low - 1e-6 <= start <= high + 1e-6:
            problems.append(f"the start {start:g} must be in the range [{low:g}, {high:g}]")
        if min(self.width_px, self.height_px) < 64:
            problems.append(f"frames of {self.width_px} x {self.height_px} px: at least 64 px each way are wanted")
        if self.cell_px not in (16, 32, 64):
            problems.append(f"cells of {self.cell_px} px: wanted 16, 32 or 64")
        if self.half_depth_of_focus_steps is not None and not 0.0 < self.half_depth_of_focus_steps < math.inf:
            problems.append(f"half the depth of focus must be above 0, got {self.half_depth_of_focus_steps:g} steps")
        positions = self.positions_steps
        if positions is not None and (not positions or any(b <= a for a, b in pairwise(positions))):
            problems.append("the positions must be a rising row of at least one")
        if self.roi is not None:
            left, top, width, height = self.roi
            if min(left, top) < 0 or min(width, height) < 1 or left + width > self.width_px or top + height > self.height_px:
                problems.append(
                    f"the region of {width} x {height} px at ({left}, {top}) is not within the frames of "
                    f"{self.width_px} x {self.height_px} px"
                )
        if self.max_frames < 0 or (self.keep is not None and self.keep < 0):
            problems.append("max_frames and keep must be at least 0")
        if problems:
            raise ConfigurationError("all in focus: " + "; ".join(problems))

    @property
    def grid(self) -> CellGrid:
        """The cells."""
        return CellGrid(self.width_px, self.height_px, self.cell_px)

    def weight(self) -> NDArray[np.float64]:
        """(rows, columns): how much of each cell is to come out sharp, 0 to 1."""
        return self.grid.shares(*(self.roi or (0, 0, self.width_px, self.height_px)))

    def reachable(self, position_steps: float) -> float:
        """The position that can be had nearest to one: in the range, and of a stack one of its frames."""
        wanted = min(max(float(position_steps), self.min_position_steps), self.max_position_steps)
        if self.positions_steps is None:
            return wanted
        return min(self.positions_steps, key=lambda position: abs(position - wanted))


Strategy = Generator[Look, Sight, CaptureEnd]
MakeStrategy = Callable[[CaptureTask], Strategy]
