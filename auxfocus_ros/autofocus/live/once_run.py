"""Focusing once: a `Search` driven over a real lens and real frames.

The story: the lens is waited for until it stands still, a target until it is seen. Then the search says where it wants to look.
The lens is sent there unless it stands there, and the first frame whose exposure began with the glass at rest is judged: no
other one ever is. So it goes on until the search ends; the last move is to where its outcome wants the lens. Moves, captures and
limits are counted as by `driving.drive`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from auxfocus_ros.autofocus.live.aim import Aimer, AimError
from auxfocus_ros.autofocus.live.events import Bounds, Frame, Hands, LensReading, Limits
from auxfocus_ros.autofocus.live.run import LiveRun
from auxfocus_ros.autofocus.terms import DepthReading, Look, Method, Outcome, Reason, Search, Sight, State, Task
from auxfocus_ros.errors import AuxfocusError


class OnceRun(LiveRun):
    """See the module's text."""

    def __init__(
        self,
        method: Method,
        make_task: Callable[[LensReading, DepthReading | None], Task],
        hands: Hands,
        aimer: Aimer,
        *,
        bounds: Bounds,
        limits: Limits,
        now_s: float,
    ) -> None:
        """Begin.

        Args:
            method: called beside everything else, as each step of its search is.
            make_task: of the lens at rest, and the first depth.
            hands: what carries out its wishes.
            aimer: where it looks.
            bounds: of its waits.
            limits: what it may spend.
            now_s: the steady clock.
        """
        super().__init__(hands, aimer, bounds=bounds, limits=limits, now_s=now_s)
        self._method, self._make_task = method, make_task
        self._search: Search | None = None
        self._look: Look | None = None
        self._outcome: Outcome | None = None

    def _on_prepared(self, reading: LensReading) -> None:
        try:
            task = self._make_task(reading, self._aimer.depth)
        except AuxfocusError as error:
            self._finish(Reason.OTHER, str(error))
            return

        def begin() -> Look | Outcome:
            self._search = self._method(task)
            return _step(lambda: next(self._search))  # type: ignore[arg-type]

        self._think(begin)

    def _on_frame(self, frame: Frame) -> None:
        if self._thinking or self._moving_since_s is not None or self._look is None:
            return
        if not self._watch.saw_rest(frame.stamp_ns):
            self._refused_ns = frame.stamp_ns
            return
        if self._is_judged(frame.stamp_ns):
            return
        try:
            sighted = self._aimer.at(frame.stamp_ns)
        except AimError:
            return  # how long that may be is bounded: see Aimer.lost
        aimer, search, position_steps = self._aimer, self._search, self._watch.position_steps
        assert search is not None
        self._stamp_ns = frame.stamp_ns
        self.journal.captured(position_steps)
        self._tell(self._shown(State.ESTIMATING), self._look.known.message)

        def judge() -> Look | Outcome:
            sight = Sight(aimer.cut(frame.read(), sighted.target_box_px), position_steps, sighted.depth)
            return _step(lambda: search.send(sight))

        self._think(judge)

    def _on_thought(self, value: Any) -> None:
        self._known = value.known
        self.journal.knows(value.known)
        if isinstance(value, Outcome):
            self._outcome = value
            self._go(value.position_steps)
            return
        look: Look = value
        self._look = look
        needs_move = self._needs_move(look.position_steps)
        if self.journal.captures >= self._limits.max_captures > 0 or (
            needs_move and self.journal.moves >= self._limits.max_moves > 0
        ):
            spent = f"{self._limits.max_moves} moves and {self._limits.max_captures} captures"
            self._finish(Reason.LIMIT_REACHED, f"not in focus within {spent}")
        else:
            self._go(look.position_steps)

    def _go(self, position_steps: float) -> None:
        message = self._known.message
        if math.isfinite(position_steps) and self._needs_move(position_steps):
            self._move(position_steps)
            self._tell(self._shown(State.MOVING), message)
        elif self._outcome is not None:
            self._close(self._outcome)
        else:
            self._await_frame()
            self._tell(self._shown(State.WAITING_FOR_FRAME), message)

    def _on_arrival(self) -> None:
        if self._outcome is not None:
            self._close(self._outcome)
        else:
            self._tell(self._shown(State.WAITING_FOR_FRAME), self._known.message)

    def _close(self, outcome: Outcome) -> None:
        message = outcome.message or ("in focus" if outcome.in_focus else "")
        self._finish(outcome.reason, message, outcome)

    def _shown(self, state: State) -> State:
        """A search that has fallen back says so, whatever it waits for."""
        return State.SEARCHING if self._known.state is State.SEARCHING else state


def _step(step: Callable[[], Look]) -> Look | Outcome:
    try:
        return step()
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome
