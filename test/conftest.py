"""Where tests find real data, and how graph tests start real nodes in a ROS domain that no other test uses."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

# The same examples in every run of the continuous integration; others each time elsewhere.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

REPOSITORY = Path(__file__).resolve().parents[1]
LAST_DOMAIN = 101  # beyond it, DDS ports reach into the ephemeral range


@pytest.fixture(scope="session")
def samples() -> Path:
    """The recordings and stacks that the repository carries."""
    return REPOSITORY / "samples"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real data that the repository may not carry; tests that need it are skipped where it is absent."""
    path = Path(os.environ.get("AUXFOCUS_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"real data beside the repository is not here: {path} (set AUXFOCUS_SHARED_DATA)")
    return path


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A ROS domain held by this test alone, on this machine only, also beside other runs of the tests."""
    numbers = list(range(1, LAST_DOMAIN + 1))
    random.SystemRandom().shuffle(numbers)
    for number in numbers:
        lock = Path("/tmp") / f"auxfocus-test-domain-{number}.lock"
        with lock.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
            monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
            monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path_factory.mktemp("ros_log")))
            yield number
            return
    pytest.fail("every ROS domain is taken by another test run")


class NodeProcess:
    """A node in a process of its own, with its log."""

    def __init__(self, executable: str, parameters: dict[str, Any], folder: Path, extra: list[str]) -> None:
        self.executable = executable
        self.log = folder / f"{executable}.log"
        file = folder / f"{executable}.yaml"
        file.write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}) if parameters else "")
        command = [sys.executable, "-m", f"auxfocus_ros.nodes.{executable}", "--ros-args"]
        command += ["--params-file", str(file)] if parameters else []
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen([*command, *extra], stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def text(self) -> str:
        """What it has logged so far."""
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGINT, timeout_s: float = 10.0) -> int:
        """Send a signal and return the exit status; a node that does not end in time is killed and fails the test."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout_s)
            pytest.fail(f"{self.executable} did not end within {timeout_s} s of signal {number}:\n{self.text()}")

    def wait(self, timeout_s: float = 20.0) -> int:
        """Wait until it ends by itself; its exit status."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.stop()
            pytest.fail(f"{self.executable} still runs after {timeout_s} s:\n{self.text()}")


@pytest.fixture
def start_node(domain: int, tmp_path: Path) -> Iterator[Callable[..., NodeProcess]]:
    """`start_node(executable, extra=[...], **parameters)`: a node of ours in a process of its own; ended after the test."""
    started: list[NodeProcess] = []

    def start(executable: str, extra: list[str] | None = None, **parameters: Any) -> NodeProcess:
        node = NodeProcess(executable, parameters, tmp_path, extra or [])
        started.append(node)
        return node

    yield start
    # Asked to end first: a killed process leaves its shared-memory segment behind.
    for node in started:
        if node.process.poll() is None:
            node.process.send_signal(signal.SIGINT)
    for node in started:
        try:
            node.process.wait(5.0)
        except subprocess.TimeoutExpired:
            node.process.kill()
            node.process.wait(5.0)


class GraphClient:
    """The test's own node in the graph, spun by hand with a bound on every wait."""

    def __init__(self, domain: int) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node("test_client", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)

    def collect(self, message_type: Any, topic: str, profile: Any = 10) -> list[Any]:
        """A list that grows with every message of a topic while the client is spun."""
        heard: list[Any] = []
        self.node.create_subscription(message_type, topic, heard.append, profile)
        return heard

    def spin(self, duration_s: float) -> None:
        """Spin for a time."""
        ends = time.monotonic() + duration_s
        while time.monotonic() < ends:
            self.executor.spin_once(timeout_sec=0.02)

    def until(self, condition: Callable[[], Any], timeout_s: float = 15.0, what: str = "the condition") -> Any:
        """Spin until a condition is true and return its value; fails the test when it is not in time."""
        ends = time.monotonic() + timeout_s
        while not (value := condition()):
            if time.monotonic() > ends:
                pytest.fail(f"waited {timeout_s} s for {what}")
            self.executor.spin_once(timeout_sec=0.02)
        return value

    def close(self) -> None:
        """Leave the graph."""
        import rclpy

        self.executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def graph(domain: int) -> Iterator[GraphClient]:
    """A client node in the test's domain."""
    client = GraphClient(domain)
    yield client
    client.close()


@pytest.fixture(scope="session")
def by_hand() -> Any:
    """The module `simulated_frames.py`: frames with truth, made by hand."""
    spec = importlib.util.spec_from_file_location("simulated_frames", REPOSITORY / "test" / "simulated_frames.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
