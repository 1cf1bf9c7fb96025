"""The answers that come first: was it in focus, where was the focus, how late, did it hunt, was it soft, what of autofocus."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auxfocus_ros.analysis.report.wording import NOT_KNOWN, clock, escaped, number, span, with_unit
from auxfocus_ros.autofocus.methods import DEFAULT_METHOD

LEAST_FOR_QUARTILES = 4
"""Of fewer movements the quartiles say nothing more."""


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
        Answer(answer.title, NOT_KNOWN, why[section]) if answer.value == NOT_KNOWN and section in why else answer
        for section, answer in (
            ("in_focus", _in_focus(summary.get("in_focus", {}))),
            ("lens", _focus_distance(summary.get("lens", {}))),
            ("lag", _lag(summary.get("lag", {}))),
            ("hunting", _hunting(summary.get("hunting", {}))),
            ("soft", _soft(summary.get("soft", {}))),
            ("autofocus", _autofocus(summary)),
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
    if found.get("share") is None:
        return Answer("Target in focus", NOT_KNOWN, "not known")
    more = (
        f"of the time the target's depth lay within the depth of field; known for {with_unit(found.get('known_share'), 'share')}"
    )
    if found.get("off_median_steps") is not None:
        more += f", the lens {with_unit(found['off_median_steps'], 'steps')} off in the median"
    return Answer("Target in focus", with_unit(found.get("share"), "share"), more)


def _focus_distance(found: Mapping[str, Any]) -> Answer:
    nearest_dpt, farthest_dpt = found.get("nearest_dpt"), found.get("farthest_dpt")
    if nearest_dpt is None or farthest_dpt is None:
        return Answer("Focus distance", NOT_KNOWN, "not known, or beyond infinity all the time")
    value = span(_distance_m(nearest_dpt), _distance_m(farthest_dpt), "m")
    more = (
        f"the nearest and the farthest; the lens moved {with_unit(found.get('moving_share'), 'share')} of the time, "
        f"{with_unit(found.get('travel_steps'), 'steps')} of way in all"
    )
    return Answer("Focus distance", value, more)


def _distance_m(vergence_dpt: float) -> float:
    return 1.0 / vergence_dpt if vergence_dpt else math.inf


def _lag(found: Mapping[str, Any]) -> Answer:
    lag_s = found.get("lag_s")
    if lag_s is None:
        return Answer("Focus lag", NOT_KNOWN, "not known")
    more = f"behind the target, in {found.get('followed')} of {found.get('stretches')} movements of it"
    if lag_s < 0:
        more = more.replace("behind", "ahead of", 1)
    low_s, high_s = found.get("quartile_low_s"), found.get("quartile_high_s")
    if low_s is not None and high_s is not None and (found.get("followed") or 0) >= LEAST_FOR_QUARTILES:
        more += f"; half of them {number(low_s)} to {with_unit(high_s, 's')}"
    return Answer("Focus lag", with_unit(abs(lag_s), "s"), more)


def _hunting(found: Mapping[str, Any]) -> Answer:
    count = found.get("hunting_reversals")
    if count is None:
        return Answer("Hunting", NOT_KNOWN, "not known")
    share = with_unit(found.get("share"), "share")
    more = f"to and fro while the target stood{f', {share} of the time' if count else ''}"
    return Answer("Hunting", _counted(count, "reversal"), f"{more}; {_counted(found.get('reversals') or 0, 'reversal')} in all")


def _soft(found: Mapping[str, Any]) -> Answer:
    count, longest_s = found.get("count"), found.get("longest_s")
    if count is None:
        return Answer("Soft passages", NOT_KNOWN, "not known")
    if not count:
        return Answer("Soft passages", "none", "neither by depth nor by sharpness")
    more = f"{with_unit(found.get('share'), 'share')} of the time, the longest {clock(longest_s)}"
    return Answer("Soft passages", number(count), more)


def _autofocus(summary: Mapping[str, Any]) -> Answer:
    found = summary.get("autofocus", {}).get(DEFAULT_METHOD, {})
    if not found:
        return Answer("Autofocus", NOT_KNOWN, "it was not asked, or the lens is not known")
    if found.get("lands_share") is None:
        moves = f"'{DEFAULT_METHOD}' would move the lens in {with_unit(found.get('moves_share'), 'share')} of the frames"
        return Answer("Autofocus", NOT_KNOWN, f"whether it would focus the target is not known; {moves}")
    more = f"of the frames would be in focus after one move by the method '{DEFAULT_METHOD}'"
    return Answer("Autofocus", with_unit(found["lands_share"], "share"), more)


def _counted(count: float, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}" if count else f"no {what}"
