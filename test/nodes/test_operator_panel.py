"""`operator_panel` as a real node with a real lens: what a browser asks for happens, and what happens is shown."""

from __future__ import annotations

import array
import asyncio
import itertools
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import CompressedImage, Image

from auxfocus_ros.optics import load_lens
from auxfocus_ros.ros.qos import PICTURE_OUT

pytestmark = pytest.mark.graph

BENCH = load_lens("bench_25mm")
ADDRESS = re.compile(r"page is on (http://\S+?)/")
TOKEN = "correct-horse-battery"


class Page:
    """A browser's side of the socket for states."""

    def __init__(self, opened: Any) -> None:
        self.socket = opened
        self.number = 0
        self.heard: list[dict[str, Any]] = []

    async def until(self, wanted: Callable[[dict[str, Any]], Any], timeout_s: float = 15.0) -> dict[str, Any]:
        """Read until a message is wanted; it. All that were read are kept in `heard`."""
        ends = time.monotonic() + timeout_s
        while True:
            left_s = ends - time.monotonic()
            assert left_s > 0, f"waited too long; heard last: {self.heard[-5:]}"
            message = await asyncio.wait_for(self.socket.receive(), left_s)
            assert message.type.name == "TEXT", f"the socket was closed: {message.type.name} {message.data!r}"
            self.heard.append(json.loads(message.data))
            if wanted(self.heard[-1]):
                return self.heard[-1]

    async def next(self, kind: str, timeout_s: float = 15.0, **fields: Any) -> dict[str, Any]:
        """The next message of a type with these fields."""
        return await self.until(lambda m: m["type"] == kind and fields.items() <= m.items(), timeout_s)

    async def known(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The newest message that is wanted, of those heard already and those to come."""
        return next((m for m in reversed(self.heard) if wanted(m)), None) or await self.until(wanted)

    async def send(self, kind: str, **fields: Any) -> int:
        """Send a request; its number."""
        self.number += 1
        await self.socket.send_str(json.dumps({"type": kind, "request": self.number, **fields}))
        return self.number

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a request and wait for its outcome."""
        return await self.next("outcome", request=await self.send(kind, **fields))

    async def rest(self) -> dict[str, Any]:
        """Read until the lens has been at rest, then what it says."""
        await self.next("lens", moving=False, goal_position_steps=None, velocity_steps_per_s=0.0)
        return await self.next("lens", moving=False)


class Browser:
    """Opens the panel's sockets."""

    def __init__(self, session: Any, url: str) -> None:
        self.session, self.url = session, url

    async def page(self, lens: bool = True) -> Page:
        """Open the page; with `lens`, wait until the lens can be asked to move."""
        page = Page(await self.session.ws_connect(f"{self.url}/ws", origin=self.url))
        await page.next("hello")
        if lens:
            await page.next("lens", alive=True)
            await page.until(lambda m: m["type"] == "lens" and m["nearest_distance_m"] is not None)
        return page

    async def picture(self, stream: Any, timeout_s: float = 15.0) -> tuple[dict[str, Any], np.ndarray]:
        """The next picture of a stream's socket: header and pixels."""
        data = await stream.receive_bytes(timeout=timeout_s)
        length = struct.unpack(">I", data[:4])[0]
        await stream.send_str("next")
        return json.loads(data[4 : 4 + length]), cv2.imdecode(np.frombuffer(data[4 + length :], np.uint8), cv2.IMREAD_COLOR)


@pytest.fixture
def start_panel(start_node: Callable[..., Any]) -> Callable[..., Any]:
    """`start_panel(**parameters)`: the node on a free port, once it serves."""

    def start(**parameters: Any) -> Any:
        node = start_node("operator_panel", **{"port": 0, **parameters})
        ends = time.monotonic() + 20.0
        while (found := ADDRESS.search(node.text())) is None:
            assert node.process.poll() is None and time.monotonic() < ends, node.text()
            time.sleep(0.02)
        node.url = found[1]
        return node

    return start


def browse(node: Any, talk: Callable[[Browser], Coroutine[Any, Any, Any]], timeout_s: float = 60.0) -> Any:
    """Run a coroutine that is handed a browser."""
    import aiohttp

    async def main() -> Any:
        async with aiohttp.ClientSession() as session:
            return await asyncio.wait_for(talk(Browser(session, node.url)), timeout_s)

    return asyncio.run(main())


@pytest.fixture
def stand_in(domain: int) -> Iterator[subprocess.Popen[bytes]]:
    """autofocus/run and aux_focus/select_target, in a process of their own."""
    process = subprocess.Popen([sys.executable, str(Path(__file__).with_name("focus_stand_in.py"))])
    yield process
    process.send_signal(signal.SIGINT)
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()


def test_a_wish_moves_the_lens_and_shows_it_moving(start_node: Callable[..., Any], start_panel: Callable[..., Any]) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0, speed_steps_per_s=400.0)
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        lens = await page.next("lens", alive=True)
        assert (lens["position_steps"], lens["lens_name"], lens["fault_code"]) == (1500.0, "bench_25mm", 0)
        assert (lens["nearest_distance_m"], lens["farthest_distance_m"]) == pytest.approx(BENCH.focus_range_m())
        assert lens["focus_distance_m"] == BENCH.focus_distance_m(1500.0) and lens["focus_state"] == "finite"
        page.heard.clear()
        outcome = await page.ask("focus", by="distance", value=2.0)
        assert outcome["ok"] and "focused at 2 m" in outcome["text"]
        positions = [m["position_steps"] for m in page.heard if m["type"] == "lens"]
        assert len(positions) > 5 and positions == sorted(positions, reverse=True)  # it was seen on its way
        assert (await page.rest())["position_steps"] == pytest.approx(BENCH.position_for_distance(2.0), abs=0.5)
        assert (await page.ask("focus", by="position", value=1200))["ok"]
        assert (await page.ask("focus", by="dioptre", value=1.0))["ok"]
        rates = await page.until(lambda m: m["type"] == "rates" and "lens_actuator" in m["node"])
        assert rates["lens_hz"] > 0 and rates["viewers"] == 1 and rates["node"]["lens_actuator"]["level"] == "ok"
        assert rates["node"]["lens_actuator"]["values"]["fault"] == "none"
        assert not any(m["type"] == "fault" for m in page.heard)

        outcome = await page.ask("focus", by="distance", value=0.1)  # what the lens cannot
        assert not outcome["ok"] and "0.4 m to 10 m" in outcome["text"]
        fault = await page.next("fault")
        assert (fault["source"], fault["level"], fault["cleared"]) == ("lens", "warning", False)

    browse(panel, talk)
    assert panel.stop() == 0


