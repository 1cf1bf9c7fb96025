"""Which cloud belongs to which picture."""

from typing import NamedTuple

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.rig.matching import Match, NearestMatcher

MS = 1_000_000


class Event(NamedTuple):
    """A message on its way: when it arrives, its stamp, its number, and whether it is a picture."""

    arrival_ns: int
    stamp_ns: int
    number: int
    picture: bool


def play(matcher: NearestMatcher, events: list[Event]) -> list[Match]:
    matches = []
    for event in sorted(events):
        if event.picture:
            matcher.add_picture(event.stamp_ns, event.arrival_ns, event.number)
        else:
            matcher.add_other("points", event.stamp_ns, event.arrival_ns, event.number)
        matches += matcher.take(event.arrival_ns)
    return matches + matcher.take(events[-1].arrival_ns if events else 0, ended=True)


def numbers(matches: list[Match]) -> list[tuple[int, int | None]]:
    return [(m.picture.item, None if m.others["points"] is None else m.others["points"].item) for m in matches]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 180))
def test_jitter_and_loss(seed: int, delay_ms: int) -> None:
    """Two streams at 10 Hz, 20 ms of jitter, a tenth lost, clouds late: all that could match does, and none wrongly."""
    rng = np.random.default_rng(seed)
    events = []
    alive = {True: set[int](), False: set[int]()}
    for picture in (True, False):
        for number in range(40):
            if rng.random() < 0.1:
                continue
            alive[picture].add(number)
            stamp_ns = number * 100 * MS + int(rng.uniform(-20, 20) * MS)
            arrival_ns = stamp_ns + (0 if picture else delay_ms * MS)
            events.append(Event(arrival_ns, stamp_ns, number, picture))
    matcher = NearestMatcher(["points"], 50 * MS)
    pairs = numbers(play(matcher, events))
    assert [picture for picture, _ in pairs] == sorted(alive[True])
    assert {picture: cloud for picture, cloud in pairs if cloud is not None} == {n: n for n in alive[True] & alive[False]}
    assert matcher.unmatched["points"] == len(alive[False] - alive[True])


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.integers(0, 400), max_size=20, unique=True),
    st.lists(st.integers(0, 400), max_size=20, unique=True),
    st.integers(1, 60),
    st.integers(0, 100),
)
def test_never_twice_never_too_far_and_nothing_forgotten(pictures: list[int], clouds: list[int], far: int, delay: int) -> None:
    events = [Event(stamp * MS, stamp * MS, stamp, True) for stamp in pictures]
    events += [Event((stamp + delay) * MS, stamp * MS, stamp, False) for stamp in clouds]
    matcher = NearestMatcher(["points"], far * MS)
    pairs = numbers(play(matcher, events))
    assert sorted(picture for picture, _ in pairs) == sorted(pictures)
    taken = [cloud for _, cloud in pairs if cloud is not None]
    assert len(taken) == len(set(taken))
    assert all(abs(picture - cloud) <= far for picture, cloud in pairs if cloud is not None)
    assert matcher.unmatched["points"] == len(clouds) - len(taken)
    # Nothing is left over on both sides that is nearer to each other than to all that were there.
    for picture in (p for p, cloud in pairs if cloud is None):
        for cloud in set(clouds) - set(taken):
            if abs(picture - cloud) <= far:
                rivals = [p for p in pictures if abs(p - cloud) <= abs(picture - cloud) and p != picture]
                others = [c for c in clouds if abs(picture - c) <= abs(picture - cloud) and c != cloud]
                assert rivals or others


def test_each_takes_its_nearer_one() -> None:
    # Pictures at 0 and 30; clouds at -40 and 28. 28 belongs to 30 (2 away), so 0 takes -40 although 28 is nearer to it.
    events = [Event(0, -40 * MS, 1, False), Event(1, 0, 10, True), Event(2, 30 * MS, 11, True), Event(3, 28 * MS, 2, False)]
    events.append(Event(4, 200 * MS, 12, True))
    events.append(Event(5, 200 * MS, 3, False))
    matcher = NearestMatcher(["points"], 50 * MS)
    assert numbers(play(matcher, events)) == [(10, 1), (11, 2), (12, 3)]


def test_a_silent_stream_is_not_waited_for_for_ever() -> None:
    matcher = NearestMatcher(["points"], 50 * MS, patience_ns=500 * MS)
    matcher.add_picture(0, 0, "first")
    assert matcher.take(400 * MS) == []
    (match,) = matcher.take(500 * MS)
    assert match.picture.item == "first" and match.others == {"points": None}


def test_a_bounded_number_waits() -> None:
    matcher = NearestMatcher(["points"], 50 * MS)
    for number in range(10_000):
        matcher.add_other("points", number * 10 * MS, number * 10 * MS, number)
    assert matcher.unmatched["points"] > 9_700


def test_without_other_streams_a_picture_is_decided_at_once() -> None:
    matcher = NearestMatcher([], 50 * MS)
    matcher.add_picture(5, 5, "a")
    assert [match.picture.item for match in matcher.take(5)] == ["a"]


def test_two_streams_each_for_itself() -> None:
    matcher = NearestMatcher(["points", "depth"], 50 * MS)
    matcher.add_other("depth", 10 * MS, 0, "d")
    matcher.add_picture(0, 0, "p")
    matcher.add_other("points", 60 * MS, 0, "far")
    (match,) = matcher.take(0, ended=True)
    assert match.others["points"] is None and match.others["depth"] is not None
    assert matcher.unmatched == {"points": 1, "depth": 0}
    assert matcher.nearest_miss_ns == 60 * MS
