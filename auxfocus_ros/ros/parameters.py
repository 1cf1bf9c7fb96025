"""Parameters, declared once.

A node's parameters are the fields of a frozen dataclass; each field carries its default, range, unit and description. From that
one place come the ROS declarations with their descriptors, the checks (every bad value of a request is reported, not the first
alone), the typed values that the node reads, and the reference table in `docs/`. This module imports no ROS until a node
declares, so that the docs can be made without it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_type_hints

from auxfocus_ros.errors import AuxfocusError, ConfigurationError

if TYPE_CHECKING:
    from rcl_interfaces.msg import SetParametersResult
    from rclpy.node import Node

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
    """A dataclass field that is a ROS parameter; `info` are the other fields of `ParameterInfo`."""
    return dataclasses.field(default=default, metadata={"info": ParameterInfo(description, **info)})


def fields_of(table: type) -> dict[str, tuple[type, Any, ParameterInfo]]:
    """Name -> (type, default, info) of every parameter of a table, in order of declaration."""
    hints = get_type_hints(table)
    return {f.name: (hints[f.name], f.default, f.metadata["info"]) for f in dataclasses.fields(table) if "info" in f.metadata}


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


class Parameters(Generic[P]):
    """A node's parameters: declared from their table, checked together at each change, read as one frozen value.

    `values` is replaced as a whole, so that a worker thread that took it sees one consistent set.
    """

    def __init__(self, node: Node, table: type[P], changed: Callable[[P, P], None] | None = None) -> None:
        """Declare every parameter of a table on a node.

        Args:
            node: the node; its overrides (command line, launch, YAML) are taken.
            table: dataclass whose fields were made by `parameter`.
            changed: called with (old, new) before a change at run time is taken; an `AuxfocusError` from it refuses the change.

        Raises:
            ConfigurationError: one line that names every override that cannot be.
        """
        from rcl_interfaces.msg import ParameterDescriptor

        self._table = table
        self._changed = changed
        given: dict[str, Any] = {}
        for name, (_, default, info) in fields_of(table).items():
            unit = f" [{info.unit}]" if info.unit else ""
            # Ranges are said here and checked below: rclpy's own check stops at the first bad value and does not say what would
            # be right. Dynamic typing lets `1` stand for `1.0`.
            given[name] = node.declare_parameter(
                name,
                default,
                ParameterDescriptor(
                    description=info.description + unit,
                    additional_constraints=info.range_text(),
                    read_only=info.read_only,
                    dynamic_typing=True,
                ),
            ).value
        self.values: P = check(table, given)
        node.add_on_set_parameters_callback(self._on_set)

    def _on_set(self, requested: Sequence[Any]) -> SetParametersResult:
        from rcl_interfaces.msg import SetParametersResult

        known = fields_of(self._table)
        values = {name: getattr(self.values, name) for name in known}
        values |= {item.name: item.value for item in requested if item.name in known}
        try:
            new = check(self._table, values)
            if self._changed is not None and new != self.values:
                self._changed(self.values, new)
        except AuxfocusError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.values = new
        return SetParametersResult(successful=True)
