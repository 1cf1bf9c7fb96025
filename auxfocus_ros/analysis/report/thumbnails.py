"""Small pictures of a recording for its soft passages: how they are made, and which of them a report shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.rig.picture_encoding import encode_picture

WIDTH_PX, JPEG_QUALITY = 320, 78
FRAME_BGR = (40, 176, 255)
MOST_THUMBNAILS = 24


def thumbnail(picture: np.ndarray, region_px: tuple[int, int, int, int] | None) -> bytes:
    """A JPEG, 320 px wide, with the region that was looked at framed.

    Args:
        picture: (H, W, 3) BGR or (H, W) grey, uint8.
        region_px: left, top, width, height in the picture; None: no frame.
    """
    scale = WIDTH_PX / picture.shape[1]
    size = (WIDTH_PX, max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if small.ndim == 2:
        small = cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)
    if region_px is not None:
        left, top, width, height = (round(value * scale) for value in region_px)
        cv2.rectangle(small, (left, top), (left + width - 1, top + height - 1), FRAME_BGR, 2)
    return encode_picture(small, JPEG_QUALITY).data


def frames_to_show(passages: Sequence[Mapping[str, Any]], frames: Iterable[int]) -> dict[int, int]:
    """Which thumbnail stands for which passage.

    Args:
        passages: each with its frames and times, as in the summary; the MOST_THUMBNAILS longest get one.
        frames: those of which there is a thumbnail.

    Returns:
        Place of the passage -> frame: of those within it the one nearest to its middle. Passages without one are left out.
    """
    there = np.unique(np.fromiter(frames, np.int64))
    longest = sorted(range(len(passages)), key=lambda place: passages[place]["start_s"] - passages[place]["end_s"])
    chosen: dict[int, int] = {}
    for place in longest:
        first, last = passages[place]["first_frame"], passages[place]["last_frame"]
        within = there[np.searchsorted(there, first) : np.searchsorted(there, last, side="right")]
        if len(within) and len(chosen) < MOST_THUMBNAILS:
            chosen[place] = int(within[np.argmin(np.abs(within - (first + last) / 2))])
    return chosen
