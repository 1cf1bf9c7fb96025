"""The inner loop of filling rectangles, compiled.

This module imports numba: import it inside functions only, so that nobody who does not draw waits for the compiler. What is
compiled is kept on disk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.compiling import compiled

_HALF, _EIGHT, _FULL = np.uint16(128), np.uint16(8), np.uint16(255)
_NARROW = 3 * 8  # below that the vectors cost more than they save


@compiled(inline="always")
def _over_255(mixed: Any) -> Any:
    return np.uint8(np.uint16(mixed + np.uint16(mixed >> _EIGHT)) >> _EIGHT)


@compiled()
def fill_rectangles(image: NDArray[np.uint8], rectangles: NDArray[np.int32]) -> None:
    """Fill rectangles one after the other, in place; what stands outside the image is left out.

    Args:
        image: (H, 3 W), which the compiler turns into vector instructions.
        rectangles: (N, 8): left, top, first column and row outside, blue, green, red, and the opacity of 255.
    """
    height, width = image.shape[0], image.shape[1] // 3
    ink = np.empty(3 * width, np.uint16)
    for at in range(len(rectangles)):
        left, right = 3 * max(rectangles[at, 0], 0), 3 * min(rectangles[at, 2], width)
        top, bottom = max(rectangles[at, 1], 0), min(rectangles[at, 3], height)
        strong = np.uint16(rectangles[at, 7])
        weak = np.uint16(_FULL - strong)
        blue, green, red = (
            np.uint16(np.uint16(rectangles[at, 4]) * strong + _HALF),
            np.uint16(np.uint16(rectangles[at, 5]) * strong + _HALF),
            np.uint16(np.uint16(rectangles[at, 6]) * strong + _HALF),
        )
        if right - left < _NARROW:
            for y in range(top, bottom):
                for x in range(left, right, 3):
                    image[y, x] = _over_255(np.uint16(image[y, x] * weak + blue))
                    image[y, x + 1] = _over_255(np.uint16(image[y, x + 1] * weak + green))
                    image[y, x + 2] = _over_255(np.uint16(image[y, x + 2] * weak + red))
            continue
        for x in range(0, right - left, 3):
            ink[x], ink[x + 1], ink[x + 2] = blue, green, red
        for y in range(top, bottom):
            row = image[y, left:right]  # counted from 0, for the compiler must see that no index is negative
            for x in range(right - left):
                row[x] = _over_255(np.uint16(np.uint16(row[x]) * weak + ink[x]))
