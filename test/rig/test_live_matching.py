"""Pairing live streams: every pair that could match is matched, none wrongly, and nothing waits for ever."""

from typing import NamedTuple

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auxfocus_ros.rig.live_matching import SETTLE_NS, LiveMatcher
from auxfocus_ros.rig.matching import PICTURES, Match
from auxfocus_ros.rig.stream_clock import StreamClock

MS = 1_000_000
TICK_NS = 4 * MS


class Event(NamedTuple):
    arrival_ns: int
    stamp_ns: int
    number: int
    stream: str


class Player:
    """Feeds a matcher as the source does: what has arrived by now, then `take`, every few milliseconds."""

    def __init__(self, streams: tuple[str, ...] = ("points",), tolerance_ms: int = 50, patience_ms: int = 500) -> None:
        self.clocks = {name: StreamClock(name) for name in (PICTURES, *streams)}
        self.matcher = LiveMatcher(self.clocks, tolerance_ms * MS, patience_ms * MS)
        self.matches: list[Match] = []
        self.decided_ns: dict[int, int] = {}
        self.problems: list[str] = []
        self.now_ns = 0

    def play(self, events: list[Event]) -> None:
        coming = sorted(events)
        while coming:
            self.now_ns += TICK_NS
            while coming and coming[0].arrival_ns <= self.now_ns:
                self.feed(coming.pop(0))
            self.take()

    def feed(self, event: Event) -> None:
        problem = self.clocks[event.stream].add(event.stamp_ns, event.arrival_ns)
        self.problems += [problem] if problem else []
        if event.stream == PICTURES:
            self.matcher.add_picture(event.stamp_ns, event.arrival_ns, event)
        else:
            self.matcher.add_other(event.stream, event.stamp_ns, event.arrival_ns, event)

    def take(self, ended: bool = False) -> None:
        for match in self.matcher.take(self.now_ns, ended):
            self.matches.append(match)
            self.decided_ns[match.picture.item.number] = self.now_ns

    def wait(self, duration_ms: float) -> None:
        ends_ns = self.now_ns + round(duration_ms * MS)
        while self.now_ns < ends_ns:
            self.now_ns += TICK_NS
            self.take()

    def pairs(self, stream: str = "points") -> dict[int, int | None]:
        return {m.picture.item.number: o.item.number if (o := m.others[stream]) is not None else None for m in self.matches}


def stream(
    name: str, count: int, period_ms: float, *, rng: np.random.Generator | None = None, delay_ms: float = 5.0,
    shift_ms: float = 0.0, jitter_ms: float = 0.0, stamp_jitter_ms: float = 0.0, loss: float = 0.0,
) -> list[Event]:  # fmt: skip
    events = []
    for number in range(count):
        late_ms, off_ms, lost = 0.0, 0.0, False
        if rng is not None:
            late_ms, off_ms, lost = rng.uniform(0, jitter_ms), rng.uniform(-1, 1) * stamp_jitter_ms, rng.random() < loss
        taken_ns = round((1000 + number * period_ms) * MS)
        stamp_ns = taken_ns + round((shift_ms + off_ms) * MS)
        if not lost:
            events.append(Event(taken_ns + round((delay_ms + late_ms) * MS), stamp_ns, number, name))
    return events


def expect_all_that_could_match(player: Player, pictures: list[Event], clouds: list[Event]) -> None:
    alive = {event.number for event in clouds}
    assert player.pairs() == {event.number: event.number if event.number in alive else None for event in pictures}
    stamps = [match.picture.stamp_ns for match in player.matches]
    assert stamps == sorted(stamps)
    assert player.matcher.unmatched["points"] == len(alive - {event.number for event in pictures})
    assert player.matcher.late == {PICTURES: 0, "points": 0} and player.problems == []


@settings(deadline=None, max_examples=40)
@example(seed=1, period_ms=20.0, jitter_ms=60.0, delay_ms=5.0, ahead=0.0)
@example(seed=2, period_ms=100 / 3, jitter_ms=60.0, delay_ms=100.0, ahead=0.0)
@given(
    seed=st.integers(0, 2**32 - 1),
    period_ms=st.sampled_from([20.0, 100 / 3, 50.0, 100.0]),
    jitter_ms=st.floats(0, 60),
    delay_ms=st.floats(0, 150),
    ahead=st.floats(0, 0.3),
)
def test_jitter_and_loss_on_delivery(seed: int, period_ms: float, jitter_ms: float, delay_ms: float, ahead: float) -> None:
    """Up to three periods of jitter, a tenth lost, clouds late and up to 0.3 periods apart: the bar, and more."""
    rng = np.random.default_rng(seed)
    pictures = stream(PICTURES, 80, period_ms, rng=rng, jitter_ms=jitter_ms, loss=0.1)
    clouds = stream(
        "points", 80, period_ms, rng=rng, jitter_ms=jitter_ms, loss=0.1, delay_ms=delay_ms, shift_ms=ahead * period_ms
    )
    player = Player()
    player.play(pictures + clouds)
    player.wait(1200)
    player.take(ended=True)
    expect_all_that_could_match(player, pictures, clouds)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), delay_ms=st.floats(0, 120))
