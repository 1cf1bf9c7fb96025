"""A lens and a camera in simulated time, for runs: states, frames and answers come late, and in any order between them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.autofocus.live import Bounds, Frame, LensReading, LiveRun, MoveEnd, Report
from auxfocus_ros.autofocus.terms import Reason

LOW, HIGH = 0.0, 1000.0
EPOCH_NS = 1_700_000_000 * 10**9
MOVING = 255


def ns(time_s: float) -> int:
    return EPOCH_NS + round(time_s * 1e9)


@dataclass(frozen=True)
class Delays:
    """Seconds. frame: from the beginning of an exposure to the picture's arrival; work: of a step of the method."""

    frame: float = 0.04
    state: float = 0.005
    answer: float = 0.01
    work: float = 0.02


@dataclass
class World:
    """A lens of constant speed that settles, and a camera at 30 Hz. Pictures show where the glass was, or that it moved.

    A run's hands: `move`, `stop`, `think`, `tell`.
    """

    delays: Delays = field(default_factory=Delays)
    speed: float = 2000.0
    settle_s: float = 0.03
    position: float = 500.0
    period_s: float = 1.0 / 30.0
    state_s: float = 0.02
    frames: bool = True
    states: bool = True
    stamp_error_s: float = 0.0
    fault_at_move: int = 0
    depth_of: Callable[[float], Any] | None = None

    def __post_init__(self) -> None:
        self.now = 0.0
        self.run: LiveRun | None = None
        self.reports: list[Report] = []
        self.sent: list[float] = []
        self.stops = 0
        self._way: tuple[float, float, float, float] | None = None  # from, to, begun, arrived
        self._settled_s = 0.0
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._goal = 0
        self._next_frame = self._next_state = 0.0

    # Hands

    def move(self, position_steps: float) -> None:
        self.sent.append(position_steps)
        self._goal += 1
        goal = self._goal
        if self.fault_at_move and len(self.sent) >= self.fault_at_move:
            end = MoveEnd(Reason.LENS_FAULT, "the glass does not move", self.where(self.now), 0)
            self._later(self.delays.answer, lambda: self._deliver_end(goal, end))
            return
        here = self.where(self.now)
        way_s = abs(position_steps - here) / self.speed
        self._way = (here, position_steps, self.now, self.now + way_s)
        self._settled_s = self.now + way_s + self.settle_s
        settled_ns = ns(self._settled_s)
        end = MoveEnd(Reason.NONE, "", position_steps, settled_ns)
        self._later(way_s + self.settle_s + self.delays.answer, lambda: self._deliver_end(goal, end))

    def stop(self) -> None:
        self.stops += 1
        here, goal = self.where(self.now), self._goal
        self._way, self._settled_s, self.position = None, self.now + self.settle_s, here
        end = MoveEnd(Reason.CANCELED, "stopped", here, ns(self._settled_s))
        self._goal += 1
        del goal
        newest = self._goal
        self._later(self.settle_s + self.delays.answer, lambda: self._deliver_end(newest, end))

    def think(self, work: Callable[[], Any]) -> None:
        value, error = None, None
        try:
            value = work()
        except Exception as raised:
            error = raised
        self._later(self.delays.work, lambda: self._run().thought(value, error, self.now))

    def tell(self, report: Report) -> None:
        self.reports.append(report)

    # The world

    def where(self, time_s: float) -> float:
        if self._way is None:
            return self.position
        start, goal, begun, arrived = self._way
        if time_s >= arrived:
            return goal
        return start + (goal - start) * (time_s - begun) / (arrived - begun)

    def moving(self, time_s: float) -> bool:
        return (self._way is not None or self._settled_s > 0) and time_s < self._settled_s

    def somebody_moves(self, position: float) -> None:
        """As another client's goal: ours is taken over, if one is under way."""
        goal = self._goal
        if self._way is not None and self.moving(self.now):
            end = MoveEnd(Reason.LENS_BUSY, "somebody else has taken the lens over", self.where(self.now), 0)
            self._later(self.delays.answer, lambda: self._deliver_end(goal + 1, end))
            self._goal += 1
        here = self.where(self.now)
        self._way = (here, position, self.now, self.now + abs(position - here) / self.speed)
        self._settled_s = self._way[3] + self.settle_s

    def picture(self, time_s: float) -> np.ndarray:
        picture = np.zeros((96, 128), np.uint8)
        picture[:] = MOVING if self.moving(time_s) else 0
        picture[0, :8] = np.frombuffer(np.float64(self.where(time_s)).tobytes(), np.uint8)
        return picture

    def spend(self, duration_s: float) -> None:
        """Let time pass, until the run ends at the latest."""
        ends = self.now + duration_s
        while self.now < ends and self._run().ended is None:
            self._one_step()

    def finish(self, within_s: float = 120.0) -> Any:
        """Run to the end, which must come."""
        self.spend(within_s)
        assert self._run().ended is not None, "the run did not end"
        return self._run().ended

    def reading(self) -> LensReading:
        moving = self.moving(self.now)
        goal = self._way[1] if moving and self._way is not None else math.nan
        settled = 0 if moving or not self._settled_s else ns(self._settled_s)
        return LensReading(ns(self.now), self.where(self.now), LOW, HIGH, moving, goal, settled)

    def _one_step(self) -> None:
        self.now += 0.005
        if self.states and self.now >= self._next_state:
            self._next_state = self.now + self.state_s
            reading = self.reading()
            self._later(self.delays.state, lambda: self._run().lens(reading, self.now))
        if self.frames and self.now >= self._next_frame:
            self._next_frame = self.now + self.period_s
            picture, stamp = self.picture(self.now), ns(self.now + self.stamp_error_s)
            self._later(self.delays.frame, lambda: self._run().frame(Frame(stamp, (128, 96), lambda: picture), self.now))
        while self._queue and self._queue[0][0] <= self.now:
            heapq.heappop(self._queue)[2]()
        self._run().tick(self.now)

    def _later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now + delay_s, self._count, call))

    def _deliver_end(self, goal: int, end: MoveEnd) -> None:
        if goal == self._goal:
            self._run().moved(end, self.now)

    def _run(self) -> LiveRun:
        assert self.run is not None
        return self.run


@pytest.fixture
def make_world() -> Callable[..., World]:
    """`make_world(delays={...}, ...)`."""

    def make(delays: dict[str, float] | None = None, **settings: Any) -> World:
        return World(delays=Delays(**(delays or {})), **settings)

    return make


@pytest.fixture
def shown() -> Callable[[np.ndarray], tuple[float, bool]]:
    """(where the glass was, whether it moved) by a whole picture of the world."""

    def read(picture: np.ndarray) -> tuple[float, bool]:
        return float(np.frombuffer(picture[0, :8].tobytes(), np.float64)[0]), bool(picture[1, 0] == MOVING)

    return read


@pytest.fixture
def bounds() -> Bounds:
    return Bounds(start_s=1.0, lens_silent_s=0.5, move_s=3.0, frame_s=0.5, target_s=0.5, depth_s=0.3, stop_s=0.5)
