"""Events of the steady clock under stamps of another."""

import time
from types import SimpleNamespace

from auxfocus_ros.ros.event_stamps import TOGETHER_S, EventStamps, clocks_now

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


class Interrupted:
    """A clock behind whose first readings others come to run."""

    def __init__(self, times: int) -> None:
        self.left = times

    def now(self) -> SimpleNamespace:
        now_ns = time.monotonic_ns() + 7 * S
        if self.left:
            self.left -= 1
            time.sleep(0.02)
        return SimpleNamespace(nanoseconds=now_ns)


def test_two_clocks_are_read_at_one_moment_though_others_come_between() -> None:
    for times in (0, 1, 3):
        steady_s, clock_ns = clocks_now(Interrupted(times))
        assert abs(clock_ns / S - 7.0 - steady_s) < max(10 * TOGETHER_S, 0.005)


def test_two_clocks_that_are_never_read_together_are_read_all_the_same() -> None:
    steady_s, clock_ns = clocks_now(Interrupted(1000))
    assert abs(clock_ns / S - 7.0 - steady_s) < 0.5
