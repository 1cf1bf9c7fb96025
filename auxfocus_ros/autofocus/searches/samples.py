"""What every search by sharpness keeps: where it has looked, how sharp it was there, and what may still be spent."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np

from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS
from auxfocus_ros.autofocus.sharpness import as_grey, require_measure
from auxfocus_ros.autofocus.terms import Known, Look, Sight, State, Task

Probe = Generator[Look, Sight, float]
"""Part of a search: asks for frames, and gives one number in the end."""

DEPTHS_IN_RANGE = 100
"""Half depths of focus in a lens's range, where nothing is known of the lens: the bench lens has about as many."""


class SpentError(Exception):
    """The task's moves or captures do not allow another look."""


class Samples:
    """The sharpness at the positions looked at.

    A position is asked for once; asked for again, its value is remembered. One move is kept for going to the best position.
    """

    def __init__(self, task: Task, measure: str) -> None:
        """Begin with none. Raise ConfigurationError where no measure has that name."""
        self.task = task
        self._measure = require_measure(measure)
        self._seen: dict[float, float] = {}
        self._way: dict[float, float] = {}
        self._pixels = 1
        self._moves = 0
        self._captures = 0
        self._stands_steps = task.start_position_steps
        self._last_way = 0.0

    def __len__(self) -> int:
        """How many positions were looked at."""
        return len(self._seen)

    @property
    def positions_steps(self) -> list[float]:
        """Where it was looked, rising."""
        return sorted(self._seen)

    @property
    def values(self) -> list[float]:
        """How sharp it was there, in the order of `positions_steps`."""
        return [self._seen[position] for position in self.positions_steps]

    @property
    def noise_share(self) -> float:
        """Two values that differ by less than this share of the greater may be equally sharp.

        A mean over the pixels of a square of noise, filtered over 3 x 3 px, scatters by about 2.2 of its size over the root of
        the number of pixels; textured pictures scatter by less. At 512 x 512 px it is 0.5 %.
        """
        return 2.5 / math.sqrt(self._pixels)

    @property
    def half_depth_steps(self) -> float:
        """Half the depth of focus; of a stack at least its frames' usual distance; of an unknown lens 1 % of the range."""
        task = self.task
        spacing = (
            float(np.median(np.diff(task.positions_steps))) if task.positions_steps and len(task.positions_steps) > 1 else 0.0
        )
        if task.half_depth_of_focus_steps is not None:
            return max(task.half_depth_of_focus_steps, spacing)
        if task.model is not None:
            middle = 0.5 * (task.min_position_steps + task.max_position_steps)
            depth = float(task.model.half_depth_of_focus_steps(middle))
            if depth > 0.0 and math.isfinite(depth):
                return max(depth, spacing)
        return spacing or (task.max_position_steps - task.min_position_steps) / DEPTHS_IN_RANGE

    @property
    def nearer_end_first(self) -> tuple[float, float]:
        """The two ends of the range, the one nearer to the lens first."""
        low, high = self.task.min_position_steps, self.task.max_position_steps
        return (low, high) if self._stands_steps - low <= high - self._stands_steps else (high, low)

    @property
    def moves_left(self) -> int:
        """How often it may still go somewhere and look, one move kept for going to the best position."""
        return self.task.max_moves - 1 - self._moves

    def at(self, position_steps: float) -> Probe:
        """The sharpness at the reachable position nearest to one. Raises SpentError where the task does not allow the look."""
        position = self.task.reachable(position_steps)
        for known, value in self._seen.items():
            if abs(known - position) <= SAME_POSITION_STEPS:
                return value
        if self._captures >= self.task.max_captures or (self._must_move(position) and self.moves_left <= 0):
            raise SpentError
        sight = yield from self._look(position)
        grey = as_grey(sight.picture)
        self._pixels = grey.size
        self._seen[position] = float(self._measure(grey))
        self._way[position] = self._last_way
        return self._seen[position]

    def beside_steps(self, position_steps: float, way_steps: float) -> float:
        """The reachable position that far from one; of a stack the next frame that way at least. At the range's end, the end."""
        position = self.task.reachable(position_steps + way_steps)
        frames = self.task.positions_steps
        if frames is None or way_steps * (position - position_steps) > 0.0:
            return position
        beyond = [frame for frame in frames if way_steps * (frame - position_steps) > 0.0]
        return min(beyond, key=lambda frame: abs(frame - position_steps), default=self.task.reachable(position_steps))

    def best_steps(self) -> float:
        """The sharpest position looked at; the middle one of several that are equally sharp; the start before the first look."""
        if not self._seen:
            return self.task.start_position_steps
        highest = max(self._seen.values())
        sharpest = [position for position in self.positions_steps if self._seen[position] >= highest]
        return sharpest[len(sharpest) // 2]

    def peak_steps(self) -> float:
        """Where the curve peaks: the vertex of a parabola in the logarithm through the sharpest position and its neighbours.

        The sharpest position itself on a stack, at either end of what was looked at, and where a value is not above 0.
        Source of the logarithm: Nayar and Nakagawa 1994, Shape from focus (a Gaussian through three values).
        """
        best, positions = self.best_steps(), self.positions_steps
        at = positions.index(best) if best in self._seen else 0
        if self.task.positions_steps is not None or not 0 < at < len(positions) - 1:
            return best
        around = positions[at - 1 : at + 2]
        heights = [self._seen[position] for position in around]
        if min(heights) <= 0.0:
            return best
        left, right = (
            math.log(heights[1] / heights[0]) / (best - around[0]),
            math.log(heights[1] / heights[2]) / (around[2] - best),
        )
        if left + right <= 0.0:
            return best
        return best + 0.5 * (left * (around[2] - best) - right * (best - around[0])) / (left + right)

    def flat(self) -> bool:
        """No position stands out: the values differ by less than noise makes them, or by less than 1 %."""
        values = list(self._seen.values())
        return max(values) - min(values) <= max(0.01, 4.0 * self.noise_share) * max(abs(value) for value in values)

    def take_up(self, position_steps: float) -> Generator[Look, Sight, None]:
        """Where the lens has backlash, stand so that it goes to a position from the side from which the sharpest was come to."""
        backlash = self.task.backlash_steps
        way = self._way.get(self.best_steps(), 0.0) or 1.0
        affordable = self.moves_left > 0 and self._captures < self.task.max_captures
        if backlash <= 0.0 or not affordable or not self._must_move(position_steps):
            return
        if way * (position_steps - self._stands_steps) < backlash:
            before = self.task.reachable(position_steps - way * 2.0 * backlash)
            if way * (position_steps - before) > 0.0 and self._must_move(before):
                yield from self._look(before)

    def _must_move(self, position_steps: float) -> bool:
        return abs(position_steps - self._stands_steps) > SAME_POSITION_STEPS

    def _look(self, position_steps: float) -> Generator[Look, Sight, Sight]:
        if self._must_move(position_steps):
            self._moves += 1
            self._last_way = math.copysign(1.0, position_steps - self._stands_steps)
        self._captures += 1
        message = f"searching: {len(self)} positions looked at"
        best = self.best_steps() if self._seen else math.nan
        sight = yield Look(position_steps, Known(State.SEARCHING, message, best_position_steps=best))
        self._stands_steps = sight.position_steps
        return sight
