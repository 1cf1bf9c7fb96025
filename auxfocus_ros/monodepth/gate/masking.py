"""Static and dynamic images: a picture without, and a picture of nothing but, the things in it that can move.

Source: US 12,387,354 B2, blocks 103 and 107, claims 2 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.gate.options import SMALLEST_AREA_SHARE


@dataclass(frozen=True)
class InitialObject:
    """A connected area of one class. movable: whether such a thing can move. box_px: left, top, width, height."""

    name: str
    movable: bool
    area_px: int
    box_px: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class StaticAndDynamic:
    """A picture, (H, W, 3) uint8 BGR or (H, W) grey, and where in it things stand that can move, (H, W) bool."""

    picture: NDArray[np.uint8]
    movable: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Raise InputError where the two do not fit each other."""
        if self.movable.dtype != np.bool_ or self.movable.ndim != 2 or self.picture.shape[:2] != self.movable.shape:
            raise InputError(
                f"mask of what can move: wanted (height, width) of true and false, as the picture's {self.picture.shape[:2]}, "
                f"found {self.movable.shape} of {self.movable.dtype}"
            )

    @property
    def static(self) -> NDArray[np.uint8]:
        """The picture, 0 where things can move; made anew."""
        return _cut(self.picture, self.movable)

    @property
    def dynamic(self) -> NDArray[np.uint8]:
        """The picture, 0 where nothing can move; made anew."""
        return _cut(self.picture, ~self.movable)


def static_and_dynamic(
    picture: NDArray[np.uint8],
    classes: NDArray[np.uint8],
    table: ClassTable,
    smallest_area_share: float = SMALLEST_AREA_SHARE,
) -> StaticAndDynamic:
    """Tell apart in a picture what can move and what cannot.

    Args:
        picture: (H, W, 3) uint8 BGR or (H, W) grey.
        classes: (H, W) uint8, numbers in the table.
        table: of classes.
        smallest_area_share: movable areas of fewer pixels than this share of the picture, 0 to 1, are specks, which are static.

    Raises:
        InputError: sizes that differ, or a class that the table does not name.
    """
    if picture.shape[:2] != classes.shape:
        raise InputError(f"classes: wanted the picture's size {picture.shape[:2]}, found {classes.shape}")
    movable = table.movable_pixels(classes)
    if movable.any() and smallest_area_share > 0:
        for number in _present(classes[movable]):
            labels, stats = _areas(classes == number)
            specks = stats[:, cv2.CC_STAT_AREA] < smallest_area_share * classes.size
            specks[0] = False  # what is not of the class
            if specks.any():
                movable &= ~specks[labels]
    return StaticAndDynamic(picture, movable)


def initial_objects(
    classes: NDArray[np.uint8], table: ClassTable, smallest_area_share: float = SMALLEST_AREA_SHARE
) -> list[InitialObject]:
    """The connected areas (8 neighbours) of one class each, largest first, without specks; arguments as `static_and_dynamic`."""
    table.movable_pixels(classes)
    found = []
    for number in _present(classes):
        for left, top, width, height, area in _areas(classes == number)[1][1:].tolist():
            if area >= smallest_area_share * classes.size:
                found.append(InitialObject(table.names[number], table.movable[number], area, (left, top, width, height)))
    return sorted(found, key=lambda one: (-one.area_px, one.box_px))


def seen_movable(second_movable: NDArray[np.bool_], coordinates_px: NDArray[Any]) -> NDArray[np.bool_]:
    """Where pixels of the first picture see, in the second, something that can move.

    The source cuts what covers the dynamic positions in the first picture. A thing that moved covers other places in the second:
    the static ground there, projected into the second picture, finds the thing instead of itself. With this mask it is cut too.

    Args:
        second_movable: (H, W) bool, where things of the second picture can move.
        coordinates_px: (..., 2), x and y in the second picture where the first one's pixels fall.

    Returns:
        (...) bool, by the nearest pixel; False outside the picture and where a coordinate is not finite.
    """
    height, width = second_movable.shape
    x, y = coordinates_px[..., 0], coordinates_px[..., 1]
    with np.errstate(invalid="ignore"):
        inside = (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)  # NaN is not
    column, row = (np.floor(np.where(inside, value, 0) + 0.5).astype(np.intp) for value in (x, y))
    return inside & second_movable[np.minimum(row, height - 1), np.minimum(column, width - 1)]


def _cut(picture: NDArray[np.uint8], where: NDArray[np.bool_]) -> NDArray[np.uint8]:
    left = picture.copy()
    left[where] = 0
    return left


def _present(classes: NDArray[np.uint8]) -> list[int]:
    return [int(number) for number in np.flatnonzero(np.bincount(classes.ravel()))]


def _areas(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Labels (H, W) and OpenCV's statistics of the connected areas; the first row is of what is not in the mask."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    return np.asarray(labels), np.asarray(stats)
