"""A camera over a real focal stack: it stands where one of the photographs was taken, and sees a region of that photograph.

Which files and positions a folder has is read by others; this only opens pictures, one after another, when they are looked at.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.errors import ConfigurationError, InputError

SMALLEST_REGION_PX = 64
"""What the radius estimator asks for, each way."""
LARGEST_REGION_PX = 512
KEPT_REGIONS = 32
"""Regions are kept, not photographs: a phone's photograph is 18 MB, a region 0.8 MB."""
TEXTURE_SIGMA_PX = 4.0
"""Texture is judged by what is left after a blur, which a picture out of focus has, too."""


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture, pixels: its upper left corner and its size."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        """As a person says it."""
        return f"{self.width} x {self.height} at ({self.x}, {self.y})"


class StackCamera:
    """A `Camera` over photographs. See the module's text; further attributes:

    region: what of each photograph is seen. index: of the photograph it stands at, in rising order of position.
    position_steps: of that photograph, in the unit of `positions`. looked_at: index of each photograph that was captured.
    """

    def __init__(
        self,
        images: Sequence[Path],
        positions: Sequence[float],
        start: int,
        region: Region | None = None,
        *,
        depth: DepthReading | None = None,
        smallest_px: int = SMALLEST_REGION_PX,
    ) -> None:
        """Stand at one photograph of a stack.

        Args:
            images: the files, at least two.
            positions: of the lens for each, strictly rising, in whatever unit the task has.
            start: index of the photograph where it stands first.
            region: what is looked at; None: `textured_region` of the first photograph.
            depth: what `depth` says, always the same.
            smallest_px: a region's least width and height.

        Raises:
            ConfigurationError: positions out of order or not one for each photograph, a start or a region that is not there.
            InputError: fewer than two photographs, or one that cannot be read.
        """
        check_positions(positions, [image.name for image in images])
        if not 0 <= start < len(images):
            raise ConfigurationError(f"the start is frame {start}: the stack has the frames 0 to {len(images) - 1}")
        self._images = tuple(images)
        self._positions = np.asarray(positions, np.float64)
        self._depth = depth
        self._kept: OrderedDict[int, NDArray[np.uint8]] = OrderedDict()
        self.index = start
        self.position_steps = float(self._positions[start])
        self.looked_at: list[int] = []
        first = read_picture(self._images[start])
        self._size_px = (first.shape[1], first.shape[0])
        self.region = region if region is not None else textured_region(first, smallest_px=smallest_px)
        check_region(self.region, self._size_px, smallest_px)
        self._keep(start, first)

    def move(self, position_steps: float) -> None:
        """Stand at the nearest photograph."""
        self.index = self.index_at(position_steps)
        self.position_steps = float(self._positions[self.index])

    def index_at(self, position_steps: float) -> int:
        """Which photograph is nearest to a position."""
        return int(np.argmin(np.abs(self._positions - position_steps)))

    def depth(self) -> DepthReading | None:
        """As given."""
        return self._depth

    def capture(self) -> np.ndarray:
        """The region of the present photograph, (H, W) or (H, W, 3) uint8.

        Raises:
            InputError: it cannot be read, or has another size than the first one.
        """
        self.looked_at.append(self.index)
        return self.region_of(self.index)

    def region_of(self, index: int) -> NDArray[np.uint8]:
        """The region of one photograph, as `capture` gives it."""
        if index not in self._kept:
            self._keep(index, read_picture(self._images[index]))
        self._kept.move_to_end(index)
        return self._kept[index]

    def _keep(self, index: int, picture: NDArray[np.uint8]) -> None:
        size_px = (picture.shape[1], picture.shape[0])
        if size_px != self._size_px:
            raise InputError(
                f"{self._images[index]} is {size_px[0]} x {size_px[1]} px, others of its stack are "
                f"{self._size_px[0]} x {self._size_px[1]} px: all must have the same size"
            )
        r = self.region
        self._kept[index] = np.ascontiguousarray(picture[r.y : r.y + r.height, r.x : r.x + r.width])
        while len(self._kept) > KEPT_REGIONS:
            self._kept.popitem(last=False)


def check_positions(positions: Sequence[float], names: Sequence[str]) -> None:
    """Raise InputError or ConfigurationError unless there is a strictly rising position for each of two or more photographs."""
    if len(names) < 2:
        raise InputError(f"a stack of {len(names)} photographs cannot be focused in: at least 2 are wanted")
    if len(positions) != len(names):
        raise ConfigurationError(f"{len(positions)} positions for {len(names)} photographs: wanted one for each")
    for number, position in enumerate(positions):
        if not math.isfinite(position):
            raise ConfigurationError(f"{names[number]}: its position is {position:g}, it must be finite")
        if number and position == positions[number - 1]:
            raise ConfigurationError(f"{names[number - 1]} and {names[number]} have the same position {position:g}")
        if number and position < positions[number - 1]:
            raise ConfigurationError(
                f"{names[number]} at {position:g} is out of order after {names[number - 1]} at {positions[number - 1]:g}"
            )


def check_region(region: Region, size_px: tuple[int, int], smallest_px: int = SMALLEST_REGION_PX) -> None:
    """Raise ConfigurationError unless a region lies in pictures of a size (width, height) and is large enough."""
    width, height = size_px
    inside = region.x >= 0 and region.y >= 0 and region.x + region.width <= width and region.y + region.height <= height
    if not inside:
        raise ConfigurationError(f"the region {region} is not within the pictures of {width} x {height} px")
    if region.width < smallest_px or region.height < smallest_px:
        raise ConfigurationError(f"the region {region} is too small: at least {smallest_px} px each way are wanted")


def textured_region(picture: np.ndarray, smallest_px: int = SMALLEST_REGION_PX) -> Region:
    """The most textured square in the middle of a picture, which may be out of focus.

    Its edge is half the picture's shorter side, at most 512 px, at least `smallest_px`; it lies within the middle two thirds of
    the picture each way where it fits there.

    Raises:
        InputError: the picture is smaller than that.
    """
    height, width = picture.shape[:2]
    edge = max(min(LARGEST_REGION_PX, min(width, height) // 2), smallest_px)
    if min(width, height) < edge:
        raise InputError(f"the pictures are {width} x {height} px: a region of at least {edge} px each way does not fit")
    rows, columns = _corners(height, edge), _corners(width, edge)
    energy = texture_energy(picture)
    summed = cv2.integral(energy, sdepth=cv2.CV_64F)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    total = summed[y + edge, x + edge] - summed[y, x + edge] - summed[y + edge, x] + summed[y, x]
    best = np.unravel_index(int(np.argmax(total)), total.shape)
    return Region(int(columns[best[1]]), int(rows[best[0]]), edge, edge)


def texture_energy(picture: np.ndarray) -> NDArray[np.float32]:
    """Squared gradient after a blur, (H, W) float32, grey levels squared per pixel squared."""
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    smooth = np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), TEXTURE_SIGMA_PX), np.float32)
    right, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(right * right + down * down, np.float32)


def _corners(length_px: int, edge_px: int) -> NDArray[np.intp]:
    """Where a square may begin along one side, every 16 px."""
    first, last = length_px // 6, length_px - length_px // 6 - edge_px
    if last < first:
        first = last = (length_px - edge_px) // 2
    return np.arange(first, last + 1, 16)


def read_picture(image: Path) -> NDArray[np.uint8]:
    """(H, W) or (H, W, 3) uint8 BGR, upright. Raises InputError."""
    picture = cv2.imread(str(image), cv2.IMREAD_ANYCOLOR) if image.is_file() else None
    if picture is None:
        raise InputError(f"picture {image} {'is not a picture that can be read' if image.is_file() else 'does not exist'}")
    return np.asarray(picture, np.uint8)


def check_sizes(images: Sequence[Path]) -> None:
    """Raise InputError for a photograph that cannot be read or has not the first one's size, without decoding them in full.

    Sizes are compared to 8 px; a smaller difference is found when the photograph is looked at.
    """
    first: tuple[int, int] | None = None
    for image in images:
        small = cv2.imread(str(image), cv2.IMREAD_REDUCED_GRAYSCALE_8) if image.is_file() else None
        if small is None:
            read_picture(image)  # says what is wrong
            continue
        size_px = (8 * small.shape[1], 8 * small.shape[0])
        first = first or size_px
        if size_px != first:
            raise InputError(
                f"{image} is about {size_px[0]} x {size_px[1]} px, {images[0].name} about {first[0]} x {first[1]} px: all "
                "photographs of a stack must have the same size"
            )
