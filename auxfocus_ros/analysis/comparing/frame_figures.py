"""Figures that are means over frames: picture by picture where both tables are of the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from auxfocus_ros.analysis.comparing.comparison import Difference
from auxfocus_ros.analysis.summary.lens_use import lens_moving
from auxfocus_ros.analysis.summary.passages import MEASURE
from auxfocus_ros.analysis.summary.spread import mean_and_spread
from auxfocus_ros.analysis.summary.terms import Columns, Floats, known_or_none, numbers
from auxfocus_ros.analysis.summary.times import Indices
from auxfocus_ros.autofocus.methods import METHODS

SAME_PICTURES = 0.9
"""Share of the shorter table's stamps that the other has too, from which the two are of the same pictures."""

Pairs = tuple[Indices, Indices]
"""Places, in A's table and in B's, of the pictures that both have."""


@dataclass(frozen=True)
class FrameFigure:
    """A figure. more_is: 1 better, -1 worse, 0 neither. values: (F,) of the frames of a table, NaN where not known."""

    key: str
    text: str
    unit: str
    more_is: int
    values: Callable[[Columns], Floats]


def frame_differences(frames_a: Columns, frames_b: Columns, same: Pairs | None) -> Iterator[Difference]:
    """The figures of two tables.

    Args:
        frames_a, frames_b: the tables.
        same: of `same_pictures`.

    Yields:
        Each figure that one of them knows. Where most frames that know it are of the same pictures, a and b are of those alone,
        and the spread is that of their differences.
    """
    time_a, time_b = numbers(frames_a, "time_s"), numbers(frames_b, "time_s")
    for figure in FIGURES:
        a, b = figure.values(frames_a), figure.values(frames_b)
        if not (np.isfinite(a).any() or np.isfinite(b).any()):
            continue
        if same is not None and _known_alike(a[same[0]], b[same[1]], np.isfinite(a).sum(), np.isfinite(b).sum()):
            both_a, both_b = a[same[0]], b[same[1]]
            known = np.isfinite(both_a) & np.isfinite(both_b)
            change, spread = mean_and_spread(time_a[same[0]][known], both_b[known] - both_a[known])
            mean_a, mean_b = float(both_a[known].mean()), float(both_b[known].mean())
        else:
            mean_a, spread_a = mean_and_spread(time_a, a)
            mean_b, spread_b = mean_and_spread(time_b, b)
            change, spread = mean_b - mean_a, float(np.hypot(spread_a, spread_b))
        of_both = (known_or_none(value) for value in (mean_a, mean_b, change, spread))
        yield Difference(figure.key, figure.text, figure.unit, figure.more_is, *of_both)


def same_pictures(frames_a: Columns, frames_b: Columns) -> Pairs | None:
    """The pictures that both have, by their stamps; None where these are too few for the two to be of the same."""
    one, other = np.asarray(frames_a["stamp_ns"]), np.asarray(frames_b["stamp_ns"])
    _, in_one, in_other = np.intersect1d(one, other, return_indices=True)
    enough = in_one.size and in_one.size >= SAME_PICTURES * min(one.size, other.size)
    return (in_one, in_other) if enough else None


def _known_alike(both_a: Floats, both_b: Floats, known_a: int, known_b: int) -> bool:
    """Whether at least half of the frames of either that know a figure are such of which both do."""
    shared = int((np.isfinite(both_a) & np.isfinite(both_b)).sum())
    return shared > 0 and 2 * shared >= max(known_a, known_b)


def _sizes(name: str, table: Columns) -> Floats:
    return np.abs(numbers(table, name))


def _vergences(name: str, table: Columns) -> Floats:
    with np.errstate(divide="ignore"):
        inverse: Floats = 1.0 / numbers(table, name)
    return inverse


def _first_move_off(name: str, table: Columns) -> Floats:
    off: Floats = np.abs(numbers(table, f"next_{name}_steps") - numbers(table, "target_best_steps"))
    return off


def _as_it_is(name: str, table: Columns) -> Floats:
    return numbers(table, name)


FIGURES = (
    FrameFigure("in_focus", "target in focus, share of the frames", "", 1, partial(_as_it_is, "target_in_focus")),
    FrameFigure("off_steps", "lens off the target's best position", "steps", -1, partial(_sizes, "target_off_steps")),
    FrameFigure("deviation_steps", "deviation by the picture", "steps", -1, partial(_sizes, "deviation_steps")),
    FrameFigure("scene_share", "depth readings in focus, share", "", 0, partial(_as_it_is, "in_depth_of_field")),
    FrameFigure("sharpness", f"sharpness of the region, {MEASURE}", "", 0, partial(_as_it_is, f"sharpness_{MEASURE}")),
    FrameFigure("lens_moving", "lens moving, share of the frames", "", 0, lens_moving),
    FrameFigure("lens_steps", "lens position", "steps", 0, partial(_as_it_is, "lens_position_steps")),
    FrameFigure("focus_dpt", "1 / focus distance", "dpt", 0, partial(_vergences, "focus_distance_m")),
    FrameFigure("target_dpt", "1 / target's depth", "dpt", 0, partial(_vergences, "target_depth_m")),
    FrameFigure("readings", "depth readings in the picture", "", 0, partial(_as_it_is, "readings")),
    *(
        FrameFigure(
            f"{name}_off_steps",
            f"first move of {name.replace('_', ' ')} off the target's best position",
            "steps",
            -1,
            partial(_first_move_off, name),
        )
        for name in METHODS
    ),
)
"""In the order in which equal effects are listed."""
