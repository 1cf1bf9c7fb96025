"""The key `defocus` of a lens file: a calibrated table of radius and scale over present and best position."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.table_model import DefocusTable

KEYS = ("kernel", "gamma", "positions_steps", "best_positions_steps", "radius_px", "scale")
MOST_ROWS = 1000


def read_defocus_table(value: Any, range_steps: tuple[float, float], say: Callable[[str, str], None]) -> DefocusTable | None:
    """Read the key.

    Args:
        value: what stands under it.
        range_steps: lowest and highest usable position, which the table must cover; NaN: not known.
        say: told (key, what is wrong) for every problem.

    Returns:
        The table; None where something is wrong.
    """
    if not isinstance(value, dict):
        say("defocus", f"must be keys and values ({', '.join(KEYS)}), got {value!r:.40}")
        return None
    for key in value:
        if key not in KEYS:
            say(f"defocus.{key}", f"is not a key of a defocus table (those are {', '.join(KEYS)})")
    missing = [key for key in KEYS if key not in value]
    for key in missing:
        say(f"defocus.{key}", "is missing")
    if missing:
        return None
    lists = {key: _numbers(value[key]) for key in ("positions_steps", "best_positions_steps")}
    tables = {key: _rows(value[key]) for key in ("radius_px", "scale")}
    for key, numbers in lists.items():
        if numbers is None:
            say(f"defocus.{key}", "must be a list of finite numbers")
    for key, rows in tables.items():
        if rows is None:
            say(f"defocus.{key}", "must be rows of finite numbers, all of one length")
    gamma = _number(value["gamma"])
    if not isinstance(value["kernel"], str) or math.isnan(gamma):
        say("defocus", f"kernel must be text and gamma a number, got {value['kernel']!r:.40} and {value['gamma']!r:.40}")
        return None
    positions, best, radius, scale = (*lists.values(), *tables.values())
    if positions is None or best is None or radius is None or scale is None:
        return None
    try:
        table = DefocusTable(positions, best, radius, scale, value["kernel"], gamma)
    except ConfigurationError as error:
        say("defocus", str(error))
        return None
    if not any(math.isnan(end) for end in range_steps) and not table.covers(*range_steps):
        say(
            "defocus",
            f"the table reaches from {positions[0]:g} to {positions[-1]:g} (best positions {best[0]:g} to {best[-1]:g}) and does "
            f"not cover the position range [{range_steps[0]:g}, {range_steps[1]:g}]",
        )
        return None
    return table


def defocus_table_text(table: DefocusTable) -> str:
    """The key as YAML, a line for each row."""
    lines = [
        "defocus:",
        f"  kernel: {table.kernel}",
        f"  gamma: {table.gamma:g}",
        f"  positions_steps: {_line(table.positions_steps, '.8g')}",
        f"  best_positions_steps: {_line(table.best_positions_steps, '.8g')}",
        "  # Pixels on the sensor: a row for each best position, a column for each position.",
        "  radius_px:",
        *(f"    - {_line(row, '.4f')}" for row in table.radius_px),
        "  # Of the picture against the focused one.",
        "  scale:",
        *(f"    - {_line(row, '.6f')}" for row in table.scale),
    ]
    return "\n".join(lines) + "\n"


def _line(values: Any, form: str) -> str:
    return "[" + ", ".join(format(float(value), form) for value in values) + "]"


def _number(value: Any) -> float:
    """A finite number; NaN for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _numbers(value: Any) -> Any:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ROWS:
        return None
    numbers = np.array([_number(entry) for entry in value])
    return None if np.isnan(numbers).any() else numbers


def _rows(value: Any) -> Any:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_ROWS:
        return None
    rows = [_numbers(row) for row in value]
    if any(row is None or row.size != rows[0].size for row in rows):
        return None
    return np.stack(rows)
