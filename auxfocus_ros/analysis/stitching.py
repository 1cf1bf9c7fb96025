"""Parts in their order made one: targets keep their identity over the borders, frames are counted on.

Each part was analysed for itself and counts its targets anew. But its lead, the frames that were read before it began, are frames
of the parts before it: what has the same place in the same frames is the same thing. Nothing of a part is needed longer than
until the next one is through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from auxfocus_ros.analysis.part import PartResult, Row
from auxfocus_ros.distribution.targets.boxes import overlap

SAME_PLACE = 0.5
"""Overlap (intersection over union) from which two boxes in one frame speak for one thing."""
_Seen = dict[int, dict[int, tuple[int, int, int, int]]]
"""Stamp of a frame -> its targets: identity -> box."""


def stitched(parts: Iterable[PartResult]) -> Iterator[PartResult]:
    """The parts with identities that last, frame numbers and times of the whole recording; one at a time, in their order.

    Each pair of a target of the earlier parts and one of this part is worth the sum of their overlaps in the frames that both
    have, overlaps below `SAME_PLACE` being worth nothing and lost targets left out; pairs are made so that the worth of all is
    largest. A target without a partner gets an identity that nothing had before. Where a part is missing, because it failed, the
    one after it begins anew, and `frame` counts on without it.

    Args:
        parts: by rising `number`; identities, `frame` and `time_s` of each may begin anywhere.

    Yields:
        The same with `rows` replaced: `targets[].id`, `target_id`, `frame` (from 0) and `time_s` (since the first frame, by
        stamps); `lead` has the identities too.
    """
    seen: _Seen = {}
    next_id, next_frame = 1, 0
    first_ns: int | None = None
    for part in parts:
        names = _recognised(part.lead, seen)
        for identity in _identities([*part.lead, *part.rows]):
            if identity not in names:
                names[identity] = next_id
                next_id += 1
        lead = [_renamed(row, names) for row in part.lead]
        rows = [_renamed(row, names) for row in part.rows]
        if first_ns is None and rows:
            first_ns = rows[0]["stamp_ns"]
        for number, row in enumerate(rows, next_frame):
            row |= {"frame": number, "time_s": (row["stamp_ns"] - first_ns) * 1e-9}
        next_frame += len(rows)
        # The next part's lead lies within this part and this part's own lead.
        shared = {row["stamp_ns"] for row in lead}
        seen = {stamp_ns: boxes for stamp_ns, boxes in seen.items() if stamp_ns in shared} | _boxes(rows)
        yield replace(part, rows=rows, lead=lead)


def _boxes(rows: Iterable[Row]) -> _Seen:
    return {
        row["stamp_ns"]: {
            target["id"]: (target["left_px"], target["top_px"], target["width_px"], target["height_px"])
            for target in row["targets"] or ()
            if target["state"] != "lost"
        }
        for row in rows
    }


def _recognised(lead: list[Row], seen: _Seen) -> dict[int, int]:
    """Identity in this part -> the one that lasts, for those that earlier parts have too."""
    from scipy.optimize import linear_sum_assignment

    worth: dict[tuple[int, int], float] = {}
    for stamp_ns, boxes in _boxes(lead).items():
        for old, old_box in seen.get(stamp_ns, {}).items():
            for new, new_box in boxes.items():
                common = overlap(old_box, new_box)
                if common >= SAME_PLACE:
                    worth[old, new] = worth.get((old, new), 0.0) + common
    olds, news = sorted({old for old, _ in worth}), sorted({new for _, new in worth})
    table = np.array([[worth.get((old, new), 0.0) for new in news] for old in olds]).reshape(len(olds), len(news))
    pairs = zip(*linear_sum_assignment(table, maximize=True), strict=True)
    return {news[column]: olds[line] for line, column in pairs if table[line, column] > 0.0}


def _identities(rows: Iterable[Row]) -> dict[int, None]:
    """All that occur, in the order in which they come."""
    return {target["id"]: None for row in rows for target in row["targets"] or ()}


def _renamed(row: Row, names: dict[int, int]) -> Row:
    targets = row["targets"]
    return row | {
        "targets": targets and [target | {"id": names[target["id"]]} for target in targets],
        "target_id": None if row["target_id"] is None else names[row["target_id"]],
    }
