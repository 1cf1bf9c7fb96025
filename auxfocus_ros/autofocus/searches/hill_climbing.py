"""Hill climbing: go where it grows sharper, in steps that are halved at the top."""

from __future__ import annotations

import math

from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS
from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.samples import Probe, Samples
from auxfocus_ros.autofocus.searches.settings import require_positive
from auxfocus_ros.autofocus.terms import Search, Task


def hill_climbing(
    task: Task, *, measure: str = "tenengrad", coarse_steps: float | None = None, fine_steps: float | None = None
) -> Search:
    """Climb from where the lens stands, and come to rest at the peak.

    A step is taken from the sharpest position so far, first the way of the last rise (at the start: to the roomier side). A
    second rise the same way doubles the step, as far from focus the curve is long. Where neither side is sharper, the peak is
    between them, and the step is halved; after one of the fine length the search ends with a parabola through the last three. As
    long as noise could be all there is to see, the step is doubled instead.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`.
        coarse_steps: first step, > 0; None: 8 half depths of focus, at most a quarter of the range.
        fine_steps: last step, > 0, at most the first; None: half a depth of focus.

    Source: He, Zhou and Hong 2003, Modified fast climbing search, whose steps are long outside the region of focus and
    short inside it.
    """
    require_positive("hill_climbing", coarse_steps=coarse_steps, fine_steps=fine_steps)
    samples = Samples(task, measure)
    fine = fine_steps or samples.half_depth_steps
    quarter = 0.25 * (task.max_position_steps - task.min_position_steps)
    return concluded(samples, _climb(samples, max(coarse_steps or min(8.0 * fine, quarter), fine), fine))


def _climb(samples: Samples, coarse_steps: float, fine_steps: float) -> Probe:
    task = samples.task
    span, step = task.max_position_steps - task.min_position_steps, coarse_steps
    near, far = samples.nearer_end_first
    way, rises = math.copysign(1.0, far - near), 0.0
    yield from samples.at(task.start_position_steps)
    while True:
        rise = yield from _better_way(samples, way, step)
        if rise:
            rises = rises + 1.0 if rise == way else 1.0
            way = rise
            step = min(2.0 * step, max(span / 4.0, coarse_steps)) if rises >= 2 else step
        elif samples.flat():
            if step >= span:
                return samples.best_steps()
            step *= 2.0
        elif step <= fine_steps:
            return samples.peak_steps()
        else:
            step, rises = max(0.5 * step, fine_steps), -math.inf


def _better_way(samples: Samples, first_way: float, step_steps: float) -> Probe:
    """Which way it is sharper a step from the sharpest position so far: -1 or 1; 0: neither."""
    best = samples.best_steps()
    highest = yield from samples.at(best)
    for way in (first_way, -first_way):
        beside = samples.beside_steps(best, way * step_steps)
        if abs(beside - best) > SAME_POSITION_STEPS and (yield from samples.at(beside)) > highest:
            return way
    return 0.0
