"""A recording of any length as at most MOST_COLUMNS columns: what a chart can show, gathered while rows go by.

A column is a run of frames, at first one; whenever there are too many columns, each two become one. So memory does not grow with
the recording, and the result depends on the rows alone. The axis is the frames', not the clock's: a clock that jumps or runs
backwards bends no chart; where it does so is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.columns import DEPTH_BINS
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.autofocus.sharpness import MEASURES

MOST_COLUMNS = 2000
SERIES = (
    "focus_distance_m",
    "near_limit_m",
    "far_limit_m",
    "target_depth_m",
    "target_in_focus",
    "lens_position_steps",
    "target_best_steps",
    "deviation_steps",
    *(f"sharpness_{name}" for name in MEASURES),
)
"""The columns of the table that are charted."""
GAP_PERIODS, GAP_S = 5.0, 0.5
"""A step of the clock of more than so many periods and of more than that time is a gap in the chart."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class ClockBreak:
    """Where time does not run on: before `column`, from `from_s` to `to_s`, which is less where the clock ran backwards."""

    column: int
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Timeline:
    """The columns of a chart, C of them.

    frames: of the recording. frames_per_column: the last column may have fewer. time_s: (C,) of each column's first frame; NaN:
    not known. counts: (C, DEPTH_BINS) depth readings. lows, highs: for each of SERIES the least and the greatest of each
    column's values, (C,), NaN where none is known.
    """

    frames: int
    frames_per_column: int
    time_s: Values
    counts: Values
    lows: dict[str, Values]
    highs: dict[str, Values]
    breaks: tuple[ClockBreak, ...]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return len(self.time_s)

    def known(self, name: str) -> bool:
        """Whether a series has any value."""
        return not bool(np.isnan(self.lows[name]).all())


def values_of(rows: Sequence[Row], name: str) -> Values:
    """One column of some rows, NaN for what is not known; truth values as 0 and 1."""
    return np.array([np.nan if row.get(name) is None else row[name] for row in rows], np.float64)


class TimelineBuilder:
    """Gathers a timeline from rows in order; memory is bounded."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._frames, self._each = 0, 1
        self._first_s = np.full(MOST_COLUMNS, np.nan)
        self._step_s = np.zeros((2, MOST_COLUMNS))  # the step into a column or within it that is farthest from none: from, to
        self._last_s = np.nan
        self._counts = np.zeros((MOST_COLUMNS, DEPTH_BINS))
        self._lows = np.full((len(SERIES), MOST_COLUMNS), np.nan)
        self._highs = self._lows.copy()

    def add(self, rows: Sequence[Row]) -> None:
        """The next rows, in order; every row is a frame."""
        for begin in range(0, len(rows), MOST_COLUMNS // 2):
            self._add_some(rows[begin : begin + MOST_COLUMNS // 2])

    def _add_some(self, rows: Sequence[Row]) -> None:
        while (self._frames + len(rows) - 1) // self._each >= MOST_COLUMNS:
            self._fold()
        column = (self._frames + np.arange(len(rows))) // self._each
        time_s = values_of(rows, "time_s")
        first = np.unique(column, return_index=True)[1]
        new = first[(self._frames + first) % self._each == 0]
        self._first_s[column[new]] = time_s[new]
        before_s = np.concatenate([[self._last_s], time_s[:-1]])
        for at in np.flatnonzero(np.isfinite(time_s) & np.isfinite(before_s)):
            self._keep_larger_step(int(column[at]), before_s[at], time_s[at])
        self._last_s = time_s[-1]
        for index, name in enumerate(SERIES):
            values = values_of(rows, name)
            np.fmin.at(self._lows[index], column, values)
            np.fmax.at(self._highs[index], column, values)
        for place, row in enumerate(rows):
            if row.get("depth_counts") is not None:
                self._counts[column[place]] += row["depth_counts"]
        self._frames += len(rows)

    def _keep_larger_step(self, column: int, from_s: float, to_s: float) -> None:
        kept = self._step_s[1, column] - self._step_s[0, column]
        if rank(to_s - from_s) > rank(kept):
            self._step_s[:, column] = from_s, to_s

    def _fold(self) -> None:
        half = MOST_COLUMNS // 2
        steps = self._step_s[1] - self._step_s[0]
        chosen = np.where(rank(steps[1::2]) > rank(steps[0::2]), np.arange(1, MOST_COLUMNS, 2), np.arange(0, MOST_COLUMNS, 2))
        self._step_s[:, :half] = self._step_s[:, chosen]
        self._first_s[:half] = self._first_s[0::2]
        self._counts[:half] = self._counts[0::2] + self._counts[1::2]
        self._lows[:, :half] = np.fmin(self._lows[:, 0::2], self._lows[:, 1::2])
        self._highs[:, :half] = np.fmax(self._highs[:, 0::2], self._highs[:, 1::2])
        self._step_s[:, half:] = 0.0
        self._first_s[half:] = np.nan
        self._counts[half:] = 0.0
        self._lows[:, half:] = self._highs[:, half:] = np.nan
        self._each *= 2

    def timeline(self) -> Timeline:
        """What was gathered so far."""
        columns = -(-self._frames // self._each)
        steps = self._step_s[1, :columns] - self._step_s[0, :columns]
        forward = np.diff(self._first_s[:columns]) / self._each
        forward = forward[forward > 0]
        period_s = float(np.median(forward)) if len(forward) else 0.0
        broken = (steps < 0) | (steps > max(GAP_S, GAP_PERIODS * period_s))
        return Timeline(
            frames=self._frames,
            frames_per_column=self._each,
            time_s=self._first_s[:columns].copy(),
            counts=self._counts[:columns].copy(),
            lows={name: self._lows[index, :columns].copy() for index, name in enumerate(SERIES)},
            highs={name: self._highs[index, :columns].copy() for index, name in enumerate(SERIES)},
            breaks=tuple(
                ClockBreak(int(column), float(self._step_s[0, column]), float(self._step_s[1, column]))
                for column in np.flatnonzero(broken)
            ),
        )


def rank(step_s: Values | float) -> Values:
    """How odd a step of the clock is: the longer the odder, and one backwards odder than one forwards."""
    return np.where(np.asarray(step_s) < 0, np.multiply(step_s, -1e9), step_s)
