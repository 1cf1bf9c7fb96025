"""The charts over time, one below the other on one axis: depth with the focus over it, what was soft, lens, blur, sharpness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.report.axes import HEIGHT, INFINITY_LANE, DepthAxis, Tick, ValueAxis, time_ticks, value_axis
from auxfocus_ros.analysis.report.heat import data_address, heat_png
from auxfocus_ros.analysis.report.histograms import DEPTH_EDGES_M
from auxfocus_ros.analysis.report.lines import band_path, line_path, run_path, run_polygon
from auxfocus_ros.analysis.report.timeline import Timeline, Values
from auxfocus_ros.analysis.report.wording import clock, escaped, words
from auxfocus_ros.analysis.summary.passages import MEASURE
from auxfocus_ros.autofocus.sharpness import MEASURES

NARROWEST = 1 / 400
"""A passage is drawn at least that wide, as a share of the chart, so that it is seen."""
MOST_BREAKS = 100
DISTANCES = ("focus_distance_m", "target_depth_m")
LIMITS = ("near_limit_m", "far_limit_m")
OUTER = 0.005
"""Share of the values at either end that an axis need not hold."""


@dataclass(frozen=True)
class Passages:
    """Stretches of a recording: soft ones or hunting ones, each with `first_frame` and `last_frame`."""

    soft: Sequence[Mapping[str, Any]] = ()
    hunting: Sequence[Mapping[str, Any]] = ()


def charts(timeline: Timeline, passages: Passages) -> str:
    """All of them as HTML; only those of which something is known."""
    times = time_ticks(timeline)
    under = "".join(f'<path class="rule" d="M{timeline.columns * tick.at:.5g} 0V{HEIGHT:g}"/>' for tick in times)
    under += _breaks(timeline)
    depth = timeline.counts.any() or any(map(timeline.known, DISTANCES))
    strips = [*([_depth_strip(timeline, under)] if depth else []), *_lanes(timeline, passages)]
    steps = [name for name in ("lens_position_steps", "target_best_steps") if timeline.known(name)]
    if steps:
        strips.append(_lines_strip(timeline, "lens position, steps", steps, under))
    if timeline.known("deviation_steps"):
        strips.append(_lines_strip(timeline, "deviation by blur, steps; 0: in focus", ["deviation_steps"], under, zero=True))
    measures = [name for name in MEASURES if timeline.known(f"sharpness_{name}")]
    if MEASURE in measures:
        strips.append(_sharpness_strip(timeline, MEASURE, under))
    axis = _time_axis(times)
    shown = f'<div class="stack" id="stack">{"".join(strips)}{axis}<i class="cursor" hidden></i></div>'
    others = [_sharpness_strip(timeline, name, under) for name in measures if name != MEASURE]
    if others:
        folded = f'<div class="stack">{"".join(others)}{axis}</div>'
        shown += f"<details><summary>Sharpness by the other measures</summary>{folded}</details>"
    return f'<div style="--soft:{run_polygon(_within(timeline, passages.soft))}">{shown}</div>'


def depth_axis(timeline: Timeline) -> DepthAxis:
    """What nearly all readings, the focus and the target fill."""
    shares = np.cumsum(timeline.counts.sum(axis=0)) / max(1.0, timeline.counts.sum())
    inner = (shares >= OUTER) & (np.append(0.0, shares[:-1]) <= 1.0 - OUTER) & timeline.counts.any()
    filled = np.flatnonzero(inner)
    values = np.concatenate([ends[name] for name in DISTANCES for ends in (timeline.lows, timeline.highs)])
    finite = values[np.isfinite(values) & (values > 0)]
    readings = DEPTH_EDGES_M[[filled[0], filled[-1] + 1]] if len(filled) else np.empty(0)
    known = np.concatenate([readings, np.clip(finite, DEPTH_EDGES_M[0], DEPTH_EDGES_M[-1])])
    if not len(known):
        return DepthAxis(float(DEPTH_EDGES_M[0]), float(DEPTH_EDGES_M[-1]))
    first = max(0, int(np.searchsorted(DEPTH_EDGES_M, known.min() * 1.001)) - 2)
    last = min(len(DEPTH_EDGES_M) - 1, int(np.searchsorted(DEPTH_EDGES_M, known.max() * 0.999)) + 1)
    lane = INFINITY_LANE if np.isposinf(values).any() else 0.0
    return DepthAxis(float(DEPTH_EDGES_M[first]), float(DEPTH_EDGES_M[last]), lane)


def _depth_strip(timeline: Timeline, under: str) -> str:
    axis = depth_axis(timeline)
    bins = slice(*np.searchsorted(DEPTH_EDGES_M, [axis.near_m * 0.999, axis.far_m * 0.999]))
    heat = ""
    if timeline.counts.any():
        top = 100 * axis.lane / HEIGHT
        place = f"top:{top:g}%;height:{100 - top:g}%"
        alt = "Depth distribution over time: the darker, the more of the scene lies at that depth."
        address = data_address("image/png", heat_png(timeline.counts[:, bins]))
        heat = f'<img class="heat" style="{place}" alt="{alt}" src="{address}">'
    lines = []
    if timeline.known("near_limit_m"):
        tops = axis.place(timeline.highs["far_limit_m"])
        tops[np.isposinf(timeline.highs["far_limit_m"])] = 0.0
        lines.append(f'<path class="field" d="{band_path(tops, axis.place(timeline.lows["near_limit_m"]))}"/>')
    for name in reversed(DISTANCES):
        if timeline.known(name):
            path = line_path(axis.place(timeline.highs[name]), axis.place(timeline.lows[name]))
            lines.append(f'<path class="casing" d="{path}"/><path class="line {name}" d="{path}"/>')
    return _strip("depth", "tall", axis.ticks(), timeline.columns, under + "".join(lines), behind=heat)


def _lines_strip(timeline: Timeline, title: str, names: Sequence[str], under: str, zero: bool = False) -> str:
    values = np.concatenate([ends[name] for name in names for ends in (timeline.lows, timeline.highs)])
    axis = value_axis(_inner(values), from_zero=False)
    lines = [f'<path class="zero" d="{_across(axis, timeline.columns)}"/>'] if zero else []
    lines += [_value_line(timeline, name, axis) for name in reversed(names)]
    return _strip(title, "low", axis.ticks(), timeline.columns, under + "".join(lines))


def _sharpness_strip(timeline: Timeline, measure: str, under: str) -> str:
    name = f"sharpness_{measure}"
    axis = value_axis(_inner(np.concatenate([timeline.lows[name], timeline.highs[name]])), from_zero=True)
    title = f"sharpness, {words(measure)}"
    return _strip(title, "low", axis.ticks(), timeline.columns, under + _value_line(timeline, name, axis, "sharpness"))


def _inner(values: Values) -> Values:
    """Without the few at either end."""
    finite = values[np.isfinite(values)]
    return np.quantile(finite, [OUTER, 1.0 - OUTER]) if len(finite) else finite


def _value_line(timeline: Timeline, name: str, axis: ValueAxis, kind: str = "") -> str:
    path = line_path(axis.place(timeline.highs[name]), axis.place(timeline.lows[name]))
    return f'<path class="line {kind or name}" d="{path}"/>'


def _across(axis: ValueAxis, columns: int) -> str:
    return f"M0 {round(float(axis.place(np.array(0.0))))}H{columns}"


def _lanes(timeline: Timeline, passages: Passages) -> Iterable[str]:
    """Narrow strips that say when something was so."""
    if timeline.known("target_in_focus"):
        low, high = timeline.lows["target_in_focus"], timeline.highs["target_in_focus"]
        bars = (("yes", low == 1), ("partly", (low == 0) & (high == 1)), ("no", high == 0))
        yield _lane(timeline, "in focus", "".join(f'<path class="{kind}" d="{run_path(when)}"/>' for kind, when in bars))
    for title, kind, found in (("soft", "soft", passages.soft), ("hunting", "hunting", passages.hunting)):
        if found:
            yield _lane(timeline, title, f'<path class="{kind}" d="{run_path(_within(timeline, found))}"/>')


def _lane(timeline: Timeline, title: str, bars: str) -> str:
    return _strip(title, "lane", [], timeline.columns, bars)


def _within(timeline: Timeline, passages: Sequence[Mapping[str, Any]]) -> NDArray[np.bool_]:
    """The columns that passages cover, wide enough to be seen."""
    least = max(1, round(NARROWEST * timeline.columns))
    within = np.zeros(timeline.columns, bool)
    for passage in passages:
        first = passage["first_frame"] // timeline.frames_per_column
        last = passage["last_frame"] // timeline.frames_per_column
        wider = max(0, least - (last + 1 - first)) // 2
        within[max(0, first - wider) : last + 1 + wider] = True
    return within


def _breaks(timeline: Timeline) -> str:
    lines = []
    for found in timeline.breaks[:MOST_BREAKS]:
        step_s = found.to_s - found.from_s
        what = f"{clock(step_s)} without a picture" if step_s > 0 else f"the clock runs back by {clock(-step_s)}"
        lines.append(f'<path class="break" d="M{found.column} 0V{HEIGHT:g}"><title>{escaped(what)}</title></path>')
    return "".join(lines)


def _strip(title: str, kind: str, ticks: Sequence[Tick], columns: int, drawing: str, *, behind: str = "") -> str:
    labels = "".join(f'<span style="top:{100 * tick.at:.4g}%">{escaped(tick.label)}</span>' for tick in ticks)
    rules = "".join(f'<path class="rule" d="M0 {HEIGHT * tick.at:.4g}H{columns}"/>' for tick in ticks)
    svg = f'<svg viewBox="0 0 {columns} {HEIGHT:g}" preserveAspectRatio="none" aria-hidden="true">{rules}{drawing}</svg>'
    shade = "" if kind == "lane" else '<i class="shade"></i>'
    return (
        f'<div class="strip {kind}"><h3>{escaped(title)}</h3><div class="labels" aria-hidden="true">{labels}</div>'
        f'<div class="area">{behind}{shade}{svg}</div></div>'
    )


def _time_axis(ticks: Sequence[Tick]) -> str:
    labels = "".join(f'<span style="left:{100 * tick.at:.4g}%">{escaped(tick.label)}</span>' for tick in ticks)
    return f'<div class="times" aria-hidden="true">{labels}</div>'