def test_jitter_of_the_stamps_too(seed: int, delay_ms: float) -> None:
    """20 ms of jitter on stamps and on delivery at 10 Hz: neighbours stay 60 ms apart, partners at most 40."""
    rng = np.random.default_rng(seed)
    pictures = stream(PICTURES, 60, 100, rng=rng, jitter_ms=20, stamp_jitter_ms=20, loss=0.1)
    clouds = stream("points", 60, 100, rng=rng, jitter_ms=20, stamp_jitter_ms=20, loss=0.1, delay_ms=delay_ms)
    player = Player()
    player.play(pictures + clouds)
    player.wait(1200)
    player.take(ended=True)
    expect_all_that_could_match(player, pictures, clouds)


def test_the_first_picture_does_not_take_its_neighbours_cloud() -> None:
    # The wanted tolerance of 50 ms reaches the next cloud at 33 ms; the first cloud is lost before any period is known.
    pictures, clouds = stream(PICTURES, 30, 100 / 3), stream("points", 30, 100 / 3)[1:]
    player = Player()
    player.play(pictures + clouds)
    player.take(ended=True)
    expect_all_that_could_match(player, pictures, clouds)


def test_nothing_is_decided_before_the_periods_are_known() -> None:
    # At 8 Hz a tolerance of 150 ms reaches the neighbour; the first cloud and the second picture are lost, so that nobody is
    # nearer to the second cloud than the first picture.
    pictures = [event for event in stream(PICTURES, 20, 125) if event.number != 1]
    clouds = stream("points", 20, 125)[1:]
    player = Player(tolerance_ms=150)
    player.play(pictures + clouds)
    player.take(ended=True)
    expect_all_that_could_match(player, pictures, clouds)


def test_what_does_not_arrive_together_does_not_belong_together() -> None:
    # A clock that is 0.7 s ahead: each cloud waits that long, and its stamp then meets a picture taken 0.7 s later.
    pictures, clouds = stream(PICTURES, 100, 50), stream("points", 100, 50, shift_ms=700)
    player = Player()
    player.play(pictures + clouds)
    player.wait(1200)
    assert set(player.pairs().values()) == {None}


def test_a_clock_behind_pairs_with_nothing_and_holds_nothing_up() -> None:
    pictures, clouds = stream(PICTURES, 200, 50), stream("points", 200, 50, shift_ms=-3000)
    player = Player()
    player.play(pictures + clouds)
    assert set(player.pairs().values()) == {None} and player.matcher.foreign("points") == 3000 * MS
    waited = [player.decided_ns[picture.number] - picture.arrival_ns for picture in pictures[30:]]
    assert max(waited) <= TICK_NS


def test_equal_stamps_are_not_kept_waiting() -> None:
    pictures, clouds = stream(PICTURES, 40, 50, delay_ms=5), stream("points", 40, 50, delay_ms=9)
    player = Player()
    player.play(pictures + clouds)
    late = [cloud for cloud in clouds[10:] if player.decided_ns[cloud.number] - cloud.arrival_ns > TICK_NS]
    assert not late


def test_a_lost_partner_is_waited_for_as_long_as_it_could_be_late_and_no_longer() -> None:
    pictures = stream(PICTURES, 60, 50)
    clouds = [cloud for cloud in stream("points", 60, 50, delay_ms=80) if cloud.number != 40]
    player = Player(patience_ms=500)
    player.play(pictures + clouds)
    assert player.pairs()[40] is None
    # Its cloud would have come 75 ms after it; the tolerance of 27.5 ms reaches beyond; the grain and a tick come on top.
    waited_ms = (player.decided_ns[40] - pictures[40].arrival_ns) / MS
    assert 75 <= waited_ms < 75 + 27.5 + 5 + 2 * TICK_NS / MS


def test_different_rates_pair_with_the_nearest_picture() -> None:
    pictures, clouds = stream(PICTURES, 90, 100 / 3), stream("points", 30, 100, shift_ms=12, delay_ms=110)
    player = Player()
    player.play(pictures + clouds)
    player.wait(300)
    assert {picture: cloud for picture, cloud in player.pairs().items() if cloud is not None} == {3 * n: n for n in range(30)}
    assert len(player.matches) == 90


