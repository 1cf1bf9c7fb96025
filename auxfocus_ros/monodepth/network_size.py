"""How large a picture a network sees: a size of its own, one that is asked for, or one near its budget in the picture's shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError

BUDGET_PX = 320 * 192
"""Pixels of what is seen."""
STEP_PX = 32
"""Our networks halve a picture five times."""
LARGEST_SIDE_PX = 4096


@dataclass(frozen=True)
class SizeRule:
    """Sizes that a network takes.

    width_px, height_px: the only ones, as its file says, or those asked for; 0: by the picture. exact: it takes any; else
    multiples of STEP_PX alone, and what is asked for is rounded to one. budget_px: about how many where the picture decides.
    """

    width_px: int = 0
    height_px: int = 0
    exact: bool = False
    budget_px: int = BUDGET_PX

    def size_for(self, width_px: int, height_px: int) -> tuple[int, int]:
        """Width and height that a picture of this size is brought to."""
        wide, high = self.width_px, self.height_px
        if not self.exact:
            wide, high = (stepped(side) if side else 0 for side in (wide, high))
        if wide and high:
            return wide, high
        shape = width_px / height_px
        if wide or high:
            return wide or stepped(high * shape), high or stepped(wide / shape)
        return stepped(math.sqrt(self.budget_px * shape)), stepped(math.sqrt(self.budget_px / shape))


def stepped(side_px: float) -> int:
    """The nearest multiple of STEP_PX, at least one of it and at most LARGEST_SIDE_PX."""
    return min(max(1, round(side_px / STEP_PX)) * STEP_PX, LARGEST_SIDE_PX)


def user_size_rule(where: str, fixed_px: tuple[int, int], asked_px: tuple[int, int]) -> SizeRule:
    """The rule of a user's network.

    Args:
        where: names the network in errors.
        fixed_px: width and height that its file says; 0: any.
        asked_px: the same as the user asks for; 0: nothing is asked.

    Raises:
        ConfigurationError: another size is asked for than the network has, or that is larger than LARGEST_SIDE_PX.
    """
    for name, fixed, asked in zip(("wide", "high"), fixed_px, asked_px, strict=True):
        if fixed > LARGEST_SIDE_PX:
            raise ConfigurationError(f"{where}: it takes pictures {fixed} px {name}, more than {LARGEST_SIDE_PX} px")
        if fixed and asked and fixed != asked:
            raise ConfigurationError(f"{where}: it takes pictures {fixed} px {name} and no others, asked for are {asked} px")
    return SizeRule(fixed_px[0] or asked_px[0], fixed_px[1] or asked_px[1], exact=True)


def brought_to(picture: NDArray[np.uint8], size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture at the size (width, height) that a network sees; where it grows, between its pixels."""
    if picture.shape[1::-1] == size_px:
        return picture
    grows = size_px[0] > picture.shape[1] or size_px[1] > picture.shape[0]
    how = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, size_px, interpolation=how), np.uint8)
