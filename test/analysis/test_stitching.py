"""Targets keep their identity from part to part, by the frames that both parts saw; frames and times are the recording's."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.analysis.columns import NAMES
from auxfocus_ros.analysis.part import PartResult, Row
from auxfocus_ros.analysis.stitching import stitched

Boxes = dict[int, tuple[int, int, int, int]]
HERE, THERE, FAR = (100, 100, 40, 40), (300, 100, 40, 40), (600, 400, 40, 40)


def target(identity: int, box: tuple[int, int, int, int], state: str = "tracked") -> dict[str, Any]:
    return {"id": identity, "state": state, **dict(zip(("left_px", "top_px", "width_px", "height_px"), box, strict=True))}


def row(second: float, boxes: Boxes, chosen: int | None = None) -> Row:
    targets = [target(identity, box) for identity, box in boxes.items()]
    stamp_ns = 10**18 + round(second * 1e9)
    return dict.fromkeys(NAMES) | {"frame": 0, "time_s": 0.0, "stamp_ns": stamp_ns, "targets": targets, "target_id": chosen}


def part(number: int, rows: list[Row], lead: list[Row] | None = None) -> PartResult:
    return PartResult(number, "key", rows, lead or [])


def ids(results: list[PartResult]) -> list[list[list[int]]]:
    return [[[one["id"] for one in row["targets"]] for row in result.rows] for result in results]


def test_frames_and_times_are_those_of_the_recording() -> None:
    parts = [part(0, [row(7.0, {}), row(7.5, {})]), part(1, [row(8.0, {})], [row(7.5, {})]), part(3, [row(27.0, {})])]
    results = list(stitched(parts))
    assert [one["frame"] for result in results for one in result.rows] == [0, 1, 2, 3]
    assert [one["time_s"] for result in results for one in result.rows] == pytest.approx([0.0, 0.5, 1.0, 20.0], abs=1e-12)
    assert [result.number for result in results] == [0, 1, 3]
    assert parts[1].rows[0]["frame"] == 0  # what came in is as it was


def test_what_has_the_same_place_in_the_same_frame_is_the_same() -> None:
    first = part(0, [row(0, {4: HERE, 9: THERE}, chosen=9)])
    # The second part saw the same frame, counts its own way, and is two pixels off.
    second = part(1, [row(1, {1: FAR, 2: HERE, 3: FAR}, chosen=1)], [row(0, {1: (302, 100, 40, 40), 2: (100, 98, 40, 40)})])
    results = list(stitched([first, second]))
    assert ids(results) == [[[1, 2]], [[2, 1, 3]]]
    assert [result.rows[0]["target_id"] for result in results] == [2, 2]


def test_without_shared_frames_all_is_new() -> None:
    results = list(stitched([part(0, [row(0, {1: HERE})]), part(2, [row(20, {1: HERE})], [row(19, {1: HERE})])]))
    assert ids(results) == [[[1]], [[2]]]


def test_boxes_that_hardly_overlap_are_two_things() -> None:
    # 40 x 40 boxes shifted by 20: 800 of 2400 pixels in common, a third. Shifted by 13: 1080 of 2120, a little over a half.
    for shift, expected in ((20, [2]), (13, [1])):
        lead = row(0, {1: (100 + shift, 100, 40, 40)})
        results = list(stitched([part(0, [row(0, {1: HERE})]), part(1, [row(1, {1: HERE})], [lead])]))
        assert ids(results)[1] == [expected], shift


def test_lost_targets_do_not_vouch_for_a_place() -> None:
    first = row(0, {}) | {"targets": [target(1, HERE, "lost"), target(2, HERE)]}
    results = list(stitched([part(0, [first]), part(1, [row(1, {1: HERE})], [row(0, {1: HERE})])]))
    assert ids(results)[1] == [[2]]


def test_pairs_are_made_for_the_most_overlap_in_all() -> None:
    # New 1 lies on old 1 fully and new 2 on it for the most part, but new 2 overlaps old 2 in neither frame: it is new.
    old, beside = (100, 100, 40, 40), (104, 100, 40, 40)
    first = part(0, [row(0, {1: old, 2: FAR}), row(1, {1: old, 2: FAR})])
    second = part(1, [row(2, {1: old, 2: old})], [row(0, {2: beside, 1: old}), row(1, {2: beside, 1: old})])
    assert ids(list(stitched([first, second])))[1] == [[1, 3]]
    # More frames outvote a better overlap in one.
    third = part(1, [row(2, {1: old, 2: old})], [row(0, {1: old}), row(1, {2: beside, 1: FAR})])
    assert ids(list(stitched([first, third])))[1] == [[2, 1]]


def test_a_lead_that_is_longer_than_a_part_reaches_over_it() -> None:
    # Part 1 does not see the target in its own frames; part 2 still knows it from part 0.
    parts = [
        part(0, [row(0, {5: HERE})]),
        part(1, [row(1, {})], [row(0, {8: HERE})]),
        part(2, [row(2, {3: HERE})], [row(0, {3: HERE}), row(1, {})]),
    ]
    assert ids(list(stitched(parts))) == [[[1]], [[]], [[1]]]


def test_identities_of_a_lead_are_not_given_twice() -> None:
    # 7 is seen in the second part's lead alone: its identity is used up.
    parts = [part(0, [row(0, {1: HERE})]), part(1, [row(1, {8: THERE})], [row(0, {1: HERE, 7: FAR})])]
    results = list(stitched(parts))
    assert ids(results) == [[[1]], [[3]]]
    assert [one["id"] for one in results[1].lead[0]["targets"]] == [1, 2]


def test_rows_without_targets_pass() -> None:
    bare = row(0, {}) | {"targets": None}
    assert next(stitched([part(0, [bare])])).rows[0]["targets"] is None
    assert list(stitched([])) == []
    assert next(stitched([part(0, [])])).rows == []


def test_one_part_at_a_time() -> None:
    taken = []

    def parts() -> Iterator[PartResult]:
        for number in range(3):
            taken.append(number)
            yield part(number, [row(number, {1: HERE})])

    results = stitched(parts())
    next(results)
    assert taken == [0]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_parts_of_one_scene_give_the_identities_of_the_whole(data: st.DataObject) -> None:
    """Things that do not overlap, seen in every frame, cut anywhere and counted anew in each part."""
    things, frames = data.draw(st.integers(0, 5)), data.draw(st.integers(1, 12))
    cuts = sorted(data.draw(st.sets(st.integers(1, frames), max_size=4)) | {0, frames})
    lead = data.draw(st.integers(1, 6))
    parts = []
    for number, (start, end) in enumerate(pairwise(cuts)):
        names = data.draw(st.permutations(range(1, things + 1)))
        seen = [row(at, {names[thing]: (100 * thing, 3 * at, 50, 50) for thing in range(things)}) for at in range(end)]
        parts.append(part(number, seen[start:end], seen[max(0, start - lead) : start]))
    identities = [
        tuple(one["id"] for one in sorted(one_row["targets"], key=lambda one: one["left_px"]))
        for result in stitched(parts)
        for one_row in result.rows
    ]
    assert len(set(identities)) == 1
    assert sorted(identities[0]) == list(range(1, things + 1))
