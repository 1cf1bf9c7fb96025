"""The tables of the report: soft passages, the autofocus methods, and every other figure of the summary."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from auxfocus_ros.analysis.report.heat import data_address
from auxfocus_ros.analysis.report.thumbnails import MOST_THUMBNAILS, frames_to_show
from auxfocus_ros.analysis.report.wording import clock, escaped, number, plain, with_unit, words
from auxfocus_ros.analysis.summary import SUMMARY_KEYS, Key
from auxfocus_ros.autofocus.methods import METHODS

MOST_PASSAGES = 200
MOST_ENTRIES = 12
"""Of any list of the summary."""
METHOD_COLUMNS = (
    ("lands_share", "in focus after one move", "share"),
    ("nearer_share", "nearer, or in focus", "share"),
    ("off_mean_steps", "mean distance then", "steps"),
    ("stood_off_mean_steps", "as the lens stood", "steps"),
    ("moves_share", "would move", "share"),
    ("asked", "frames", ""),
)
"""Figure, its title and its unit."""
MOST_SAID = 3


def passages_html(passages: Sequence[Mapping[str, Any]], thumbnails: Mapping[int, bytes]) -> str:
    """Soft passages as lists in their order: the longest with pictures, the shorter ones folded away, the shortest not at all."""
    if not passages:
        return "<p>No soft passage was found.</p>"
    by_length = sorted(range(len(passages)), key=lambda place: passages[place]["start_s"] - passages[place]["end_s"])
    pictures = frames_to_show(passages, thumbnails)

    def listed(places: Sequence[int]) -> str:
        entries = "".join(_passage(passages[place], pictures.get(place), thumbnails) for place in sorted(places))
        return f'<ol class="passages">{entries}</ol>'

    long, short = by_length[:MOST_THUMBNAILS], by_length[MOST_THUMBNAILS:MOST_PASSAGES]
    folded = f"<details><summary>{len(short)} shorter ones</summary>{listed(short)}</details>" if short else ""
    left = len(passages) - MOST_PASSAGES
    return listed(long) + folded + (f"<p>{left} more are in summary.json.</p>" if left > 0 else "")


def _passage(passage: Mapping[str, Any], frame: int | None, thumbnails: Mapping[int, bytes]) -> str:
    first, last = passage["first_frame"], passage["last_frame"]
    picture = ""
    if frame is not None:
        picture = f'<img alt="frame {frame}" src="{data_address("image/jpeg", thumbnails[frame])}">'
    length = clock(passage["end_s"] - passage["start_s"])
    return (
        f'<li><a href="#timeline" data-frame="{(first + last) // 2}">{picture}'
        f"<b>{clock(passage['start_s'])} to {clock(passage['end_s'])}</b>"
        f"<span>{length}, frames {first} to {last}</span><span>{escaped(passage['why'])}</span></a></li>"
    )


def methods_html(found: Mapping[str, Mapping[str, Any]]) -> str:
    """What each autofocus method would have done, the best first; '' where none was asked."""
    if not found:
        return ""
    head = ["method", *(title for _, title, _ in METHOD_COLUMNS), "it says"]
    rows = []
    for name, figures in sorted(found.items(), key=lambda item: _worse(item[1])):
        said = list(figures.get("says", {}).items())[:MOST_SAID]
        answers = ", ".join(f"{words(word)} {with_unit(share, 'share')}" for word, share in said)
        cells = [with_unit(figures.get(key), unit) for key, _, unit in METHOD_COLUMNS]
        rows.append([words(name), *cells, answers])
    notes = {words(name): way.describe for name, way in METHODS.items()}
    return table("what each method would have done", head, rows, figures=len(METHOD_COLUMNS), notes=notes)


def _worse(figures: Mapping[str, Any]) -> tuple[float, float]:
    """What to sort methods by: what is not known comes last."""
    lands, off_steps = figures.get("lands_share"), figures.get("off_mean_steps")
    return 0.0 if lands is None else -lands, math.inf if off_steps is None else off_steps


def table(
    name: str, head: Iterable[str], rows: Iterable[Sequence[str]], *, figures: int, notes: Mapping[str, str] | None = None
) -> str:
    """A table whose first column heads the rows; `figures` columns after it are not wrapped, notes stand below their heads."""
    top = "".join(f'<th scope="col">{escaped(text)}</th>' for text in head)
    body = []
    for first, *others in rows:
        cells = (f"<td{' class=figure' if place < figures else ''}>{escaped(text)}</td>" for place, text in enumerate(others))
        note = f"<small>{escaped(notes[first])}</small>" if notes and first in notes else ""
        body.append(f'<tr><th scope="row">{escaped(first)}{note}</th>{"".join(cells)}</tr>')
    inside = f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="region" aria-label="{escaped(name)}">{inside}</div>'


def figures_html(summary: Mapping[str, Any]) -> str:
    """Every figure of a summary, with what it means where that is declared; long lists are cut short."""
    rows = []
    for name, value in flattened(summary):
        key = next((key for pattern, key in _declared() if pattern.fullmatch(name)), None)
        unit = key.unit if key is not None else ""
        text = with_unit(value, unit) if isinstance(value, int | float) and not isinstance(value, bool) else plain(value)
        rows.append((name, text, key.text if key is not None and "*" not in key.name else ""))
    return table("all figures", ("figure", "value", "meaning"), rows, figures=1)


def flattened(value: Any, name: str = "") -> Iterable[tuple[str, Any]]:
    """(way down, value) of everything that is no mapping and no list; of long lists the first, then how many there are."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flattened(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value[:MOST_ENTRIES]):
            yield from flattened(inner, f"{name}[{place}]")
        if len(value) > MOST_ENTRIES:
            yield f"{name}[…]", f"{number(len(value))} entries in all"
    else:
        yield name, value


@lru_cache(maxsize=1)
def _declared() -> list[tuple[re.Pattern[str], Key]]:
    """Every declared figure with what its name looks like."""
    names = (re.escape(key.name).replace(r"\[\]", r"\[\d+\]").replace(r"\*", r"[^.]+") for key in SUMMARY_KEYS)
    return list(zip(map(re.compile, names), SUMMARY_KEYS, strict=True))
