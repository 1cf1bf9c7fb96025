"""Algorithm 1 of Intelligent Autofocus as it is printed, with a cap on its steps: as printed it can loop for ever.

Where the listing leaves something open:

- The comparisons with the ends of the range are strict. A candidate exactly at an end belongs to neither of the one-sided
  cases, so both candidates are looked at, even where the other one lies outside: that one is taken to the end of the range.
- Of two candidates with the same estimate the lower one (`Z - Z_d`) is taken, as the listing's `else` has it.
- When both candidates are outside, the next position is drawn evenly from the range, without regard to the picture.
- Once a pair of candidates has been compared, the better one is not looked at again: the lens may stand at the other one, and
  goes back only when the algorithm ends there.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Protocol

import numpy as np

from auxfocus_ros.autofocus.terms import Known, Look, Outcome, Reason, Search, Sight, State, Task


class StepEstimator(Protocol):
    """The source's step estimator, `f_e`."""

    def estimate_steps(self, picture: np.ndarray) -> float:
        """How many steps a picture is away from focus, without a sign."""


class FocusDiscriminator(Protocol):
    """The source's focus discriminator, `f_d`."""

    def in_focus(self, picture: np.ndarray) -> tuple[bool, float]:
        """Whether a picture is in focus, and how probably."""


def source_algorithm(task: Task, estimator: StepEstimator, discriminator: FocusDiscriminator, *, max_steps: int = 20) -> Search:
    """Reach focus by the source's Algorithm 1.

    A time step is one pass of its loop that comes to new positions; the outcome's `steps` says how many there were. A step may
    look at two frames.

    Args:
        task: its range, start and seed are used.
        estimator, discriminator: the source's two networks.
        max_steps: after so many steps without success it ends with LIMIT_REACHED at its last position.
    """
    rng = np.random.default_rng(task.seed)
    low, high = task.min_position_steps, task.max_position_steps
    z, away, verified, steps = task.start_position_steps, math.nan, False, 0
    while True:
        if not verified:
            sight = yield from _seen(z, "looking")
            label, probability = discriminator.in_focus(sight.picture)
            if label:
                return _found(z, probability, steps)
            away = _away(estimator, sight)
        if steps >= max_steps:
            message = f"not in focus after {max_steps} time steps"
            return Outcome(Reason.LIMIT_REACHED, message, task.reachable(z), in_focus=False, steps=steps)
        steps += 1
        up, down, verified = z + away, z - away, False
        if up > high and down < low:
            z = task.reachable(float(rng.uniform(low, high)))
        elif up < high and down < low:
            z = task.reachable(up)
        elif up > high and down > low:
            z = task.reachable(down)
        else:
            first = yield from _seen(task.reachable(up), "the upper candidate")
            second = yield from _seen(task.reachable(down), "the lower candidate")
            first_away, second_away = _away(estimator, first), _away(estimator, second)
            better = first if first_away < second_away else second
            z, away, verified = better.position_steps, min(first_away, second_away), True
            label, probability = discriminator.in_focus(better.picture)
            if label:
                return _found(z, probability, steps)


def _seen(position_steps: float, message: str) -> Generator[Look, Sight, Sight]:
    return (yield Look(position_steps, Known(State.SEARCHING, message)))


def _away(estimator: StepEstimator, sight: Sight) -> float:
    """The estimate; a network's output can fall below 0, which no distance is."""
    return max(float(estimator.estimate_steps(sight.picture)), 0.0)


def _found(position_steps: float, probability: float, steps: int) -> Outcome:
    return Outcome(Reason.NONE, "in focus", position_steps, in_focus=True, probability=probability, steps=steps)
