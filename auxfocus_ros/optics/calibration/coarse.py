"""The first part of the search: every radius and scale, tried at a fraction of the size.

As in figure 3 of the source: the patch is blurred, the border that lacks light from outside is cut away, what is left is scaled
and correlated with the defocused picture at every shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.calibration.patch import scaled_patch
from auxfocus_ros.optics.calibration.refine import Match, PicturePair, spoilt_px
from auxfocus_ros.optics.defocus import blur

_SMOOTHING_PX = 0.7
_LEAST_TEMPLATE_PX = 12


def correlate(
    pair: PicturePair,
    level: int,
    radii_px: Sequence[float],
    scales: Sequence[float],
    near: tuple[float, float, float] | None = None,
) -> list[Match]:
    """The best shift for every radius and scale, all with the same inner part of the patch, so that scores can be compared.

    Args:
        pair: what is compared, at what level (0 is full size).
        level: of the pyramids.
        radii_px: blur radii. scales: of the defocused picture.
        near: (shift x, shift y, reach) where the shift is known roughly; None: every shift that there is.

    Returns:
        A Match for every radius and scale that could be compared.

    All lengths, those returned too, are in pixels of the level.
    """
    patch, kernel = scaled_patch(pair.patch, level), pair.kernel
    spoilt = math.ceil(spoilt_px(max(radii_px), kernel)) + 1
    inner_w, inner_h = patch.width - 2 * spoilt, patch.height - 2 * spoilt
    source = patch.of(pair.focused.level(level))
    other = cv2.GaussianBlur(pair.defocused.level(level), (0, 0), _SMOOTHING_PX, borderType=cv2.BORDER_REFLECT)
    cx, cy = patch.centre_px
    found = []
    for radius in radii_px:
        blurred = cv2.GaussianBlur(blur(source, radius, kernel), (0, 0), _SMOOTHING_PX, borderType=cv2.BORDER_REFLECT)
        for scale in scales:
            width, height = math.floor(inner_w * scale), math.floor(inner_h * scale)
            if min(width, height) < _LEAST_TEMPLATE_PX:
                continue
            template = _scaled(blurred, scale, width, height)
            # Where the template's corner would come to lie without a shift, pixel edges at whole numbers.
            corner = (cx - 0.5 * width, cy - 0.5 * height)
            best = _best_shift(other, template, corner, near)
            if best is not None:
                found.append(Match(radius, scale, *best))
    return found


def _scaled(blurred: NDArray[Any], scale: float, width: int, height: int) -> NDArray[Any]:
    """The middle of a picture, enlarged, `width` x `height`."""
    rows, columns = blurred.shape
    # Target pixel x looks up (x + 0.5 - width / 2) / scale + columns / 2 - 0.5.
    warp = np.array([
        [1.0 / scale, 0.0, 0.5 * columns - 0.5 + (0.5 - 0.5 * width) / scale],
        [0.0, 1.0 / scale, 0.5 * rows - 0.5 + (0.5 - 0.5 * height) / scale],
    ])  # fmt: skip
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(blurred, warp, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)


def _best_shift(
    other: NDArray[Any], template: NDArray[Any], corner: tuple[float, float], near: tuple[float, float, float] | None
) -> tuple[tuple[float, float], float] | None:
    height, width = template.shape
    left, top, right, bottom = 0, 0, other.shape[1], other.shape[0]
    if near is not None:
        x, y, reach = near
        left, right = max(0, math.floor(corner[0] + x - reach)), min(right, math.ceil(corner[0] + x + reach) + width)
        top, bottom = max(0, math.floor(corner[1] + y - reach)), min(bottom, math.ceil(corner[1] + y + reach) + height)
    if right - left < width or bottom - top < height:
        return None
    scores = np.asarray(cv2.matchTemplate(other[top:bottom, left:right], template, cv2.TM_CCOEFF_NORMED))
    scores[~np.isfinite(scores)] = -1.0
    row, column = np.unravel_index(int(np.argmax(scores)), scores.shape)
    (x, more_x), (y, more_y) = _peak(scores[row], int(column)), _peak(scores[:, column], int(row))
    return (left + x - corner[0], top + y - corner[1]), min(1.0, float(scores[row, column]) + more_x + more_y)


def _peak(scores: NDArray[Any], index: int) -> tuple[float, float]:
    """Where a parabola through the highest value and its neighbours is highest, and by how much it is higher there."""
    if not 0 < index < len(scores) - 1:
        return float(index), 0.0
    before, here, after = (float(value) for value in scores[index - 1 : index + 2])
    bend, slope = before - 2.0 * here + after, 0.5 * (after - before)
    return (index - slope / bend, -0.5 * slope * slope / bend) if bend < 0.0 else (float(index), 0.0)
