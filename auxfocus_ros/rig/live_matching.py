"""Pairing live streams: out of order, with losses, and without knowing what is still to come.

`NearestMatcher` trusts the order of a recording: once a later stamp was there, nothing earlier comes. Live, a message may
overtake another, and what tells that nothing earlier comes is time: the slowest message seen so far would have arrived
(`StreamClock`). So a picture with a partner of its own stamp goes at once, one whose partner was lost waits no longer than the
stream's jitter asks for, and every waiting is bounded by the patience. Pictures are given in the order of their stamps.

Two more things make wrong pairs impossible. The tolerance of each stream is narrowed to half the shorter period, and pairing
begins when the periods are known. And what belongs together must also arrive together, within the patience: where one clock is
ahead of the other, a cloud's stamp meets a picture that was taken later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from auxfocus_ros.rig.matching import PICTURES, SEAM_NS, Match, NearestMatcher, Stamped
from auxfocus_ros.rig.stream_clock import StreamClock, narrowed_ns

SETTLE_NS = 1_000_000_000
"""The first pictures wait at most so long for the streams' periods to be known, and for a stream that has not begun."""
MISSED_KEPT = 64
PICTURES_WAITING = 60
"""More than so many pictures do not wait: it is 2 s at 30 Hz, and raw pictures are megabytes."""


class LiveMatcher(NearestMatcher):
    """A `NearestMatcher` for live streams; see the module's text.

    Attributes:
        late: stream (PICTURES for pictures) -> messages that came when it was decided without them, or twice.
        clocks: stream -> its clock, fed by the caller before the message is added.
        narrowing: whether the tolerance is kept within half the shorter period.
    """

    def __init__(self, clocks: Mapping[str, StreamClock], tolerance_ns: int, patience_ns: int = 500_000_000) -> None:
        """Pair the streams.

        Args:
            clocks: stream -> its clock; PICTURES is the pictures'.
            tolerance_ns: largest difference of stamps of a pair, inclusive.
            patience_ns: how much later than the picture its partner may arrive, or the other way round.
        """
        super().__init__([name for name in clocks if name != PICTURES], tolerance_ns, patience_ns)
        self.clocks = clocks
        self.late = dict.fromkeys(clocks, 0)
        self.narrowing = True
        self._began_ns: int | None = None
        self._missed: deque[tuple[int, frozenset[str]]] = deque(maxlen=MISSED_KEPT)

    def add_picture(self, stamp_ns: int, arrival_ns: int, item: Any) -> None:
        """A picture has come."""
        if self._began_ns is None:
            self._began_ns = arrival_ns
        given_ns = self._given_ns
        after_its_turn = given_ns is not None and 0 <= given_ns - stamp_ns < SEAM_NS
        if after_its_turn or any(picture.stamp_ns == stamp_ns for picture in self._pictures):
            self.late[PICTURES] += 1
            return
        super().add_picture(stamp_ns, arrival_ns, item)
        # Into the order of stamps, as far as the last jump of the clock.
        place = len(self._pictures) - 1
        while place and 0 < self._pictures[place - 1].stamp_ns - stamp_ns < SEAM_NS:
            place -= 1
        self._pictures.insert(place, self._pictures.pop())

    def add_other(self, stream: str, stamp_ns: int, arrival_ns: int, item: Any) -> None:
        """A message of another stream has come."""

        def nearest_ns(pictures_ns: list[int]) -> int:
            return min((abs(picture_ns - stamp_ns) for picture_ns in pictures_ns), default=SEAM_NS)

        missed_ns = nearest_ns([missed for missed, streams in self._missed if stream in streams])
        too_late = missed_ns <= self._tolerance_ns(stream) and missed_ns <= nearest_ns([p.stamp_ns for p in self._pictures])
        if too_late or any(other.stamp_ns == stamp_ns for other in self._streams[stream].waiting):
            self.late[stream] += 1
            return
        super().add_other(stream, stamp_ns, arrival_ns, item)

    def take(self, now_ns: int, ended: bool = False) -> list[Match]:
        """Pictures that are decided by now, in the order of their stamps. `ended`: nothing comes any more."""
        if not ended and not self._settled(now_ns):
            return []
        matches = super().take(now_ns, ended)
        for match in matches:
            missing = frozenset(name for name, other in match.others.items() if other is None)
            if missing:
                self._missed.append((match.picture.stamp_ns, missing))
        return matches

    def foreign(self, name: str) -> int | None:
        """How far the clock of a stream is behind the pictures', nanoseconds, where that is more than the patience; else None.

        Both arrive here, so the difference of arrival minus stamp is the difference of the clocks, and of the streams' delays.
        """
        pictures_ns, others_ns = self.clocks[PICTURES].delay_ns, self.clocks[name].delay_ns
        if pictures_ns is None or others_ns is None or abs(others_ns - pictures_ns) <= self._patience_ns:
            return None
        return others_ns - pictures_ns

    def allowed_ns(self, name: str) -> int:
        """The largest difference of stamps that is taken at present."""
        if not self.narrowing:
            return self.tolerance_ns
        return narrowed_ns(self.tolerance_ns, (self.clocks[PICTURES].period_ns, self.clocks[name].period_ns))

    def _settled(self, now_ns: int) -> bool:
        if all(clock.period_ns is not None for clock in self.clocks.values()):
            return True
        return self._began_ns is not None and now_ns - self._began_ns >= SETTLE_NS

    def _may_go(self, picture: Stamped, now_ns: int) -> bool:
        """Whether no picture of an earlier stamp is on its way."""
        given_ns, clock = self._given_ns, self.clocks[PICTURES]
        if given_ns is None or abs(picture.stamp_ns - given_ns) >= SEAM_NS or clock.follows(given_ns, picture.stamp_ns):
            return True
        if now_ns - picture.arrival_ns >= self._patience_ns or len(self._pictures) > PICTURES_WAITING:
            return True
        complete_ns = clock.complete_to_ns(now_ns)
        return complete_ns is not None and complete_ns >= picture.stamp_ns

    def _hurry(self, name: str, picture: Stamped, now_ns: int) -> bool:
        clock = self.clocks[name]
        if clock.arrived_ns is None:  # it has not begun: the first pictures alone wait for it
            return self._began_ns is None or now_ns - self._began_ns >= SETTLE_NS
        return (
            super()._hurry(name, picture, now_ns)
            or len(self._pictures) > PICTURES_WAITING
            or clock.stopped(now_ns)
            or self.foreign(name) is not None
        )

    def _passed(self, name: str, moment_ns: int, picture: Stamped, now_ns: int) -> bool:
        complete_ns = self.clocks[name].complete_to_ns(now_ns)
        return complete_ns is not None and moment_ns <= complete_ns

    def _tolerance_ns(self, name: str) -> int:
        return self.allowed_ns(name)

    def _near(self, name: str, picture: Stamped, other: Stamped) -> bool:
        return super()._near(name, picture, other) and abs(other.arrival_ns - picture.arrival_ns) <= self._patience_ns
