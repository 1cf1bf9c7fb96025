"""How somebody says what is of interest, and what is answered: SelectTarget.srv as plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.targets.boxes import clipped
from auxfocus_ros.distribution.targets.target import Target


class SelectionMode(IntEnum):
    """How a target is chosen; the numbers are SelectTarget.srv's."""

    CLEAR = 0
    POINT = 1
    BOX = 2
    IDENTITY = 3
    AUTOMATIC = 4
    WHOLE_FRAME = 5


class SelectionError(IntEnum):
    """Why a choice was refused; the numbers are SelectTarget.srv's."""

    NONE = 0
    INVALID_MODE = 1
    OUTSIDE_PICTURE = 2
    NO_DEPTH = 3
    UNKNOWN_ID = 4
    NO_PICTURE = 5
    NOT_ACTIVE = 6


@dataclass(frozen=True)
class Selection:
    """A wish. Of the fields only those that its mode names are read.

    Attributes:
        mode: a `SelectionMode`; whatever came over the wire may stand here.
        x_px, y_px: POINT, pixels of the picture.
        box_px: BOX, left, top, width, height.
        id: IDENTITY.
        time_s: POINT, of the picture that somebody looked at, seconds; NaN: the newest. What was under the pointer then is
            chosen, for as long as the keeper remembers (a second).
    """

    mode: int
    x_px: float = math.nan
    y_px: float = math.nan
    box_px: BoxPx = (0, 0, 0, 0)
    id: int = 0
    time_s: float = math.nan


@dataclass(frozen=True)
class SelectionOutcome:
    """The answer. error: NONE: it was done. message: in plain words. target: what was selected; None: nothing."""

    error: SelectionError
    message: str
    target: Target | None = None

    @property
    def success(self) -> bool:
        """Whether the wish was granted."""
        return self.error == SelectionError.NONE


_MODES = frozenset(mode.value for mode in SelectionMode)


class Refusal(Exception):
    """A wish that cannot be granted, with the outcome that says so."""

    def __init__(self, error: SelectionError, message: str) -> None:
        """The reason as a number and in words."""
        super().__init__(message)
        self.outcome = SelectionOutcome(error, message)


def checked_mode(mode: int) -> SelectionMode:
    """The mode as one that exists. Raises Refusal."""
    if mode not in _MODES:
        wanted = ", ".join(f"{known.value} ({known.name.lower()})" for known in SelectionMode)
        raise Refusal(SelectionError.INVALID_MODE, f"there is no mode {mode!r}; wanted one of {wanted}")
    return SelectionMode(mode)


def checked_point(selection: Selection, picture_size_px: tuple[int, int]) -> tuple[float, float]:
    """The point of a selection, which lies in the picture. Raises Refusal."""
    x, y = float(selection.x_px), float(selection.y_px)
    width, height = picture_size_px
    if not (-0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5):  # NaN is nowhere
        raise Refusal(
            SelectionError.OUTSIDE_PICTURE, f"the point ({x:g}, {y:g}) lies outside the picture of {width} x {height} pixels"
        )
    return x, y


def checked_box(selection: Selection, picture_size_px: tuple[int, int]) -> BoxPx:
    """What of the box of a selection the picture shows. Raises Refusal."""
    left, top, width, height = selection.box_px
    given = f"the box {width:g} x {height:g} at ({left:g}, {top:g})"
    if not all(math.isfinite(value) for value in selection.box_px):
        raise Refusal(SelectionError.OUTSIDE_PICTURE, f"{given} has no place in a picture")
    if width < 1 or height < 1:
        raise Refusal(SelectionError.OUTSIDE_PICTURE, f"{given} is empty; wanted a width and a height of at least a pixel")
    box = clipped((round(left), round(top), round(width), round(height)), picture_size_px)
    if box is None:
        raise Refusal(
            SelectionError.OUTSIDE_PICTURE,
            f"{given} lies outside the picture of {picture_size_px[0]} x {picture_size_px[1]} pixels",
        )
    return box
