"""A YAML file of keys and values that a user may write: read, and refused in one line where it cannot be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from auxfocus_ros.errors import ConfigurationError


def read_settings(path: Path, what: str, keys: Iterable[str]) -> dict[str, Any]:
    """The keys and values of a file.

    Args:
        path: of the file.
        what: its kind, for errors: 'class table'.
        keys: that it may have.

    Raises:
        ConfigurationError: no such file, not YAML, no mapping, or a key that is not known, with the nearest one that is.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(f"{what} {path}: cannot be read: {reason}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{what} {path}: is not YAML: {' '.join(str(error).split())}") from error
    return known_keys(content, f"{what} {path}", keys)


def known_keys(value: object, where: str, keys: Iterable[str]) -> dict[str, Any]:
    """A mapping whose keys are all known; `where` names it in errors. Raises ConfigurationError."""
    known = tuple(keys)
    if not isinstance(value, dict):
        found = "nothing" if value is None else repr(value)
        raise ConfigurationError(f"{where}: wanted keys and values ({', '.join(known)}), found {found}")
    for key in value:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f"; did you mean '{close[0]}'?" if close else f"; known keys: {', '.join(known)}"
            raise ConfigurationError(f"{where}: unknown key '{key}'{hint}")
    return value
