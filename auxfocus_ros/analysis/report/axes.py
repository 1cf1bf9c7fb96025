"""The axes of the charts: a value's place along an axis, and where its labels stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from auxfocus_ros.analysis.report.timeline import Timeline, Values
from auxfocus_ros.analysis.report.wording import clock, number

HEIGHT = 1000.0
"""Of a chart, in the units that its lines are drawn in; 0 is at the top."""
INFINITY_LANE = 70.0
"""At the top of the depth axis, where something is at infinity."""


DEPTH_STEPS = ((1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), np.arange(1.0, 10.0, 0.2).tolist())
"""Round depths of a decade, ever finer."""
MOST_TIMES = 8
TIME_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600)
"""Even times: so many lie on the time axis at most, so far apart."""


@dataclass(frozen=True)
class Tick:
    """A label. at: its place as a share of the axis, from 0 at the left or at the top."""

    at: float
    label: str


@dataclass(frozen=True)
class DepthAxis:
    """Depth, even in its logarithm, the farthest on top. lane: height of the strip above it that stands for infinity, or 0."""

    near_m: float
    far_m: float
    lane: float = 0.0

    def place(self, depth_m: Values) -> Values:
        """Height of depths, NaN for NaN; what lies beyond an end is drawn at it, infinity in the middle of its lane."""
        with np.errstate(divide="ignore"):
            share = (np.log(np.maximum(depth_m, 0.0)) - math.log(self.near_m)) / math.log(self.far_m / self.near_m)
        return np.where(np.isposinf(depth_m), self.lane / 2, self.lane + (HEIGHT - self.lane) * (1.0 - np.clip(share, 0.0, 1.0)))

    def ticks(self) -> list[Tick]:
        """Round depths, and infinity."""
        depths = round_depths(self.near_m, self.far_m)
        ticks = [Tick(float(self.place(np.array(depth))) / HEIGHT, f"{number(depth)} m") for depth in depths]
        return [*([Tick(self.lane / 2 / HEIGHT, "∞")] if self.lane else []), *ticks]


def round_depths(near_m: float, far_m: float) -> list[float]:
    """Of the coarsest of DEPTH_STEPS that has at least three depths from `near_m` to `far_m`, else of the finest, all these."""
    decades = range(math.floor(math.log10(near_m)), math.ceil(math.log10(far_m)) + 1)
    shown: list[float] = []
    for steps in DEPTH_STEPS:
        shown = [step * 10.0**decade for decade in decades for step in steps]
        shown = [depth for depth in shown if near_m * 0.999 <= depth <= far_m * 1.001]
        if len(shown) >= 3:
            break
    return shown


@dataclass(frozen=True)
class ValueAxis:
    """Any value, the greatest on top."""

    least: float
    greatest: float

    def place(self, value: Values) -> Values:
        """Height of values, NaN for NaN; what lies beyond an end is drawn at it."""
        return HEIGHT * (1.0 - np.clip((value - self.least) / (self.greatest - self.least), 0.0, 1.0))

    def ticks(self) -> list[Tick]:
        """About three of even numbers."""
        step = even_step((self.greatest - self.least) / 3)
        first, last = math.ceil(self.least / step - 1e-9), math.floor(self.greatest / step + 1e-9)
        values = [step * count for count in range(first, last + 1)]
        return [Tick(float(self.place(np.array(value))) / HEIGHT, number(value)) for value in values]


def even_step(least: float) -> float:
    """The least of 1, 2, 5 times a power of ten that is not below `least`, which is above 0."""
    decade = 10.0 ** math.floor(math.log10(least))
    return next(step * decade for step in (1, 2, 5, 10) if step * decade >= least * (1 - 1e-9))


def value_axis(values: Values, from_zero: bool) -> ValueAxis:
    """An axis that holds all finite ones of some values, with a little room."""
    finite = values[np.isfinite(values)]
    least, greatest = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    least = min(0.0, least) if from_zero else least
    room = 0.05 * (greatest - least) or max(1e-9, 0.05 * abs(greatest))
    return ValueAxis(least if from_zero and least == 0 else least - room, greatest + room)


def time_ticks(timeline: Timeline) -> list[Tick]:
    """Even times where they are reached, a column's time standing at its middle; where the clock jumps their distances differ."""
    steps_s = np.diff(timeline.time_s)
    forward_s = steps_s[np.isfinite(steps_s) & (steps_s > 0)]
    if not len(forward_s):
        return []
    column_s = float(np.median(forward_s))
    least_s = column_s * max(1.0, timeline.columns / MOST_TIMES)
    step_s = next((step for step in TIME_STEPS_S if step >= least_s), TIME_STEPS_S[-1] * math.ceil(least_s / TIME_STEPS_S[-1]))
    counts = np.floor(timeline.time_s / step_s + 1e-6)
    before = np.append(np.floor(timeline.time_s[0] / step_s - 1e-6), counts[:-1])  # a recording that begins at an even time
    late = (timeline.time_s - step_s * counts) / column_s
    reached = late < 1.5  # and not leapt over
    ticks: list[Tick] = []
    for column in np.flatnonzero(np.isfinite(counts) & (counts != before) & reached):
        at = max(0.0, column + 0.5 - late[column]) / timeline.columns
        if not ticks or at - ticks[-1].at > 0.5 / MOST_TIMES:
            ticks.append(Tick(float(at), clock_label(step_s * float(counts[column]), step_s)))
    return ticks


def clock_label(time_s: float, step_s: float) -> str:
    """A time at an even step, as short as can be."""
    if abs(time_s) < 60 and (step_s < 60 or not time_s):
        return f"{number(time_s)} s"
    return clock(time_s).removesuffix(".0")
