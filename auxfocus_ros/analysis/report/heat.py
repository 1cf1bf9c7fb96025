"""The depth distribution over time as a picture: a column of pixels for every column, the farthest on top."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from auxfocus_ros.analysis.report.timeline import Values

POINTS_BGR = (224, 140, 32)
"""Blue for the points, as everywhere; it shows on light and on dark ground."""
FULL_SHARE = 0.2
"""A bin with this share of a column's readings is drawn in full."""
LEVELS = 32
"""Of opacity: few, so that the picture stays small."""


def heat_png(counts: Values) -> bytes:
    """PNG with an alpha channel, B high and C wide; what has no readings is clear.

    Args:
        counts: (C, B) readings by column and bin, near to far.
    """
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    opacity = np.sqrt(np.clip(shares / FULL_SHARE, 0.0, 1.0))
    picture = np.empty((counts.shape[1], counts.shape[0], 4), np.uint8)
    picture[..., :3] = POINTS_BGR
    picture[..., 3] = np.round(np.round(opacity.T[::-1] * (LEVELS - 1)) * 255 / (LEVELS - 1))
    picture[picture[..., 3] == 0] = 0
    return bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1])


def data_address(kind: str, data: bytes) -> str:
    """A file's bytes as an address that a page can show: nothing is asked of anybody."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
