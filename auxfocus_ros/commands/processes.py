"""The graph as processes: started, watched, and ended in an order and a time that are bounded."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import yaml

from auxfocus_ros.commands.own_modules import own_module
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.graph import NodeDescription
from auxfocus_ros.ros.process import PARENT_VARIABLE

STOP_TIMEOUT_S = 5.0


class GraphProcesses:
    """Nodes in processes of their own; a context manager that ends exactly what it started.

    Logs go to `log_directory/<node>.log`, or through to this terminal when it is None.
    """

    def __init__(self, nodes: Sequence[NodeDescription], *, namespace: str = "", log_directory: Path | None = None) -> None:
        """Nothing is started yet."""
        self._nodes = nodes
        self._namespace = namespace
        self._log_directory = log_directory
        self._folder = tempfile.TemporaryDirectory(prefix="auxfocus-")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> GraphProcesses:
        """Start every node."""
        try:
            for node in self._nodes:
                self._start(node)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End every node."""
        self.stop()

    def _start(self, node: NodeDescription) -> None:
        name = node.executable
        parameters = Path(self._folder.name) / f"{name}.yaml"
        parameters.write_text(yaml.safe_dump({"/**": {"ros__parameters": dict(node.parameters)}}))
        command = [*own_module(f"auxfocus_ros.nodes.{name}"), "--ros-args", "--params-file", str(parameters)]
        if self._namespace:
            command += ["-r", f"__ns:=/{self._namespace.strip('/')}"]
        for old, new in node.remaps.items():
            command += ["-r", f"{old}:={new}"]
        log = None
        if self._log_directory is not None:
            self._log_directory.mkdir(parents=True, exist_ok=True)
            log = (self._log_directory / f"{name}.log").open("wb")
        try:
            # A session of its own: Ctrl-C in the terminal reaches us alone, and we end the nodes in order.
            self._processes[name] = subprocess.Popen(
                command,
                stdout=log,
                stderr=log and subprocess.STDOUT,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
            )
        finally:
            if log is not None:
                log.close()

    def check(self) -> None:
        """Raises AuxfocusError, with the end of its log, when a node has ended by itself."""
        for name, process in self._processes.items():
            status = process.poll()
            if status is not None:
                raise AuxfocusError(f"{name} ended with exit status {status}{self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        if self._log_directory is None:
            return ""
        log = self._log_directory / f"{name}.log"
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        return f": {lines[-1].strip()}" if lines else f" (see {log})"

    def stop(self) -> None:
        """SIGTERM to all, in reverse order of their start; SIGKILL to what has not ended after a bound.

        Not SIGINT: of that a node that is still being imported makes a traceback.
        """
        for process in reversed(self._processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        ends = time.monotonic() + STOP_TIMEOUT_S
        for process in reversed(self._processes.values()):
            try:
                process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_TIMEOUT_S)
        self._processes.clear()
        self._folder.cleanup()


def private_domain() -> int:
    """Choose a ROS domain for this command alone unless the user has set one, keep it on this machine, and return its number.

    A demo or a benchmark must neither hear nor disturb other graphs on the network.
    """
    if "ROS_DOMAIN_ID" not in os.environ:
        os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 101))
        os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    return int(os.environ["ROS_DOMAIN_ID"])
