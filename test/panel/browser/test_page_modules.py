"""The page's arithmetic, worked out by hand, run where it will run: in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import auxfocus_ros

STATIC = Path(auxfocus_ros.__file__).parent / "panel" / "static"


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def modules(chromium: Any) -> Iterator[Any]:
    """A page from which the modules can be imported."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=STATIC))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_address[1]}/icon.svg")
    yield page
    page.close()
    server.shutdown()
    server.server_close()


def run(page: Any, module: str, body: str, argument: Any = None) -> Any:
    """Run `body` with the module as `m` and the argument as `a`."""
    return page.evaluate(f"async (a) => {{ const m = await import('/{module}.js'); {body} }}", argument)


@pytest.mark.parametrize(
    ("typed", "metres"),
    [
        ("2.5", 2.5), ("2,5", 2.5), (" 2.5 m ", 2.5), ("250cm", 2.5), ("2500 mm", 2.5), (".5", 0.5), ("7 metres", 7.0),
        ("+3", 3.0),
        ("0", None), ("-1", None), ("", None), ("near", None), ("1e3", None), ("NaN", None), ("2.5.1", None), ("2 5", None),
    ],
)  # fmt: skip
def test_typed_distances(modules: Any, typed: str, metres: float | None) -> None:
    read = run(modules, "distances", "return m.readDistance(a)", typed)
    assert read == (None if metres is None else pytest.approx(metres))


@pytest.mark.parametrize("typed", ["inf", "INF", "∞", " infinity "])
def test_typed_infinity(modules: Any, typed: str) -> None:
    assert run(modules, "distances", "return m.readDistance(a) === Infinity", typed)


@pytest.mark.parametrize(
    ("metres", "short", "spoken"),
    [
        (0.4567, "0.457", "0.457 metres"),
        (2.35, "2.35", "2.35 metres"),
        (14.26, "14.3", "14.3 metres"),
        (140.4, "140", "140 metres"),
        (None, "∞", "infinity"),
    ],
)
def test_distances_in_words(modules: Any, metres: float | None, short: str, spoken: str) -> None:
    assert run(modules, "distances", "return [m.shortDistance(a), m.spokenDistance(a)]", metres) == [short, spoken]


MARKER = {
    "axis_depth_m": [1.0, 2.0, 4.0],
    "axis_px": [100.0, 50.0, 0.0],
    "direction": 0,
    "image_width_px": 320,
    "image_height_px": 240,
}


@pytest.mark.parametrize(
    ("depth_m", "px", "off"), [(1.0, 100.0, 0), (1.5, 75.0, 0), (3.0, 25.0, 0), (4.0, 0.0, 0), (0.5, 100.0, -1), (9.0, 0.0, 1)]
)
def test_a_depth_stands_on_the_drawn_axis(modules: Any, depth_m: float, px: float, off: int) -> None:
    assert run(modules, "marker", "return m.axisPx(a[0], a[1])", [MARKER, depth_m]) == {"px": px, "off": off}
    if off == 0:
        assert run(modules, "marker", "return m.axisDepth(a[0], a[1])", [MARKER, px]) == pytest.approx(depth_m)


def test_no_marker_where_the_focus_is_unknown_and_an_arrow_where_it_is_off_the_axis(modules: Any) -> None:
    body = "return m.markedFocus(a[0], a[1])"
    assert run(modules, "marker", body, [MARKER, {"alive": False, "focus_state": "finite", "focus_distance_m": 2}]) is None
    assert run(modules, "marker", body, [MARKER, {"alive": True, "focus_state": "finite", "focus_distance_m": None}]) is None
    assert run(modules, "marker", body, [{**MARKER, "axis_px": []}, {"focus_state": "infinity"}]) is None
    far = run(
        modules,
        "marker",
        body,
        [MARKER, {"focus_state": "infinity", "focus_distance_m": None, "near_limit_m": 3.0, "far_limit_m": None}],
    )
    assert far == {"px": 0.0, "off": 1, "near": 25.0, "far": 0.0, "text": "∞"}


