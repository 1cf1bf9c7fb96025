"""Files that users write, in YAML: every value is checked where it is read, and an error names the key by its whole way down.

What is wrong in such a file must be found in one look: `things[2].path.speed_m_per_s: ...`, with the name that was probably meant
beside a misspelt key.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError


def read_yaml(path: Path, what: str) -> Any:
    """The content of a YAML file; `what` names its kind in errors. Raises ConfigurationError."""
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"{what} {path} cannot be read: {reason}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        reason = getattr(error, "problem", None) or "syntax error"
        raise ConfigurationError(f"{what} {path}{place}: not YAML: {reason}") from error


def mapping(value: object, where: str, keys: Sequence[str], required: Sequence[str] = ()) -> dict[str, Any]:
    """`value` as keys and values.

    Args:
        value: what YAML gave.
        where: the entry's way down in its file, for errors.
        keys: those that may occur.
        required: those that must occur.

    Raises:
        ConfigurationError: no mapping, a key that is not known (with the one that is closest), or one that is missing.
    """
    if not isinstance(value, dict):
        found = "nothing" if value is None else repr(value)
        raise ConfigurationError(f"{where}: wanted keys and values ({', '.join(keys)}), found {found}")
    for key in value:
        if key not in keys:
            close = difflib.get_close_matches(str(key), keys, 1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; known keys: {', '.join(keys)}"
            raise ConfigurationError(f"{where}.{key}: unknown key '{key}'{hint}")
    for key in required:
        if key not in value:
            raise ConfigurationError(f"{where}.{key}: is missing; wanted here: {', '.join(required)}")
    return value


def number(value: object, where: str, minimum: float = -math.inf, maximum: float = math.inf) -> float:
    """`value` as a finite float from `minimum` to `maximum`. Raises ConfigurationError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{where}: {value!r} is not a finite number")
    if value < minimum:
        raise ConfigurationError(f"{where}: {value:g} is below {minimum:g}")
    if value > maximum:
        raise ConfigurationError(f"{where}: {value:g} is above {maximum:g}")
    return float(value)


def whole(value: object, where: str, minimum: int, maximum: int) -> int:
    """`value` as a whole number from `minimum` to `maximum`. Raises ConfigurationError."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{where}: {value!r} is not a whole number")
    return int(number(value, where, minimum, maximum))


def numbers(value: object, where: str, count: int | None = None) -> list[float]:
    """`value` as a list of finite floats, `count` of them unless None. Raises ConfigurationError."""
    if not isinstance(value, list) or (count is not None and len(value) != count):
        wanted = "numbers" if count is None else f"{count} numbers"
        raise ConfigurationError(f"{where}: wanted a list of {wanted}, found {value!r}")
    return [number(entry, f"{where}[{index}]") for index, entry in enumerate(value)]


def text(value: object, where: str, choices: Sequence[str] | None = None) -> str:
    """`value` as text that is not empty, one of `choices` unless None. Raises ConfigurationError."""
    if not isinstance(value, str) or not value:
        wanted = "text" if choices is None else f"one of {', '.join(choices)}"
        raise ConfigurationError(f"{where}: wanted {wanted}, found {value!r}")
    if choices is not None and value not in choices:
        close = difflib.get_close_matches(value, choices, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(choices)}"
        raise ConfigurationError(f"{where}: '{value}' is not known; {hint}")
    return value


def flag(value: object, where: str) -> bool:
    """`value` as true or false. Raises ConfigurationError."""
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where}: wanted true or false, found {value!r}")
    return value
