"""The motion that all things in the picture have in common, because the camera turned.

A gimbal that starts to turn moves every box by as much. Judged alone, each of them would have jumped too far to be itself. So
before boxes are told apart, the one shift is looked for that brings most of the expected boxes onto boxes that are seen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_JUDGED = 12  # of the largest things: enough to see the camera turn, and the cost stays bounded
_AMONG = 64  # of the things that are seen: fewer, and a row of like things seems to shift by one when a partner is left out
_ALIKE_DEPTH, _ALIKE_SIZE = 0.25, 0.5  # logarithms: boxes that differ more are not the same thing
_NEAR = 0.35  # of a thing's size: shifts that differ by less agree
_PENALTY = 0.4  # what a shift as long as the picture's height costs, in votes for each expected box
_BETTER = 0.5  # votes by which a shift must be better than none


def common_shift(expected: NDArray[np.float64], seen: NDArray[np.float64], picture_height_px: float) -> tuple[float, float]:
    """The shift of the picture that explains most boxes.

    Args:
        expected: (n, 5) centre x, centre y, width, height, pixels, and depth, metres, of the boxes as they should stand.
        seen: (m, 5) the same of the boxes that are seen.
        picture_height_px: of the picture, or about that.

    Returns:
        (x, y) in pixels to add to the expected boxes. (0, 0) where fewer than two boxes agree on anything better: one thing
        alone may as well have moved itself.
    """
    if len(expected) < 2 or len(seen) < 2:
        return 0.0, 0.0
    expected, seen = _largest(expected, _JUDGED), _largest(seen, _AMONG)
    ratio = np.abs(np.log(seen[None, :, 2:] / expected[:, None, 2:]))  # (n, m, 3)
    rows, columns = np.nonzero((ratio < (_ALIKE_SIZE, _ALIKE_SIZE, _ALIKE_DEPTH)).all(axis=2))
    if not len(rows):
        return 0.0, 0.0
    shifts = seen[columns, :2] - expected[rows, :2]  # (pairs, 2)
    reach = _NEAR * np.sqrt(expected[rows, 2] * expected[rows, 3]) + 2.0
    candidates = np.vstack([np.zeros((1, 2)), shifts])
    away = np.square((candidates[:, None, :] - shifts[None, :, :]) / reach[None, :, None]).sum(axis=2)
    agreement = np.maximum(0.0, 1.0 - away)  # (candidates, pairs)
    # Each expected box has one vote, for the box that it fits best; its pairs stand side by side.
    voters, begins = np.unique(rows, return_index=True)
    votes = np.maximum.reduceat(agreement, begins, axis=1)  # (candidates, voters)
    score = votes.sum(axis=1) - _PENALTY * len(voters) * np.hypot(*candidates.T) / max(picture_height_px, 1.0)
    best = int(np.argmax(score))
    agreed = np.flatnonzero(votes[best] > 0)
    if best == 0 or len(agreed) < 2 or 2 * len(agreed) < len(voters) or score[best] < score[0] + _BETTER:
        return 0.0, 0.0
    # The middle of those that agree, not the one that was asked.
    ends = np.append(begins[1:], len(rows))
    winners = [begins[k] + int(np.argmax(agreement[best, begins[k] : ends[k]])) for k in agreed]
    x, y = np.median(shifts[winners], axis=0)
    return float(x), float(y)


def _largest(boxes: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    if len(boxes) <= most:
        return boxes
    return np.asarray(boxes[np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")[:most]])
