"""The whole graph on the simulator: what the operator's page asks of autofocus comes true by the simulator's own knowledge."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from auxfocus_interfaces.msg import AutofocusStatus, FocusTarget, FocusTargetArray, FocusTruth, LensState
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.rig.simulation import load_scene
from auxfocus_ros.ros.qos import EVENT, PICTURE_IN, STATE

pytestmark = [pytest.mark.graph, pytest.mark.long]

ADDRESS = re.compile(r"page is on (http://\S+?)/")
SCENE, WIDTH, HEIGHT = "table_top", 640, 480
PITCH_M = load_scene(SCENE).camera.sensor_width_m / WIDTH
LENS = load_lens("gimbal_25mm_close")
MODEL = ThinLensModel(replace(LENS, pixel_pitch_m=PITCH_M))
STILL = ("book", "circuit_board", "bottle", "vase")


class Page:
    """A browser's side of the page's socket; `told`: what it was answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.number = 0
        self.told: list[str] = []

    async def until(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        ends = time.monotonic() + 60.0
        while time.monotonic() < ends:
            message = json.loads((await asyncio.wait_for(self.socket.receive(), 60.0)).data)
            if wanted(message):
                return message
        raise AssertionError("waited too long")

    async def ask(self, kind: str, tries: int = 1, **fields: Any) -> None:
        """Ask until it is granted: the page gives up on services that take longer than two seconds, as they may here."""
        for _ in range(tries):
            self.number += 1
            await self.socket.send_str(json.dumps({"type": kind, "request": self.number, **fields}))
            outcome = await self.until(lambda m: m["type"] == "outcome" and m["request"] == self.number)
            if outcome["ok"]:
                self.told.append(outcome["text"])
                return
        raise AssertionError(f"{kind} {fields}: {outcome['text']}")

    async def talk(self, target_id: int) -> None:
        import aiohttp

        async with aiohttp.ClientSession() as session:
            self.socket = await session.ws_connect(f"{self.url}/ws", origin=self.url)
            await self.until(lambda m: m["type"] == "autofocus" and m["available"])
            await self.ask("select", tries=5, mode="identity", id=target_id)
            await self.ask("autofocus", mode="once", region="target")
            await self.ask("autofocus", mode="continuous", region="target")
            await self.until(lambda m: m["type"] == "autofocus" and m["mode"] == "continuous")
            await self.ask("autofocus", mode="stop")


def shared(one: Any, other: Any) -> float:
    """Intersection of two regions over their union."""
    wide = min(one.x_offset + one.width, other.x_offset + other.width) - max(one.x_offset, other.x_offset)
    high = min(one.y_offset + one.height, other.y_offset + other.height) - max(one.y_offset, other.y_offset)
    inside = max(wide, 0) * max(high, 0)
    return inside / (one.width * one.height + other.width * other.height - inside or 1)


def test_the_page_focuses_and_follows_a_target(graph: Any, start_node: Callable[..., Any]) -> None:
    lens = graph.collect(LensState, "lens/state", STATE)
    truth = graph.collect(FocusTruth, "truth/focus", PICTURE_IN)
    targets = graph.collect(FocusTargetArray, "aux_focus/targets", EVENT)
    status = graph.collect(AutofocusStatus, "autofocus/status", STATE)
    start_node("lens_actuator", lens=LENS.name, initial_position_steps=LENS.max_position_steps)
    start_node("aux_focus")
    # Five nodes and a simulation on a slow machine: targets come late.
    patient = {"depth_timeout_s": 2.0, "target_timeout_s": 5.0, "start_wait_s": 20.0}
    node = start_node("autofocus", lens=LENS.name, pixel_pitch_um=1e6 * PITCH_M, **patient)
    panel = start_node("operator_panel", port=0)
    small = {"width_px": WIDTH, "height_px": HEIGHT, "rate_hz": 5.0}
    start_node("gimbal_rig", source="simulation", path=SCENE, lens=LENS.name, seed=3, **small)
    graph.until(lambda: truth and lens and status and targets and targets[-1].targets, 240.0, "the graph")

    def pair() -> Any:
        """(true thing, target) that stand still and cover the same part of the picture."""
        pairs = [
            (shared(thing.target.roi, target.roi), thing.target, target)
            for thing in truth[-1].things if thing.target.label in STILL and thing.pixels > 300
            for target in targets[-1].targets if target.state == FocusTarget.STATE_TRACKED
        ]  # fmt: skip
        found = max(pairs, key=lambda item: item[0], default=None)
        return found[1:] if found is not None and found[0] > 0.4 else None

    chosen, target = graph.until(pair, 60.0, "something on the table that aux_focus has found")
    page = Page(graph.until(lambda: ADDRESS.search(panel.text()), 30.0, "the page")[1])
    with ThreadPoolExecutor(1) as pool:
        talking = pool.submit(lambda: asyncio.run(page.talk(int(target.id))))
        graph.until(talking.done, 150.0, "the page's wishes")
        talking.result()
    assert page.told[2:] == ["autofocus follows", "autofocus is stopped"]
    graph.until(lambda: status[-1].mode == AutofocusStatus.MODE_OFF, 10.0, "the end of following")
    best = float(MODEL.best_position_steps(chosen.depth_m))
    assert abs(lens[-1].position_steps - best) < 1.5 * float(MODEL.half_depth_of_focus_steps(best)), page.told
    assert any(s.target.id and s.mode == AutofocusStatus.MODE_CONTINUOUS for s in status)
    assert node.stop() == 0
    assert "Traceback" not in node.text()
