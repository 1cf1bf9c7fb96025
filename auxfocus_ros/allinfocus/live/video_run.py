"""A dynamic capture: a video that is sharp everywhere, until somebody ends it.

Every frame is completed from what was known before it and shown, the newest first: what comes while another one is worked on
waits in one place, and gives way to a newer one. A frame that was exposed with the glass at rest is also shown to the strategy,
before it is fused, so that the lens is on its way meanwhile; what the strategy knows of it goes to the fusion. A frame of moving
glass is fused as well, by its own structure alone: the video goes on at the camera's rate, and what is sharp in it was sharp.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from auxfocus_ros.allinfocus.live.capture_run import Plan
from auxfocus_ros.allinfocus.live.events import (
    FAILURE_OF,
    CaptureEnding,
    CaptureProblem,
    Failure,
    Progress,
    Shown,
    VideoHands,
    say_changed,
)
from auxfocus_ros.allinfocus.terms import CaptureEnd, Known, Look, Sight, Strategy
from auxfocus_ros.autofocus.live import Bounds, Frame, LensReading, LensRun, Limits
from auxfocus_ros.autofocus.terms import Reason

KEPT_POSITIONS = 100
"""In what is told; a video may go on for hours."""
RATE_OVER_S = 3.0
"""Of the rate that is told."""
WORK_S = 120.0
"""Work that has not come back for so long never will; the first of it may have to load networks."""


class Fuser(Protocol):
    """Completes each frame from those before it."""

    def __call__(self, picture: np.ndarray, known: Known | None) -> np.ndarray:
        """The completed frame, of the same shape, uint8. known: what the strategy knows of it; None: nothing."""


@dataclass(frozen=True)
class _Seen:
    """A frame that waits. position_steps: of glass at rest; None: it moved."""

    frame: Frame
    position_steps: float | None


@dataclass(frozen=True, eq=False)
class _Judged:
    """A frame that the strategy has seen."""

    picture: np.ndarray
    stamp_ns: int
    next: Look | CaptureEnd


class VideoRun(LensRun[CaptureEnding]):
    """See the module's text."""

    def __init__(
        self,
        plan: Plan,
        make_fuser: Callable[[], Fuser],
        hands: VideoHands,
        *,
        bounds: Bounds,
        limits: Limits,
        now_s: float,
    ) -> None:
        """Begin; arguments as of `CaptureRun`. make_fuser: called beside everything else."""
        super().__init__(hands, bounds=bounds, limits=limits, now_s=now_s)
        self._plan, self._make_fuser, self._hands = plan, make_fuser, hands
        self._strategy: Strategy | None = None
        self._fuse: Fuser | None = None
        self._waiting: _Seen | None = None
        self._known = Known()
        self._wished_steps = math.nan
        self._planned_px = (0, 0)
        self._thinking_since_s = now_s
        self._shown_s: deque[float] = deque()
        self._positions: deque[float] = deque(maxlen=KEPT_POSITIONS)

    def _on_prepared(self, reading: LensReading) -> None:
        assert self._size_px is not None
        self._planned_px = self._size_px
        try:
            make = self._plan(reading, self._size_px)
        except CaptureProblem as problem:
            self._end(problem.failure, str(problem))
            return

        def begin() -> Look:
            self._strategy, self._fuse = make(), self._make_fuser()
            return next(self._strategy)

        self._think(begin)

    def _on_frame(self, frame: Frame) -> None:
        if frame.size_px != self._planned_px:
            self._end(Failure.OTHER, say_changed(self._planned_px, frame.size_px))
            return
        self._await_frame()
        rests = self._moving_since_s is None and self._watch.saw_rest(frame.stamp_ns)
        self._waiting = _Seen(frame, self._watch.position_steps if rests else None)
        self._work_on_next()

    def _work_on_next(self) -> None:
        if self._thinking or self._waiting is None or self.ended is not None or self._stopping is not None:
            return
        seen, self._waiting = self._waiting, None
        if self._is_judged(seen.frame.stamp_ns):
            return
        self._stamp_ns = seen.frame.stamp_ns
        position_steps, strategy = seen.position_steps, self._strategy
        assert strategy is not None
        if position_steps is None or self._moving_since_s is not None:  # by now it is on the way to another place
            self._think(lambda: self._fused(seen.frame.read(), None, seen.frame.stamp_ns))
            return
        self.journal.captured(position_steps)
        self.journal.trace.clear()
        self._positions.append(position_steps)

        def judge() -> _Judged:
            picture = seen.frame.read()
            try:
                return _Judged(picture, seen.frame.stamp_ns, strategy.send(Sight(picture, position_steps)))
            except StopIteration as end:
                return _Judged(picture, seen.frame.stamp_ns, end.value)

        self._think(judge)

    def _on_thought(self, value: Any) -> None:
        if isinstance(value, _Judged):
            self._take(value)
            return
        if isinstance(value, Shown):
            self._show(value)
        else:
            self._go(value)
        self._work_on_next()

    def _take(self, judged: _Judged) -> None:
        wish = judged.next
        self._known = wish.known
        if isinstance(wish, CaptureEnd):
            self._end(Failure.OTHER, wish.message or "the strategy has ended")
            return
        most = self._limits.max_captures
        if most and self.journal.captures >= most:
            self._stop(Reason.LIMIT_REACHED, f"the budget of {most} frames is spent")
            return
        self._go(wish)
        self._think(lambda: self._fused(judged.picture, wish.known, judged.stamp_ns))

    def _go(self, wish: Look) -> None:
        self._wished_steps = wish.position_steps
        if math.isfinite(wish.position_steps) and self._needs_move(wish.position_steps):
            self._move(wish.position_steps)
        self._tell()

    def _fused(self, picture: np.ndarray, known: Known | None, stamp_ns: int) -> Shown:
        """Beside everything else."""
        assert self._fuse is not None
        return Shown(self._fuse(picture, known), stamp_ns)

    def _show(self, shown: Shown) -> None:
        self._hands.show(shown)
        self._shown_s.append(self._now_s)
        while self._shown_s[0] < self._now_s - RATE_OVER_S:
            self._shown_s.popleft()
        self._tell()

    def _tell(self) -> None:
        spans = len(self._shown_s) - 1
        rate = spans / max(self._shown_s[-1] - self._shown_s[0], 1e-3) if spans > 0 else 0.0
        known = self._known
        self._hands.tell(Progress(tuple(self._positions), self._wished_steps, known.share_in_focus, rate, known.message))

    def _think(self, work: Any) -> None:
        self._thinking_since_s = self._now_s
        super()._think(work)

    def _look_around(self) -> None:
        super()._look_around()
        if self.ended is None and self._thinking and self._now_s - self._thinking_since_s > WORK_S:
            self._stop(Reason.OTHER, f"the work on a frame did not end within {WORK_S:g} s")

    def _on_error(self, error: Exception) -> None:
        if isinstance(error, CaptureProblem):
            self._end(error.failure, str(error))
        else:
            super()._on_error(error)

    def _out_of_time(self) -> str:
        return f"the {self._limits.max_duration_s:g} s are over"

    def _finish(self, reason: Reason, message: str) -> None:
        self._end(FAILURE_OF.get(reason, Failure.OTHER), message)

    def _end(self, failure: Failure, message: str) -> None:
        share, duration_s = self._known.share_in_focus, self._clock_s - self._begun_s
        self.ended = CaptureEnding(failure, message, False, tuple(self._positions), share, duration_s)
