"""What the lens did: how far and how often it went, and which part of its range it used."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.summary.terms import Columns, Floats, Key, mean_of, numbers

STANDS_STEPS = 0.5
"""A position that changes by no more from frame to frame stands."""

LENS_KEYS = (
    Key("lens.known_share", "", "share of the time in which the lens's position is known"),
    Key("lens.travel_steps", "steps", "way that it went, between the pictures in a straight line"),
    Key("lens.moves", "", "how often it set out"),
    Key("lens.moving_share", "", "share of the time in which it moved, where known"),
    Key("lens.lowest_steps", "steps", "lowest position"),
    Key("lens.highest_steps", "steps", "highest position"),
    Key("lens.median_steps", "steps", "median position over the frames"),
    Key("lens.farthest_dpt", "dpt", "1 / the farthest focus distance; 0: infinity"),
    Key("lens.nearest_dpt", "dpt", "1 / the nearest focus distance"),
)


def lens_use(columns: Columns, durations_s: Floats) -> dict[str, Any]:
    """Use of the lens; see LENS_KEYS.

    Args:
        columns: the table of F frames.
        durations_s: (F,) for how long each counts.

    Returns:
        The figures, NaN where they are not known.
    """
    position = numbers(columns, "lens_position_steps")
    known = np.flatnonzero(np.isfinite(position))
    moving = lens_moving(columns)
    with np.errstate(divide="ignore"):
        vergence = 1.0 / numbers(columns, "focus_distance_m")
    finite = vergence[np.isfinite(vergence)]
    nan = float("nan")
    steps = position[known]
    return {
        "known_share": mean_of(np.isfinite(position).astype(np.float64), durations_s),
        "travel_steps": float(np.abs(np.diff(steps)).sum()) if known.size else nan,
        "moves": _times_begun(moving[np.isfinite(moving)]) if np.isfinite(moving).any() else nan,
        "moving_share": mean_of(moving, durations_s),
        "lowest_steps": float(steps.min()) if known.size else nan,
        "highest_steps": float(steps.max()) if known.size else nan,
        "median_steps": float(np.median(steps)) if known.size else nan,
        "farthest_dpt": float(finite.min()) if finite.size else nan,
        "nearest_dpt": float(finite.max()) if finite.size else nan,
    }


def lens_moving(columns: Columns) -> Floats:
    """(F,) 1 where the lens says that it moves or its position is another than in the frame before, else 0; NaN: not known."""
    position, said = numbers(columns, "lens_position_steps"), numbers(columns, "lens_moving")
    known = np.flatnonzero(np.isfinite(position))
    changed = np.full(position.shape, np.nan)
    changed[known] = np.abs(np.diff(position[known], prepend=position[known[:1]])) > STANDS_STEPS
    moving: Floats = np.fmax(said, changed)
    return moving


def _times_begun(moving: NDArray[np.float64]) -> int:
    return int((np.diff(moving, prepend=0.0) > 0).sum())
