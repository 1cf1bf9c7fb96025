"""The operator's page in a real browser against the real graph: simulator, lens, auxiliary focus image, panel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

pytestmark = pytest.mark.graph

CHECKS = (Path(__file__).parent / "page_checks.js").read_text()


def check(page: Any, name: str) -> list[str]:
    """What a check of page_checks.js finds wrong."""
    return page.evaluate(f"(() => {{ {CHECKS}\n return {name}(); }})()")  # type: ignore[no-any-return]


def test_the_image_updates_and_nothing_leaves_the_origin(visit: Callable[..., Any]) -> None:
    window = visit()
    before = window.page.evaluate("window.auxfocus.picture.count")
    first = window.page.evaluate("window.auxfocus.picture.header.stamp")
    window.until("(before) => window.auxfocus.picture.count >= before + 5", argument=before)
    last = window.page.evaluate("window.auxfocus.picture.header.stamp")
    assert last > first
    assert window.page.evaluate("window.auxfocus.latency.length") > 0
    origin = urlsplit(window.address).netloc
    assert {urlsplit(url).netloc for url in window.requests} == {origin}
    assert {urlsplit(url).path for url in window.requests} >= {"/", "/static/main.js", "/static/panel.css", "/ws", "/stream/aux"}
    assert window.errors == []


def test_a_drag_of_the_ring_moves_the_lens_and_the_marker_follows_the_glass(visit: Callable[..., Any], truth: Any) -> None:
    window = visit()
    window.focus_on("1")
    page = window.page
    check(page, "watchMarker")
    left, top, width, height = window.place("#ring")
    start = left + 0.4 * width
    page.mouse.move(start, top + 0.85 * height)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(start + step * width * 0.02, top + 0.85 * height)
        page.wait_for_timeout(40)
    wished = float(page.get_attribute("#ring", "aria-valuenow"))
    page.mouse.up()
    window.rest()
    assert window.lens()["focus_distance_m"] > 1.2
    reached = float(page.get_attribute("#ring", "aria-valuenow"))
    assert reached == pytest.approx(wished, abs=3.0)  # the glass is where the hand let go
    while_moving = {round(one["px"], 2) for one in page.evaluate("window.seen") if one["moving"] and one["px"] is not None}
    assert len(while_moving) >= 5  # and the marker went with it
    assert truth.lens().position_steps == pytest.approx(window.lens()["position_steps"], abs=1.0)


def test_wheel_keys_and_exact_entry(visit: Callable[..., Any]) -> None:
    window = visit()
    page = window.page

    def distance() -> float:
        window.rest()
        lens = window.lens()
        return float("inf") if lens["focus_state"] == "infinity" else lens["focus_distance_m"]

    window.focus_on("1,5")
    assert distance() == pytest.approx(1.5, rel=0.01)
    left, top, width, height = window.place("#ring")
    page.mouse.move(left + width / 2, top + height / 2)
    page.mouse.wheel(0, -300)
    farther = distance()
    assert farther > 1.55
    page.focus("#ring")
    page.keyboard.press("ArrowLeft")
    assert 1.3 < distance() < farther
    page.keyboard.press("PageDown")
    assert distance() < 1.5
    page.keyboard.press("End")
    assert distance() > 50.0
    page.keyboard.press("Home")
    assert distance() == pytest.approx(window.lens()["nearest_distance_m"], rel=0.01)
    page.keyboard.press("2")  # a digit begins an exact entry
    assert page.evaluate("document.activeElement.id") == "entry"
    page.keyboard.type(".25")
    page.keyboard.press("Enter")
    assert distance() == pytest.approx(2.25, rel=0.01)
    window.focus_on("inf")
    assert window.lens()["focus_state"] == "infinity"
    assert page.get_attribute("#ring", "aria-valuetext").startswith("infinity, depth of field")
    page.fill("#entry", "near")
    page.press("#entry", "Enter")
    assert page.get_attribute("#entry", "aria-invalid") == "true"
    assert "metres" in page.inner_text("#said")
    page.fill("#entry", "0.01")
    page.press("#entry", "Enter")
    window.until("document.getElementById('said').classList.contains('bad')")  # the lens says its limit in words


def test_a_click_chooses_the_thing_that_is_there(visit: Callable[..., Any], truth: Any) -> None:
    window = visit()
    for thing, (x, y) in truth.still_things()[:2]:
        window.page.mouse.click(*window.at_picture(x, y))
        window.until("window.auxfocus.targets?.targets.some((target) => target.selected && target.depth_m !== null)")
        depth_m = thing.target.depth_m
        window.until(
            "(depth) => window.auxfocus.targets.targets.some("
            "(one) => one.selected && Math.abs(one.depth_m - depth) < 0.1 * depth)",
            argument=depth_m,
        )
        assert window.page.locator(".target-choose[aria-pressed=true]").count() == 1
        window.page.keyboard.press("Escape")
        window.until("!window.auxfocus.targets.selected_id")


def test_a_drawn_box_and_the_keyboards_crosshair_choose_as_well(visit: Callable[..., Any], truth: Any) -> None:
    window = visit()
    thing, (x, y) = truth.still_things()[0]
    page = window.page
    near = "(depth) => window.auxfocus.targets.targets.some((one) => one.selected && Math.abs(one.depth_m - depth) < 0.1 * depth)"
    page.mouse.move(*window.at_picture(x - 5, y - 5))
    page.mouse.down()
    page.mouse.move(*window.at_picture(x + 5, y + 5), steps=4)
    page.mouse.up()
    window.until(near, argument=thing.target.depth_m)
    page.keyboard.press("Escape")
    window.until("!window.auxfocus.targets.selected_id")
    page.focus("#stage")
    scale = page.evaluate("document.getElementById('over').clientWidth / document.getElementById('image').width")
    across, down = (
        round((x - 160) * scale / 8),
        round((y - 120) * scale / 8),
    )  # from the middle, eight pixels of the screen a press
    for key, presses in (("ArrowRight", across), ("ArrowLeft", -across), ("ArrowDown", down), ("ArrowUp", -down)):
        for _ in range(presses):
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    window.until(near, argument=thing.target.depth_m)
    page.click("[data-select=clear]")
    window.until("!window.auxfocus.targets.selected_id")


def test_a_click_on_the_distribution_focuses_at_that_depth(visit: Callable[..., Any]) -> None:
    window = visit()
    marker = window.page.evaluate("window.auxfocus.marker")
    left, top, width, height = marker["plot"]
    row = top + 0.6 * height
    window.page.mouse.click(*window.at_picture(left + width / 2, row))
    window.rest()
    wanted_m = np.interp(row, marker["axis_px"][::-1], marker["axis_depth_m"][::-1])  # depth grows upward
    assert window.lens()["focus_distance_m"] == pytest.approx(wanted_m, rel=0.03)


def test_mode_and_options_change_the_image(visit: Callable[..., Any]) -> None:
    window = visit()
    page = window.page
    wide = page.evaluate("document.getElementById('image').width")
    assert wide > 320  # side by side
    page.check("#mode-plain")
    window.until("document.getElementById('image').width === 320 && window.auxfocus.markerPx === null")
    page.check("#mode-aux")
    window.until("(wide) => document.getElementById('image').width === wide && window.auxfocus.markerPx !== null", argument=wide)
    page.check("#option-layout-overlay")
    window.until("document.getElementById('image').width === 320 && window.auxfocus.markerPx !== null")
    page.fill("#option-opacity", "0.35")
    page.press("#option-opacity", "Enter")
    page.wait_for_timeout(400)
    page.reload()
    window.until("window.auxfocus?.picture.count > 1 && document.getElementById('option-opacity')")
    assert page.input_value("#option-opacity") == "0.35"  # as the node has it, not as this page remembers it
    window.until("document.documentElement.dataset.helm === 'mine'")
    page.check("#option-layout-side_by_side")
    window.until("document.getElementById('image').width > 320")


def test_the_keyboard_alone(visit: Callable[..., Any]) -> None:
    window = visit()
    page = window.page
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = {
        "stage",
        "ring",
        "entry",
        "stop",
        "fine",
        "ring-kind",
        "theme",
        "helm-button",
        "speak",
        "mode-aux",
        "option-opacity",
    }
    assert wanted <= reached, wanted - reached
    page.focus("#mode-aux")
    page.keyboard.press("ArrowRight")
    window.until("document.getElementById('mode-plain').checked && window.auxfocus.markerPx === null")
    page.keyboard.press("ArrowLeft")
    window.until("window.auxfocus.markerPx !== null")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_phones_and_wide_screens_with_names_and_contrast(visit: Callable[..., Any], scheme: str) -> None:
    window = visit(360, 740, color_scheme=scheme, reduced_motion="reduce", has_touch=True)
    page = window.page
    for width, height in ((360, 740), (740, 360), (820, 1180), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, height)
        left, _, wide, _ = window.place("#ring")
        assert left >= 0 and left + wide <= width
    assert check(page, "nameless") == []
    assert check(page, "poorContrast") == []
    assert check(page, "brokenIds") == []
    assert check(page, "tooSmall") == []
    assert page.inner_text("#scene-words").startswith("Focus") or window.until(
        "document.getElementById('scene-words').textContent.startsWith('Focus')"
    )
    assert window.errors == []


def test_touch_moves_the_ring(visit: Callable[..., Any]) -> None:
    window = visit(360, 740, has_touch=True)
    window.focus_on("1")
    left, top, width, height = window.place("#ring")
    window.page.touchscreen.tap(left + 0.75 * width, top + 0.4 * height)
    window.rest()
    assert window.lens()["focus_distance_m"] > 1.5


def test_two_viewers_and_the_helm_goes_over_in_sight_of_both(visit: Callable[..., Any]) -> None:
    first, second = visit(), visit()
    assert "You have the helm" in first.page.inner_text("#helm-who")
    assert "has the helm" in second.page.inner_text("#helm-who")
    assert second.page.get_attribute("#ring", "aria-disabled") == "true"
    assert second.page.is_disabled("#entry")
    second.page.focus("#ring")
    second.page.keyboard.press("ArrowRight")
    assert "ask for it" in second.page.inner_text("#said")
    second.page.click("#helm-button")
    first.until("!document.getElementById('helm-plea').hidden")
    assert "asks for the helm" in first.page.inner_text("#helm-plea")
    first.page.click("#helm-give")
    second.until("document.documentElement.dataset.helm === 'mine'")
    first.until("document.documentElement.dataset.helm === 'other'")
    assert first.page.is_disabled("#entry") and not second.page.is_disabled("#entry")
    second.page.context.close()
    first.until("document.documentElement.dataset.helm !== 'other'")


def test_a_killed_lens_shows_as_a_fault_and_comes_back(visit: Callable[..., Any], operator_graph: Any) -> None:
    window = visit()
    page = window.page
    operator_graph.kill("lens_actuator")
    window.until("document.documentElement.dataset.lens === 'silent'")
    window.until("document.querySelector('#alerts .error')?.textContent.includes('Lens')")
    assert page.evaluate("window.auxfocus.markerPx") is None  # no marker where nobody knows
    operator_graph.start("lens_actuator")
    window.until("window.auxfocus.lens.alive && !document.getElementById('alerts').textContent.includes('Lens')", 25.0)
    assert page.locator("#fault-list .fault.cleared").count() >= 1
    window.until("window.auxfocus.markerPx !== null")
    window.focus_on("2")
    assert window.lens()["focus_distance_m"] == pytest.approx(2.0, rel=0.01)


def test_a_lost_connection_is_said_and_made_again(visit: Callable[..., Any], operator_graph: Any) -> None:
    window = visit()
    operator_graph.kill("operator_panel")
    window.until("document.documentElement.dataset.connection === 'waiting'")
    assert "Connection lost" in window.page.inner_text(".pill")
    assert window.page.is_disabled("#entry")
    operator_graph.start("operator_panel")
    window.until(
        "document.documentElement.dataset.connection === 'open' && document.documentElement.dataset.helm === 'mine'", 30.0
    )
    before = window.page.evaluate("window.auxfocus.picture.count")
    window.until("(before) => window.auxfocus.picture.count > before + 1", 20.0, before)
    window.focus_on("1.2")
    assert window.lens()["focus_distance_m"] == pytest.approx(1.2, rel=0.01)
