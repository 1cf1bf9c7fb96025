"""The whole page: one file that asks nobody for anything, works without JavaScript, and says so to the browser as its policy."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.analysis.report.answers import answers_html
from auxfocus_ros.analysis.report.bars import Scale, histogram_figure, shown_bins
from auxfocus_ros.analysis.report.overview import Overview
from auxfocus_ros.analysis.report.reading_out import read_outs
from auxfocus_ros.analysis.report.strips import Passages, charts
from auxfocus_ros.analysis.report.tables import figures_html, methods_html, passages_html
from auxfocus_ros.analysis.report.wording import clock, escaped, number

MOST_PROBLEMS = 100
LEGEND = (
    ("focus_distance_m", "focus_distance_m", "focus distance, lens position"),
    ("field", "near_limit_m", "depth of field"),
    ("target_depth_m", "target_depth_m", "target's depth, its best position"),
)
"""Class of the sign, the series that must be known, and what it stands for."""


@dataclass(frozen=True)
class Report:
    """What a page shows.

    name: of the recording. facts: of it, title -> text, in order. overview: of its frames. summary: as `summarise` gives it.
    lacks: a sentence for what it does not have. problems: what is wrong with it. thumbnails: frame -> JPEG; see
    `thumbnails.frames_to_show`. film: address of the film beside the page, '' where there is none; it is linked, not loaded.
    """

    name: str
    facts: Mapping[str, str]
    overview: Overview
    summary: Mapping[str, Any]
    lacks: Sequence[str] = ()
    problems: Sequence[Problem] = ()
    thumbnails: Mapping[int, bytes] = field(default_factory=dict)
    film: str = ""


def report_page(report: Report) -> str:
    """The page as HTML; the same report gives the same text."""
    timeline = report.overview.timeline
    soft = report.summary.get("soft", {}).get("passages", [])
    passages = Passages(soft, report.summary.get("hunting", {}).get("passages", []))
    methods = methods_html(report.summary.get("autofocus", {}))
    sections = [
        _section("answers", "What the focus did", answers_html(report.summary)),
        _notices(report),
        _section("timeline", "Over time", _timeline(report, passages)) if timeline.frames else "",
        _section("soft", "Soft passages", passages_html(soft, report.thumbnails)) if timeline.frames else "",
        _section("often", "How often each value came, in percent of the frames", _histograms(report)),
        _section("autofocus", "What autofocus would have done", methods + METHODS_NOTE) if methods else "",
        _section(
            "figures", "All figures", f"<details><summary>As in summary.json</summary>{figures_html(report.summary)}</details>"
        ),
    ]
    data = {"frames": timeline.frames, "each": timeline.frames_per_column, "texts": read_outs(timeline)}
    return PAGE.format(
        policy=f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{_hash(_static('report.js'))}'",
        title=escaped(f"{report.name}: what the focus did"),
        style=_static("style.css"),
        header=_header(report),
        sections="\n".join(section for section in sections if section),
        data=json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        script=_static("report.js"),
    )


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#answers">To the answers</a>
{header}
<main>
{sections}
</main>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""
METHODS_NOTE = (
    '<p class="hint">Every method was begun afresh on each frame: this is its first move. A search by contrast begins with a '
    "look around, so that little can be said of it by one move. Distances are the lens's from the position that would focus the "
    "target by its depth, means over the frames in which both are known; depth and bayes go by that depth themselves.</p>"
)


def _header(report: Report) -> str:
    facts = "".join(f"<div><dt>{escaped(title)}</dt><dd>{escaped(text)}</dd></div>" for title, text in report.facts.items())
    film = f'<p><a href="{escaped(report.film)}">The auxiliary focus image as a film</a></p>' if report.film else ""
    return f"<header><h1>{escaped(report.name)}</h1><dl>{facts}</dl>{film}</header>"


def _section(name: str, title: str, content: str) -> str:
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{title}</h2>{content}</section>'
        if content
        else ""
    )


def _notices(report: Report) -> str:
    lacks = "".join(f"<li>{escaped(line)}</li>" for line in report.lacks)
    wrong = "".join(f"<li>{escaped(_told(problem))}</li>" for problem in report.problems[:MOST_PROBLEMS])
    left = len(report.problems) - MOST_PROBLEMS
    wrong += f"<li>{left} more are in summary.json</li>" if left > 0 else ""
    parts = []
    if wrong:
        parts.append(_section("wrong", "What is wrong with the recording", f"<ul>{wrong}</ul>"))
    if lacks:
        parts.append(_section("lacks", "What it lacks", f"<ul>{lacks}</ul>"))
    return "".join(parts)


def _told(problem: Problem) -> str:
    where = f"{problem.where}: " if problem.where else ""
    return f"{where}{problem.what}{f' ({number(problem.count)} times)' if problem.count > 1 else ''}"


def _timeline(report: Report, passages: Passages) -> str:
    timeline = report.overview.timeline
    entries = [("points", "depth readings of the scene")] if timeline.counts.any() else []
    entries += [(kind, text) for kind, name, text in LEGEND if timeline.known(name)]
    entries += [("shade", "soft")] if passages.soft else []
    legend = "".join(f'<li><i class="{kind}"></i>{text}</li>' for kind, text in entries)
    each = timeline.frames_per_column
    grain = f"Each column stands for {each} frames. " if each > 1 else ""
    finite = timeline.time_s[np.isfinite(timeline.time_s)].tolist()
    ends = f"from {clock(finite[0])} to {clock(finite[-1])}" if finite else ""
    return (
        f'<ul class="legend">{legend}</ul><output id="read-out" class="number" hidden></output>{charts(timeline, passages)}'
        f'<p class="hint">{number(timeline.frames)} frames {ends}. {grain}'
        f'<span class="scripted" hidden>Point at the chart, or go to it and press the arrow keys, to read its values.</span></p>'
    )


def _histograms(report: Report) -> str:
    found = report.overview.histograms
    focus, target, deviation = found["focus_distance_m"], found["target_depth_m"], found["deviation_steps"]
    depths = Scale.of_depths(shown_bins([focus, target]))
    steps = Scale.of_steps(shown_bins([deviation]))
    drawn = (
        histogram_figure("focus distance, m", "focus", focus, depths)
        + histogram_figure("target's depth, m", "target", target, depths)
        + histogram_figure("deviation by the region's blur, steps; 0: in focus", "deviation", deviation, steps)
    )
    return f'<div class="histograms">{drawn}</div>' if drawn else ""


@lru_cache(maxsize=2)
def _static(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
