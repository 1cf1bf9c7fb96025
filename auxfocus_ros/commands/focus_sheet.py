"""The contact sheet of `auxfocus focus`: what was looked at, in order, and where it ended."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import paste
from auxfocus_ros.view.text import label

CELL_PX, BAR_PX, GAP_PX = 300, 30, 8
MOST_COLUMNS = 6
GROUND, BAR, END_BAR = (28, 26, 24), (52, 48, 44), (70, 110, 40)
INK = (236, 236, 236)


def contact_sheet(cells: Sequence[tuple[str, np.ndarray]]) -> NDArray[np.uint8]:
    """Pictures in rows with a caption above each; the last one is where it ended, and marked.

    Args:
        cells: caption and picture, (H, W) or (H, W, 3) uint8, at least one.

    Returns:
        (H, W, 3) uint8 BGR.
    """
    columns = min(len(cells), max(2, min(MOST_COLUMNS, math.ceil(math.sqrt(1.6 * len(cells))))))
    rows = math.ceil(len(cells) / columns)
    high, wide = CELL_PX + BAR_PX + GAP_PX, CELL_PX + GAP_PX
    sheet = np.full((rows * high + GAP_PX, columns * wide + GAP_PX, 3), GROUND, np.uint8)
    for number, (caption, picture) in enumerate(cells):
        top, left = GAP_PX + number // columns * high, GAP_PX + number % columns * wide
        sheet[top : top + BAR_PX, left : left + CELL_PX] = END_BAR if number == len(cells) - 1 else BAR
        sprite = label(caption, 9.0, INK, 1.0)
        paste(sheet, sprite, left + 4, top + (BAR_PX - sprite.height) // 2)
        shown = fitted(picture)
        y, x = top + BAR_PX + (CELL_PX - shown.shape[0]) // 2, left + (CELL_PX - shown.shape[1]) // 2
        sheet[y : y + shown.shape[0], x : x + shown.shape[1]] = shown
    return sheet


def fitted(picture: np.ndarray) -> NDArray[np.uint8]:
    """The picture in colour, as large as a cell holds."""
    scale = CELL_PX / max(picture.shape[:2])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    shown = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR) if shown.ndim == 2 else shown, np.uint8)