def test_of_rapid_wishes_the_newest_wins_and_each_is_answered(
    start_node: Callable[..., Any], start_panel: Callable[..., Any]
) -> None:
    start_node("lens_actuator", initial_position_steps=1100.0)
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        page.heard.clear()
        wishes = {await page.send("focus", by="position", value=1200.0 + 20.0 * k): 1200.0 + 20.0 * k for k in range(30)}
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < 30:
            outcome = await page.next("outcome")
            assert outcome["request"] not in answers
            answers[outcome["request"]] = outcome
        assert set(answers) == set(wishes)
        assert [number for number, outcome in answers.items() if outcome["ok"]] == [30]
        assert {outcome["text"] for outcome in answers.values() if not outcome["ok"]} == {"replaced by a newer wish"}
        assert (await page.rest())["position_steps"] == wishes[30]
        goals = [m["goal_position_steps"] for m in page.heard if m["type"] == "lens" and m["goal_position_steps"]]
        assert goals == sorted(goals) and goals[-1] == wishes[30]  # never an older wish after a newer one
        rates = await page.until(
            lambda m: "operator_panel" in m.get("node", {}) and "goals.sent" in m["node"]["operator_panel"]["values"]
        )
        assert int(rates["node"]["operator_panel"]["values"]["goals.sent"]) <= 30

    browse(panel, talk)


