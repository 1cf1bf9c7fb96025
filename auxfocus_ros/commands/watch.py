"""A command's own eyes in the graph: a small node that hears the diagnostics and, where wanted, the pictures."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.ros.images import as_bgr
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN


class Watcher:
    """Hears a graph while it is spun; a context manager that owns its ROS context's life."""

    def __init__(self, name: str, namespace: str = "") -> None:
        """Join the graph as the node `name`."""
        # Signals are the command's: rclpy's handler would end the context under a wait before Ctrl-C is heard as such; Python's
        # would raise in the middle of whatever rclpy is doing. So the first one is kept until a turn is over; the next one is
        # Python's own again.
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._interrupted = False
        self._handlers = {number: signal.signal(number, self._interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
        self.node = rclpy.create_node(name, namespace=namespace or None)
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.levels: dict[str, tuple[int, str]] = {}
        self.figures: dict[str, dict[str, str]] = {}
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, EVENT)

    def __enter__(self) -> Watcher:
        """The watcher itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the graph."""
        self._give_signals_back()
        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        rclpy.try_shutdown()

    def hear_pictures(self, topic: str, heard: Callable[[Any, Any], None]) -> None:
        """Call `heard(picture, stamp)` with every BGR picture of a topic that comes while spinning."""
        self.node.create_subscription(Image, topic, lambda message: heard(as_bgr(message), message.header.stamp), PICTURE_IN)

    def spin_for(self, duration_s: float, each: Callable[[], None] = lambda: None) -> None:
        """Spin for a time; `each` is called at every turn."""
        ends = time.monotonic() + duration_s
        while (rest := ends - time.monotonic()) > 0:
            self.turn(min(rest, 0.05))
            each()

    def spin_until(
        self, condition: Callable[[], bool], timeout_s: float, what: str, each: Callable[[], None] = lambda: None
    ) -> None:
        """Spin until a condition holds. Raises AuxfocusError, naming `what`, when it does not in time."""
        ends = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > ends:
                raise AuxfocusError(f"{what} after {timeout_s:g} s{self._troubles()}")
            self.turn(0.05)
            each()

    def turn(self, timeout_s: float) -> None:
        """Spin once. Raises KeyboardInterrupt after it, if somebody has asked for an end meanwhile."""
        self.executor.spin_once(timeout_sec=timeout_s)
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        self._give_signals_back()

    def _give_signals_back(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._handlers = {}

    def _troubles(self) -> str:
        """What the nodes themselves say is wrong."""
        said = [f"{name}: {message}" for name, (level, message) in self.levels.items() if level > 0]
        return f" ({'; '.join(said)})" if said else ""

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            # By the bare name, and by the whole one where several namespaces are heard.
            for name in {status.name.rpartition("/")[2], status.name}:
                self.levels[name] = (int.from_bytes(status.level, "little"), status.message)
                self.figures[name] = {item.key: item.value for item in status.values}
