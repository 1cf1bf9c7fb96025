"""The page in a headless Chromium, opened as a file: it shows what it should, asks for nothing, and can be used by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.report import Report, report_page
from auxfocus_ros.rig.film import Film, join_films

FRAMES = 300


class Visit:
    """A window on the page, what it asked for and what went wrong in it."""

    def __init__(self, browser: Any, address: str, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.goto(address)


@pytest.fixture(scope="module")
def address(made_report: Callable[..., Report], tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report_page(made_report(FRAMES)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    contexts = []

    def open_window(**options: Any) -> Visit:
        visit = Visit(chromium, address, **options)
        contexts.append(visit.context)
        return visit

    yield open_window
    for context in contexts:
        context.close()


def test_it_opens_from_a_file_and_asks_for_nothing_else(visit: Callable[..., Visit], address: str) -> None:
    seen = visit()
    page = seen.page
    page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
    sizes = page.evaluate("Promise.all([...document.images].map(async (one) => (await one.decode(), one.naturalWidth)))")
    assert len(sizes) >= 3 and min(sizes) > 0
    assert sizes[0] == FRAMES  # the heat map: a column a frame
    assert [url for url in seen.asked if not url.startswith("data:")] == [address]
    assert seen.said == []
    assert page.locator("h1").inner_text().startswith("flight </script>")


def test_lines_and_bands_lie_where_they_should(visit: Callable[..., Visit]) -> None:
    page = visit().page
    places = page.evaluate(
        """() => {
          const of = (selector) => document.querySelector(selector).getBoundingClientRect().toJSON();
          return { area: of("#stack .tall .area"), line: of("#stack .tall .line.focus_distance_m"), heat: of("#stack .heat"),
                   soft: of("#stack .lane .soft"), lost: of("#stack .low .line.lens_position_steps") };
        }"""
    )
    area = places["area"]
    for name in ("line", "heat", "soft", "lost"):
        assert area["left"] - 2 <= places[name]["left"] and places[name]["right"] <= area["right"] + 2, name
    assert places["line"]["width"] > 0.98 * area["width"] and places["line"]["height"] > 0.3 * area["height"]


def assert_cursor_within(page: Any) -> None:
    area, cursor = (page.locator(selector).bounding_box() for selector in ("#stack .tall .area", "#stack .cursor"))
    assert area["x"] <= cursor["x"] <= area["x"] + area["width"]


def test_the_keyboard_reads_the_chart_out(visit: Callable[..., Visit]) -> None:
    page = visit().page
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className || document.activeElement.href")
        )
        if reached[-1] == "stack":
            break
    assert reached[0] == "skip" and reached[-1] == "stack"
    assert page.inner_text("#read-out").startswith("0.00 s · frame 0 ")
    page.keyboard.press("End")
    assert page.inner_text("#read-out").startswith(f"29.90 s · frame {FRAMES - 1} ")
    assert_cursor_within(page)
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#stack", "aria-valuenow") == str(FRAMES - 1)
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#stack", "aria-valuenow") == str(FRAMES - 2)
    page.keyboard.press("Home")
    assert_cursor_within(page)
    page.keyboard.press("PageUp")
    assert page.inner_text("#read-out").startswith("1.50 s · frame 15 ")


def test_the_pointer_reads_the_chart_out_and_a_passage_leads_to_it(visit: Callable[..., Visit]) -> None:
    page = visit().page
    box = page.locator("#stack .tall .area").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 100.5 / FRAMES, box["y"] + 40)
    assert page.inner_text("#read-out").startswith("10.00 s · frame 100 ")
    for x, frame in ((box["x"] - 40, 0), (box["x"] + box["width"] - 1, FRAMES - 1)):  # in the gutter, and at the right edge
        page.mouse.move(x, box["y"] + 40)
        assert page.get_attribute("#stack", "aria-valuenow") == str(frame)
    page.locator(".passages a").first.click()
    middle = page.locator(".passages a").first.get_attribute("data-frame")
    assert page.get_attribute("#stack", "aria-valuenow") == middle and page.url.endswith("#timeline")


def test_it_can_be_read_without_javascript(visit: Callable[..., Visit]) -> None:
    page = visit(java_script_enabled=False).page
    for selector in ("#answers strong", "#stack .tall .area", ".passages li", ".histogram svg", "#autofocus table"):
        assert page.locator(selector).first.is_visible(), selector
    assert not page.locator("#read-out").is_visible() and not page.locator(".scripted").is_visible()
    page.locator("#figures summary").click()
    assert page.locator("#figures table").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_in_light_and_dark(visit: Callable[..., Visit], scheme: str) -> None:
    page = visit(viewport={"width": 360, "height": 740}, color_scheme=scheme).page
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    contrasts = page.evaluate(
        """() => {
          const light = (text) => {
            const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
            const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((v) => linear(v / 255));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = light(getComputedStyle(document.querySelector("section")).backgroundColor);
          const against = (value) => (Math.max(value, ground) + 0.05) / (Math.min(value, ground) + 0.05);
          const of = (selector, what) => against(light(getComputedStyle(document.querySelector(selector))[what]));
          return { text: of(".answers strong", "color"), quiet: of(".hint", "color"), link: of("summary", "color"),
                   focus: of(".line.focus_distance_m", "stroke"), soft: of(".soft", "fill") };
        }"""
    )
    assert min(contrasts["text"], contrasts["quiet"], contrasts["link"]) >= 4.5, contrasts
    assert min(contrasts["focus"], contrasts["soft"]) >= 3.0, contrasts


def test_it_prints_on_white_without_controls(visit: Callable[..., Visit]) -> None:
    page = visit(color_scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(16, 22, 27)"
    assert not page.locator("#read-out").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_the_film_of_several_parts_plays_to_its_end(visit: Callable[..., Visit], tmp_path: Path) -> None:
    parts, ramp = [], np.linspace(0, 255, 320).astype(np.uint8)
    for part in range(2):
        parts.append(BytesIO())
        with Film(parts[-1], 320, 180, Fraction(25, 2)) as film:
            for frame in range(10):
                film.add(np.roll(np.tile(ramp[None, :, None], (180, 1, 3)), 100 * part + 10 * frame, axis=1))
    assert join_films((part.getvalue() for part in parts), tmp_path / "focus.mp4") == 20
    page = visit().page
    page.goto((tmp_path / "focus.mp4").as_uri())  # as the report links it
    page.evaluate("Object.assign(document.querySelector('video'), { muted: true, loop: false }).play()")
    page.wait_for_function("document.querySelector('video').ended")
    played = page.evaluate(
        "(({ duration, currentTime, videoWidth }) => [duration, currentTime, videoWidth])(document.querySelector('video'))"
    )
    assert played == pytest.approx([20 / 12.5, 20 / 12.5, 320], abs=0.01)
