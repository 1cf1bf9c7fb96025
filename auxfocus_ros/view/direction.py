"""Which way depth grows in the image, and what follows from it."""

from __future__ import annotations

from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.options import DirectionName


class Direction(IntEnum):
    """Which way depth grows in the image; the numbers are FocusMarker.msg's."""

    UP = 0
    DOWN = 1
    LEFT = 2
    RIGHT = 3

    @classmethod
    def of_name(cls, name: DirectionName) -> Direction:
        """The direction that an option names."""
        return cls[name.upper()]

    @property
    def vertical(self) -> bool:
        """Whether depth runs along the rows' axis: up or down."""
        return self in (Direction.UP, Direction.DOWN)

    @property
    def rising(self) -> bool:
        """Whether pixel numbers rise with the depth: down or right."""
        return self in (Direction.DOWN, Direction.RIGHT)

    @property
    def opposite(self) -> Direction:
        """The other way: towards the camera."""
        return Direction(self ^ 1)

    def turned(self, cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Cells of a distribution, (bins, columns) or (bins, columns, 3), as they stand in the image.

        Row 0 is the nearest bin. Where depth runs sideways the columns of the distribution become rows, the first the uppermost.
        """
        if self == Direction.UP:
            return np.asarray(cv2.flip(cells, 0), np.uint8)
        if self == Direction.DOWN:
            return cells
        lying = cv2.transpose(cells)
        return np.asarray(cv2.flip(lying, 1) if self == Direction.LEFT else lying, np.uint8)
