"""A frame as the reference would have seen it: warped once, from its full size, and with the reference's exposure."""

from __future__ import annotations

import cv2
import numpy as np

from auxfocus_ros.allinfocus.alignment.result import Alignment
from auxfocus_ros.allinfocus.fusion.frames import Picture
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA

STILL = 1e-9


def apply(picture: Picture, alignment: Alignment, index: int) -> Picture:
    """Align one frame.

    Args:
        picture: frame `index`, (H, W) or (H, W, 3) uint8 or uint16, coded with gamma 2.2.
        alignment: of its stack.
        index: which frame it is.

    Returns:
        The crop of it, same type: Lanczos-resampled, its light multiplied by its gains. Where a frame that could not be aligned
        does not reach, it is continued by reflection.
    """
    left, top, width, height = alignment.crop
    warp = alignment.warps[index]
    if np.abs(warp - np.eye(3)).max() < STILL:
        cut = picture[top : top + height, left : left + width]
    else:
        moved = warp @ np.array([[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]])
        flags = cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP
        cut = cv2.warpPerspective(picture, moved, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    gains = alignment.gains[index]
    if np.abs(gains - 1.0).max() < STILL:
        return np.ascontiguousarray(cut)
    return brightened(cut, gains)


def brightened(picture: Picture, gains: np.ndarray) -> Picture:
    """A picture whose linear light is multiplied by one gain for each channel, rounded, cut off at white."""
    white = np.iinfo(picture.dtype).max
    # A power law turns a factor of light into a factor of what is coded.
    factors = np.power(gains, 1.0 / DEFAULT_GAMMA)
    values = np.arange(white + 1, dtype=np.float64)
    tables = [np.minimum(np.rint(values * factor), white).astype(picture.dtype) for factor in factors]
    if picture.ndim == 2:
        return np.asarray(tables[0][picture])
    return np.stack([table[picture[..., channel]] for channel, table in enumerate(tables)], axis=-1)
