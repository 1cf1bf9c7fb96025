"""Settings, declared once.

A setting is a field of a frozen dataclass with its default, range, unit and description beside it. From that one place come the
ROS parameters with their descriptors, the flags of a command, the controls of the operator's page, the checks (every bad value
is reported, not the first alone) and the reference tables in `docs/`. It stands beneath every room, as `errors` does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from auxfocus_ros.errors import ConfigurationError

Value = bool | int | float | str
P = TypeVar("P")


@dataclass(frozen=True)
class ParameterInfo:
    """What a parameter is, beside its name, type and default. `minimum` and `maximum` are inclusive, in `unit`."""

    description: str
    unit: str = ""
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    read_only: bool = False

    def range_text(self) -> str:
        """The permitted values for a person: `0 to 1`, `at least 0`, `a | b`, or nothing."""
        if self.choices:
            return " | ".join(choice or "''" for choice in self.choices)
        low, high = math.isfinite(self.minimum), math.isfinite(self.maximum)
        if low and high:
            return f"{self.minimum:g} to {self.maximum:g}"
        if low:
            return f"at least {self.minimum:g}"
        return f"at most {self.maximum:g}" if high else ""

    def problem(self, name: str, value: Value) -> str | None:
        """What is wrong with a value of the right type, in one line; None when nothing is."""
        if self.choices and value not in self.choices:
            return f"{name} is {value!r}, it must be one of {self.range_text()}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if math.isnan(value):
                return f"{name} is NaN, it must be a number" + (f", {self.range_text()}" if self.range_text() else "")
            if not self.minimum <= value <= self.maximum:
                return f"{name} is {value:g}, it must be {self.range_text()}{' ' + self.unit if self.unit else ''}"
        return None


def parameter(default: Value, description: str, **info: Any) -> Any:
    """A dataclass field that is a setting; `info` are the other fields of `ParameterInfo`. A `Literal` type says its choices."""
    return dataclasses.field(default=default, metadata={"info": ParameterInfo(description, **info)})


def fields_of(table: type) -> dict[str, tuple[type, Any, ParameterInfo]]:
    """Name -> (bool, int, float or str; default; info) of every setting of a table, in order; not to be changed."""
    return _fields_of(table)


@lru_cache(maxsize=64)
def _fields_of(table: Any) -> dict[str, tuple[type, Any, ParameterInfo]]:
    hints = get_type_hints(table)
    declared = ((f, hints[f.name], f.metadata["info"]) for f in dataclasses.fields(table) if "info" in f.metadata)
    return {
        f.name: (str, f.default, dataclasses.replace(info, choices=get_args(kind)))
        if get_origin(kind) is Literal
        else (kind, f.default, info)
        for f, kind, info in declared
    }


def taken_from(table: type[P], values: Any) -> P:
    """A table filled from another one's attributes of the same names."""
    return table(**{name: getattr(values, name) for name in fields_of(table)})


def demand_valid(settings: Any, what: str) -> None:
    """For a table's `__post_init__`: raises ConfigurationError with every value out of its range in one line, `what` first."""
    problems = [info.problem(name, getattr(settings, name)) for name, (_, _, info) in fields_of(type(settings)).items()]
    if any(problems):
        raise ConfigurationError(f"{what}: " + "; ".join(problem for problem in problems if problem))


def check(table: type[P], values: Mapping[str, Value]) -> P:
    """The table filled from values; integers are taken for float parameters.

    Raises:
        ConfigurationError: one line that names every value that cannot be, and what would be right.
    """
    known = fields_of(table)
    problems, filled = [], {}
    for name, value in values.items():
        if name not in known:
            problems.append(f"{name} is not a parameter here")
            continue
        kind, _, info = known[name]
        whole = kind is float and isinstance(value, int) and not isinstance(value, bool)
        taken = float(value) if whole else value
        if type(taken) is not kind:
            problems.append(f"{name} is {value!r}, it must be a {kind.__name__}")
        elif problem := info.problem(name, taken):
            problems.append(problem)
        else:
            filled[name] = taken
    if problems:
        raise ConfigurationError("; ".join(problems))
    return table(**filled)
