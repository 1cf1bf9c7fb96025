"""The part of the picture whose sharpness is measured: what the autofocus node would judge."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from auxfocus_ros.autofocus.live.aim import LEAST_PX, AimError, grown_inside, largest_edge_px, target_part
from auxfocus_ros.autofocus.live.events import BoxPx
from auxfocus_ros.distribution.targets import Target


def region_box(target: Target | None, width_px: int, height_px: int) -> BoxPx:
    """The middle of the target's box; without a target, or one that has left the picture, the middle of the picture.

    Args:
        target: the target of interest; None: there is none.
        width_px, height_px: of the picture.

    Returns:
        Left, top, width, height, all of it in the picture: no larger than a third of the picture's shorter edge and 512 px, no
        smaller than 64 px where the picture has that. Source: `autofocus.live.aim`.
    """
    edge = largest_edge_px(width_px, height_px)
    box = ((width_px - edge) // 2, (height_px - edge) // 2, edge, edge)
    if target is not None:
        with suppress(AimError):
            box = target_part(target.box_px, edge, width_px, height_px)
    return grown_inside(box, LEAST_PX, width_px, height_px)


def part_of(picture: np.ndarray, box: BoxPx, least_px: int = 0) -> np.ndarray:
    """A box of a picture, and what is round it where it is smaller than `least_px`; a view, not to be written to."""
    left, top, width, height = grown_inside(box, least_px, picture.shape[1], picture.shape[0])
    return picture[top : top + height, left : left + width]
