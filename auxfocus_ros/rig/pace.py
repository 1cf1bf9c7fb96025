"""Frames at the right moment: a source played at its recorded times, or at a fixed rate.

Decoding happens ahead, in one thread behind a short queue, so that it never delays a release. A source whose picture follows the
lens is the exception: there a frame made ahead would show where the glass was, so each frame is made just before it is due. Who
comes late does not burst to catch up: the schedule moves on, and `late` counts.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from auxfocus_ros.errors import AuxfocusError, ConfigurationError, InputError
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.source import OnProblem, Source, ignore_problem

MAX_GAP_S = 5.0  # a longer gap between two recorded stamps is a clock that jumped, not something to wait for
# Shorter lateness is the scheduler's grain: it is not counted, and the schedule stays.
GRAIN_S = 0.002
# Frames decoded ahead: 0.4 s at 30 Hz, for a disk that pauses; 50 MB of 1280 x 720 pictures with clouds.
PREFETCH_FRAMES = 12
# A frame made just in time is begun this much earlier than it took lately.
LEAD_FACTOR = 1.25


class Release(NamedTuple):
    """A frame whose time has come.

    stamp_ns: the release by the clock given to the Pacer (wall time unless told otherwise). monotonic_s: the same moment by
    time.monotonic(). pass_index: 0 in the first pass, 1 after the first loop, ...
    """

    frame: Frame
    stamp_ns: int
    monotonic_s: float
    pass_index: int


@dataclass
class PaceCounts:
    """released: frames given out. late: those not ready when they were due. passes: passes finished."""

    released: int = 0
    late: int = 0
    passes: int = 0


class _End(NamedTuple):
    error: BaseException | None


class Pacer:
    """Iterate over it to get releases; `stop()` from any thread ends the iteration within a few milliseconds."""

    def __init__(
        self,
        source: Source,
        *,
        rate_hz: float | None = None,
        speed: float = 1.0,
        loop: bool = False,
        prefetch: int | None = None,
        on_problem: OnProblem = ignore_problem,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Play a source.

        Args:
            source: what to play; stays the caller's, who closes it after the Pacer is stopped.
            rate_hz: fixed rate, frames a second, > 0; None: the recorded stamps' own intervals.
            speed: with recorded intervals, how many times faster than recorded, > 0; inf: as fast as they are taken, and none is
                late.
            loop: start again at the end, for ever. A damaged end is then told to `on_problem` and played up to there each time.
            prefetch: frames decoded ahead, >= 0; None: PREFETCH_FRAMES, or 0 where the picture follows the lens.
            on_problem: called with one line.
            now_ns: the clock that stamps releases, nanoseconds.

        Raises:
            ConfigurationError: a rate or speed that is not above zero, a negative prefetch.
        """
        if rate_hz is not None and not 0.0 < rate_hz < 10_000.0:
            raise ConfigurationError(f"rate {rate_hz} Hz is not between 0 and 10000")
        if not 0.0 < speed < 10_000.0 and speed != math.inf:
            raise ConfigurationError(f"speed {speed} is not between 0 and 10000, nor inf")
        if prefetch is not None and prefetch < 0:
            raise ConfigurationError(f"prefetch {prefetch} is negative")
        self.counts = PaceCounts()
        self._source = source
        self._rate_hz = rate_hz
        self._speed = speed
        self._loop = loop
        self._prefetch = prefetch if prefetch is not None else (0 if source.follows_lens else PREFETCH_FRAMES)
        self._on_problem = on_problem
        self._now_ns = now_ns
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._gap_said = False

    def stop(self) -> None:
        """End the iteration and wait (at most 5 s) for the decoding thread. May be called twice, from any thread."""
        self._stopped.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5.0)

    def __enter__(self) -> Pacer:
        """Stop at the end of a with-block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def __iter__(self) -> Iterator[Release]:
        """Releases in time. Raises InputError where the source did, after all its readable frames (not when looping)."""
        if self._prefetch == 0:
            return self._play(self._passes(), lead=True)
        return self._play_prefetched()

    def _play_prefetched(self) -> Iterator[Release]:
        if self._thread is not None:
            raise RuntimeError("a Pacer plays once")
        ahead: queue.Queue[tuple[int, Frame] | _End] = queue.Queue(self._prefetch)
        self._thread = threading.Thread(target=self._fill, args=(ahead,), name="rig-prefetch", daemon=True)
        self._thread.start()
        try:
            yield from self._play(self._drain(ahead), lead=False)
        finally:
            self.stop()

    def _passes(self) -> Iterator[tuple[int, Frame]]:
        """Frames of all passes with the pass's number."""
        index = 0
        while not self._stopped.is_set():
            count = 0
            try:
                for frame in self._source.frames():
                    count += 1
                    yield index, frame
                    if self._stopped.is_set():
                        return
            except AuxfocusError as error:
                if not self._loop or count == 0:
                    raise
                if index == 0:
                    self._on_problem(str(error))
            self.counts.passes += 1
            if not self._loop:
                return
            if count == 0:
                raise InputError(f"{self._source.name} gives no frame: nothing to play in a loop")
            index += 1

    def _fill(self, ahead: queue.Queue[tuple[int, Frame] | _End]) -> None:
        end = _End(None)
        try:
            for item in self._passes():
                if not self._offer(ahead, item):
                    return
        except BaseException as error:
            end = _End(error)
        self._offer(ahead, end)

    def _offer(self, ahead: queue.Queue[tuple[int, Frame] | _End], item: tuple[int, Frame] | _End) -> bool:
        while not self._stopped.is_set():
            try:
                ahead.put(item, timeout=0.05)
                return True
            except queue.Full:
                continue
        return False

    def _drain(self, ahead: queue.Queue[tuple[int, Frame] | _End]) -> Iterator[tuple[int, Frame]]:
        while not self._stopped.is_set():
            try:
                item = ahead.get(timeout=0.05)
            except queue.Empty:
                continue
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _play(self, items: Iterator[tuple[int, Frame]], lead: bool) -> Iterator[Release]:
        due = time.monotonic()
        interval = 0.0
        lead_s = 0.0
        previous: tuple[int, Frame] | None = None
        while True:
            if lead and previous is not None and self._wait_until(due + self._nominal_s() - lead_s):
                return
            begun = time.monotonic()
            item = next(items, None)
            if item is None or self._stopped.is_set():
                return
            if lead:
                # The longest of late, forgotten slowly: one slow frame should not make the next one late too.
                lead_s = min(max((time.monotonic() - begun) * LEAD_FACTOR, lead_s * 0.9), self._nominal_s())
            index, frame = item
            if previous is not None:
                interval = self._interval_s(previous, item)
                due += interval
            now = time.monotonic()
            if previous is None:
                due = now
            elif interval > 0.0 and now > due + GRAIN_S:
                self.counts.late += 1
                if now - due > 0.5 * interval:
                    due = now
            if self._wait_until(due):
                return
            self.counts.released += 1
            previous = item
            yield Release(frame, self._now_ns(), time.monotonic(), index)

    def _wait_until(self, moment_s: float) -> bool:
        """Wait for a time.monotonic() moment; True: stopped meanwhile."""
        rest = moment_s - time.monotonic()
        return self._stopped.wait(rest) if rest > 0.0 else self._stopped.is_set()

    def _nominal_s(self) -> float:
        return 1.0 / self._rate_hz if self._rate_hz is not None else 1.0 / (self._source.rate_hz * self._speed)

    def _interval_s(self, previous: tuple[int, Frame], item: tuple[int, Frame]) -> float:
        if self._rate_hz is not None or previous[0] != item[0]:
            return self._nominal_s()
        recorded_s = (item[1].stamp_ns - previous[1].stamp_ns) * 1e-9
        if recorded_s > MAX_GAP_S and not self._gap_said:
            self._gap_said = True
            self._on_problem(f"{self._source.name}: stamps jump forward by {recorded_s:.3g} s; played on after one frame's time")
        return recorded_s / self._speed if 0.0 < recorded_s <= MAX_GAP_S else self._nominal_s()
