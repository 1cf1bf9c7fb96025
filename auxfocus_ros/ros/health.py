"""A node's health: what is wrong now, how often, and how fast it runs; said in the log and on `/diagnostics`.

One place for both, so that every problem reaches both and neither is flooded: a problem is logged when it first appears and
then at most every few seconds with its count; it leaves the diagnostics some seconds after it was last seen.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

if TYPE_CHECKING:
    from rclpy.node import Node

LOG_INTERVAL_S = 5.0
SHOWN_FOR_S = 5.0
PERIOD_S = 1.0


@dataclass
class _Problem:
    text: str
    error: bool
    lasting: bool
    seen_s: float
    logged_s: float = -LOG_INTERVAL_S
    count: int = 0
    since_logged: int = 0


@dataclass
class Meter:
    """Rate and latency of something that happens again and again, over the last seconds."""

    window_s: float = 5.0
    _events: deque[tuple[float, float]] = field(default_factory=deque)
    total: int = 0

    def add(self, latency_s: float) -> None:
        """Count one event, `latency_s` seconds after the stamp it belongs to."""
        now = time.monotonic()
        self.total += 1
        self._events.append((now, latency_s))
        while self._events[0][0] < now - self.window_s:
            self._events.popleft()

    def summary(self) -> dict[str, str]:
        """Rate in hertz and latency percentiles in milliseconds, as text for diagnostics."""
        now = time.monotonic()
        recent = [event for event in list(self._events) if event[0] >= now - self.window_s]
        if len(recent) < 2:
            return {"total": str(self.total), "rate_hz": "0.0"}
        latencies = sorted(latency for _, latency in recent)
        rate = (len(recent) - 1) / max(recent[-1][0] - recent[0][0], 1e-9)
        return {
            "total": str(self.total),
            "rate_hz": f"{rate:.1f}",
            "latency_p50_ms": f"{1e3 * latencies[len(latencies) // 2]:.1f}",
            "latency_p95_ms": f"{1e3 * latencies[min(len(latencies) - 1, int(0.95 * len(latencies)))]:.1f}",
        }


class Health:
    """Collects a node's problems and figures; publishes them once a second on `/diagnostics`.

    Safe to call from the worker thread.
    """

    def __init__(self, node: Node, figures: Callable[[], Mapping[str, str]]) -> None:
        """`figures` is asked for the node's key-value pairs at each publication."""
        self._node = node
        self._figures = figures
        self._lock = threading.Lock()
        self._problems: dict[str, _Problem] = {}
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Steady time, so that diagnostics go on when a simulated clock stops.
        from rclpy.clock import Clock, ClockType

        self._timer = node.create_timer(PERIOD_S, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def problem(self, code: str, text: str, error: bool = False, lasting: bool = False) -> None:
        """Something is wrong: `code` names the kind, `text` says it in one line.

        `error`: the node cannot do its work meanwhile (else a warning). `lasting`: it stands until `clear(code)`.
        """
        now = time.monotonic()
        with self._lock:
            entry = self._problems.setdefault(code, _Problem(text, error, lasting, now))
            entry.text, entry.error, entry.lasting, entry.seen_s = text, error, lasting, now
            entry.count += 1
            entry.since_logged += 1
            if now - entry.logged_s < LOG_INTERVAL_S:
                return
            again = f" ({entry.since_logged} times)" if entry.since_logged > 1 else ""
            entry.logged_s, entry.since_logged = now, 0
        if error:
            self._node.get_logger().error(text + again)
        else:
            self._node.get_logger().warning(text + again)

    def clear(self, code: str) -> None:
        """The problem of this kind is over."""
        with self._lock:
            entry = self._problems.get(code)
            if entry is None or entry.seen_s == 0:
                return
            entry.seen_s, entry.lasting = 0.0, False
            entry.logged_s = -LOG_INTERVAL_S

    def publish(self) -> None:
        """One DiagnosticArray: the worst problem as the message, every problem's count and the node's figures as values."""
        now = time.monotonic()
        with self._lock:
            current = [p for p in self._problems.values() if p.lasting or (p.seen_s and now - p.seen_s < SHOWN_FOR_S)]
            counts = {f"problem.{code}": str(p.count) for code, p in self._problems.items()}
        level = DiagnosticStatus.OK
        if current:
            level = DiagnosticStatus.ERROR if any(p.error for p in current) else DiagnosticStatus.WARN
        current.sort(key=lambda p: (not p.error, -p.seen_s))
        status = DiagnosticStatus(
            level=level,
            name=self._node.get_fully_qualified_name().lstrip("/"),
            hardware_id="auxfocus_ros",
            message="; ".join(p.text for p in current) or "running",
        )
        values = {**self._figures(), **counts}
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
