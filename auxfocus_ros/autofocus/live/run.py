"""What focusing once and following have in common: where they look, and what they tell."""

from __future__ import annotations

import math

from auxfocus_ros.autofocus.live.aim import Aimer, AimError
from auxfocus_ros.autofocus.live.events import Bounds, Ending, Hands, Limits, Report, Targets
from auxfocus_ros.autofocus.live.lens_run import LensRun
from auxfocus_ros.autofocus.terms import Known, Outcome, Reason, State


class LiveRun(LensRun[Ending]):
    """A run that looks at something in the picture, and says what it is doing."""

    def __init__(self, hands: Hands, aimer: Aimer, *, bounds: Bounds, limits: Limits, now_s: float) -> None:
        """Begin at `now_s`. The first event may be any."""
        super().__init__(hands, bounds=bounds, limits=limits, now_s=now_s)
        self.state = State.WAITING_FOR_FRAME
        self._hands, self._aimer = hands, aimer
        self._known = Known()
        self._reason, self._message = Reason.NONE, ""

    def targets(self, targets: Targets, now_s: float) -> None:
        """The targets of a frame have come."""
        self._pass(now_s)
        self._aimer.hear(targets, self._now_s)
        self.tick(now_s)

    def _waits_for_target(self) -> bool:
        """Whether a target that is lost ends the run now."""
        return True

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, AimError):
            self._finish(error.reason, str(error))
        else:
            super()._on_error(error)

    def _out_of_time(self) -> str:
        return f"not in focus within {self._limits.max_duration_s:g} s"

    def _while_waiting(self) -> None:
        if self._waits_for_target() and (lost := self._aimer.lost(self._now_s)):
            self._finish(Reason.TARGET_LOST, lost)
        else:
            super()._while_waiting()

    def _may_begin(self, waited_s: float) -> bool:
        if self._waits_for_target() and not self._aimer.tracked():
            if lost := self._aimer.lost(self._now_s):
                self._finish(Reason.TARGET_LOST, lost)
            return False
        if self._aimer.wants_targets and self._aimer.depth is None and self._depth_may_come(waited_s):
            return False
        if self._aimer.use == "depth" and self._aimer.depth is None and self._waits_for_target():
            self._finish(Reason.NO_DEPTH, "nobody says how deep the region is: depth alone needs a target with a depth there")
            return False
        if self._aimer.wants_pictures and not super()._may_begin(waited_s):
            return False
        try:
            if self._size_px is not None:
                self._aimer.check(self._size_px)
        except AimError as error:
            self._finish(error.reason, str(error))
            return False
        return True

    def _depth_may_come(self, waited_s: float) -> bool:
        """Worth waiting for: all of the wait where nothing else is used, else a moment."""
        if not self._waits_for_target() or self._aimer.use == "picture":
            return False
        return waited_s < (self._bounds.target_s if self._aimer.use == "depth" else self._bounds.depth_s)

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
