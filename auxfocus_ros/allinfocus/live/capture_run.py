"""A static capture: a strategy driven over a real lens and real frames.

The story: the lens is waited for until it stands still, and a frame until it is known how large they are. Then the strategy says
where it wants to look. The lens is sent there unless it stands there, and the first frame whose exposure began with the glass at
rest is kept, and shown to the strategy: no other one ever is. So it goes on until the strategy ends, or something else ends it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from auxfocus_ros.allinfocus.keeping import NoRoomError
from auxfocus_ros.allinfocus.live.events import (
    FAILURE_OF,
    CaptureEnding,
    CaptureHands,
    CaptureProblem,
    Failure,
    Progress,
    say_changed,
)
from auxfocus_ros.allinfocus.terms import CaptureEnd, End, Known, Look, Sight, Strategy
from auxfocus_ros.autofocus.live import Bounds, Frame, LensReading, LensRun, Limits
from auxfocus_ros.autofocus.terms import Reason

Plan = Callable[[LensReading, tuple[int, int]], Callable[[], Strategy]]
"""Of the lens at rest and the frames' (width, height): what makes the strategy. Raises CaptureProblem for what cannot be, and so
may what it gives, which is called beside everything else."""
FAILURE_OF_END = {
    End.OUT_OF_RANGE: Failure.OUT_OF_RANGE,
    End.LIMIT_REACHED: Failure.LIMIT_REACHED,
    End.NO_TEXTURE: Failure.NO_TEXTURE,
}
"""Of an end that is not complete."""


class CaptureRun(LensRun[CaptureEnding]):
    """See the module's text."""

    def __init__(
        self,
        plan: Plan,
        keep: Callable[[Frame, float], np.ndarray],
        hands: CaptureHands,
        *,
        bounds: Bounds,
        limits: Limits,
        now_s: float,
    ) -> None:
        """Begin.

        Args:
            plan: makes the strategy.
            keep: reads a frame that was exposed at a position and keeps it; gives what the strategy is shown of it, uint8. Called
                beside everything else, as each step of the strategy is.
            hands: what carries out its wishes.
            bounds: of its waits.
            limits: what it may spend; moves are not limited.
            now_s: the steady clock.
        """
        super().__init__(hands, bounds=bounds, limits=limits, now_s=now_s)
        self._plan, self._keep, self._hands = plan, keep, hands
        self._strategy: Strategy | None = None
        self._look: Look | None = None
        self._known = Known()
        self._planned_px = (0, 0)

    def _on_prepared(self, reading: LensReading) -> None:
        assert self._size_px is not None
        self._planned_px = self._size_px
        try:
            make = self._plan(reading, self._size_px)
        except CaptureProblem as problem:
            self._end(problem.failure, str(problem))
            return

        def begin() -> Look | CaptureEnd:
            self._strategy = make()
            return _step(lambda: next(self._strategy))  # type: ignore[arg-type]

        self._think(begin)

    def _on_frame(self, frame: Frame) -> None:
        if self._thinking or self._moving_since_s is not None or self._look is None:
            return
        if frame.size_px != self._planned_px:
            self._end(Failure.OTHER, say_changed(self._planned_px, frame.size_px))
            return
        if not self._watch.saw_rest(frame.stamp_ns):
            self._refused_ns = frame.stamp_ns
            return
        if self._is_judged(frame.stamp_ns):
            return
        position_steps, strategy, keep = self._watch.position_steps, self._strategy, self._keep
        assert strategy is not None
        self._stamp_ns = frame.stamp_ns
        self.journal.captured(position_steps)

        def judge() -> Look | CaptureEnd:
            sight = Sight(keep(frame, position_steps), position_steps)
            return _step(lambda: strategy.send(sight))

        self._think(judge)

    def _on_thought(self, value: Any) -> None:
        self._known = value.known
        if isinstance(value, CaptureEnd):
            failure = Failure.NONE if value.complete else FAILURE_OF_END.get(value.end, Failure.OTHER)
            self._end(failure, value.message, complete=value.complete)
            return
        self._look = value
        most = self._limits.max_captures
        if most and self.journal.captures >= most:
            self._end(Failure.LIMIT_REACHED, f"the budget of {most} frames is spent")
            return
        self._hands.tell(
            Progress(self._positions(), value.position_steps, value.known.share_in_focus, message=value.known.message)
        )
        if math.isfinite(value.position_steps) and self._needs_move(value.position_steps):
            self._move(value.position_steps)
        else:
            self._await_frame()

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, CaptureProblem):
            self._end(error.failure, str(error))
        elif isinstance(error, NoRoomError):
            self._end(Failure.DISK_FULL, str(error))
        else:
            super()._on_error(error)

    def _out_of_time(self) -> str:
        return f"not all in focus within {self._limits.max_duration_s:g} s"

    def _finish(self, reason: Reason, message: str) -> None:
        self._end(FAILURE_OF.get(reason, Failure.OTHER), message)

    def _end(self, failure: Failure, message: str, *, complete: bool = False) -> None:
        share, duration_s = self._known.share_in_focus, self._clock_s - self._begun_s
        self.ended = CaptureEnding(failure, message, complete, self._positions(), share, duration_s)

    def _positions(self) -> tuple[float, ...]:
        return tuple(position for position, _ in self.journal.trace)


def _step(step: Callable[[], Look]) -> Look | CaptureEnd:
    try:
        return step()
    except StopIteration as end:
        outcome: CaptureEnd = end.value
        return outcome
