"""A node's parameters as options of the operator's page, and back.

Name, kind, range, unit and description come from where the parameter was declared (`ros.parameters`), by way of its descriptor:
the page shows an option that is added to a node without a change here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterDescriptor, ParameterType, ParameterValue

from auxfocus_ros.errors import InputError

KINDS = {
    ParameterType.PARAMETER_BOOL: "bool",
    ParameterType.PARAMETER_INTEGER: "int",
    ParameterType.PARAMETER_DOUBLE: "float",
    ParameterType.PARAMETER_STRING: "choice",
}
NOT_OPTIONS = {"use_sim_time", "start_type_description_service", "jpeg_quality"}
"""Not read-only, but nothing of how the image looks."""
_UNIT = re.compile(r"^(.*) \[([^\]]+)\]$", re.DOTALL)
_NUMBER = r"([-+0-9.e]+)"
_RANGES = (
    (re.compile(rf"{_NUMBER} to {_NUMBER}"), (1, 2)),
    (re.compile(rf"at least {_NUMBER}"), (1, None)),
    (re.compile(rf"at most {_NUMBER}"), (None, 1)),
)


def value_of(value: ParameterValue) -> bool | int | float | str | None:
    """The plain value; None for kinds that no option has (not set, arrays)."""
    fields = {
        ParameterType.PARAMETER_BOOL: "bool_value",
        ParameterType.PARAMETER_INTEGER: "integer_value",
        ParameterType.PARAMETER_DOUBLE: "double_value",
        ParameterType.PARAMETER_STRING: "string_value",
    }
    name = fields.get(value.type)
    return None if name is None else getattr(value, name)


def describe(descriptors: Sequence[ParameterDescriptor], values: Sequence[ParameterValue]) -> list[dict[str, Any]]:
    """The options among a node's parameters, in their order.

    Args:
        descriptors: of the parameters.
        values: theirs, in the same order.
    """
    found = (_describe(descriptor, value) for descriptor, value in zip(descriptors, values, strict=True))
    return [option for option in found if option is not None]


def _describe(descriptor: ParameterDescriptor, value: ParameterValue) -> dict[str, Any] | None:
    kind = KINDS.get(value.type)
    choices = descriptor.additional_constraints.split(" | ") if kind == "choice" else []
    is_option = descriptor.name not in NOT_OPTIONS and "." not in descriptor.name and not descriptor.read_only
    if kind is None or not is_option or (kind == "choice" and len(choices) < 2):
        return None
    low, high = _range(descriptor.additional_constraints)
    words = _UNIT.match(descriptor.description)
    return {
        "name": descriptor.name,
        "kind": kind,
        "value": value_of(value),
        "minimum": low,
        "maximum": high,
        "choices": ["" if choice == "''" else choice for choice in choices],
        "unit": words[2] if words else "",
        "description": words[1] if words else descriptor.description,
    }


def _range(constraints: str) -> tuple[float | None, float | None]:
    for pattern, (low, high) in _RANGES:
        match = pattern.fullmatch(constraints)
        if match:
            try:
                return (float(match[low]) if low else None), (float(match[high]) if high else None)
            except ValueError:
                break
    return None, None


def as_parameters(values: Mapping[str, bool | int | float | str], options: Sequence[Mapping[str, Any]]) -> list[Parameter]:
    """Values by name as parameters of the kinds that they have at the node.

    Raises:
        InputError: names that are no options, and values of another kind; all of them in one line. Ranges and choices are the
        node's to check.
    """
    kinds = {option["name"]: option["kind"] for option in options}
    problems, found = [], []
    for name, value in values.items():
        kind = kinds.get(name)
        message = None if kind is None else _as_value(kind, value)
        if kind is None:
            problems.append(f"{name} is not an option")
        elif message is None:
            problems.append(f"{name} is {value!r}, it must be {'a word' if kind == 'choice' else f'of kind {kind}'}")
        else:
            found.append(Parameter(name=name, value=message))
    if problems:
        raise InputError("; ".join(problems))
    return found


def _as_value(kind: str, value: bool | int | float | str) -> ParameterValue | None:
    if kind == "bool":
        return ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=value) if isinstance(value, bool) else None
    if kind == "choice":
        return ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value) if isinstance(value, str) else None
    if isinstance(value, (bool, str)):
        return None
    if kind == "float":
        return ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=float(value))
    if value == int(value):
        return ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=int(value))
    return None