def test_a_drag_is_followed_and_one_that_breaks_off_comes_to_rest(
    start_node: Callable[..., Any], start_panel: Callable[..., Any]
) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        watcher = await browser.page()
        wishes = []
        began = time.monotonic()
        while (passed_s := time.monotonic() - began) < 1.5:  # 60 wishes a second, 300 steps a second
            wishes.append(1500.0 + 300.0 * passed_s)
            await page.send("focus", by="position", value=wishes[-1])
            await asyncio.sleep(1 / 60)
        page.socket._conn.transport.abort()  # as a browser that vanishes
        await watcher.next("helm", helm=None)
        rests_at = (await watcher.rest())["position_steps"]
        assert min(abs(rests_at - wish) for wish in wishes[-20:]) <= 0.5  # at a goal that was sent, near the end of the drag
        states = [m for m in watcher.heard if m["type"] == "lens"]
        positions = [m["position_steps"] for m in states]
        assert all(after >= before - 1.0 for before, after in itertools.pairwise(positions))  # no swinging
        await asyncio.sleep(0.5)
        assert (await watcher.next("lens", alive=True))["position_steps"] == rests_at
        assert not (await watcher.ask("focus", by="position", value=1400.0))["ok"]
        assert (await watcher.ask("helm", take=True))["ok"]
        assert (await watcher.ask("focus", by="position", value=1400.0))["ok"]

    browse(panel, talk)


def test_stop_stops_the_glass(start_node: Callable[..., Any], start_panel: Callable[..., Any], graph: Any) -> None:
    start_node("lens_actuator", initial_position_steps=1100.0, speed_steps_per_s=100.0)
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        assert (await page.ask("stop"))["text"] == "nothing was moving"
        wish = await page.send("focus", by="position", value=2000.0)
        await page.next("lens", moving=True)
        stop = await page.send("stop")
        outcomes = [await page.next("outcome") for _ in range(2)]
        answers = {outcome["request"]: (outcome["ok"], outcome["text"]) for outcome in outcomes}
        assert answers == {wish: (False, "stopped"), stop: (True, "stopped")}
        assert (await page.rest())["position_steps"] < 1500.0

    browse(panel, talk)


def test_a_lens_that_is_killed_and_comes_back(start_node: Callable[..., Any], start_panel: Callable[..., Any]) -> None:
    lens = start_node("lens_actuator", initial_position_steps=1100.0, speed_steps_per_s=50.0)
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        wish = await page.send("focus", by="position", value=2000.0)
        await page.next("lens", moving=True)
        assert await asyncio.to_thread(lens.stop) == 0
        outcome = await page.next("outcome", request=wish)
        assert not outcome["ok"]
        silent = await page.next("lens", alive=False)
        assert silent["text"] == "the lens does not answer"
        await page.until(lambda m: m["type"] == "fault" and "the lens does not answer" in m["text"])
        assert "lens_actuator" in (await page.ask("focus", by="position", value=1500.0))["text"]
        late = await browser.page(lens=False)  # who comes now learns it too
        assert (await late.next("fault", source="lens"))["cleared"] is False
        page.heard.clear()
        start_node("lens_actuator", initial_position_steps=1300.0)
        assert (await page.next("lens", alive=True))["position_steps"] == 1300.0
        await page.next("fault", source="lens", cleared=True)
        ends = time.monotonic() + 10.0
        while not (await page.ask("focus", by="position", value=1500.0))["ok"]:
            assert time.monotonic() < ends
            await asyncio.sleep(0.2)
        assert not any(m["type"] == "fault" and not m["cleared"] and m["level"] == "error" for m in page.heard[-20:])

    browse(panel, talk)
    assert panel.stop() == 0


def test_a_fault_of_the_lens_is_raised_once_and_cleared(
    start_node: Callable[..., Any], start_panel: Callable[..., Any], graph: Any
) -> None:
    start_node("lens_actuator", initial_position_steps=1500.0)
    panel = start_panel()
    client = graph.node.create_client(SetParameters, "lens_actuator/set_parameters")

    def fault(name: str) -> None:
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=name)
        graph.until(client.service_is_ready, 15.0, "the lens")
        future = client.call_async(SetParameters.Request(parameters=[Parameter(name="fault", value=value)]))
        graph.until(future.done, 5.0, "the fault to be set")

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        await asyncio.to_thread(fault, "connection_lost")
        raised = await page.next("fault", source="lens", cleared=False)
        assert raised["level"] == "error" and abs(raised["since_ms"] - 1e3 * time.time()) < 60e3
        await page.until(lambda m: m["type"] == "lens" and m["fault_code"] == 2)
        outcome = await page.ask("focus", by="position", value=1700.0)
        assert not outcome["ok"] and outcome["text"]
        await page.next("rates")
        await page.next("rates")
        await asyncio.to_thread(fault, "none")
        await page.next("fault", source="lens", cleared=True)
        texts = [m["text"] for m in page.heard if m["type"] == "fault" and not m["cleared"]]
        assert len(texts) == len(set(texts)) <= 4  # said when it changes, not every second

    browse(panel, talk)


