"""The answers that come first: was it in focus, how late, did it hunt, where was it soft, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auxfocus_ros.analysis.report.wording import NOT_KNOWN, clock, escaped, number, with_unit


@dataclass(frozen=True)
class Answer:
    """A figure with what it means. value: NOT_KNOWN where it is not known, then `more` says why."""

    title: str
    value: str
    more: str


def answers(summary: Mapping[str, Any]) -> list[Answer]:
    """Of a summary as `analysis.summary.summarise` gives it; a section that is not there is not known."""
    why = summary.get("not_known", {})
    return [
        answer if answer.value != NOT_KNOWN else Answer(answer.title, NOT_KNOWN, why.get(section, "not known"))
        for section, answer in (
            ("in_focus", _in_focus(summary.get("in_focus", {}))),
            ("lag", _lag(summary.get("lag", {}))),
            ("hunting", _hunting(summary.get("hunting", {}))),
            ("soft", _soft(summary.get("soft", {}))),
        )
    ]


def answers_html(summary: Mapping[str, Any]) -> str:
    """The same as cards."""
    return f'<ul class="answers">{"".join(map(_card, answers(summary)))}</ul>'


def _card(answer: Answer) -> str:
    kind = ' class="unknown"' if answer.value == NOT_KNOWN else ""
    value = f"<strong{kind}>{escaped(answer.value)}</strong>"
    return f"<li><h3>{escaped(answer.title)}</h3>{value}<p>{escaped(answer.more)}</p></li>"


def _in_focus(found: Mapping[str, Any]) -> Answer:
    more = (
        f"of the time the target's depth lay within the depth of field; known for {with_unit(found.get('known_share'), 'share')}"
    )
    if found.get("off_median_steps") is not None:
        more += f", median distance {with_unit(found['off_median_steps'], 'steps')}"
    return Answer("Target in focus", with_unit(found.get("share"), "share"), more)


def _lag(found: Mapping[str, Any]) -> Answer:
    lag_s = found.get("lag_s")
    more = f"behind the target, in {found.get('followed')} of {found.get('stretches')} movements of it"
    if lag_s is not None and lag_s < 0:
        more = more.replace("behind", "ahead of", 1)
    low_s, high_s = found.get("quartile_low_s"), found.get("quartile_high_s")
    if low_s is not None and high_s is not None:
        more += f"; half of them {number(low_s)} to {with_unit(high_s, 's')}"
    return Answer("Focus lag", with_unit(None if lag_s is None else abs(lag_s), "s"), more)


def _hunting(found: Mapping[str, Any]) -> Answer:
    share = with_unit(found.get("share"), "share")
    more = f"to and fro while the target stood, {share} of the time; {number(found.get('reversals'))} reversals in all"
    return Answer("Hunting", number(found.get("hunting_reversals")), more)


def _soft(found: Mapping[str, Any]) -> Answer:
    count, longest_s = found.get("count"), found.get("longest_s")
    more = f"{with_unit(found.get('share'), 'share')} of the time, the longest {clock(longest_s)}" if count else "none was found"
    return Answer("Soft passages", number(count), more)
