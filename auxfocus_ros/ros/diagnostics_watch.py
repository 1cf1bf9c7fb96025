"""What the nodes of the graph say of themselves on `/diagnostics`, and which of them have fallen silent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from auxfocus_ros.ros.silence import Silence

SILENT_S = 4.0
"""Our nodes speak once a second."""
LEVELS = {
    DiagnosticStatus.OK: "ok",
    DiagnosticStatus.WARN: "warning",
    DiagnosticStatus.ERROR: "error",
    DiagnosticStatus.STALE: "stale",
}


@dataclass
class _Node:
    level: str
    message: str
    values: dict[str, str]
    silence: Silence = field(repr=False)


class DiagnosticsWatch:
    """Keeps the last word of each node that is asked after."""

    def __init__(
        self,
        namespace: str,
        names: tuple[str, ...],
        said: Callable[[str, str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make it.

        Args:
            namespace: of the nodes, as rclpy says it.
            names: of the nodes; others are not listened to.
            said: told (node, level, text) at each word of a node, and with level 'silent' once when it says nothing any more.
            clock: steady seconds.
        """
        self._names = {f"{namespace.strip('/')}/{name}".strip("/"): name for name in names}
        self._said = said
        self._clock = clock
        self._nodes: dict[str, _Node] = {}

    def heard(self, message: DiagnosticArray) -> None:
        """A message of the topic."""
        for status in message.status:
            name = self._names.get(status.name)
            if name is None:
                continue
            known = self._nodes.get(name)
            silence = known.silence if known is not None else Silence(SILENT_S, self._clock)
            silence.heard()
            level = LEVELS.get(status.level, "error")
            values = {item.key: item.value for item in status.values}
            self._nodes[name] = _Node(level, status.message, values, silence)
            self._said(name, level, status.message)

    def tick(self) -> None:
        """Notice who has fallen silent; to be called some times a second."""
        for name, known in self._nodes.items():
            if known.silence.check():
                known.level, known.message = "stale", f"{name} says nothing any more"
                self._said(name, "silent", known.message)

    def value(self, name: str, key: str) -> str | None:
        """A figure of a node, as it was heard last; None: it has not been heard, or has fallen silent."""
        known = self._nodes.get(name)
        return known.values.get(key) if known is not None and not known.silence.silent else None

    def nodes(self) -> Mapping[str, dict[str, Any]]:
        """Level, message and figures of each node that was heard."""
        return {
            name: {"level": known.level, "message": known.message, "values": known.values} for name, known in self._nodes.items()
        }
