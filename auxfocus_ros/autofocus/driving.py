"""Running a way of focusing over a camera, and counting honestly what it asked for.

A *move* is one commanded position that the lens goes to: coming back to an earlier one is a move, standing still is none. A
*capture* is one frame looked at, the first included. A *reversal* is a move against the direction of the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from auxfocus_ros.autofocus.terms import DepthReading, Known, Outcome, Reason, Search, Sight, Task

SAME_POSITION_STEPS = 1e-6


class Camera(Protocol):
    """What a way of focusing is run over."""

    position_steps: float
    """Where the lens stands."""

    def move(self, position_steps: float) -> None:
        """Go there; `position_steps` then says where it came to stand."""

    def capture(self) -> np.ndarray:
        """The region as it is seen now, (H, W) or (H, W, 3) uint8."""

    def depth(self) -> DepthReading | None:
        """What the range sensor says of the region now."""


@dataclass
class Journal:
    """What a run has cost so far. trace: (position, what was known after the frame there), one for each capture."""

    moves: int = 0
    captures: int = 0
    travel_steps: float = 0.0
    reversals: int = 0
    trace: list[tuple[float, Known]] = field(default_factory=list)
    _direction: float = 0.0

    def moved(self, from_steps: float, to_steps: float) -> None:
        """Count one commanded position."""
        way = to_steps - from_steps
        direction = float(np.sign(way))
        self.moves += 1
        self.travel_steps += abs(way)
        if direction and self._direction and direction != self._direction:
            self.reversals += 1
        self._direction = direction or self._direction

    def captured(self, position_steps: float) -> None:
        """Count one frame."""
        self.captures += 1
        self.trace.append((position_steps, Known()))

    def knows(self, known: Known) -> None:
        """Note what is known after the last frame."""
        if self.trace:
            self.trace[-1] = (self.trace[-1][0], known)


@dataclass(frozen=True)
class Run:
    """A finished run: how it ended, and what it cost."""

    outcome: Outcome
    journal: Journal


def drive(search: Search, camera: Camera, task: Task) -> Run:
    """Run a way of focusing to its end.

    A search that asks for more than the task's moves or captures is ended with LIMIT_REACHED where it stands. The last move, to
    where the outcome wants the lens, is made and counted even then.
    """
    journal = Journal()
    try:
        look = next(search)
        while True:
            journal.knows(look.known)
            needs_move = abs(look.position_steps - camera.position_steps) > SAME_POSITION_STEPS
            if journal.captures >= task.max_captures or (needs_move and journal.moves >= task.max_moves):
                search.close()
                return Run(_limit(task, camera.position_steps, look.known), journal)
            if needs_move:
                _move(camera, look.position_steps, journal)
            journal.captured(camera.position_steps)
            look = search.send(Sight(camera.capture(), camera.position_steps, camera.depth()))
    except StopIteration as end:
        outcome: Outcome = end.value
    journal.knows(outcome.known)
    if abs(outcome.position_steps - camera.position_steps) > SAME_POSITION_STEPS:
        _move(camera, outcome.position_steps, journal)
    return Run(outcome, journal)


def _move(camera: Camera, position_steps: float, journal: Journal) -> None:
    before = camera.position_steps
    camera.move(position_steps)
    journal.moved(before, camera.position_steps)


def _limit(task: Task, position_steps: float, known: Known) -> Outcome:
    message = f"not in focus within {task.max_moves} moves and {task.max_captures} captures"
    return Outcome(Reason.LIMIT_REACHED, message, position_steps, in_focus=False, known=known)
