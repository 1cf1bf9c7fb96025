"""The page as text: harmless, self-contained, the same each time, bounded, and with whatever is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.analysis.report import Overview, Report, report_page
from auxfocus_ros.analysis.report.answers import answers
from auxfocus_ros.analysis.report.tables import figures_html, flattened, methods_html, passages_html
from auxfocus_ros.analysis.report.timeline import MOST_COLUMNS

MakeReport = Callable[..., Report]
VOID = {"meta", "link", "img", "path"}
MOST_BYTES = 3_000_000


class Reader(HTMLParser):
    """Elements, attributes and text, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID or tag == "path":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def page(made_report: MakeReport) -> str:
    return report_page(made_report(300))


def test_it_is_well_formed_and_nothing_in_it_is_taken_for_markup(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    names = [name for name, _ in reader.elements]
    assert names.count("script") == 2  # the data and the read-out
    assert not any(name.startswith("on") for _, attributes in reader.elements for name in attributes)
    assert "onerror" in "".join(reader.texts)  # it is there, as text


def test_it_asks_for_nothing(page: str) -> None:
    for name, attributes in Reader(page).elements:
        for key in ("src", "href", "srcset", "data", "action"):
            address = attributes.get(key) or ""
            assert address.startswith(("data:", "#")) or not address or (name, address) == ("a", "focus.mp4"), address
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


def test_the_same_report_gives_the_same_page(page: str, made_report: MakeReport) -> None:
    assert report_page(made_report(300)) == page


def test_its_size_is_bounded_whatever_the_recordings_length(made_report: MakeReport) -> None:
    worst = 2 * MOST_COLUMNS - 1  # as many columns as can be, each with a least and a greatest value
    assert len(report_page(made_report(worst)).encode()) < MOST_BYTES
    passages = [
        {"first_frame": 5 * n, "last_frame": 5 * n + 3, "start_s": n / 2, "end_s": n / 2 + 0.4, "why": "x"} for n in range(5000)
    ]
    listed = passages_html(passages, dict.fromkeys(range(25_000), b"\xff\xd8"))
    assert (listed.count("<img"), listed.count("<li>")) == (24, 200) and "4800 more are in summary.json" in listed


def test_the_answers_are_the_summarys(made_report: MakeReport) -> None:
    found = {answer.title: answer.value for answer in answers(made_report(300).summary)}
    assert list(found) == ["Target in focus", "Focus distance", "Focus lag", "Hunting", "Soft passages", "Autofocus"]
    summary = {
        "in_focus": {"share": 0.782, "known_share": 1.0, "off_median_steps": 6.0},
        "lens": {"nearest_dpt": 0.5, "farthest_dpt": 0.0, "moving_share": 0.25, "travel_steps": 1234.5},
        "lag": {"lag_s": -0.12, "quartile_low_s": None, "quartile_high_s": None, "stretches": 4, "followed": 3},
        "hunting": {"reversals": 9, "hunting_reversals": 2, "share": 0.1},
        "soft": {"share": 0.25, "count": 3, "longest_s": 6.7},
        "autofocus": {"bayes": {"lands_share": 0.99, "moves_share": 0.5}},
    }
    assert [(one.value, one.more) for one in answers(summary)] == [
        (
            "78.2 %",
            "of the time the target's depth lay within the depth of field; known for 100 %, the lens 6 steps off in the median",
        ),
        ("2 … ∞ m", "the nearest and the farthest; the lens moved 25 % of the time, 1234 steps of way in all"),
        ("0.12 s", "ahead of the target, in 3 of 4 movements of it"),
        ("2 reversals", "to and fro while the target stood, 10 % of the time; 9 reversals in all"),
        ("3", "25 % of the time, the longest 6.70 s"),
        ("99 %", "of the frames would be in focus after one move by the method 'bayes'"),
    ]


def test_what_is_not_known_says_why() -> None:
    found = answers({"in_focus": {"share": None}, "lag": {}, "not_known": {"in_focus": "no target's depth is known"}})
    assert {one.value for one in found} == {"–"} and all(one.more for one in found)
    assert (found[0].more, found[2].more) == ("no target's depth is known", "not known")
    (asked,) = (one for one in answers({"autofocus": {"bayes": {"moves_share": 0.5}}}) if one.title == "Autofocus")
    assert (asked.value, asked.more.endswith("'bayes' would move the lens in 50 % of the frames")) == ("–", True)


def test_nothing_found_is_said_in_words() -> None:
    found = {one.title: one.value for one in answers({"hunting": {"hunting_reversals": 0}, "soft": {"count": 0}})}
    assert (found["Hunting"], found["Soft passages"]) == ("no reversal", "none")


def test_a_recording_without_frames_has_a_report_too() -> None:
    page = report_page(Report("empty", {}, Overview(), {}, problems=[Problem("no message in it")]))
    assert "no message in it" in page and 'id="timeline"' not in page
    assert Reader(page).open == []


def test_a_recording_that_knows_only_its_pictures(made_report: MakeReport) -> None:
    overview = Overview()
    overview.add([{"time_s": 0.1 * frame, "sharpness_tenengrad": 5.0} for frame in range(30)])
    page = report_page(Report("pictures", {}, overview, {}))
    assert Reader(page).open == []
    assert "sharpness, tenengrad" in page and "<h3>lens position, steps</h3>" not in page and "<h3>depth</h3>" not in page


def test_clock_trouble_is_marked() -> None:
    overview = Overview()
    times = (0.1 * frame + (8.0 if frame >= 20 else 0.0) - (9.0 if frame >= 25 else 0.0) for frame in range(30))
    overview.add([{"time_s": time_s, "sharpness_tenengrad": 1.0} for time_s in times])
    page = report_page(Report("clock", {}, overview, {}))
    assert "8.10 s without a picture" in page and "the clock runs back by 8.90 s" in page


def test_every_column_can_be_read_out(page: str) -> None:
    data = json.loads(re.search(r'id="data">(.*?)</script>', page).group(1))  # type: ignore[union-attr]
    assert (data["frames"], data["each"], len(data["texts"])) == (300, 1, 300)
    # frame 0: the target at 6 m, best position 1500, the lens 3 steps off: 3000 / 503, 3000 / 515 and 3000 / 491 m
    assert data["texts"][0].startswith(
        "0.00 s · frame 0 · focus 5.96 m (sharp 5.83 … 6.11 m) · target at 6 m, in focus · lens 1503 steps · best 1500 steps"
    )
    assert "focus ∞ m" in data["texts"][245]


def test_the_methods_have_a_row_each() -> None:
    methods = {
        "hill_climbing": {"asked": 600, "moves_share": 0.5, "off_mean_steps": None, "says": {"in_focus": 0.7, "looks": 0.3}}
    }
    row = re.sub(r"<[^>]+>", "|", methods_html(methods))
    assert re.sub(r"\|+", "|", row).endswith(
        "|hill climbing|uphill in sharpness, with smaller steps after each turn|–|–|–|–|50 %|600|in focus 70 %, looks 30 %|"
    )
    assert methods_html({}) == ""


def test_the_best_method_comes_first() -> None:
    shares = {"fibonacci": None, "source": 0.4, "bayes": 0.9, "depth": 0.9}
    found = {name: {"lands_share": share, "off_mean_steps": 2.0 if name == "depth" else 3.0} for name, share in shares.items()}
    assert re.findall(r'<th scope="row">([a-z]+)', methods_html(found)) == ["depth", "bayes", "source", "fibonacci"]


def test_all_figures_are_there_with_their_units_and_what_is_new_too() -> None:
    shown = re.sub(r"<[^>]+>", "|", figures_html({"lag": {"lag_s": 0.2821}, "brand_new": {"depth": [1, None, True]}}))
    rows = [line for line in re.sub(r"\|+", "|", shown).split("|") if line]
    assert rows[3:6] == ["lag.lag_s", "0.282 s", "median over the stretches that the lens followed; negative: it went ahead"]
    assert rows[6:] == ["brand_new.depth[0]", "1", "brand_new.depth[1]", "–", "brand_new.depth[2]", "yes"]


def test_long_lists_are_cut_short() -> None:
    found = list(flattened({"many": list(range(100))}))
    assert len(found) == 13 and found[-1] == ("many[…]", "100 entries in all")
