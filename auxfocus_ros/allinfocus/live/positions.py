"""The strategy 'positions': what somebody asks for, as it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from auxfocus_ros.allinfocus.live.events import CaptureProblem, Failure
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, MakeStrategy, Sight, Strategy

Judge = Callable[[Sight], Known]
"""What is known after each frame of a capture, shown one by one."""


def visit(positions_steps: Sequence[float], judge_of: Callable[[CaptureTask], Judge]) -> MakeStrategy:
    """A strategy that takes a frame at each position in the order given.

    Args:
        positions_steps: finite.
        judge_of: of a task: tells how much is in focus.

    Raises (when it is made): CaptureProblem: a position outside the lens's range.
    """

    def make(task: CaptureTask) -> Strategy:
        low, high = task.min_position_steps, task.max_position_steps
        outside = [f"{position:g}" for position in positions_steps if not low - 1e-6 <= position <= high + 1e-6]
        if outside:
            raise CaptureProblem(
                Failure.OUT_OF_RANGE,
                f"{', '.join(outside[:5])} steps are outside the lens's range of {low:g} to {high:g} steps",
            )
        return _visit(task, positions_steps, judge_of(task))

    return make


def _visit(task: CaptureTask, positions_steps: Sequence[float], judge: Judge) -> Strategy:
    known = Known()
    for position in positions_steps:
        known = judge((yield Look(task.reachable(position), known)))
    return CaptureEnd(End.ALL_IN_FOCUS, True, f"frames at all of {len(positions_steps)} positions", known)
