"""What deserves attention, and what is chosen when nobody chooses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.distribution.targets import Target, TargetSource
from auxfocus_ros.distribution.targets.attention import OTHER_RANK, by_attention, rank, score
from auxfocus_ros.distribution.targets.automatic import AutomaticChoice

SIZE = (640, 480)
MIDDLE = (310, 230, 20, 20)


def target(identity: int, source: TargetSource = TargetSource.OBJECT, depth_m: float = 3.0, box=MIDDLE, **fields) -> Target:  # type: ignore[no-untyped-def]
    return Target(identity, box, source=source, depth_m=depth_m, **fields)


def test_ranks() -> None:
    sources = [TargetSource.FACE, TargetSource.PERSON, TargetSource.DETECTOR, TargetSource.LARGE_OBJECT, TargetSource.OBJECT]
    assert [rank(target(1, source)) for source in sources] == [1, 2, 3, 4, 5]
    assert rank(target(1, TargetSource.DETECTOR, label="Person")) == 2
    assert rank(target(1, TargetSource.DETECTOR, label="face")) == 1
    assert rank(target(1, TargetSource.DETECTOR, label="dog")) == 3
    assert rank(target(1, TargetSource.POINT)) == OTHER_RANK


def test_score_by_hand() -> None:
    # In the middle, 20 x 20 of 640 x 480, at 3 m: 0.5 / 2 + 0.25 sqrt(400 / 307200) + 0.25.
    assert score(target(1), SIZE) == pytest.approx(0.25 + 0.25 * math.sqrt(400 / 307200) + 0.25)
    # In the corner, one pixel, no depth.
    assert score(target(1, depth_m=math.nan, box=(0, 0, 1, 1)), SIZE) == pytest.approx(0.25 / math.sqrt(307200), abs=1e-3)
    # The whole picture at no distance.
    assert score(target(1, depth_m=1e-9, box=(0, 0, 640, 480)), SIZE) == pytest.approx(1.0)


def test_order() -> None:
    things = [
        target(1),
        target(2, depth_m=2.0),
        target(3, TargetSource.LARGE_OBJECT, 9.0),
        target(4, TargetSource.DETECTOR, 9.0, label="cup"),
        target(5, TargetSource.PERSON, 9.0),
        target(6, TargetSource.FACE, 9.0),
        target(7, depth_m=50.0, box=(0, 0, 2, 2), selected=True),
        target(8),
    ]
    assert [thing.id for thing in by_attention(things, SIZE)] == [7, 6, 5, 4, 3, 2, 1, 8]


targets_drawn = st.builds(
    target,
    st.integers(1, 50),
    st.sampled_from(TargetSource),
    st.one_of(st.floats(0.01, 500), st.just(math.nan)),
    st.tuples(st.integers(0, 600), st.integers(0, 400), st.integers(1, 640), st.integers(1, 480)),
    label=st.sampled_from(["", "face", "person", "dog"]),
)


@settings(deadline=None)
@given(st.lists(targets_drawn, max_size=12, unique_by=lambda thing: thing.id), st.randoms())
def test_the_order_is_total(things: list[Target], random) -> None:  # type: ignore[no-untyped-def]
    ordered = by_attention(things, SIZE)
    assert all(0.0 <= score(thing, SIZE) <= 1.0 for thing in things)
    random.shuffle(things)
    assert [thing.id for thing in by_attention(things, SIZE)] == [thing.id for thing in ordered]
    assert [rank(thing) for thing in ordered] == sorted(rank(thing) for thing in ordered)


def test_automatic_takes_the_best_at_once() -> None:
    found = AutomaticChoice(0.7).choose(
        None, [target(1), target(2, TargetSource.LARGE_OBJECT), target(3, TargetSource.FACE)], SIZE, 0
    )
    assert found is not None and found.id == 3


def test_automatic_takes_nothing_that_is_not_worth_it() -> None:
    assert AutomaticChoice(0.7).choose(None, [target(1), target(2, TargetSource.FACE, math.nan)], SIZE, 0.0) is None


def test_automatic_stays_for_the_dwell() -> None:
    choice, current, face = AutomaticChoice(0.7), target(1, TargetSource.PERSON), target(2, TargetSource.FACE)
    for time_s in (0.0, 0.3, 0.6):
        assert choice.choose(current, [current, face], SIZE, time_s) is current
    assert choice.choose(current, [current], SIZE, 0.65) is current  # gone for a frame: it begins anew
    for time_s in (0.7, 1.0, 1.35):
        assert choice.choose(current, [current, face], SIZE, time_s) is current
    assert choice.choose(current, [current, face], SIZE, 1.45) is face


def test_equals_do_not_alternate() -> None:
    """Two faces, now the one a little nearer and now the other, for long."""
    choice, current = AutomaticChoice(0.7), target(1, TargetSource.FACE, 3.0)
    for frame in range(200):
        other = target(2, TargetSource.FACE, 3.0 + 0.5 * math.sin(frame / 9))
        found = choice.choose(current, [current, other], SIZE, frame / 20)
        assert found is current


def test_a_much_nearer_one_of_the_same_kind() -> None:
    choice, current, near = AutomaticChoice(0.7), target(1, TargetSource.FACE, 8.0), target(2, TargetSource.FACE, 2.0)
    assert choice.choose(current, [current, near], SIZE, 0.0) is current
    assert choice.choose(current, [current, near], SIZE, 0.7) is near


def test_two_that_alternate_as_the_best_do_not_keep_a_worse_one() -> None:
    choice, current = AutomaticChoice(0.7), target(1, TargetSource.LARGE_OBJECT)
    for frame in range(20):
        a, b = target(2, TargetSource.FACE, 3.0 + frame % 2), target(3, TargetSource.FACE, 4.0 - frame % 2)
        found = choice.choose(current, [current, a, b], SIZE, frame / 20)
        if found is not current:
            break
    assert frame == 14 and found is not None and found.id == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-2, 2), st.lists(targets_drawn, max_size=5, unique_by=lambda thing: thing.id)), max_size=15))
def test_automatic_follows_the_rules(frames: list[tuple[float, list[Target]]]) -> None:
    choice, current, time_s = AutomaticChoice(0.5), None, 0.0
    for step_s, things in frames:
        time_s += step_s
        before = current
        current = choice.choose(before, things, SIZE, time_s)
        if current is None:
            assert before is None and not [t for t in things if rank(t) < OTHER_RANK and math.isfinite(t.depth_m)]
        elif current is not before:
            assert rank(current) < OTHER_RANK and math.isfinite(current.depth_m)
            assert before is None or (rank(current), -score(current, SIZE)) < (rank(before), -score(before, SIZE))
        current = None if current is None else replace(current)
