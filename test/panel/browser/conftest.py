"""A headless Chromium, and the real graph with the operator's page in processes of its own."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from auxfocus_ros.commands.bench_page import BROWSER_ARGUMENTS, find_browser, free_port
from auxfocus_ros.errors import MissingLibraryError

LAST_DOMAIN = 101
START_S = 40.0
NEAREST_READING_M = 0.6
SIZE = (320, 240)
# A still life on a tripod: what is clicked stands where it stood.
NODES: dict[str, dict[str, Any]] = {
    "lens_actuator": {"lens": "gimbal_25mm_close", "speed_steps_per_s": 900.0},
    "aux_focus": {"depth_input": "depth", "layout": "side_by_side"},
    "gimbal_rig": {"source": "simulation", "path": "table_top", "width_px": SIZE[0], "height_px": SIZE[1], "rate_hz": 8.0},
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright; tests are skipped, with the reason, where either is missing."""
    try:
        path = find_browser()
    except MissingLibraryError as error:
        pytest.skip(str(error))
    playwright_api = pytest.importorskip(
        "playwright.sync_api", reason="the page is tested with Playwright: pip install playwright"
    )
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(BROWSER_ARGUMENTS))
        yield browser
        browser.close()


class Truth:
    """The newest frame's truth, heard from the simulator, and the newest lens state."""

    def __init__(self, domain: int) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from sensor_msgs.msg import Image

        from auxfocus_interfaces.msg import FocusTruth, LensState
        from auxfocus_ros.ros.qos import PICTURE_IN, STATE

        self._context = rclpy.Context()
        rclpy.init(context=self._context, domain_id=domain)
        self._node = rclpy.create_node("test_client", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._focus: list[Any] = []
        self._labels: list[Any] = []
        self._lens: list[Any] = []
        self._node.create_subscription(FocusTruth, "truth/focus", self._focus.append, PICTURE_IN)
        self._node.create_subscription(Image, "truth/labels", self._labels.append, PICTURE_IN)
        self._node.create_subscription(LensState, "lens/state", self._lens.append, STATE)

    def hear(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
        """Listen until something is true, and return it."""
        ends = time.monotonic() + timeout_s
        while not (value := condition()):
            assert time.monotonic() < ends, "the simulator or the lens says nothing"
            self._executor.spin_once(timeout_sec=0.02)
        return value

    def lens(self) -> Any:
        """A lens state from now on."""
        self._lens.clear()
        return self.hear(lambda: self._lens and self._lens[-1])

    def still_things(self) -> list[tuple[Any, tuple[float, float]]]:
        """What stands still and is well seen by camera and depth sensor, the largest first, each with a pixel well inside it."""
        import cv2

        self._focus.clear()
        self._labels.clear()
        self.hear(lambda: self._focus and self._labels)
        labels = np.frombuffer(bytes(self._labels[-1].data), "<u2").reshape(SIZE[1], SIZE[0])
        found = []
        for thing in sorted(self._focus[-1].things, key=lambda one: -one.pixels):
            mask = np.pad((labels == thing.target.id).astype(np.uint8), 1)  # the picture's edge is an edge
            inside = cv2.distanceTransform(mask, cv2.DIST_L2, 3)[1:-1, 1:-1]
            row, column = np.unravel_index(int(inside.argmax()), inside.shape)
            measured = thing.target.depth_m > NEAREST_READING_M and thing.target.label != "glass"
            if inside[row, column] >= 5 and not thing.moving and measured:
                found.append((thing, (float(column), float(row))))
        return found

    def close(self) -> None:
        """Leave the graph."""
        import rclpy

        self._executor.shutdown(timeout_sec=1.0)
        self._node.destroy_node()
        rclpy.shutdown(context=self._context)


class Graph:
    """The nodes as processes; each can be killed and started again."""

    def __init__(self, folder: Path, environment: dict[str, str], port: int) -> None:
        self.folder, self.environment, self.port = folder, environment, port
        self.address = f"http://127.0.0.1:{port}/"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        for name, parameters in {**NODES, "operator_panel": {"port": port}}.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump({"/**": {"ros__parameters": parameters}}))
            self.start(name)

    def start(self, name: str) -> None:
        """Start a node."""
        command = [sys.executable, "-m", f"auxfocus_ros.nodes.{name}", "--ros-args"]
        command += ["--params-file", str(self.folder / f"{name}.yaml")]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment
            )

    def kill(self, name: str) -> None:
        """Kill a node as a crash would."""
        self.processes[name].kill()
        self.processes[name].wait(10.0)

    def check(self) -> None:
        """Fail with its log when a node has ended."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                pytest.fail(f"{name} has ended:\n{(self.folder / f'{name}.log').read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End every node."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(8.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5.0)


@pytest.fixture(scope="module")
def operator_graph(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """The graph with the page, in a ROS domain of its own, on this machine only; the module's tests share it."""
    numbers = list(range(1, LAST_DOMAIN + 1))
    random.SystemRandom().shuffle(numbers)
    for number in numbers:
        with (Path("/tmp") / f"auxfocus-test-domain-{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            folder = tmp_path_factory.mktemp("operator_graph")
            environment = {**os.environ, "ROS_DOMAIN_ID": str(number), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
            environment["ROS_LOG_DIR"] = str(folder)
            graph = Graph(folder, environment, free_port())
            try:
                yield graph
            finally:
                graph.stop()
            return
    pytest.fail("every ROS domain is taken by another test run")


@pytest.fixture
def truth(operator_graph: Graph, monkeypatch: pytest.MonkeyPatch) -> Iterator[Truth]:
    """A listener in the graph."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    heard = Truth(int(operator_graph.environment["ROS_DOMAIN_ID"]))
    yield heard
    heard.close()


class Visit:
    """One browser window on the page, with what it asked for and what went wrong in it."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.requests: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type in {"error", "warning"} else None)

    def until(self, script: str, timeout_s: float = 15.0, argument: Any = None) -> Any:
        """Ask a script until it gives something true (from outside: the page's own policy lets nobody evaluate texts in it)."""
        ends = time.monotonic() + timeout_s
        while not (value := self.page.evaluate(script, argument)):
            assert time.monotonic() < ends, f"waited {timeout_s:g} s for: {script}"
            self.page.wait_for_timeout(30)
        return value

    def lens(self) -> dict[str, Any]:
        """The lens state that the page drew last."""
        return self.page.evaluate("window.auxfocus.lens")  # type: ignore[no-any-return]

    def rest(self) -> None:
        """Wait until the glass stands still where it was sent."""
        self.page.wait_for_timeout(250)
        self.until("window.auxfocus.lens?.alive && !window.auxfocus.lens.moving")

    def focus_on(self, distance: str) -> None:
        """Type a distance, again where the lens has only just come and is not ready for it, until the lens rests there."""
        metres = float(distance.replace(",", "."))
        there = (
            "(metres) => { const lens = window.auxfocus.lens; const at = lens.focus_distance_m ?? Infinity;"
            " return !lens.moving && (at === metres || Math.abs(at - metres) < 0.01 * metres); }"
        )
        ends = time.monotonic() + 20.0
        while not self.page.evaluate(there, metres):
            assert time.monotonic() < ends, f"not at {distance}: {self.page.inner_text('#said')}"
            self.page.fill("#entry", distance)
            self.page.press("#entry", "Enter")
            self.page.wait_for_timeout(300)
            while self.lens()["moving"]:
                self.page.wait_for_timeout(30)

    def place(self, selector: str) -> tuple[float, float, float, float]:
        """Left, top, width, height of an element."""
        box = self.page.locator(selector).bounding_box()
        return box["x"], box["y"], box["width"], box["height"]

    def at_picture(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the camera's picture is in the window."""
        left, top, width, _ = self.place("#over")
        rect = self.page.evaluate("window.auxfocus.picture.rect")
        scale = width / self.page.evaluate("document.getElementById('image').width")
        return left + (rect[0] + x) * scale, top + (rect[1] + y) * scale


@pytest.fixture
def visit(chromium: Any, operator_graph: Graph) -> Iterator[Callable[..., Visit]]:
    """`visit(width=1280, height=800, **context)`: the page in a window of its own, live."""
    contexts = []

    def open_window(width: int = 1280, height: int = 800, **options: Any) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        visit = Visit(context.new_page(), operator_graph.address)
        ends = time.monotonic() + START_S
        while True:
            operator_graph.check()
            try:
                visit.page.goto(operator_graph.address)
                break
            except Exception:
                assert time.monotonic() < ends, "the page is not served"
                time.sleep(0.3)
        visit.errors.clear()
        visit.requests.clear()
        visit.page.reload()
        visit.until("document.documentElement.dataset.connection === 'open' && window.auxfocus.lens?.alive", START_S)
        if visit.page.evaluate("document.documentElement.dataset.helm === 'mine'"):
            visit.page.check("#mode-aux")  # a test that failed may have left it otherwise
        visit.until("window.auxfocus.picture.count > 1 && window.auxfocus.markerPx !== null", START_S)
        return visit

    yield open_window
    for context in contexts:
        context.close()
