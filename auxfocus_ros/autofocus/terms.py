"""The words that every way of focusing speaks: what it asks of a camera, what it is shown, what it knows, and how it ends.

A way of focusing is a generator. It yields a `Look` (stand there, and show me a frame exposed there) and is sent the `Sight`;
it returns an `Outcome`. Whoever runs it moves the lens and waits for frames: a loop over a simulated camera or a stack
(`driving.drive`), or a node over a real one. Nobody here knows of ROS, threads or clocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import DefocusModel

Use = Literal["both", "depth", "picture"]


class State(IntEnum):
    """What autofocus is doing; the numbers of `AutofocusStatus.STATE_*`."""

    IDLE = 0
    WAITING_FOR_FRAME = 1
    ESTIMATING = 2
    MOVING = 3
    IN_FOCUS = 4
    HOLDING = 5
    SEARCHING = 6
    FAILED = 7


class Reason(IntEnum):
    """Why it stopped, held or fell back; the numbers of `AutofocusStatus.REASON_*`."""

    NONE = 0
    NO_TEXTURE = 1
    TWO_DEPTHS = 2
    SATURATED = 3
    TOO_DARK = 4
    TARGET_LOST = 5
    NO_DEPTH = 6
    LENS_BUSY = 7
    LENS_FAULT = 8
    NO_LENS = 9
    NO_FRAMES = 10
    OUT_OF_RANGE = 11
    LIMIT_REACHED = 12
    CANCELED = 13
    TAKEN_OVER = 14
    SHUTTING_DOWN = 15
    INVALID_GOAL = 16
    OTHER = 65535


@dataclass(frozen=True)
class DepthReading:
    """What a range sensor says of the target: its depth and one standard deviation of that, metres, both > 0 and finite."""

    depth_m: float
    sigma_m: float

    def __post_init__(self) -> None:
        """Raise ConfigurationError unless both are finite and above 0."""
        if not (0.0 < self.depth_m < math.inf and 0.0 < self.sigma_m < math.inf):
            raise ConfigurationError(
                f"a depth reading of {self.depth_m:g} m +- {self.sigma_m:g} m: both must be finite and above 0"
            )


@dataclass(frozen=True)
class Known:
    """What is known when a frame is asked for. NaN: not known.

    best_position_steps, best_sigma_steps: where focus is believed to be. probability_in_focus: that the last frame's position
    is within the depth of field. blur_radius_px, blur_sigma_px: of the last frame, from that frame.
    """

    state: State = State.WAITING_FOR_FRAME
    message: str = ""
    best_position_steps: float = math.nan
    best_sigma_steps: float = math.nan
    probability_in_focus: float = math.nan
    blur_radius_px: float = math.nan
    blur_sigma_px: float = math.nan


@dataclass(frozen=True)
class Look:
    """A wish: a frame exposed with the lens at rest at `position_steps`, which is in the range. known: so far, to be shown."""

    position_steps: float
    known: Known = Known()


@dataclass(frozen=True)
class Sight:
    """A frame.

    picture: the region to be focused, (H, W) or (H, W, 3) uint8. position_steps: where the lens stood, which a motor's own grid
    or a stack's may set a little off the wish. depth: what the range sensor says of the region now, None: nothing.
    """

    picture: np.ndarray
    position_steps: float
    depth: DepthReading | None = None


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    reason: NONE on success. position_steps: where the lens is to be left (the last move, if it stands elsewhere). in_focus: it
    is believed that the region is within the depth of field there. sigma_steps, probability: of that belief, NaN: none. steps:
    'time steps' as the source counts them, for the methods that have such.
    """

    reason: Reason
    message: str
    position_steps: float
    in_focus: bool
    sigma_steps: float = math.nan
    probability: float = math.nan
    steps: int | None = None
    known: Known = Known()


Search = Generator[Look, Sight, Outcome]


@dataclass(frozen=True)
class Task:
    """What is to be focused, with what.

    Attributes:
        min_position_steps, max_position_steps: range of the lens, the smaller first.
        start_position_steps: where it stands.
        model: the calibrated defocus model; None: unknown, the controller learns the blur that a unit of position makes.
        half_depth_of_focus_steps: a position this far from the best one is still in focus; None: asked of the model.
        positions_steps: the only positions that there are (a stack's), rising; None: any in the range.
        use: depth, picture, or both.
        depth: what the range sensor says before the first frame; None: nothing.
        backlash_steps: of the lens, >= 0.
        gamma: of the pictures; 0.1 to 10.
        max_moves, max_captures: a method that has spent one of them ends with LIMIT_REACHED.
        seed: for methods that draw numbers.
    """

    min_position_steps: float
    max_position_steps: float
    start_position_steps: float
    model: DefocusModel | None = None
    half_depth_of_focus_steps: float | None = None
    positions_steps: tuple[float, ...] | None = None
    use: Use = "both"
    depth: DepthReading | None = None
    backlash_steps: float = 0.0
    gamma: float = 2.2
    max_moves: int = 60
    max_captures: int = 120
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise ConfigurationError, with every problem in one line, unless it can be done."""
        low, high, start = self.min_position_steps, self.max_position_steps, self.start_position_steps
        problems = []
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            problems.append(f"the range [{low:g}, {high:g}] must be two finite positions, the smaller first")
        elif not low - 1e-6 <= start <= high + 1e-6:
            problems.append(f"the start {start:g} must be in the range [{low:g}, {high:g}]")
        if self.half_depth_of_focus_steps is not None and not 0.0 < self.half_depth_of_focus_steps < math.inf:
            problems.append(f"half the depth of focus must be above 0, got {self.half_depth_of_focus_steps:g} steps")
        if self.positions_steps is not None and (
            len(self.positions_steps) == 0
            or any(b <= a for a, b in zip(self.positions_steps, self.positions_steps[1:], strict=False))
        ):
            problems.append("the positions must be a rising row of at least one")
        if not 0.0 <= self.backlash_steps < math.inf:
            problems.append(f"the backlash must be at least 0, got {self.backlash_steps:g} steps")
        if self.max_moves < 0 or self.max_captures < 1:
            problems.append(f"at least 0 moves and 1 capture, got {self.max_moves} and {self.max_captures}")
        if problems:
            raise ConfigurationError("autofocus: " + "; ".join(problems))

    def reachable(self, position_steps: float) -> float:
        """The position that can be had nearest to one: in the range, and of a stack one of its frames."""
        wanted = min(max(float(position_steps), self.min_position_steps), self.max_position_steps)
        if self.positions_steps is None:
            return wanted
        return min(self.positions_steps, key=lambda position: abs(position - wanted))


Method = Callable[[Task], Search]
