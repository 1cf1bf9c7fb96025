"""What a follower is told, and what it wishes: the interface that the node and the benchmark drive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State


@dataclass(frozen=True)
class Wish:
    """What the follower wants after a frame.

    state, reason, message: what it is doing, and why it holds or what it does without, in plain words. position_steps: where
    the lens is to go now, in its range; None: it stays, or goes on to where it was sent last. known: what is known of the target
    at the youngest stamp. probe: the move is made to learn on which side the target lies.
    """

    state: State
    reason: Reason
    message: str
    position_steps: float | None
    known: Known
    probe: bool


class FrameFollower(Protocol):
    """What decides, frame by frame, where the lens goes: `Follower`, or a rival of it."""

    def see(
        self,
        stamp_s: float,
        picture: np.ndarray | None,
        position_steps: float,
        depth: DepthReading | None = None,
        depth_velocity_m_per_s: float | None = None,
        *,
        moving: bool = False,
        now_s: float | None = None,
    ) -> Wish:
        """A frame has come, or a depth: see `Follower.see`."""
