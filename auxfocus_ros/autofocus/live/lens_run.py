"""What every run over a live lens has in common: the lens is watched, every wait has an end, and every end has a reason.

Waits are counted while somebody looks: when the process has stood still for a second, what came meanwhile has not been heard yet,
and nobody was silent. The limit of a run's time is the clock's own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS, Journal
from auxfocus_ros.autofocus.live.events import Bounds, Frame, LensHands, LensReading, Limits, MoveEnd
from auxfocus_ros.autofocus.live.lens_watch import LensWatch
from auxfocus_ros.autofocus.terms import Reason
from auxfocus_ros.errors import AuxfocusError

LONGEST_STEP_S = 0.3
"""Of a wait, between two looks."""
JUMP_NS = 1_000_000_000
"""A frame that is so much older than the one before it is not late: the clock has jumped."""

E = TypeVar("E")


class LensRun(ABC, Generic[E]):
    """One run from its beginning to `ended`. Its events come one at a time, in one thread.

    Attributes:
        ended: how it ended; None while it goes on. After that every event is ignored.
        journal: what it has cost so far.
    """

    def __init__(self, hands: LensHands, *, bounds: Bounds, limits: Limits, now_s: float) -> None:
        """Begin at `now_s`. The first event may be any."""
        self.ended: E | None = None
        self.journal = Journal()
        self._lens_hands, self._bounds, self._limits = hands, bounds, limits
        self._watch = LensWatch()
        self._stamp_ns = 0
        self._begun_s = self._clock_s = self._now_s = now_s
        self._prepared = False
        self._thinking = False
        self._moving_since_s: float | None = None
        self._commanded_steps = math.nan
        self._stopping: tuple[Reason, str, float] | None = None
        self._awaiting_since_s = now_s
        self._refused_ns: int | None = None
        self._size_px: tuple[int, int] | None = None

    # Events

    def lens(self, reading: LensReading, now_s: float) -> None:
        """The lens has said where it is."""
        self._pass(now_s)
        self._watch.hear(reading, self._now_s)
        self.tick(now_s)

    def frame(self, frame: Frame, now_s: float) -> None:
        """A frame has come; it is judged if it is what is waited for."""
        self._size_px = frame.size_px
        self.tick(now_s)
        if self.ended is None and self._prepared and self._stopping is None:
            self._on_frame(frame)

    def moved(self, end: MoveEnd, now_s: float) -> None:
        """The newest move has ended."""
        self._pass(now_s)
        if self.ended is not None or self._moving_since_s is None:
            return
        self._moving_since_s = None
        self._watch.hear_end(end, self._now_s)
        if self._stopping is not None:
            self._finish(*self._stopping[:2])
        elif end.reason is Reason.NONE:
            self._await_frame()
            self._on_arrival()
        else:
            self._finish(end.reason, end.message)

    def thought(self, value: Any, error: Exception | None, now_s: float) -> None:
        """Work asked of `LensHands.think` is done."""
        self._pass(now_s)
        if not self._thinking:
            return
        self._thinking = False
        if self.ended is not None or self._stopping is not None:
            return
        if error is None:
            self._on_thought(value)
        else:
            self._on_error(error)

    def tick(self, now_s: float) -> None:
        """Time has passed; to be called some times a second."""
        self._pass(now_s)
        if self.ended is None:
            self._look_around()

    def stop(self, reason: Reason, message: str, now_s: float, *, at_once: bool = False) -> None:
        """End it: the glass is stopped where it is. Its standing still is waited for, for a moment, unless `at_once`."""
        self._pass(now_s)
        self._stop(reason, message, at_once=at_once)

    def _stop(self, reason: Reason, message: str, *, at_once: bool = False) -> None:
        if self.ended is not None:
            return
        if self._moving_since_s is not None:
            self._lens_hands.stop()
        if at_once or self._moving_since_s is None:
            self._finish(reason, message)
        elif self._stopping is None:
            self._stopping = (reason, message, self._now_s + self._bounds.stop_s)

    def _pass(self, now_s: float) -> None:
        """Let time pass."""
        self._now_s += min(max(now_s - self._clock_s, 0.0), LONGEST_STEP_S)
        self._clock_s = now_s

    @property
    def stamp_ns(self) -> int:
        """Of the picture judged last; 0: none."""
        return self._stamp_ns

    # What differs

    @abstractmethod
    def _on_prepared(self, reading: LensReading) -> None:
        """The lens stands still, and what is waited for at the beginning is there."""

    @abstractmethod
    def _on_frame(self, frame: Frame) -> None:
        """A frame has come, and nothing stands against judging it."""

    @abstractmethod
    def _on_thought(self, value: Any) -> None:
        """What was asked of `LensHands.think` is worked out."""

    @abstractmethod
    def _finish(self, reason: Reason, message: str) -> None:
        """The end: sets `ended`."""

    @abstractmethod
    def _out_of_time(self) -> str:
        """That the time is spent, in words."""

    def _on_arrival(self) -> None:
        """A move has been reached."""

    def _on_error(self, error: Exception) -> None:
        """What was asked of `LensHands.think` has failed."""
        if isinstance(error, AuxfocusError):
            self._finish(Reason.OTHER, str(error))
        else:
            self._finish(Reason.OTHER, f"the method failed: {type(error).__name__}: {' '.join(str(error).split())}")

    def _may_begin(self, waited_s: float) -> bool:
        """Whether what is waited for at the beginning, beside a lens at rest, is there; the wait's end is said here."""
        if self._size_px is None and waited_s > self._bounds.frame_s:
            self._finish(Reason.NO_FRAMES, self._no_frames())
        return self._size_px is not None

    def _while_waiting(self) -> None:
        """The lens stands, nothing is worked out, and a frame is waited for."""
        if self._now_s - self._awaiting_since_s > self._bounds.frame_s:
            self._finish(Reason.NO_FRAMES, self._no_frames())

    # Looking around

    def _look_around(self) -> None:
        now_s, bounds = self._now_s, self._bounds
        if self._stopping is not None:
            if now_s >= self._stopping[2]:
                self._finish(*self._stopping[:2])
            return
        if self._limits.max_duration_s and self._clock_s - self._begun_s > self._limits.max_duration_s:
            self._stop(Reason.LIMIT_REACHED, self._out_of_time())
            return
        if self._lens_is_gone():
            return
        if not self._prepared:
            self._prepare()
        elif self._moving_since_s is not None:
            if now_s - self._moving_since_s > bounds.move_s:
                self._stop(Reason.LENS_FAULT, f"the lens did not end a move within {bounds.move_s:g} s")
        elif others := self._watch.moved_by_others():
            self._finish(Reason.LENS_BUSY, others)
        elif not self._thinking:
            self._while_waiting()

    def _lens_is_gone(self) -> bool:
        reading, bounds = self._watch.reading, self._bounds
        if reading is None:
            if self._now_s - self._begun_s > bounds.start_s:
                self._finish(Reason.NO_LENS, "the lens says nothing on lens/state: is lens_actuator running?")
        elif self._now_s - self._watch.heard_s > bounds.lens_silent_s:
            self._finish(Reason.NO_LENS, f"the lens has said nothing for {self._now_s - self._watch.heard_s:.1f} s")
        elif reading.silent and self._moving_since_s is None:  # else the move's own end says it
            self._finish(Reason.LENS_FAULT, reading.silent)
        return self.ended is not None

    def _prepare(self) -> None:
        reading, waited_s = self._watch.reading, self._now_s - self._begun_s
        if reading is None:
            return
        if reading.moving:
            if waited_s > self._bounds.start_s:
                self._finish(Reason.LENS_BUSY, self._watch.moved_by_others() or "the lens does not come to rest")
        elif self._may_begin(waited_s):
            self._prepared = True
            self._await_frame()
            self._on_prepared(reading)

    def _no_frames(self) -> str:
        words = f"no picture comes on camera/image_raw within {self._bounds.frame_s:g} s"
        reading = self._watch.reading
        if self._refused_ns is None or reading is None:
            return words
        late_s = (reading.settled_ns - self._refused_ns) * 1e-9
        return (
            f"pictures come, but the newest is stamped {late_s:.3g} s before the lens came to rest: "
            "camera and lens must be stamped by the same clock"
        )

    def _needs_move(self, position_steps: float) -> bool:
        """Not to where the lens stands, nor to where it was sent last: a motor's grid or a coil's sag is no reason to move."""
        if abs(position_steps - self._commanded_steps) <= SAME_POSITION_STEPS:
            return False
        return not abs(position_steps - self._watch.position_steps) <= self._bounds.same_position_steps

    def _is_judged(self, stamp_ns: int) -> bool:
        """Whether a frame is the one that was judged last, or an older one."""
        return self._stamp_ns - JUMP_NS < stamp_ns <= self._stamp_ns

    # Wishes

    def _await_frame(self) -> None:
        self._awaiting_since_s, self._refused_ns = self._now_s, None

    def _move(self, position_steps: float) -> None:
        self.journal.moved(self._watch.position_steps, position_steps)
        self._moving_since_s, self._commanded_steps = self._now_s, position_steps
        self._lens_hands.move(position_steps)

    def _think(self, work: Any) -> None:
        self._thinking = True
        self._lens_hands.think(work)
