"""Where an inset goes: that place of a few where the picture is emptiest, and stays there unless another is clearly emptier.

A place is the emptier the fewer edges the picture has there, and the less of the targets it covers. What is remembered is an
average over some frames; and a place must be clearly better, by that and in each frame, for a number of frames before the inset
moves, so that it does not hop about when two places are alike or something crosses one of them.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.view.layout import Rect, inset_places
from auxfocus_ros.view.options import ViewOptions

_SMALL_PX = 192  # long side of the picture that is looked at
_NEWEST = 0.2  # weight of a frame in the average
_CLEARLY = 0.75  # times as busy as the present place: then it is worth moving
_LEAST_GAIN = 2.0  # grey levels: below that all places are empty
_PATIENCE = 15  # frames that another place must be clearly better
_FULL_OF_TARGETS = 60.0  # grey levels that a place counts busier where targets fill it
_HIDES_A_TARGET = 25.0  # and for each target that it would hide


class InsetPlacer:
    """Chooses the place of an inset from frame to frame; not for use from several threads at once."""

    def __init__(self) -> None:
        """Begin without a place: the first picture gives one at once."""
        self._places: tuple[Rect, ...] = ()
        self._busy: NDArray[np.float64] = np.empty(0)
        self._at = 0
        self._patience = 0

    def place(self, picture: NDArray[np.uint8], boxes: Iterable[BoxPx], options: ViewOptions) -> Rect:
        """Where the inset goes in this frame.

        Args:
            picture: (H, W, 3) or (H, W) uint8.
            boxes: of the targets in it: left, top, width, height, pixels.
            options: `inset_share` and `text_scale` say how large the inset is.

        Returns:
            A place of `inset_places`.

        Source: US 12,395,751 B2, paragraphs 50 and 51.
        """
        height, width = picture.shape[:2]
        places = inset_places(width, height, options)
        busy = _busyness(picture, list(boxes), places)
        if places != self._places:
            self._places, self._busy, self._at, self._patience = places, busy, int(np.argmin(busy)), 0
            return places[self._at]
        self._busy += _NEWEST * (busy - self._busy)
        best = int(np.argmin(self._busy))
        better = all(
            levels[best] < min(_CLEARLY * levels[self._at], levels[self._at] - _LEAST_GAIN) for levels in (self._busy, busy)
        )
        self._patience = self._patience + 1 if better else 0
        if self._patience >= _PATIENCE:
            self._at, self._patience = best, 0
        return places[self._at]


def _busyness(picture: NDArray[np.uint8], boxes: list[BoxPx], places: tuple[Rect, ...]) -> NDArray[np.float64]:
    """How busy the picture is at each place, in grey levels."""
    height, width = picture.shape[:2]
    step = max(1, max(width, height) // _SMALL_PX)
    green = picture[::step, ::step, 1] if picture.ndim == 3 else picture[::step, ::step]
    grey = cv2.blur(np.ascontiguousarray(green), (3, 3))  # every n-th pixel alone would see noise
    edges = cv2.add(
        cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 1, 0)), cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 0, 1))
    )
    sums = cv2.integral(edges)
    high, wide = edges.shape
    busy = np.empty(len(places))
    for index, place in enumerate(places):
        top, bottom = round(place.top * high / height), max(round(place.bottom * high / height), 1)
        left, right = round(place.left * wide / width), max(round(place.right * wide / width), 1)
        total = int(sums[bottom, right]) - int(sums[top, right]) - int(sums[bottom, left]) + int(sums[top, left])
        shared = [_overlap(place, box) for box in boxes]
        filled = min(sum(shared) / (place.width * place.height), 1.0)
        hidden = sum(part / max(box[2] * box[3], 1) for part, box in zip(shared, boxes, strict=True))
        busy[index] = total / max((bottom - top) * (right - left), 1) + _FULL_OF_TARGETS * filled + _HIDES_A_TARGET * hidden
    return busy


def _overlap(place: Rect, box: BoxPx) -> int:
    """Pixels that a place and a box have in common."""
    left, top, width, height = box
    wide = min(place.right, left + width) - max(place.left, left)
    high = min(place.bottom, top + height) - max(place.top, top)
    return max(wide, 0) * max(high, 0)
