"""What stamps and arrivals of a stream say."""

import numpy as np
import pytest

from auxfocus_ros.rig.stream_clock import StreamClock, narrowed_ns, nearest_offset_ns, never_meet_text, period_of

MS = 1_000_000


def fed(stamps_ms: list[float], delays_ms: list[float] | float = 5.0) -> StreamClock:
    clock = StreamClock("/cloud")
    delays = delays_ms if isinstance(delays_ms, list) else [delays_ms] * len(stamps_ms)
    for arrival_ms, stamp_ms in sorted((stamp + delay, stamp) for stamp, delay in zip(stamps_ms, delays, strict=True)):
        clock.add(round(stamp_ms * MS), round(arrival_ms * MS))
    return clock


def test_the_period_is_the_median_whatever_is_lost_or_overtakes() -> None:
    assert fed([0, 100, 200, 300, 400]).period_ns is None  # four differences are too few
    assert fed([0, 100, 200, 300, 400, 500]).period_ns == 100 * MS
    kept = [n * 100.0 for n in range(30) if n not in (4, 9, 10, 20)]
    assert fed(kept).period_ns == 100 * MS
    assert fed(kept, [150.0 if n % 7 == 0 else 5.0 for n in range(len(kept))]).period_ns == 100 * MS
    assert period_of([3, 1, 2, 9, 2]) == 2 and period_of([1, 2, 3, 4]) is None


def test_losses_are_gaps_in_the_stamps() -> None:
    clock = fed([n * 50.0 for n in range(60) if n not in (20, 30, 31, 32)])
    assert clock.lost == 4 and clock.received == 56


def test_what_was_only_overtaken_is_not_lost() -> None:
    delays = [5.0] * 60
    delays[30] = 120.0  # two others overtake it
    assert fed([n * 50.0 for n in range(60)], delays).lost == 0


def test_what_has_come_by_now() -> None:
    rng = np.random.default_rng(3)
    delays = rng.uniform(10, 30, 200).tolist()
    clock = fed([n * 50.0 for n in range(200)], delays)
    now_ns = 200 * 50 * MS
    complete_ns = clock.complete_to_ns(now_ns)
    assert complete_ns is not None and now_ns - 39 * MS < complete_ns <= now_ns - 30 * MS
    assert fed([0, 50, 100]).complete_to_ns(now_ns) is None
    assert clock.delay_ns == pytest.approx(20 * MS, abs=3 * MS)


def test_nothing_lies_between_neighbours() -> None:
    clock = fed([n * 50.0 for n in range(20)])
    assert clock.follows(0, 60 * MS) and not clock.follows(0, 100 * MS)
    assert not fed([0]).follows(0, 1)


def test_a_stream_that_stops() -> None:
    clock = fed([n * 50.0 for n in range(20)])
    assert not clock.stopped(2900 * MS) and clock.stopped(3000 * MS)
    slow = fed([n * 1000.0 for n in range(10)])
    assert not slow.stopped(9005 * MS + 2999 * MS) and slow.stopped(9005 * MS + 3001 * MS)
    assert not StreamClock("/never").stopped(10**12)


def test_stamps_that_run_backwards_jump_or_stand_still_are_said() -> None:
    clock = fed([n * 50.0 for n in range(20)])
    assert "stamps on /cloud run backwards by 1.950 s" in clock.add(-1000 * MS, 1000 * MS)
    assert clock.period_ns is None and clock.latest_ns == -1000 * MS
    assert "jump 100.000 s ahead while 0.050 s passed" in clock.add(99_000 * MS, 1050 * MS)
    assert [clock.add(99_000 * MS, 1100 * MS) for _ in range(5)][:4] == [""] * 4
    assert "stand still at 99.000 s" in clock.add(99_000 * MS, 1100 * MS)
    assert clock.add(99_050 * MS, 1150 * MS) == ""


def test_the_tolerance_does_not_reach_the_neighbour() -> None:
    assert narrowed_ns(50 * MS, [100 * MS, None]) == 50 * MS
    assert narrowed_ns(50 * MS, [100 * MS, 30 * MS]) == round(16.5 * MS)
    assert narrowed_ns(50 * MS, []) == 50 * MS


def test_how_far_apart_and_in_words() -> None:
    assert nearest_offset_ns([0, 100, 200], [30, 130, 230]) == 30
    assert nearest_offset_ns([0, 100, 200], [1000, 1100]) == 900
    assert "the stamps of /b are 0.040 s behind those of /a that arrive with them, 0.010 s are allowed" in never_meet_text(
        "/a", "/b", -40 * MS, 10 * MS
    )
