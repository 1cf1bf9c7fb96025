"""Fibonacci search: of all searches that compare two positions at a time, the one that needs the fewest looks at worst."""

from __future__ import annotations

from collections.abc import Callable, Generator

from auxfocus_ros.autofocus.searches.ending import concluded
from auxfocus_ros.autofocus.searches.samples import Probe, Samples
from auxfocus_ros.autofocus.searches.settings import require_positive
from auxfocus_ros.autofocus.terms import Look, Search, Sight, Task

LAST_LOOK = 0.2
"""Where the last look is, beside the middle of what is left: in shares of half of what is left."""


def fibonacci(task: Task, *, measure: str = "tenengrad", final_interval_steps: float | None = None) -> Search:
    """Narrow the range by comparing two positions inside it that divide it as Fibonacci's numbers do.

    After `n` looks the peak is known to be in a `1 / F(n + 1)` of the range, and the lens goes to that interval's middle: `n + 1`
    moves, whatever the scene and the start (one fewer where the lens happens to stand at one of the first two positions). On the
    bench lens, 1050 steps, 12 looks leave 1050 / 233 = 4.5 steps: 13 moves. On a stack the interval is narrowed to one frame,
    positions beyond its ends taken for less sharp than any frame.

    Args:
        task: what is to be focused.
        measure: one of `sharpness.MEASURES`.
        final_interval_steps: the interval may be this wide in the end, > 0; None: half the half depth of focus, 5 steps on the
            bench lens. On a stack it has no effect.

    Source: Krotkov 1988, Focusing; optimal by Kiefer 1953.
    """
    require_positive("fibonacci", final_interval_steps=final_interval_steps)
    samples = Samples(task, measure)
    if task.positions_steps is not None:
        return concluded(samples, _among_frames(samples, task.positions_steps))
    return concluded(samples, _in_range(samples, final_interval_steps or 0.5 * samples.half_depth_steps))


def _in_range(samples: Samples, final_interval_steps: float) -> Probe:
    low = samples.task.min_position_steps
    index = _index_of(max((samples.task.max_position_steps - low) / final_interval_steps, 2.0))
    unit_steps = (samples.task.max_position_steps - low) / _number(index)
    middle = yield from _narrow(lambda place: samples.at(low + place * unit_steps), index)
    beside = middle + LAST_LOOK
    here = yield from samples.at(low + middle * unit_steps)
    there = yield from samples.at(low + beside * unit_steps)
    left, right = (middle - 1.0, beside) if here > there else (float(middle), middle + 1.0)
    return low + 0.5 * (left + right) * unit_steps


def _among_frames(samples: Samples, positions_steps: tuple[float, ...]) -> Probe:
    def value(place: int) -> Probe:
        if place > len(positions_steps):
            return float("-inf")
        return (yield from samples.at(positions_steps[place - 1]))

    middle = yield from _narrow(value, _index_of(len(positions_steps) + 1))
    yield from samples.at(positions_steps[middle - 1])
    return samples.best_steps()


def _narrow(value: Callable[[int], Probe], index: int) -> Generator[Look, Sight, int]:
    """Of the places between 0 and `F(index)`, the one in the middle when no more than its two neighbours are left."""
    low = 0
    while index > 3:
        left, right = low + _number(index - 2), low + _number(index - 1)
        here, there = (yield from value(left)), (yield from value(right))
        low = low if here > there else left
        index -= 1
    return low + 1


def _index_of(at_least: float) -> int:
    """The smallest index from 3 of a Fibonacci number (the first two are 1) that is at least a number."""
    index = 3
    while _number(index) < at_least:
        index += 1
    return index


def _number(index: int) -> int:
    number, following = 0, 1
    for _ in range(index):
        number, following = following, number + following
    return number
