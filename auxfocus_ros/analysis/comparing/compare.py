"""Two analyses, compared."""

from __future__ import annotations

from typing import Any

from auxfocus_ros.analysis.comparing.comparison import Comparison
from auxfocus_ros.analysis.comparing.event_figures import event_differences, leaves, stream_differences
from auxfocus_ros.analysis.comparing.frame_figures import frame_differences, same_pictures
from auxfocus_ros.analysis.summary import Columns
from auxfocus_ros.errors import InputError

SECTIONS = ("analysed_s", "lag", "hunting", "soft", "lens", "streams", "options")
"""What a summary must have to be compared."""


def compare(a: dict[str, Any], b: dict[str, Any], frames_a: Columns, frames_b: Columns) -> Comparison:
    """Compare two analyses.

    Args:
        a, b: their summaries, as `summarise` gives them.
        frames_a, frames_b: their tables.

    Returns:
        What differs, what matters first.

    Raises:
        InputError: one is no summary of this version; the message says which, and what it lacks.
    """
    for name, said in (("A", a), ("B", b)):
        lacking = [section for section in SECTIONS if section not in said]
        if lacking:
            raise InputError(
                f"the summary of {name} has no {', '.join(lacking)}: it must be one that this version's analysis wrote"
            )
    same = same_pictures(frames_a, frames_b)
    found = [
        *frame_differences(frames_a, frames_b, same),
        *event_differences(a, b),
        *stream_differences(a["streams"], b["streams"]),
    ]
    return Comparison(same is not None, _settings(a["options"], b["options"]), tuple(sorted(found, key=lambda one: one.order)))


def _settings(a: dict[str, Any], b: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    flat_a, flat_b = dict(leaves(a)), dict(leaves(b))
    names = {**flat_a, **flat_b}
    return {name: (flat_a.get(name), flat_b.get(name)) for name in names if flat_a.get(name) != flat_b.get(name)}
