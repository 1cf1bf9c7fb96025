"""Settings of an actuator, declared once: a field of a frozen dataclass that knows its unit, its range and its meaning.

The configurations check themselves by it, and the node's parameters are made from it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """What a field of a configuration is: a line of text, a unit, and an inclusive range in that unit (none for a switch)."""

    description: str
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf


def setting(default: Any, description: str, unit: str = "", minimum: float = -math.inf, maximum: float = math.inf) -> Any:
    """A dataclass field that is a setting; arguments as `Setting`."""
    return dataclasses.field(default=default, metadata={"setting": Setting(description, unit, minimum, maximum)})


def settings_of(table: type) -> dict[str, tuple[Any, Setting]]:
    """Name -> (default, what it is) of every field of a configuration, in order."""
    return {field.name: (field.default, field.metadata["setting"]) for field in dataclasses.fields(table)}


def problems_of(configuration: Any) -> list[str]:
    """All that is wrong with the values of a configuration, field by field, each in a few words."""
    fields = dataclasses.fields(configuration)
    return [problem for field in fields if (problem := _problem(field, getattr(configuration, field.name)))]


def _problem(field: dataclasses.Field[Any], value: Any) -> str | None:
    known: Setting = field.metadata["setting"]
    if isinstance(field.default, bool):
        return None if isinstance(value, bool) else f"{field.name} is {value!r}, it must be true or false"
    wanted = (int,) if isinstance(field.default, int) else (int, float)
    unit = f" {known.unit}" if known.unit else ""
    if isinstance(value, bool) or not isinstance(value, wanted) or math.isnan(value):
        return f"{field.name} is {value!r}, it must be {'a whole' if wanted == (int,) else 'a'} number"
    if not known.minimum <= value <= known.maximum:
        return f"{field.name} is {value:g}, it must be {known.minimum:g} to {known.maximum:g}{unit}"
    return None
