"""Another node's parameters, described, set, and followed as they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rcl_interfaces.msg import ParameterEvent
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParametersAtomically
from rclpy.qos import qos_profile_parameter_events

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.panel_options import as_parameters, describe, value_of
from auxfocus_ros.ros.timed_calls import TimedCalls

Options = list[dict[str, Any]]
Answer = Callable[[bool, str], None]
SERVICES = {
    "list_parameters": ListParameters,
    "describe_parameters": DescribeParameters,
    "get_parameters": GetParameters,
    "set_parameters_atomically": SetParametersAtomically,
}


class OptionClient:
    """The options of one node; to be used in the executor's thread alone.

    They are asked for when the node is there, and again when it has been away or has declared new ones.
    """

    def __init__(
        self,
        node: Any,
        remote: str,
        calls: TimedCalls,
        described: Callable[[Options], None],
        changed: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Make it on a node.

        Args:
            node: ours.
            remote: name of the other, relative to our namespace or absolute.
            calls: for the calls of its services.
            described: told the options with their values, when they have been heard.
            changed: told the new values of options, whoever set them.
        """
        self._node = node
        self._remote = remote
        self._calls = calls
        self._described = described
        self._changed = changed
        self._full_name = node.resolve_service_name(f"{remote}/list_parameters").rpartition("/")[0]
        self._clients = {name: node.create_client(kind, f"{remote}/{name}") for name, kind in SERVICES.items()}
        self._events = node.create_subscription(ParameterEvent, "/parameter_events", self._on_event, qos_profile_parameter_events)
        self._options: Options | None = None
        self._asking = False

    def tick(self) -> None:
        """Ask for the options when the node is there and they are not known; to be called about once a second."""
        if not self._clients["set_parameters_atomically"].service_is_ready():
            self._options = None
        elif self._options is None and not self._asking:
            self._asking = True
            self._calls.call(self._clients["list_parameters"], ListParameters.Request(), self._listed)

    def set(self, values: Mapping[str, Any], answer: Answer) -> None:
        """Set options together: all of them or, with every reason in one line, none."""
        if self._options is None:
            answer(False, f"{self._remote} does not answer: is it running?")
            return
        try:
            parameters = as_parameters(values, self._options)
        except InputError as error:
            answer(False, str(error))
            return

        def done(response: Any, words: str) -> None:
            ok = response is not None and response.result.successful
            answer(ok, "set" if ok else words or response.result.reason)

        request = SetParametersAtomically.Request(parameters=parameters)
        self._calls.call(self._clients["set_parameters_atomically"], request, done)

    def close(self) -> None:
        """Remove the clients and the subscription."""
        for client in self._clients.values():
            self._node.destroy_client(client)
        self._node.destroy_subscription(self._events)

    def _listed(self, response: Any, _: str) -> None:
        self._asking = False
        if response is None:  # asked again at the next tick
            return
        names = list(response.result.names)

        def described(answer: Any, _: str) -> None:
            if answer is not None and len(answer.descriptors) == len(names):
                request = GetParameters.Request(names=names)
                self._calls.call(self._clients["get_parameters"], request, lambda got, _: valued(answer.descriptors, got))

        def valued(descriptors: Any, answer: Any) -> None:
            if answer is not None and len(answer.values) == len(names):
                self._options = describe(descriptors, answer.values)
                self._described(self._options)

        self._calls.call(self._clients["describe_parameters"], DescribeParameters.Request(names=names), described)

    def _on_event(self, event: ParameterEvent) -> None:
        if event.node != self._full_name or self._options is None:
            return
        if event.new_parameters or event.deleted_parameters:
            self._options = None  # it has started anew
            return
        known = {option["name"]: option for option in self._options}
        values = {item.name: value_of(item.value) for item in event.changed_parameters if item.name in known}
        for name, value in values.items():
            known[name]["value"] = value
        if values:
            self._changed({name: known[name]["value"] for name in known})
