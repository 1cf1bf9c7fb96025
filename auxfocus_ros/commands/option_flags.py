"""Command-line flags from a table of settings: one for each, with the default, range and description that it is declared with."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any, TypeVar

from auxfocus_ros.declaration import fields_of

Options = TypeVar("Options")


def add_option_flags(parser: Any, table: type, title: str, skip: Collection[str] = ()) -> None:
    """Add a group of flags to an ArgumentParser, one for each setting of a table; those in `skip` get none."""
    group = parser.add_argument_group(title)
    for name, (kind, default, info) in fields_of(table).items():
        if name in skip:
            continue
        ways: dict[str, Any] = {"type": kind, "metavar": {int: "N", float: "X", str: "TEXT"}.get(kind)}
        if kind is bool:
            ways = {"action": argparse.BooleanOptionalAction}
        elif info.choices:
            ways = {"choices": info.choices}
        span = info.range_text() if not info.choices and kind is not bool else ""
        notes = [f"{span} {info.unit}".strip(), f"default: {default_text(default)}"]
        text = f"{info.description} ({'; '.join(note for note in notes if note)})"
        group.add_argument("--" + name.replace("_", "-"), dest=name, help=text.replace("%", "%%"), **ways)


def options_from(arguments: argparse.Namespace, table: type[Options], **given: Any) -> Options:
    """The table by the flags that were set, and `given`; what was not set keeps its default.

    Raises:
        ConfigurationError: a value that cannot be.
    """
    chosen = {name: getattr(arguments, name, None) for name in fields_of(table)}
    return table(**{name: value for name, value in chosen.items() if value is not None}, **given)


def default_text(value: Any) -> str:
    """A setting's default for a person."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"
