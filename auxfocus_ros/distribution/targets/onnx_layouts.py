"""The ways in which detectors write down what they found, and how each is read.

| shape | what a row is | of |
| --- | --- | --- |
| (1, N, 5 + C) | centre x, centre y, width, height, objectness, C scores | YOLOv5 and its like |
| (1, 4 + C, N) | the same in columns, without objectness | YOLOv8 and its like |
| (N, 6), (1, N, 6) | left, top, right, bottom, score, class | networks that leave out doubles themselves |
| (N, 7) | picture, left, top, right, bottom, class, score | YOLOv7 exported with that |
| (1, 1, N, 7) | picture, class, score, left, top, right, bottom as shares of the input | SSD |

All but the last are in pixels of the network's input. (1, N, 6) is read as YOLOv5's with a single class where exactly one class
has a name, and (1, a, b) by which side is longer: a network looks at more places than it knows classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Layout = Literal["objectness", "scores", "boxes", "boxes7", "ssd"]


@dataclass(frozen=True, eq=False)
class Rows:
    """What a network found. corners_px: (n, 4) left, top, right, bottom, pixels of the input. scores: (n,). classes: (n,)."""

    corners_px: Floats
    scores: Floats
    classes: NDArray[np.int64]


def layout_of(shape: Sequence[int], name_count: int) -> tuple[Layout, int] | None:
    """The layout of an output and how many classes it must know, 0: it does not say; None: it is no detector's.

    Args:
        shape: of the output. name_count: how many classes have names, 0: nobody says.
    """
    if len(shape) == 4 and tuple(shape[:2]) == (1, 1) and shape[3] == 7:
        return "ssd", 0
    if len(shape) == 2 and shape[1] in {6, 7}:
        return ("boxes" if shape[1] == 6 else "boxes7"), 0
    if len(shape) != 3 or shape[0] != 1:
        return None
    rows, columns = shape[1:]
    if columns == 6 and name_count != 1:
        return "boxes", 0
    if rows < columns and rows > 4:
        return "scores", rows - 4
    return ("objectness", columns - 5) if columns > 5 else None


def read_rows(output: NDArray[Any], layout: Layout, input_size_px: tuple[int, int], threshold: float) -> Rows:
    """The rows of an output with at least `threshold` as score and finite boxes that are not empty.

    Args:
        output: as the layout has it. input_size_px: width and height of the network's input.
    """
    table = output.reshape(-1, output.shape[-1]) if layout != "scores" else output[0].T
    with np.errstate(all="ignore"):  # what is not finite is left out in the end
        return _rows(np.asarray(table, np.float32), layout, input_size_px, threshold)


def _rows(table: Floats, layout: Layout, input_size_px: tuple[int, int], threshold: float) -> Rows:
    if layout in {"objectness", "scores"}:
        begin = 5 if layout == "objectness" else 4
        classes = np.argmax(table[:, begin:], axis=1) if len(table) else np.zeros(0, np.int64)
        scores = table[:, begin:].max(axis=1) if len(table) else np.zeros(0, np.float32)
        scores = scores * table[:, 4] if layout == "objectness" else scores
        half = 0.5 * table[:, 2:4]
        corners = np.concatenate([table[:, :2] - half, table[:, :2] + half], axis=1)
    elif layout == "ssd":
        scores, classes = table[:, 2], table[:, 1]
        corners = table[:, 3:7] * np.array([*input_size_px, *input_size_px], np.float32)
    elif layout == "boxes7":
        scores, classes, corners = table[:, 6], table[:, 5], table[:, 1:5]
    else:
        scores, classes, corners = table[:, 4], table[:, 5], table[:, :4]
    kept = np.isfinite(corners).all(axis=1) & (scores >= threshold) & np.isfinite(classes)
    kept &= (corners[:, 2] > corners[:, 0]) & (corners[:, 3] > corners[:, 1])
    return Rows(corners[kept], np.minimum(scores[kept], 1.0), np.round(classes[kept]).astype(np.int64))