def test_options_are_described_set_and_followed(
    start_node: Callable[..., Any], start_panel: Callable[..., Any], graph: Any
) -> None:
    aux_focus = start_node("aux_focus")
    panel = start_panel()
    client = graph.node.create_client(SetParameters, "aux_focus/set_parameters")

    async def talk(browser: Browser) -> None:
        page = await browser.page(lens=False)
        hello = await page.known(lambda m: m["type"] == "hello" and m["options"])
        options = {option["name"]: option for option in hello["options"]}
        assert options["opacity"] == {
            "name": "opacity", "kind": "float", "value": 0.9, "minimum": 0.0, "maximum": 1.0, "choices": [], "unit": "",
            "description": options["opacity"]["description"],
        }  # fmt: skip
        assert options["scale"]["kind"] == "choice" and {"log", "dioptre"} <= set(options["scale"]["choices"])
        assert options["near_m"]["unit"] == "m" and options["show_scale"]["kind"] == "bool"
        assert options["depth_bins"]["kind"] == "int"
        assert not {"rig", "lazy", "autostart", "use_sim_time"} & set(options)  # read-only, or nothing of the image

        outcome = await page.ask("set", values={"opacity": 1, "scale": "dioptre", "show_scale": False, "depth_bins": 64})
        assert outcome["ok"]
        wanted = {"opacity": 1.0, "scale": "dioptre", "show_scale": False, "depth_bins": 64}
        await page.known(lambda m: m["type"] == "options" and wanted.items() <= m["values"].items())
        outcome = await page.ask("set", values={"opacity": 1.5, "scale": "cubic"})
        assert not outcome["ok"] and "opacity is 1.5" in outcome["text"] and "cubic" in outcome["text"]
        outcome = await page.ask("set", values={"rig": "x", "opacity": "much"})
        assert not outcome["ok"] and "rig is not an option" in outcome["text"] and "opacity is 'much'" in outcome["text"]

        # somebody else sets one
        await asyncio.to_thread(graph.until, client.service_is_ready, 10.0, "the parameter service")
        value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=0.25)
        future = client.call_async(SetParameters.Request(parameters=[Parameter(name="opacity", value=value)]))
        await asyncio.to_thread(graph.until, future.done, 5.0, "the answer")
        await page.known(lambda m: m["type"] == "options" and m["values"]["opacity"] == 0.25)

        # off and on
        assert (await page.ask("enable", value=False))["ok"]
        assert (await page.ask("enable", value=True))["ok"]
        assert [m["value"] for m in page.heard if m["type"] == "enabled"][-2:] == [False, True]

        # killed, and started anew: described anew
        assert await asyncio.to_thread(aux_focus.stop) == 0
        await page.next("fault", source="aux_focus", cleared=False)
        assert not (await page.ask("enable", value=False))["ok"]
        start_node("aux_focus", opacity=0.75)
        hello = await page.until(lambda m: m["type"] == "hello" and m["options"])
        assert next(o for o in hello["options"] if o["name"] == "opacity")["value"] == 0.75
        assert hello["viewer"] == 1

    browse(panel, talk)


def image(stamp_s: int, grey: int) -> Image:
    message = Image(height=48, width=64, encoding="bgr8", step=192)
    message.data = array.array("B", bytes([grey]) * (192 * 48))
    message.header.stamp.sec = stamp_s
    return message


def compressed(stamp_s: int, grey: int, suffix: str = ".jpg") -> CompressedImage:
    message = CompressedImage(format=suffix.strip("."))
    message.data = array.array("B", cv2.imencode(suffix, np.full((24, 32, 3), grey, np.uint8))[1].tobytes())
    message.header.stamp.sec = stamp_s
    return message


