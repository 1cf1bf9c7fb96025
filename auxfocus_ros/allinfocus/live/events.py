"""What a capture says, beside what every run over a live lens hears (`autofocus.live.events`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from auxfocus_ros.autofocus.live import LensHands
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.errors import InputError


class Failure(IntEnum):
    """Why a capture ended before its end; the numbers of `CaptureStack.Result.ERROR_*`."""

    NONE = 0
    INVALID_GOAL = 1
    OUT_OF_RANGE = 2
    LENS_FAULT = 3
    NO_LENS = 4
    NO_FRAMES = 5
    NO_TEXTURE = 6
    LIMIT_REACHED = 7
    DISK_FULL = 8
    CANCELED = 9
    TAKEN_OVER = 10
    SHUTTING_DOWN = 11
    OTHER = 255


FAILURE_OF = {
    **{reason: Failure[reason.name] for reason in Reason if reason.name in Failure.__members__},
    Reason.LENS_BUSY: Failure.TAKEN_OVER,
}
"""Of a reason for which any run over a live lens ends; every other one is OTHER. A lens that others move is taken over."""


class CaptureProblem(InputError):
    """What is asked for cannot be. failure: the capture's."""

    def __init__(self, failure: Failure, message: str) -> None:
        """`message`: one line."""
        super().__init__(message)
        self.failure = failure


@dataclass(frozen=True)
class Progress:
    """So far. next_position_steps: NaN: none. share_in_focus: 0 to 1, NaN: unknown. frames_per_second: of a video, else 0."""

    positions_steps: tuple[float, ...]
    next_position_steps: float = math.nan
    share_in_focus: float = math.nan
    frames_per_second: float = 0.0
    message: str = ""


@dataclass(frozen=True)
class CaptureEnding:
    """How it ended. complete: nothing that could have been had is missing. positions_steps: where frames were captured."""

    failure: Failure
    message: str
    complete: bool
    positions_steps: tuple[float, ...]
    share_in_focus: float
    duration_s: float


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture of a video, (H, W) or (H, W, 3) uint8: the frame of `stamp_ns`, completed from those before it."""

    picture: np.ndarray
    stamp_ns: int


class CaptureHands(LensHands, Protocol):
    """What carries out the wishes of a capture."""

    def tell(self, progress: Progress) -> None:
        """Something has changed."""


class VideoHands(CaptureHands, Protocol):
    """What carries out the wishes of a video."""

    def show(self, shown: Shown) -> None:
        """The next picture of the video."""


def say_changed(before_px: tuple[int, int], now_px: tuple[int, int]) -> str:
    """That the frames have another (width, height) than before, in words."""
    return f"the frames changed from {before_px[0]} x {before_px[1]} to {now_px[0]} x {now_px[1]} px"
