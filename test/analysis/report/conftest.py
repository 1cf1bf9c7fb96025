"""Reports of made-up recordings: a target that comes and goes, and a lens that follows it, hunts and loses it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.columns import DEPTH_BINS, NAMES
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import Problem
from auxfocus_ros.analysis.report import Overview, Report, thumbnail
from auxfocus_ros.analysis.summary import summarise
from auxfocus_ros.autofocus.methods import METHODS
from auxfocus_ros.autofocus.sharpness import MEASURES
from auxfocus_ros.commands.bench_page import open_browser
from auxfocus_ros.errors import MissingLibraryError

NASTY = """</script><script>alert("x")</script> 'roof' & "yard" <img src=x onerror=alert(1)>"""


def made_row(frame: int, frames: int) -> dict[str, Any]:
    """The lens's position is 1000 + 3000 / distance, and the depth of focus is 24 steps; from six tenths on the lens is lost."""
    time_s, share = 0.1 * frame, frame / frames
    target_m = 6.0 + 3.0 * math.sin(time_s / 7.0)
    best = 1000.0 + 3000.0 / target_m
    off = 30.0 * math.sin(6.0 * time_s) if 0.2 < share < 0.3 else 200.0 if 0.6 < share < 0.7 else 3.0
    lens = 1000.0 if 0.8 < share < 0.85 else best + off
    counts = np.zeros(DEPTH_BINS, int)
    counts[[30 + round(4 * math.sin(time_s / 7.0)), 40, 41, 50]] = 100, 300, 200, 50

    def distance_m(steps: float) -> float:
        return 3000.0 / (steps - 1000.0) if steps > 1000.0 else math.inf

    return {
        **dict.fromkeys(NAMES),
        "frame": frame, "stamp_ns": round(1e9 * time_s), "time_s": time_s, "readings": 650, "depth_counts": counts.tolist(),
        "lens_position_steps": lens, "focus_distance_m": distance_m(lens),
        "near_limit_m": distance_m(lens + 12), "far_limit_m": distance_m(lens - 12), "depth_of_focus_steps": 24.0,
        "target_id": 1, "target_depth_m": target_m, "target_in_focus": abs(lens - best) < 12, "target_best_steps": best,
        "target_off_steps": lens - best, "deviation_steps": lens - best + 2.0 * math.sin(frame),
        **{f"sharpness_{name}": 1e3 * math.exp(-(((lens - best) / 60) ** 2)) + 5 * (frame % 3) for name in MEASURES},
        **{f"next_{name}_steps": best for name in METHODS}, **{f"says_{name}": "looks" for name in METHODS},
    }  # fmt: skip


@pytest.fixture(scope="session")
def made_report() -> Callable[..., Report]:
    """`made_report(frames, every=10, **replaced)`: a report with a thumbnail of every so many frames."""

    def make(frames: int, every: int = 10, **replaced: Any) -> Report:
        overview = Overview()
        rows = [made_row(frame, frames) for frame in range(frames)]
        overview.add(rows)
        columns = {
            name: np.array([row[name] for row in rows], object) for name in NAMES if name not in ("targets", "depth_counts")
        }
        small = thumbnail(np.random.default_rng(0).integers(60, 200, (90, 160, 3), np.uint8), (40, 30, 50, 40))
        known: dict[str, Any] = {
            "name": f"flight {NASTY}",
            "facts": {"duration": f"{frames / 10:g} s", f"topic {NASTY}": NASTY},
            "overview": overview,
            "summary": summarise(columns, {"dropped": 3, NASTY: NASTY}, AnalysisOptions()),
            "lacks": [f"no joint states: {NASTY}"],
            "problems": [Problem(f"cut off {NASTY}", NASTY, 2)],
            "thumbnails": dict.fromkeys(range(0, frames, every), small),
            "film": "focus.mp4",
        }
        return Report(**{**known, **replaced})

    return make


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright; tests are skipped, with the reason, where either is missing."""
    with ExitStack() as opened:
        try:
            browser = opened.enter_context(open_browser())
        except MissingLibraryError as error:
            pytest.skip(str(error))
        yield browser
