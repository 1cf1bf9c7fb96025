"""Figures that are events, out of the summaries: lag, hunting, soft passages, moves; and the streams' numbers.

Events are few and of no fixed length, so that their number scatters by its root (Poisson), also where the pictures are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from auxfocus_ros.analysis.comparing.comparison import Difference
from auxfocus_ros.analysis.summary.terms import known_or_none

UNITS = {"hz": "Hz", "s": "s", "ppm": "ppm"}
"""End of a name -> unit."""
LEAST_STRETCHES = 4
"""Of fewer stretches the lag's spread is not known."""

_Figure = tuple[float, float]
"""Value and standard error, NaN where not known."""

_UNKNOWN: _Figure = (float("nan"), float("nan"))


def event_differences(a: dict[str, Any], b: dict[str, Any]) -> Iterator[Difference]:
    """The figures of two summaries; each that one of them knows."""
    for key, text, unit, more_is, figure in _FIGURES:
        (value_a, spread_a), (value_b, spread_b) = figure(a), figure(b)
        figures = (value_a, value_b, value_b - value_a, float(np.hypot(spread_a, spread_b)))
        if np.isfinite(figures[:2]).any():
            yield Difference(key, text, unit, more_is, *(known_or_none(value) for value in figures))


def stream_differences(a: dict[str, Any], b: dict[str, Any]) -> Iterator[Difference]:
    """The numbers of two descriptions of streams that differ; nothing says what chance would make of them."""
    flat_a, flat_b = dict(leaves(a)), dict(leaves(b))
    for name in {**flat_a, **flat_b}:
        one, other = _number(flat_a.get(name)), _number(flat_b.get(name))
        if one != other:
            change = other - one if one is not None and other is not None else None
            title, unit = _title(name)
            yield Difference(f"streams.{name}", f"recording's {title}", unit, 0, one, other, change, None)


def leaves(value: dict[str, Any], way: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in dictionaries of dictionaries that is none itself, by its way down, with dots."""
    for key, entry in value.items():
        if isinstance(entry, dict):
            yield from leaves(entry, f"{way}{key}.")
        else:
            yield f"{way}{key}", entry


def _title(name: str) -> tuple[str, str]:
    """A stream's figure in words, and the unit that its name ends with."""
    words, _, last = name.rpartition("_")
    unit = UNITS.get(last, "") if words else ""
    return (words if unit else name).replace("_", " "), unit


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _lag(said: dict[str, Any]) -> _Figure:
    """Median; its error is 1.2533 sigma / sqrt(n), sigma the distance of the quartiles / 1.349, as of a normal distribution."""
    lag = said["lag"]
    if lag["lag_s"] is None:
        return _UNKNOWN
    if lag["followed"] < LEAST_STRETCHES:
        return lag["lag_s"], float("nan")
    sigma_s = (lag["quartile_high_s"] - lag["quartile_low_s"]) / 1.349
    return lag["lag_s"], 1.2533 * sigma_s / lag["followed"] ** 0.5


def _rate(said: dict[str, Any], count: float | None) -> _Figure:
    """Events a minute; none met may have been one."""
    minutes = said["analysed_s"] / 60
    return (count / minutes, max(count, 1) ** 0.5 / minutes) if count is not None and minutes else _UNKNOWN


def _passages(said: dict[str, Any], section: dict[str, Any]) -> _Figure:
    """Share of the time that passages take, each as long as it is, their number scattering; of none the error is not known."""
    if section["share"] is None:
        return _UNKNOWN
    lengths = np.array([one["end_s"] - one["start_s"] for one in section["passages"]])
    return section["share"], float(np.sqrt(lengths @ lengths)) / said["analysed_s"]


_FIGURES: tuple[tuple[str, str, str, int, Callable[[dict[str, Any]], _Figure]], ...] = (
    ("lag_s", "focus lag behind the target", "s", -1, _lag),
    ("hunting_per_min", "reversals of a hunting lens", "1/min", -1, lambda s: _rate(s, s["hunting"]["hunting_reversals"])),
    ("hunting_share", "hunting, share of the time", "", -1, lambda s: _passages(s, s["hunting"])),
    ("soft_per_min", "soft passages", "1/min", -1, lambda s: _rate(s, s["soft"]["count"])),
    ("soft_share", "soft passages, share of the time", "", -1, lambda s: _passages(s, s["soft"])),
    ("moves_per_min", "moves of the lens", "1/min", 0, lambda s: _rate(s, s["lens"]["moves"])),
)
"""Key, text, unit, what more of it is (1 better, -1 worse, 0 neither), and the figure of a summary."""
