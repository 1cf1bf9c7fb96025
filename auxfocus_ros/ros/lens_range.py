"""The distances that the lens in use can focus: its node names the lens file, which says them."""

from __future__ import annotations

from typing import Any

from rcl_interfaces.srv import GetParameters

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.timed_calls import TimedCalls


class LensRange:
    """Asked for once for each name that a lens state gives; unknown where the lens's node has no such file."""

    def __init__(self, node: Any, remote: str, calls: TimedCalls) -> None:
        """remote: name of the lens's node; its parameter `lens` is a lens file. calls: for the call of its service."""
        self._node = node
        self._calls = calls
        self._client = node.create_client(GetParameters, f"{remote}/get_parameters")
        self._asked_for = ""
        self.range_m: tuple[float, float] | None = None
        """Nearest and farthest distance, metres; the farthest may be +inf. None: not known."""

    def ask(self, lens_name: str) -> None:
        """A lens state gives this name."""
        if lens_name == self._asked_for or not self._client.service_is_ready():
            return
        self._asked_for, self.range_m = lens_name, None
        self._calls.call(self._client, GetParameters.Request(names=["lens"]), self._answered)

    def close(self) -> None:
        """Remove the client."""
        self._node.destroy_client(self._client)

    def _answered(self, response: Any, _: str) -> None:
        if response is None:
            self._asked_for = ""  # asked again at the next state
            return
        file = response.values[0].string_value if response.values else ""
        try:
            lens = load_lens(file) if file else None
        except AuxfocusError:
            return
        if lens is not None and lens.name == self._asked_for:
            self.range_m = lens.focus_range_m()
