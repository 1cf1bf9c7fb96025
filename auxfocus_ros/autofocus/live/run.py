"""What focusing once and following have in common: the lens is watched, every wait has an end, and every end has a reason.

Waits are counted while somebody looks: when the process has stood still for a second, what came meanwhile has not been heard yet,
and nobody was silent. The limit of a run's time is the clock's own.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

from auxfocus_ros.autofocus.driving import Journal
from auxfocus_ros.autofocus.live.aim import Aimer, AimError
from auxfocus_ros.autofocus.live.events import Bounds, Ending, Frame, Hands, LensReading, Limits, MoveEnd, Report, Targets
from auxfocus_ros.autofocus.live.lens_watch import LensWatch
from auxfocus_ros.autofocus.terms import Known, Outcome, Reason, State
from auxfocus_ros.errors import AuxfocusError

LONGEST_STEP_S = 0.3
"""Of a wait, between two looks."""


class LiveRun(ABC):
    """One run from its beginning to `ended`. Its events come one at a time, in one thread.

    Attributes:
        ended: how it ended; None while it goes on. After that every event is ignored.
        journal: what it has cost so far.
    """

    def __init__(self, hands: Hands, aimer: Aimer, *, bounds: Bounds, limits: Limits, now_s: float) -> None:
        """Begin at `now_s`. The first event may be any."""
        self.ended: Ending | None = None
        self.journal = Journal()
        self.state = State.WAITING_FOR_FRAME
        self._hands, self._aimer, self._bounds, self._limits = hands, aimer, bounds, limits
        self._watch = LensWatch()
        self._known = Known()
        self._reason, self._message = Reason.NONE, ""
        self._stamp_ns = 0
        self._begun_s = self._clock_s = self._now_s = now_s
        self._prepared = False
        self._thinking = False
        self._moving_since_s: float | None = None
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

    def targets(self, targets: Targets, now_s: float) -> None:
        """The targets of a frame have come."""
        self._pass(now_s)
        self._aimer.hear(targets, self._now_s)
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
        """Work asked of `Hands.think` is done."""
        self._pass(now_s)
        if not self._thinking:
            return
        self._thinking = False
        if self.ended is not None or self._stopping is not None:
            return
        if error is None:
            self._on_thought(value)
        elif isinstance(error, AimError):
            self._finish(error.reason, str(error))
        elif isinstance(error, AuxfocusError):
            self._finish(Reason.OTHER, str(error))
        else:
            self._finish(Reason.OTHER, f"the method failed: {type(error).__name__}: {' '.join(str(error).split())}")

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
            self._hands.stop()
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
        """The lens stands still, and what is aimed at is seen."""

    @abstractmethod
    def _on_frame(self, frame: Frame) -> None:
        """A frame has come, and nothing stands against judging it."""

    @abstractmethod
    def _on_thought(self, value: Any) -> None:
        """What was asked of `Hands.think` is worked out."""

    def _on_arrival(self) -> None:  # noqa: B027 - following does nothing then
        """A move has been reached."""

    def _waits_for_target(self) -> bool:
        """Whether a target that is lost ends the run now."""
        return True

    # Looking around

    def _look_around(self) -> None:
        now_s, bounds = self._now_s, self._bounds
        if self._stopping is not None:
            if now_s >= self._stopping[2]:
                self._finish(*self._stopping[:2])
            return
        if self._limits.max_duration_s and self._clock_s - self._begun_s > self._limits.max_duration_s:
            self._stop(Reason.LIMIT_REACHED, f"not in focus within {self._limits.max_duration_s:g} s")
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
        elif not self._thinking and self._waits_for_target() and (lost := self._aimer.lost(now_s)):
            self._finish(Reason.TARGET_LOST, lost)
        elif not self._thinking and now_s - self._awaiting_since_s > bounds.frame_s:
            self._finish(Reason.NO_FRAMES, self._no_frames())

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
        elif self._waits_for_target() and not self._aimer.tracked():
            if lost := self._aimer.lost(self._now_s):
                self._finish(Reason.TARGET_LOST, lost)
        elif self._aimer.wants_targets and self._aimer.depth is None and self._depth_may_come(waited_s):
            return
        elif self._aimer.use == "depth" and self._aimer.depth is None and self._waits_for_target():
            self._finish(Reason.NO_DEPTH, "nobody says how deep the region is: depth alone needs a target with a depth there")
        elif self._aimer.wants_pictures and self._size_px is None:
            if waited_s > self._bounds.frame_s:
                self._finish(Reason.NO_FRAMES, self._no_frames())
        else:
            self._begin(reading)

    def _begin(self, reading: LensReading) -> None:
        try:
            if self._size_px is not None:
                self._aimer.check(self._size_px)
        except AimError as error:
            self._finish(error.reason, str(error))
            return
        self._prepared = True
        self._await_frame()
        self._on_prepared(reading)

    def _depth_may_come(self, waited_s: float) -> bool:
        """Worth waiting for: all of the wait where nothing else is used, else a moment."""
        if not self._waits_for_target() or self._aimer.use == "picture":
            return False
        return waited_s < (self._bounds.target_s if self._aimer.use == "depth" else self._bounds.depth_s)

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

    # Wishes

    def _await_frame(self) -> None:
        self._awaiting_since_s, self._refused_ns = self._now_s, None

    def _move(self, position_steps: float) -> None:
        self.journal.moved(self._watch.position_steps, position_steps)
        self._moving_since_s = self._now_s
        self._hands.move(position_steps)

    def _think(self, work: Any) -> None:
        self._thinking = True
        self._hands.think(work)

    def _tell(self, state: State, message: str = "", reason: Reason = Reason.NONE) -> None:
        """What is told last stays true until something else is."""
        self.state, self._reason, self._message = state, reason, message
        self._hands.tell(self._report(running=True))

    def _report(self, *, running: bool) -> Report:
        journal = self.journal
        return Report(
            self.state, self._reason, self._message, self._known, self._watch.position_steps, self._stamp_ns,
            journal.moves, journal.captures, journal.reversals, running,
        )  # fmt: skip

    def _finish(self, reason: Reason, message: str, outcome: Outcome | None = None) -> None:
        """The end, and the last report."""
        believed = outcome is not None and outcome.in_focus and reason is Reason.NONE
        self.ended = Ending(
            reason=reason,
            message=message,
            in_focus=believed,
            position_steps=self._watch.position_steps,
            sigma_steps=self._known.best_sigma_steps if outcome is None else outcome.sigma_steps,
            probability=math.nan if outcome is None else outcome.probability,
            duration_s=self._clock_s - self._begun_s,
            journal=self.journal,
        )
        quiet = reason in (Reason.CANCELED, Reason.TAKEN_OVER, Reason.SHUTTING_DOWN)
        self.state = State.IN_FOCUS if believed else State.IDLE if quiet else State.FAILED
        self._reason, self._message = reason, message
        self._hands.tell(self._report(running=False))
