"""Events of the steady clock under stamps of another."""

from auxfocus_ros.ros.event_stamps import EventStamps

S = 1_000_000_000


def test_never() -> None:
    assert EventStamps().stamp_ns(None, 10.0, 500 * S) == 0


def test_stamped_by_age_and_kept() -> None:
    stamps = EventStamps()
    # 2.5 s ago by the steady clock
    assert stamps.stamp_ns(7.5, 10.0, 500 * S) == 497 * S + S // 2
    # the node's clock runs at its own pace, the event's stamp stays
    assert stamps.stamp_ns(7.5, 11.0, 600 * S) == 497 * S + S // 2
    # another event is stamped anew
    assert stamps.stamp_ns(11.0, 11.0, 600 * S) == 600 * S


def test_a_clock_that_jumps_back() -> None:
    stamps = EventStamps()
    assert stamps.stamp_ns(9.0, 10.0, 500 * S) == 499 * S
    # never in the future: 3 s ago by the steady clock
    assert stamps.stamp_ns(9.0, 12.0, 20 * S) == 17 * S
    # nor before the beginning of time
    assert stamps.stamp_ns(9.0, 13.0, 0) == 0
