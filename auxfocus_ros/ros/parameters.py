"""A node's parameters, from a table of settings (`auxfocus_ros.declaration`): declared, checked together, read as one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from auxfocus_ros.declaration import check, fields_of
from auxfocus_ros.errors import AuxfocusError

if TYPE_CHECKING:
    from rcl_interfaces.msg import SetParametersResult
    from rclpy.node import Node

P = TypeVar("P")


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