def test_pictures_are_subscribed_to_while_somebody_looks(start_panel: Callable[..., Any], graph: Any) -> None:
    panel = start_panel()
    raw = graph.node.create_publisher(Image, "camera/image_raw", PICTURE_OUT)
    aux = graph.node.create_publisher(CompressedImage, "aux_focus/unmarked/compressed", PICTURE_OUT)

    async def until(condition: Callable[[], Any]) -> None:
        ends = time.monotonic() + 15.0
        while not condition():
            assert time.monotonic() < ends
            await asyncio.sleep(0.02)

    async def shown(browser: Browser, stream: Any, publisher: Any, message: Any) -> tuple[dict[str, Any], np.ndarray]:
        """Publish until it is shown: matched on one side is not yet matched on both."""
        coming = asyncio.create_task(browser.picture(stream))
        while not coming.done():
            publisher.publish(message)
            await asyncio.wait([coming], timeout=0.2)
        header, pixels = coming.result()
        if header["stamp"][0] != message.header.stamp.sec:  # one that was sent twice
            return await shown(browser, stream, publisher, message)
        return header, pixels

    async def talk(browser: Browser) -> None:
        page = await browser.page(lens=False)
        await asyncio.sleep(1.0)
        assert (raw.get_subscription_count(), aux.get_subscription_count()) == (0, 0)

        stream = await browser.session.ws_connect(f"{browser.url}/stream/aux")
        await until(lambda: aux.get_subscription_count() == 1)
        assert raw.get_subscription_count() == 0
        header, pixels = await shown(browser, stream, aux, compressed(11, 90))
        assert header["stamp"] == [11, 0] and (header["width"], header["height"]) == (32, 24)
        assert pixels.shape == (24, 32, 3) and abs(int(pixels[5, 5, 0]) - 90) <= 2
        aux.publish(CompressedImage(format="jpeg", data=array.array("B", b"\xff\xd8\xff\xe0\x00\x10JFIF")))  # cut off
        await shown(browser, stream, aux, compressed(12, 60))

        camera = await browser.session.ws_connect(f"{browser.url}/stream/camera")
        await until(lambda: raw.get_subscription_count() == 1)
        header, pixels = await shown(browser, camera, raw, image(21, 120))
        assert pixels.shape == (48, 64, 3) and abs(int(pixels[5, 5, 0]) - 120) <= 2

        ready = graph.node.create_publisher(CompressedImage, "camera/image_raw/compressed", PICTURE_OUT)
        await until(lambda: ready.get_subscription_count() == 1 and raw.get_subscription_count() == 0)
        for stamp_s, suffix in [(22, ".jpg"), (23, ".png")]:  # what is no JPEG is made one
            assert (await shown(browser, camera, ready, compressed(stamp_s, 30, suffix)))[1].shape == (24, 32, 3)

        # nothing comes any more: said, and over with the next picture
        fault = await page.next("fault", source="gimbal_rig", cleared=False)
        assert "no picture comes on camera/image_raw/compressed" in fault["text"]
        ready.publish(compressed(24, 30))
        await page.next("fault", source="gimbal_rig", cleared=True)
        await stream.close()
        await camera.close()
        await until(lambda: aux.get_subscription_count() == 0 and ready.get_subscription_count() == 0)

    browse(panel, talk)
    assert panel.stop() == 0
    assert "does not say its size" in panel.text() and "Traceback" not in panel.text()


