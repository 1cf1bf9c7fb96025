"""What the stamps and the arrivals of one live stream say: its period, how late it comes, what is missing, whose clock is off.

Nobody tells a subscriber any of this, and all of it is needed to pair streams rightly: a tolerance wider than half a period pairs
with a neighbour when a message is lost; how much later than others a message may come says how long to wait for one; and clocks
that differ show in arrival minus stamp, long before anything could be paired.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence

NS_PER_S = 1_000_000_000
STAMPS_KEPT = 32
PERIODS_NEEDED = 5
"""Differences between stamps of a stream before its period is believed."""
NEAREST_MARGIN = 1.1
"""Tolerance in halves of the shorter period; the part above 1 is for jitter."""
JUMP_S = 5.0
"""A stamp this much further ahead than the time that passed is a clock that was set, or a hole in a recording."""
BACKWARDS_NS = NS_PER_S
"""A stamp this much older than the newest is a clock that was set back or a recording that loops, not a message overtaken."""
QUIET_S = 2.0
"""No message for so long (or three periods) is a stream that has stopped."""
REPEATS_ALLOWED = 5
"""Messages in a row with the same stamp before it is said that the stamps stand still."""
DELAYS_KEPT = 128
DELAYS_NEEDED = 16
"""Arrivals before it is believed how late a message can be. Of n delays spread evenly over a range, the slowest lies so low that
more than DELAYS_NEEDED / n of what was seen is missing above it once in 65,000 times at most: that much is allowed on top."""
DELAY_GRAIN_NS = 5_000_000


def period_of(differences_ns: Iterable[int]) -> int | None:
    """The median of times between stamps that follow each other, nanoseconds; None for too few of them."""
    steps = sorted(differences_ns)
    return steps[len(steps) // 2] if len(steps) >= PERIODS_NEEDED else None


def narrowed_ns(tolerance_ns: int, periods_ns: Iterable[int | None]) -> int:
    """A tolerance for pairing that does not reach the neighbours of the right message.

    Args:
        tolerance_ns: the largest difference of stamps that is wanted at all, >= 0.
        periods_ns: of the streams that are paired; None where it is not known yet.

    Returns:
        The tolerance, or half the shortest known period with a margin where that is less: beyond it, another message is nearer.
    """
    known = [period for period in periods_ns if period is not None]
    return min([tolerance_ns, *(round(NEAREST_MARGIN * period / 2) for period in known)])


def nearest_offset_ns(pictures_ns: Sequence[int], others_ns: Sequence[int]) -> int:
    """Other minus picture: between the two nearest of the stamps, or where these lie wholly apart, between the newest.

    Args:
        pictures_ns, others_ns: recent stamps in order, at least one each.
    """
    if others_ns[0] > pictures_ns[-1] or pictures_ns[0] > others_ns[-1]:
        return others_ns[-1] - pictures_ns[-1]
    return min((theirs - ours for ours in pictures_ns for theirs in others_ns), key=abs)


def never_meet_text(pictures: str, others: str, apart_ns: int, allowed_ns: int) -> str:
    """One line for two streams of which no two messages meet; `apart_ns` is other minus picture."""
    side = "ahead of" if apart_ns > 0 else "behind"
    return (
        f"{pictures} and {others} never meet in time: the stamps of {others} are {abs(apart_ns) / NS_PER_S:.3f} s {side} those "
        f"of {pictures} that arrive with them, {allowed_ns / NS_PER_S:.3f} s are allowed: synchronise the clocks, bring the late "
        "one sooner, or allow more (match_tolerance_s)"
    )


def stand_still_text(topic: str, stamp_ns: int) -> str:
    """One line for a stream whose stamps do not move."""
    return f"stamps on {topic} stand still at {stamp_ns / NS_PER_S:.3f} s: each message needs its own"


def backwards_text(topic: str, step_ns: int) -> str:
    """One line for stamps that run backwards by `step_ns`, > 0."""
    return (
        f"stamps on {topic} run backwards by {step_ns / NS_PER_S:.3f} s (a recording that loops, a clock that was set, or two "
        "publishers on the topic): pairing starts anew"
    )


def jump_text(topic: str, step_ns: int, passed_s: float) -> str:
    """One line for stamps that jump ahead by `step_ns` while `passed_s` went by."""
    return (
        f"stamps on {topic} jump {step_ns / NS_PER_S:.3f} s ahead while {passed_s:.3f} s passed (a clock that was set, or a hole "
        "in a recording): pairing starts anew"
    )


class StreamClock:
    """One stream's stamps and arrivals. Stamps may come out of order; the two clocks need not agree.

    Attributes:
        received: messages so far. lost: gaps between stamps, in periods, less what came later and filled them.
        repeats: messages in a row with one and the same stamp, beyond the first.
        latest_ns: the newest stamp. arrived_ns: the last arrival. Both None before the first message.
    """

    def __init__(self, name: str) -> None:
        """`name` is the stream's topic, for what is said about it."""
        self.name = name
        self.received = 0
        self.lost = 0
        self.repeats = 0
        self.latest_ns: int | None = None
        self.arrived_ns: int | None = None
        self._stamps: list[int] = []
        self._delays: deque[int] = deque(maxlen=DELAYS_KEPT)
        self._period: int | None = None
        self._slowest_ns = 0
        self._usual_ns = 0

    def add(self, stamp_ns: int, arrival_ns: int) -> str:
        """A message has come.

        Args:
            stamp_ns: its stamp. arrival_ns: when it arrived, by a steady clock.

        Returns:
            '' or one line that says what is wrong with the stamp: it ran backwards or jumped ahead (all that was known of the
            stream is then forgotten), or stands still.
        """
        problem = ""
        self.received += 1
        if self.latest_ns is not None and self.arrived_ns is not None:
            step_ns, passed_ns = stamp_ns - self.latest_ns, arrival_ns - self.arrived_ns
            if step_ns < -BACKWARDS_NS:
                problem = backwards_text(self.name, -step_ns)
                self._forget()
            elif step_ns - passed_ns > JUMP_S * NS_PER_S:
                problem = jump_text(self.name, step_ns, passed_ns / NS_PER_S)
                self._forget()
            else:
                problem = self._continue(step_ns, stamp_ns)
        self.arrived_ns = arrival_ns
        self.latest_ns = stamp_ns if self.latest_ns is None else max(stamp_ns, self.latest_ns)
        self._note(stamp_ns, arrival_ns)
        return problem

    @property
    def period_ns(self) -> int | None:
        """Median time between stamps, nanoseconds; None before it is known."""
        return self._period

    @property
    def recent_ns(self) -> Sequence[int]:
        """The last stamps, in order."""
        return self._stamps

    @property
    def delay_ns(self) -> int | None:
        """Median of arrival minus stamp; None before some have come. Means something only beside another stream's."""
        return self._usual_ns if len(self._delays) >= PERIODS_NEEDED else None

    @property
    def quiet_ns(self) -> int:
        """How long no message is no news."""
        return max(round(QUIET_S * NS_PER_S), 3 * (self._period or 0))

    def complete_to_ns(self, now_ns: int) -> int | None:
        """Stamps up to here have come by now, or will not: the slowest message ever seen would be there. None: not known yet."""
        if len(self._delays) < DELAYS_NEEDED:
            return None
        return now_ns - self._slowest_ns

    def follows(self, before_ns: int, stamp_ns: int) -> bool:
        """Whether nothing of this stream can lie between these two stamps: they are no more than one period apart."""
        return self._period is not None and stamp_ns - before_ns < 1.5 * self._period

    def stopped(self, now_ns: int) -> bool:
        """Whether nothing has come for so long that it is not waited for."""
        return self.arrived_ns is not None and now_ns - self.arrived_ns > self.quiet_ns

    def _continue(self, step_ns: int, stamp_ns: int) -> str:
        assert self.latest_ns is not None
        if step_ns == 0 or self._known(stamp_ns):
            self.repeats += 1
            return stand_still_text(self.name, stamp_ns) if self.repeats >= REPEATS_ALLOWED else ""
        self.repeats = 0
        if self._period is not None:
            missing = round(step_ns / self._period) - 1
            if missing > 0 and step_ns < JUMP_S * NS_PER_S:
                self.lost += missing
            elif step_ns < 0 and self.lost and self._fills_a_gap(stamp_ns):
                self.lost -= 1
        return ""

    def _known(self, stamp_ns: int) -> bool:
        place = bisect_left(self._stamps, stamp_ns)
        return place < len(self._stamps) and self._stamps[place] == stamp_ns

    def _fills_a_gap(self, stamp_ns: int) -> bool:
        place = bisect_left(self._stamps, stamp_ns)
        if not 0 < place < len(self._stamps) or self._period is None:
            return False
        return self._stamps[place] - self._stamps[place - 1] > 1.5 * self._period

    def _note(self, stamp_ns: int, arrival_ns: int) -> None:
        if not self._known(stamp_ns):
            insort(self._stamps, stamp_ns)
            del self._stamps[:-STAMPS_KEPT]
            self._period = period_of(later - earlier for earlier, later in zip(self._stamps, self._stamps[1:], strict=False))
        self._delays.append(arrival_ns - stamp_ns)
        ordered = sorted(self._delays)
        self._usual_ns = ordered[len(ordered) // 2]
        unseen_ns = (ordered[-1] - ordered[0]) * DELAYS_NEEDED // len(ordered)
        self._slowest_ns = ordered[-1] + unseen_ns + DELAY_GRAIN_NS

    def _forget(self) -> None:
        self.latest_ns = None
        self.repeats = 0
        self._period = None
        self._stamps.clear()
        self._delays.clear()
