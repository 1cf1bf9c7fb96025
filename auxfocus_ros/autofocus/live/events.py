"""What a live run hears and says.

Stamps are whole nanoseconds of the clock that stamps pictures and lens states; `now_s` is seconds of a steady clock. The two are
never compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from auxfocus_ros.autofocus.driving import Journal
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State

BoxPx = tuple[int, int, int, int]
"""Left, top, width, height, whole pixels."""


@dataclass(frozen=True)
class LensReading:
    """What the lens says of itself.

    stamp_ns: when that was true. goal_steps: where it is going, NaN: nowhere. settled_ns: when it last came to rest, 0: not since
    its start. silent: why it does not answer, in words; empty when it does.
    """

    stamp_ns: int
    position_steps: float
    min_position_steps: float
    max_position_steps: float
    moving: bool = False
    goal_steps: float = math.nan
    settled_ns: int = 0
    silent: str = ""


@dataclass(frozen=True)
class MoveEnd:
    """How a commanded move ended.

    reason: NONE when it was reached, LENS_BUSY when somebody else's goal took over, CANCELED when it was stopped, else what is
    wrong. position_steps: where the glass is, NaN: unknown. settled_ns: when it came to rest, 0: unknown.
    """

    reason: Reason
    message: str
    position_steps: float
    settled_ns: int


@dataclass(frozen=True)
class Frame:
    """A picture whose exposure began at `stamp_ns`, with its (width, height).

    `read` gives all of it, (H, W) or (H, W, 3) uint8 (where a run takes such, also uint16), and takes its time.
    """

    stamp_ns: int
    size_px: tuple[int, int]
    read: Callable[[], np.ndarray]


@dataclass(frozen=True)
class SeenTarget:
    """A target in one frame. tracked: it was seen there. lost: it is not waited for any more. velocity: NaN: unknown."""

    box_px: BoxPx
    tracked: bool = True
    lost: bool = False
    depth: DepthReading | None = None
    depth_velocity_m_per_s: float = math.nan


@dataclass(frozen=True)
class Targets:
    """All targets of the frame of that stamp. selected_id: of the target of interest, 0: there is none."""

    stamp_ns: int
    by_id: Mapping[int, SeenTarget]
    selected_id: int = 0


@dataclass(frozen=True)
class Bounds:
    """Of every wait, seconds; and how far apart two positions are the same.

    start_s: at the beginning, for a lens that says where it is and stands still, and for a target that is seen. lens_silent_s: a
    lens that has said nothing for so long is gone. move_s: for a move. frame_s: for a frame that can be judged. target_s: for a
    target that is not seen any more. depth_s: how old a depth may be. stop_s: for the glass to stand still after a stop.
    """

    start_s: float = 5.0
    lens_silent_s: float = 2.0
    move_s: float = 30.0
    frame_s: float = 3.0
    target_s: float = 1.5
    depth_s: float = 0.5
    stop_s: float = 1.0
    same_position_steps: float = 0.5


@dataclass(frozen=True)
class Limits:
    """What a run may spend; 0: as much as it likes."""

    max_moves: int = 0
    max_captures: int = 0
    max_duration_s: float = 0.0


@dataclass(frozen=True)
class Report:
    """What a run is doing. stamp_ns: of the picture judged last, 0: none. running: False in the last report of a run."""

    state: State
    reason: Reason
    message: str
    known: Known
    position_steps: float
    stamp_ns: int
    moves: int
    captures: int
    reversals: int
    running: bool = True


@dataclass(frozen=True)
class Ending:
    """How a run ended, and what it cost. position_steps: where the lens was left; NaN: unknown."""

    reason: Reason
    message: str
    in_focus: bool
    position_steps: float
    sigma_steps: float
    probability: float
    duration_s: float
    journal: Journal = field(default_factory=Journal)


class LensHands(Protocol):
    """What carries out a run's wishes. Nothing here waits: the answers come as the run's events."""

    def move(self, position_steps: float) -> None:
        """Send the lens there, in place of where it was sent before; its end comes as `moved`."""

    def stop(self) -> None:
        """Stop the glass, if it is under way by our command; its end comes as `moved`."""

    def think(self, work: Callable[[], Any]) -> None:
        """Have the work done beside everything else; what it returns or raises comes as `thought`."""


class Hands(LensHands, Protocol):
    """The same of a run that focuses."""

    def tell(self, report: Report) -> None:
        """Something has changed."""
