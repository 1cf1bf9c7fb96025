"""Following: a target is kept in focus until somebody ends it.

A follower is told of each frame: the picture, where the glass was at rest while it was exposed, else none; and where the lens
stood. Depths come later than the pictures that they belong to, so that each is told by itself, with its own stamp. What is newest
of both waits while the follower is at work, older ones are left out. A wish for another position takes the place of the one
before it. A target that is lost is the follower's to hold for: it is shown frames without a picture, and no depth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auxfocus_ros.autofocus.following.wish import FrameFollower, Wish
from auxfocus_ros.autofocus.live.aim import Aimer, AimError, Sighted
from auxfocus_ros.autofocus.live.events import Bounds, Frame, Hands, LensReading, Limits, Targets
from auxfocus_ros.autofocus.live.run import LiveRun
from auxfocus_ros.autofocus.terms import DepthReading, Reason, Task
from auxfocus_ros.errors import AuxfocusError

KEPT_TRACE = 1000
"""Frames of the trace that are kept; a run may go on for hours."""


@dataclass(frozen=True)
class _Sight:
    """What the follower is told next. frame: None: a depth alone."""

    stamp_ns: int
    position_steps: float
    moving: bool
    sighted: Sighted | None
    frame: Frame | None = None


@dataclass(frozen=True)
class _Judged:
    """What came of it. looked: at a picture or a depth."""

    sight: _Sight
    wish: Wish
    looked: bool


class FollowingRun(LiveRun):
    """See the module's text."""

    def __init__(
        self,
        make_follower: Callable[[Task], FrameFollower],
        make_task: Callable[[LensReading, DepthReading | None], Task],
        hands: Hands,
        aimer: Aimer,
        *,
        clock_ns: Callable[[], int],
        bounds: Bounds,
        limits: Limits,
        now_s: float,
    ) -> None:
        """Begin; arguments as of `OnceRun`, the follower is made beside everything else. clock_ns: the clock of the stamps."""
        super().__init__(hands, aimer, bounds=bounds, limits=limits, now_s=now_s)
        self._make_follower, self._make_task, self._clock_ns = make_follower, make_task, clock_ns
        self._follower: FrameFollower | None = None
        self._waiting: dict[str, _Sight] = {}
        self._wished_steps = math.nan

    def targets(self, targets: Targets, now_s: float) -> None:
        """The targets of a frame have come; the depth is told the follower."""
        super().targets(targets, now_s)
        if self.ended is not None or not self._prepared:
            return
        sighted = self._sighted(targets.stamp_ns)
        if sighted is not None and sighted.depth is not None:
            self._waiting["depth"] = self._sight(targets.stamp_ns, sighted)
            self._judge_next()

    def _waits_for_target(self) -> bool:
        return False

    def _on_prepared(self, reading: LensReading) -> None:
        try:
            task = self._make_task(reading, self._aimer.depth)
        except AuxfocusError as error:
            self._finish(Reason.OTHER, str(error))
            return

        def begin() -> None:
            self._follower = self._make_follower(task)

        self._think(begin)

    def _on_frame(self, frame: Frame) -> None:
        self._await_frame()
        self._waiting["frame"] = self._sight(frame.stamp_ns, self._sighted(frame.stamp_ns), frame)
        self._judge_next()

    def _sighted(self, stamp_ns: int) -> Sighted | None:
        try:
            return self._aimer.at(stamp_ns)
        except AimError:
            return None

    def _sight(self, stamp_ns: int, sighted: Sighted | None, frame: Frame | None = None) -> _Sight:
        moving = self._moving_since_s is not None or not self._watch.saw_rest(stamp_ns)
        return _Sight(stamp_ns, self._watch.position_at(stamp_ns), moving, sighted, frame)

    def _judge_next(self) -> None:
        if self._thinking or not self._waiting or self.ended is not None or self._stopping is not None:
            return
        waiting, self._waiting = self._waiting, {}
        order = [waiting[kind] for kind in ("depth", "frame") if kind in waiting]
        self._think(lambda: [self._show(sight) for sight in order])

    def _show(self, sight: _Sight) -> _Judged:
        """Beside everything else."""
        assert self._follower is not None
        depth, velocity, picture = None, None, None
        if sight.frame is None and sight.sighted is not None:
            depth, velocity = sight.sighted.depth, sight.sighted.depth_velocity_m_per_s
        elif sight.frame is not None and sight.sighted is not None and not sight.moving and self._aimer.use != "depth":
            try:
                picture = self._aimer.cut(sight.frame.read(), sight.sighted.target_box_px)
            except AimError as error:
                if error.reason is not Reason.TARGET_LOST:  # a point outside the picture never comes back
                    raise
        wish = self._follower.see(
            sight.stamp_ns * 1e-9,
            picture,
            sight.position_steps,
            depth,
            velocity,
            moving=sight.moving,
            now_s=self._clock_ns() * 1e-9,
        )
        return _Judged(sight, wish, picture is not None or depth is not None)

    def _on_thought(self, value: Any) -> None:
        for judged in value or ():
            if self.ended is None and self._stopping is None:
                self._take(judged)
        self._judge_next()

    def _take(self, judged: _Judged) -> None:
        wish, limits = judged.wish, self._limits
        self._stamp_ns, self._known = judged.sight.stamp_ns, wish.known
        if judged.looked:
            self.journal.captured(judged.sight.position_steps)
            self.journal.knows(wish.known)
            del self.journal.trace[:-KEPT_TRACE]
        if wish.position_steps is not None and self._is_elsewhere(wish.position_steps):
            if limits.max_moves and self.journal.moves >= limits.max_moves:
                self._stop(Reason.LIMIT_REACHED, f"followed for {limits.max_moves} moves")
                return
            self._wished_steps = wish.position_steps
            self._move(wish.position_steps)
        self._tell(wish.state, wish.message, wish.reason)
        if limits.max_captures and self.journal.captures >= limits.max_captures:
            self._stop(Reason.LIMIT_REACHED, f"followed for {limits.max_captures} captures")

    def _is_elsewhere(self, position_steps: float) -> bool:
        here = self._wished_steps if self._moving_since_s is not None else self._watch.position_steps
        return math.isfinite(position_steps) and abs(position_steps - here) > self._bounds.same_position_steps
