"""Full sweep: look everywhere."""

from __future__ import annotations

import math

from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.samples import Probe, Samples
from auxfocus_ros.autofocus.searches.settings import require_positive
from auxfocus_ros.autofocus.terms import Search, Task


def full_sweep(task: Task, *, measure: str = "tenengrad", step_steps: float | None = None) -> Search:
    """From the end that is nearer to the other, then back to the peak.

    The number of moves depends on the range alone. It finds the highest of several peaks.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`.
        step_steps: distance of the positions, > 0; None: half the depth of focus, or more where the task's moves or captures
            would not suffice. On a stack, at least every frame that is nearest to one of them.
    """
    require_positive("full_sweep", step_steps=step_steps)
    samples = Samples(task, measure)
    return concluded(samples, _sweep(samples, step_steps))


def _sweep(samples: Samples, step_steps: float | None) -> Probe:
    first, last = samples.nearer_end_first
    for position in _positions(samples, first, last, step_steps):
        yield from samples.at(position)
    return samples.peak_steps()


def _positions(samples: Samples, first: float, last: float, step_steps: float | None) -> list[float]:
    task = samples.task
    looks = math.ceil(abs(last - first) / (step_steps or samples.half_depth_steps) - 1e-9)
    if step_steps is None:
        looks = max(min(looks, samples.moves_left - 1, task.max_captures - 1), 1)
    return [task.reachable(first + (last - first) * look / looks) for look in range(looks + 1)]