def test_autofocus_and_selection(
    start_node: Callable[..., Any], start_panel: Callable[..., Any], stand_in: subprocess.Popen[bytes]
) -> None:
    start_node("lens_actuator")
    panel = start_panel()

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        await page.known(lambda m: m["type"] == "autofocus" and m["available"])
        outcome = await page.ask("autofocus", mode="once", region="whole_frame")
        assert outcome["ok"] and outcome["text"] == "in focus, region 0"
        assert any(m["type"] == "autofocus" and m["mode"] == "once" and m["message"] == "looking" for m in page.heard)
        assert (await page.ask("autofocus", mode="continuous"))["text"] == "autofocus follows"
        assert (await page.ask("autofocus", mode="stop"))["text"] == "autofocus is stopped"
        assert (await page.ask("autofocus", mode="stop"))["text"] == "autofocus was not running"
        assert (await page.ask("autofocus", mode="continuous"))["ok"]
        assert (await page.ask("stop"))["ok"]
        assert (await page.ask("autofocus", mode="stop"))["text"] == "autofocus was not running"

        outcome = await page.ask("select", mode="point", x=10.5, y=20, stamp=[12, 34])
        assert outcome["ok"] and outcome["text"] == "mode 1 at 2.5 m"
        for mode, fields in [("box", {"box": [1, 2, 3, 4]}), ("identity", {"id": 7}), ("automatic", {}), ("clear", {})]:
            assert (await page.ask("select", mode=mode, **fields))["ok"]
        outcome = await page.ask("select", mode="point", x=-1, y=2)
        assert (outcome["ok"], outcome["text"]) == (False, "column -1 is outside the picture")

        stand_in.send_signal(signal.SIGINT)
        await page.next("autofocus", available=False)
        assert "no autofocus here" in (await page.ask("autofocus", mode="once"))["text"]
        assert "nobody answers" in (await page.ask("select", mode="automatic"))["text"]

    browse(panel, talk)


def test_the_token_and_the_end(start_panel: Callable[..., Any]) -> None:
    import aiohttp

    panel = start_panel(token=TOKEN)
    assert TOKEN not in panel.text()

    async def talk(browser: Browser) -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await browser.page(lens=False)
        assert caught.value.status == 401
        async with browser.session.get(f"{browser.url}/?token=wrong-wrong-wrong-wrong") as answer:
            assert answer.status == 401
        opened = await browser.session.ws_connect(f"{browser.url}/ws", headers={"Authorization": f"Bearer {TOKEN}"})
        page = Page(opened)
        await page.next("hello")
        panel.process.send_signal(signal.SIGINT)
        while not opened.closed:
            await asyncio.wait_for(opened.receive(), 10.0)
        assert opened.close_code == 1001

    browse(panel, talk)
    assert panel.wait() == 0
    assert "Traceback" not in panel.text()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"host": "0.0.0.0"}, "others can reach: set a token"),
        ({"allowed_origins": "panel.example.com"}, "allowed_origins"),
    ],
)
def test_a_page_that_cannot_be_served_says_why(start_node: Callable[..., Any], parameters: dict[str, Any], words: str) -> None:
    node = start_node("operator_panel", **parameters)
    assert node.wait() == 2
    assert words in node.text() and "Traceback" not in node.text()


def test_a_port_in_use(start_node: Callable[..., Any]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        node = start_node("operator_panel", port=taken.getsockname()[1])
        assert node.wait() == 2
    assert len([line for line in node.text().splitlines() if "is in use" in line]) == 1
    assert "Traceback" not in node.text()


def test_the_lifecycle(start_node: Callable[..., Any], start_panel: Callable[..., Any], graph: Any) -> None:
    start_node("lens_actuator")
    panel = start_panel()
    client = graph.node.create_client(ChangeState, "operator_panel/change_state")

    def change(transition: int) -> None:
        graph.until(client.service_is_ready, 10.0, "the lifecycle service")
        future = client.call_async(ChangeState.Request(transition=Transition(id=transition)))
        graph.until(future.done, 15.0, "the transition")
        assert future.result().success

    async def talk(browser: Browser) -> None:
        page = await browser.page()
        waiting = asyncio.to_thread(change, Transition.TRANSITION_DEACTIVATE)
        changing = asyncio.create_task(waiting)
        while not page.socket.closed:
            await asyncio.wait_for(page.socket.receive(), 10.0)
        assert page.socket.close_code == 1001
        await changing

    browse(panel, talk)
    change(Transition.TRANSITION_CLEANUP)
    change(Transition.TRANSITION_CONFIGURE)
    change(Transition.TRANSITION_ACTIVATE)
    graph.until(lambda: len(ADDRESS.findall(panel.text())) == 2, 10.0, "the page's new address")
    panel.url = ADDRESS.findall(panel.text())[-1]

    async def again(browser: Browser) -> None:
        page = await browser.page()
        assert (await page.ask("focus", by="position", value=1500))["ok"]

    browse(panel, again)
    assert panel.stop() == 0
