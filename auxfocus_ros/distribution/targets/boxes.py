"""Arithmetic of boxes in the picture: (left, top, width, height) in pixels, as everywhere in this room.

A box covers whole pixels, and pixel centres have whole coordinates: it reaches from `left - 0.5` to `left + width - 0.5`.
"""

from __future__ import annotations

import math

from auxfocus_ros.distribution.objects.scene_object import BoxPx


def intersection_px(a: BoxPx, b: BoxPx) -> int:
    """Pixels that two boxes share."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def overlap(a: BoxPx, b: BoxPx) -> float:
    """Intersection over union, 0 to 1; 0 for two empty boxes."""
    common = intersection_px(a, b)
    union = a[2] * a[3] + b[2] * b[3] - common
    return common / union if union > 0 else 0.0


def share_within(inner: BoxPx, outer: BoxPx) -> float:
    """Share of `inner` that lies in `outer`, 0 to 1; 0 for an empty one."""
    area = inner[2] * inner[3]
    return intersection_px(inner, outer) / area if area > 0 else 0.0


def holds(box: BoxPx, x_px: float, y_px: float) -> bool:
    """Whether a point of the picture lies in a box."""
    return box[0] - 0.5 <= x_px < box[0] + box[2] - 0.5 and box[1] - 0.5 <= y_px < box[1] + box[3] - 0.5


def clipped(box: BoxPx, picture_size_px: tuple[int, int]) -> BoxPx | None:
    """The part of a box that the picture (width, height) shows; None: nothing of it."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], picture_size_px[0]), min(box[1] + box[3], picture_size_px[1])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def square_round(x_px: float, y_px: float, side_px: float, picture_size_px: tuple[int, int]) -> BoxPx:
    """A square of about `side_px` with its middle at a point of the picture, cut at the picture's edge; never empty."""
    side = max(1, round(side_px))
    x = min(max(round(x_px), 0), picture_size_px[0] - 1)
    y = min(max(round(y_px), 0), picture_size_px[1] - 1)
    box = clipped((x - side // 2, y - side // 2, side, side), picture_size_px)
    return box if box is not None else (x, y, 1, 1)


def central_part(box: BoxPx, share: float) -> BoxPx:
    """The middle of a box, `share` of its width and height, at least a pixel."""
    width, height = max(1, round(box[2] * share)), max(1, round(box[3] * share))
    return (box[0] + (box[2] - width) // 2, box[1] + (box[3] - height) // 2, width, height)


def off_centre(box: BoxPx, picture_size_px: tuple[int, int]) -> float:
    """How far a box's middle is from the picture's: 0 in the middle, 1 in a corner."""
    x = (2 * box[0] + box[2]) / picture_size_px[0] - 1.0
    y = (2 * box[1] + box[3]) / picture_size_px[1] - 1.0
    return min(math.hypot(x, y) / math.sqrt(2.0), 1.0)
