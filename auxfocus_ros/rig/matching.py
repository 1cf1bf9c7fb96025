"""Which cloud belongs to which picture: the nearest in time, one to one, decided once nothing that comes later could be nearer.

Messages come in the order in which they were recorded (or arrive), which is not the order of their stamps: a lidar's scan arrives
a tenth of a second after it began. A picture therefore waits until the other stream's stamps have passed it. Two things end the
waiting early: the stream going silent (patience), and the end. Stamps that jump back, as in a bag that loops, need nothing
special: what was waiting before the jump runs out of patience, and what comes after it pairs among itself.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# A stream that is ahead of a picture by more than this was there before the picture's stamps jumped back: it proves nothing.
SEAM_NS = 1_000_000_000
PICTURES = ""  # the pictures' own stream, where streams are named


class Stamped(NamedTuple):
    """A message with its stamp and the moment of its arrival, nanoseconds; the two clocks need not agree."""

    stamp_ns: int
    arrival_ns: int
    order: int
    item: Any


@dataclass(frozen=True)
class Match:
    """A picture and what belongs to it: stream -> message, None where nothing was near enough."""

    picture: Stamped
    others: dict[str, Stamped | None]


@dataclass
class _Stream:
    latest_ns: int | None = None
    waiting: list[Stamped] = field(default_factory=list)


class NearestMatcher:
    """Pairs pictures with the messages of one or more other streams, each stream for itself; see the module's text.

    Attributes:
        tolerance_ns: largest difference of stamps of a pair, inclusive; may be changed at any time.
        unmatched: stream -> messages that were let go without a picture.
        nearest_miss_ns: the smallest difference of stamps to a picture that met nobody; None where there was none.
    """

    def __init__(self, streams: Sequence[str], tolerance_ns: int, patience_ns: int = 1_000_000_000) -> None:
        """Pair with these streams.

        Args:
            streams: names of the other streams; may be empty.
            tolerance_ns: largest difference of stamps of a pair, inclusive.
            patience_ns: how long after its arrival, by the clock of arrivals, a picture waits for a stream that is silent.
        """
        self.unmatched: dict[str, int] = dict.fromkeys(streams, 0)
        self.nearest_miss_ns: int | None = None
        self.tolerance_ns = tolerance_ns
        self._patience_ns = patience_ns
        self._streams = {name: _Stream() for name in streams}
        self._pictures: list[Stamped] = []
        self._latest_picture_ns: int | None = None
        self._given_ns: int | None = None
        self._count = 0

    def add_picture(self, stamp_ns: int, arrival_ns: int, item: Any) -> None:
        """A picture has come."""
        self._count += 1
        self._pictures.append(Stamped(stamp_ns, arrival_ns, self._count, item))
        self._latest_picture_ns = stamp_ns

    def add_other(self, stream: str, stamp_ns: int, arrival_ns: int, item: Any) -> None:
        """A message of another stream has come."""
        self._count += 1
        state = self._streams[stream]
        insort(state.waiting, Stamped(stamp_ns, arrival_ns, self._count, item))
        state.latest_ns = stamp_ns
        # What waited twice as long as a picture would can meet none any more.
        kept = [other for other in state.waiting if arrival_ns - other.arrival_ns <= 2 * self._patience_ns]
        self._drop(stream, state, kept)

    @property
    def pictures_waiting(self) -> int:
        """Pictures that are not decided yet."""
        return len(self._pictures)

    def take(self, now_ns: int, ended: bool = False) -> list[Match]:
        """Pictures that are decided by now, in the order of their arrival. `ended`: nothing comes any more."""
        matches: list[Match] = []
        while self._pictures:
            picture = self._pictures[0]
            if not ended and not self._may_go(picture, now_ns):
                return matches
            others: dict[str, Stamped | None] = {}
            for name in self._streams:
                hurry = ended or self._hurry(name, picture, now_ns)
                decided, other = self._decide(picture, name, hurry, now_ns)
                if not decided:
                    return matches
                others[name] = other
            del self._pictures[0]
            self._given_ns = picture.stamp_ns
            for name, other in others.items():
                self._consume(name, picture, other)
            matches.append(Match(picture, others))
        if ended:
            for name, state in self._streams.items():
                self._drop(name, state, [])
        return matches

    def _may_go(self, picture: Stamped, now_ns: int) -> bool:
        """Whether the picture may be given out as far as the order of pictures goes: here that of their arrival."""
        return True

    def _hurry(self, name: str, picture: Stamped, now_ns: int) -> bool:
        """Whether the picture has waited long enough for this stream."""
        return now_ns - picture.arrival_ns >= self._patience_ns

    def _passed(self, name: str, moment_ns: int, picture: Stamped, now_ns: int) -> bool:
        """Whether nothing that is still to come of a stream (or of PICTURES) can have a stamp up to this moment."""
        if name == PICTURES and moment_ns <= picture.stamp_ns:
            return True  # in order: the picture itself has come
        latest_ns = self._latest_picture_ns if name == PICTURES else self._streams[name].latest_ns
        return latest_ns is not None and moment_ns <= latest_ns <= picture.stamp_ns + SEAM_NS

    def _tolerance_ns(self, name: str) -> int:
        """The largest difference of stamps for this stream."""
        return self.tolerance_ns

    def _near(self, name: str, picture: Stamped, other: Stamped) -> bool:
        """Whether a picture and a message of this stream may belong together at all."""
        return abs(other.stamp_ns - picture.stamp_ns) <= self._tolerance_ns(name)

    def _decide(self, picture: Stamped, name: str, hurry: bool, now_ns: int) -> tuple[bool, Stamped | None]:
        """(decided, the message that belongs to the picture)."""
        waiting = self._streams[name].waiting

        def passed(stream: str, moment_ns: int) -> bool:
            return hurry or self._passed(stream, moment_ns, picture, now_ns)

        near = [other for other in waiting if self._near(name, picture, other)]
        for other in sorted(near, key=lambda o: abs(o.stamp_ns - picture.stamp_ns)):
            apart_ns = abs(other.stamp_ns - picture.stamp_ns)
            # Equal stamps need not wait: nothing that comes can be nearer.
            if apart_ns and not (passed(name, picture.stamp_ns + apart_ns) and passed(PICTURES, other.stamp_ns + apart_ns)):
                return False, None
            rival = next((p for p in self._rivals(picture) if abs(p.stamp_ns - other.stamp_ns) < apart_ns), None)
            if rival is None:
                return True, other
            if not passed(name, rival.stamp_ns + abs(other.stamp_ns - rival.stamp_ns)):
                return False, None
            if min(waiting, key=lambda o: abs(o.stamp_ns - rival.stamp_ns)) is not other:
                return True, other
        return passed(name, picture.stamp_ns + self._tolerance_ns(name)), None

    def _rivals(self, picture: Stamped) -> list[Stamped]:
        return [p for p in self._pictures if p is not picture]

    def _consume(self, name: str, picture: Stamped, other: Stamped | None) -> None:
        state = self._streams[name]
        if other is None:
            misses = [abs(o.stamp_ns - picture.stamp_ns) for o in state.waiting]
            if state.latest_ns is not None:
                misses.append(abs(state.latest_ns - picture.stamp_ns))
            if misses:
                best = min(misses)
                self.nearest_miss_ns = best if self.nearest_miss_ns is None else min(best, self.nearest_miss_ns)
        else:
            state.waiting.remove(other)
        oldest = picture.stamp_ns - self._tolerance_ns(name)
        # Stamps beyond the seam are from before a jump; patience takes care of them.
        kept = [o for o in state.waiting if o.stamp_ns >= oldest or picture.stamp_ns - o.stamp_ns > SEAM_NS]
        self._drop(name, state, kept)

    def _drop(self, name: str, state: _Stream, kept: list[Stamped]) -> None:
        self.unmatched[name] += len(state.waiting) - len(kept)
        state.waiting = kept
