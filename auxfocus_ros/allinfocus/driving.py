"""Running a capture strategy over a camera, keeping its frames and counting what it asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, Sight, Strategy
from auxfocus_ros.autofocus.driving import SAME_POSITION_STEPS, Journal


class Camera(Protocol):
    """What a strategy is run over."""

    position_steps: float
    """Where the lens stands."""

    def move(self, position_steps: float) -> None:
        """Go there; `position_steps` then says where it came to stand."""

    def capture(self) -> np.ndarray:
        """The whole frame as it is seen now, (H, W) or (H, W, 3) uint8."""


@dataclass
class Capture:
    """A finished capture: how it ended, what it cost, its frames in order with their positions, what was known after each."""

    end: CaptureEnd
    journal: Journal = field(default_factory=Journal)
    frames: list[np.ndarray] = field(default_factory=list)
    positions_steps: list[float] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)


def drive(strategy: Strategy, camera: Camera, task: CaptureTask, told: Callable[[Look], None] = lambda _: None) -> Capture:
    """Run a static strategy to its end, or a dynamic one for `task.max_frames` frames.

    A strategy that asks for more than `task.max_frames` is ended with LIMIT_REACHED. told: hears every wish.
    """
    capture = Capture(CaptureEnd(End.LIMIT_REACHED, False, f"the budget of {task.max_frames} frames is spent"))
    journal = capture.journal
    try:
        look = next(strategy)
        while not task.max_frames or journal.captures < task.max_frames:
            told(look)
            if abs(look.position_steps - camera.position_steps) > SAME_POSITION_STEPS:
                before = camera.position_steps
                camera.move(look.position_steps)
                journal.moved(before, camera.position_steps)
            journal.captured(camera.position_steps)
            capture.frames.append(camera.capture())
            capture.positions_steps.append(camera.position_steps)
            look = strategy.send(Sight(capture.frames[-1], camera.position_steps))
            capture.known.append(look.known)
        strategy.close()
        capture.end = CaptureEnd(capture.end.end, False, capture.end.message, look.known)
    except StopIteration as end:
        capture.end = end.value
        if len(capture.known) < len(capture.frames):
            capture.known.append(capture.end.known)
    return capture