@pytest.mark.parametrize("kind", ["log", "dioptre"])
def test_the_ring_has_a_place_for_every_distance_and_infinity(modules: Any, kind: str) -> None:
    body = """
      const scale = new m.DistanceScale(a.nearest, a.farthest ?? Infinity, a.kind);
      const back = [];
      for (let p = 0; p <= 1.0001; p += 0.05) back.push(Math.abs(scale.positionOf(scale.dioptreAt(p)) - Math.min(p, 1)));
      const rising = [0.4, 0.7, 1, 3, 10, 100].map((d) => scale.positionOf(1 / d));
      const ends = [scale.dioptreAt(0), scale.dioptreAt(1)];
      return { worst: Math.max(...back), rising, ends, labels: scale.engraving(600, 9).labels };
    """
    found = run(modules, "scale", body, {"nearest": 0.4, "farthest": None, "kind": kind})
    assert found["worst"] < 1e-9
    assert found["rising"] == sorted(found["rising"]) and found["rising"][0] == 0.0
    assert found["ends"] == [2.5, 0.0]
    texts = {label["text"] for label in found["labels"]}
    assert {"∞", "0.4", "1"} <= texts
    places = sorted((label["position"], label["text"]) for label in found["labels"])
    for (earlier, before), (later, after) in pairwise(places):
        assert 600 * (later - earlier) >= 9 * (len(before) + len(after)) / 2  # no label stands on another
    short = run(modules, "scale", body, {"nearest": 0.4, "farthest": 10.0, "kind": kind})
    assert short["ends"] == [2.5, pytest.approx(0.1)] and short["worst"] < 1e-9


def test_motor_steps_are_learnt_from_where_the_glass_has_been(modules: Any) -> None:
    """f = 50 mm, the sensor at 0.05 + 1e-5 steps: 100 steps are v = 0.051 m, so 1/u = 20 - 1/0.051 = 0.392 dioptres."""
    body = """
      const steps = new m.StepsToDioptre();
      const lens = (position_steps) => ({ position_steps, focal_length_m: 0.05, lens_name: "x" });
      const dioptre = (s) => 20 - 1 / (0.05 + 1e-5 * s);
      const before = steps.dioptreAt(100);
      steps.learn(lens(20), dioptre(20));
      steps.learn(lens(300), dioptre(300));
      return [Number.isNaN(before), steps.dioptreAt(100)];
    """
    assert run(modules, "scale", body) == [True, pytest.approx(0.3921568627)]


def test_the_newest_wish_wins_and_one_alone_is_not_taken(modules: Any) -> None:
    body = """
      const sent = [], answers = [], heard = [];
      const send = (wish) => { sent.push(wish); return new Promise((done) => answers.push(done)); };
      const wishes = new m.Wishes(send, (outcome, wish) => heard.push(wish), 0);
      const pause = () => new Promise((done) => setTimeout(done, 20));
      wishes.wish(1); wishes.wish(2); wishes.wish(3);
      const first = [...sent];
      wishes.taken();
      const second = [...sent];
      wishes.wish(4);
      answers[0]({ ok: false, text: "replaced" });
      await pause();
      const third = [...sent];
      answers[1]({ ok: true, text: "" });
      await pause();
      answers[2]({ ok: true, text: "" });
      await pause();
      return [first, second, third, sent, heard, wishes.pending];
    """
    assert run(modules, "wishes", body) == [[1], [1, 3], [1, 3], [1, 3, 4], [4], False]


def test_a_wish_that_nobody_answers_holds_up_the_next_for_a_moment_only(modules: Any) -> None:
    body = """
      const sent = [];
      const wishes = new m.Wishes((wish) => { sent.push(wish); return new Promise(() => {}); }, () => {}, 0);
      wishes.wish(1); wishes.wish(2);
      await new Promise((done) => setTimeout(done, 1000));
      return sent;
    """
    assert run(modules, "wishes", body) == [1, 2]


def test_a_picture_is_taken_apart(modules: Any) -> None:
    body = """
      const header = new TextEncoder().encode(JSON.stringify({ stamp: [1, 2], width: 4, height: 3 }));
      const data = new Uint8Array(4 + header.length + 3);
      new DataView(data.buffer).setUint32(0, header.length);
      data.set(header, 4);
      data.set([9, 8, 7], 4 + header.length);
      const read = m.readPicture(data.buffer);
      return [read.header, [...new Uint8Array(await read.jpeg.arrayBuffer())]];
    """
    assert run(modules, "stream", body) == [{"stamp": [1, 2], "width": 4, "height": 3}, [9, 8, 7]]


def test_trials_wait_longer_up_to_a_bound(modules: Any) -> None:
    waits = run(modules, "socket", "return [1, 2, 3, 6, 20, 2000].map((trial) => m.waitBefore(trial))")
    for wait, middle in zip(waits, (500, 1000, 2000, 8000, 8000, 8000), strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle


def test_the_scene_in_words(modules: Any) -> None:
    lens = {"alive": True, "focus_state": "finite", "focus_distance_m": 2.35, "near_limit_m": 2.1, "far_limit_m": 2.7}
    person = {"id": 3, "label": "person", "depth_m": 2.41, "in_focus": True, "state": "tracked", "selected": True}
    words = run(modules, "targets", "return m.sceneInWords(a[0], a[1])", [lens, {"targets": [person], "message": ""}])
    assert words == "Focus at 2.35 metres, sharp from 2.1 to 2.7 metres. person 3 at 2.4 m, in focus, chosen."
