"""Figures as people read them: a value with its unit, or a dash where it is not known."""

from __future__ import annotations

import html
import math
from typing import Any

NOT_KNOWN = "–"


def escaped(value: object) -> str:
    """Any text as HTML shows it, in elements and in attributes."""
    return html.escape(str(value), quote=True)


def number(value: float | None, digits: int = 3) -> str:
    """Three figures that count, whole numbers whole, thousands set apart; ∞ for infinity."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    rounded = f"{value:.{max(0, digits - 1 - math.floor(math.log10(abs(value))))}f}" if value else "0"
    if "." in rounded:
        rounded = rounded.rstrip("0").rstrip(".")
    sign, figures = ("−", rounded[1:]) if rounded.startswith("-") else ("", rounded)
    whole, point, part = figures.partition(".")
    return f"{sign}{f'{int(whole):,}'.replace(',', ' ') if len(whole) > 4 else whole}{point}{part}"


def with_unit(value: float | None, unit: str) -> str:
    """`number` with a unit behind a space; `percent` of a share where the unit is 'share'."""
    if unit == "share":
        return percent(value)
    text = number(value)
    return f"{text} {unit}" if unit and text != NOT_KNOWN else text


def percent(share: float | None) -> str:
    """A share in percent, to a tenth; what is not quite none or not quite all is told from these."""
    if share is None or math.isnan(share):
        return NOT_KNOWN
    if 0.0 < share < 0.0005:
        return "< 0.1 %"
    if 0.9995 <= share < 1.0:
        return "> 99.9 %"
    return f"{number(round(100.0 * share, 1))} %"


def clock(time_s: float | None) -> str:
    """A time in a recording: 12.34 s, from a minute on 3:07.5, from an hour on 1:03:07."""
    if time_s is None or not math.isfinite(time_s):
        return NOT_KNOWN
    sign, tenths = "−" if time_s < 0 else "", round(10.0 * abs(time_s))
    if tenths < 600:
        return f"{sign}{abs(time_s):.2f} s"
    minutes, seconds = divmod(tenths, 600)
    if minutes < 60:
        return f"{sign}{minutes}:{seconds / 10:04.1f}"
    return f"{sign}{minutes // 60}:{minutes % 60:02d}:{seconds // 10:02d}"


def span(low: float, high: float, unit: str) -> str:
    """One value, or the least and the greatest where they differ visibly."""
    least, greatest = number(low), number(high)
    return with_unit(high, unit) if least == greatest else f"{least} … {with_unit(high, unit)}"


def words(key: str) -> str:
    """A key without its underscores."""
    return key.replace("_", " ")


def plain(value: Any) -> str:
    """Any value of a summary that is no table: numbers by `number`, truth as yes and no."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)