def test_a_clock_ahead_pairs_with_nothing_and_holds_nothing_up() -> None:
    # A cloud stamped 3 s ahead would meet the picture taken 3 s later.
    pictures, clouds = stream(PICTURES, 200, 50), stream("points", 200, 50, shift_ms=3000)
    player = Player()
    player.play(pictures + clouds)
    player.wait(1200)
    assert set(player.pairs().values()) == {None} and len(player.matches) == 200
    behind_ns = player.matcher.foreign("points")
    assert behind_ns == -3000 * MS
    waited = [player.decided_ns[picture.number] - picture.arrival_ns for picture in pictures[30:]]
    assert max(waited) <= TICK_NS


def test_a_clock_a_little_off_is_no_foreign_clock() -> None:
    player = Player()
    player.play(stream(PICTURES, 30, 50) + stream("points", 30, 50, shift_ms=-400))
    assert player.matcher.foreign("points") is None


def test_a_stream_that_never_begins_holds_the_first_second_alone() -> None:
    pictures = stream(PICTURES, 60, 50)
    player = Player()
    player.play(pictures)
    assert len(player.matches) == 60
    waited = [player.decided_ns[picture.number] - picture.arrival_ns for picture in pictures]
    assert max(waited) <= SETTLE_NS + TICK_NS and max(waited[21:]) <= TICK_NS


def test_a_stream_that_stops_is_not_waited_for() -> None:
    pictures, clouds = stream(PICTURES, 120, 50), stream("points", 40, 50)
    player = Player()
    player.play(pictures + clouds)
    waited = [player.decided_ns[picture.number] - picture.arrival_ns for picture in pictures]
    assert max(waited[40:]) <= 500 * MS + TICK_NS and max(waited[90:]) <= TICK_NS
    # It comes back, and is paired again.
    again = [
        event._replace(number=event.number + 200) for event in stream(PICTURES, 150, 50)[125:] + stream("points", 150, 50)[125:]
    ]
    player.play(again)
    player.wait(600)
    assert [player.pairs()[n] for n in range(330, 345)] == list(range(330, 345))


def test_what_comes_too_late_is_counted_and_pairs_with_nothing() -> None:
    pictures, clouds = stream(PICTURES, 60, 50), stream("points", 60, 50)
    clouds[40] = clouds[40]._replace(arrival_ns=clouds[40].arrival_ns + 200 * MS)
    pictures[50] = pictures[50]._replace(arrival_ns=pictures[50].arrival_ns + 200 * MS)
    player = Player()
    player.play(pictures + clouds)
    player.take(ended=True)
    assert player.pairs()[40] is None and 50 not in player.pairs()
    assert player.matcher.late == {PICTURES: 1, "points": 1}
    assert player.matcher.unmatched["points"] == 1  # the cloud of picture 50


def test_the_same_message_twice_is_taken_once() -> None:
    pictures, clouds = stream(PICTURES, 30, 50), stream("points", 30, 50)
    player = Player()
    player.play(pictures + clouds + [event._replace(arrival_ns=event.arrival_ns + 1) for event in pictures + clouds])
    player.take(ended=True)
    assert player.pairs() == {n: n for n in range(30)}
    assert player.matcher.late == {PICTURES: 30, "points": 30}


def test_a_recording_that_loops_pairs_on_both_sides_of_the_seam() -> None:
    first = stream(PICTURES, 40, 50) + stream("points", 40, 50)
    second = [event._replace(arrival_ns=event.arrival_ns + 2050 * MS, number=event.number + 100) for event in first]
    player = Player()
    player.play(first + second)
    player.wait(700)
    assert player.pairs() == {n: n for n in (*range(40), *range(100, 140))}
    assert len(player.problems) == 2 and "run backwards by 1.950 s" in player.problems[0]


def test_many_pictures_do_not_wait() -> None:
    # A camera at 1 kHz and a cloud that stays away: nothing may grow.
    player = Player(patience_ms=5000)
    player.play(stream(PICTURES, 1500, 1) + stream("points", 30, 1))
    assert len(player.matches) > 1400


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(-(10**4), 10**4) | st.integers(-(2**62), 2**62), st.booleans()), max_size=60
    )
)
def test_whatever_the_stamps_nothing_breaks_and_nothing_is_forgotten(events: list[tuple[int, int, bool]]) -> None:
    player = Player()
    player.play(
        [Event(at * MS, stamp * MS, n, PICTURES if picture else "points") for n, (at, stamp, picture) in enumerate(events)]
    )
    player.wait(1100)
    player.take(ended=True)
    pictures = sum(picture for _, _, picture in events)
    clouds = len(events) - pictures
    taken = [cloud for cloud in player.pairs().values() if cloud is not None]
    assert len(player.matches) + player.matcher.late[PICTURES] == pictures
    assert len(taken) == len(set(taken))
    assert player.matcher.unmatched["points"] + player.matcher.late["points"] + len(taken) == clouds
