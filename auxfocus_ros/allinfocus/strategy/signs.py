"""On which side of the lens each cell is in focus: one frame tells how far, two tell which way.

A deviation is a cell's best position less the present one, as the update `Z + dZ` of section 5.1 needs it. While the cell's best
position stays, `p_before = p_now + moved` with `moved` the present position less the one before. With this meaning the two cases
of eq. 6 as it is printed change places: printed, it chooses the sign that leads away from focus.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SAME_STEPS = 1e-9


def first_signs(above_steps: Floats, position_steps: float, max_position_steps: float) -> Floats:
    """What is taken for the signs before there are two frames.

    The source takes all deviations as positive, which at the end of the range points outside: what would lie above the range
    is taken to lie below the lens.

    Args:
        above_steps: of each cell how far its best position is from the lens if it lies above it, any shape, >= 0, NaN: unknown.
        position_steps: where the lens stands.
        max_position_steps: the highest position at which anything is counted as within the range.

    Returns:
        1 or -1 of each.
    """
    with np.errstate(invalid="ignore"):
        return np.where(position_steps + above_steps > max_position_steps, -1.0, 1.0)


def signs(steps: Floats, steps_before: Floats, moved_steps: float, otherwise: Floats) -> Floats:
    """Of each cell the sign of its deviation with which the frame before fits better.

    Args:
        steps: absolute deviations, any shape, >= 0; NaN: unknown.
        steps_before: those in the frame before.
        moved_steps: the present position less the one before.
        otherwise: signs of the cells where both fit equally well (the lens did not move) or something is unknown.

    Returns:
        1 or -1 of each.

    Source: Intelligent Autofocus, eq. 6, its cases exchanged.
    """
    if_above = np.abs(np.abs(steps + moved_steps) - steps_before)
    if_below = np.abs(np.abs(-steps + moved_steps) - steps_before)
    with np.errstate(invalid="ignore"):
        undecided = ~(np.abs(if_above - if_below) > _SAME_STEPS)
        return np.where(undecided, otherwise, np.where(if_above <= if_below, 1.0, -1.0))
