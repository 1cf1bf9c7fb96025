"""What continuous focus is measured against: the last depth, and climbing the contrast, as cameras do it."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.autofocus.following import Wish
from auxfocus_ros.autofocus.sharpness import measure
from auxfocus_ros.autofocus.terms import DepthReading, Known, Reason, State
from auxfocus_ros.optics.defocus_model import DefocusModel

CLIMB_STEPS = 10.0
"""A tenth more than half the bench lens's depth of focus would miss the peak."""
START_SHARE, STOP_SHARE = 0.8, 0.97
"""Contrast against the best since the last climb: below the first a climb starts, below the second it has passed the peak."""


def _wish(position_steps: float | None) -> Wish:
    state = State.IN_FOCUS if position_steps is None else State.MOVING
    return Wish(state, Reason.NONE, "", position_steps, Known(), probe=False)


class LastDepth:
    """Goes where the last depth reading said, whatever has happened since."""

    def __init__(self, model: DefocusModel) -> None:
        """The lens's model."""
        self._model = model

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
        """As `Follower.see`."""
        if depth is None:
            return _wish(None)
        best = float(self._model.best_position_steps(depth.depth_m))
        return _wish(min(max(best, self._model.min_position_steps), self._model.max_position_steps))


class ContrastClimber:
    """Climbs Tenengrad: steps as long as it rises, turns where it falls, goes back to the peak, and waits until it drops."""

    def __init__(self, model: DefocusModel) -> None:
        """The lens's range is the model's."""
        self._low, self._high = model.min_position_steps, model.max_position_steps
        self._peak, self._peak_steps = 0.0, float("nan")
        self._direction, self._turned, self._climbing = 1.0, False, False
        self._goal_steps: float | None = None

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
        """As `Follower.see`."""
        if picture is None or moving or (self._goal_steps is not None and abs(position_steps - self._goal_steps) > 1.0):
            return _wish(None)
        contrast = measure("tenengrad", picture)
        if not self._climbing:
            if contrast >= START_SHARE * self._peak:
                self._peak = max(self._peak, contrast)
                return _wish(None)
            self._climbing, self._turned = True, False
            self._peak, self._peak_steps = contrast, position_steps
            return self._go(position_steps + self._direction * CLIMB_STEPS)
        if contrast > self._peak:
            self._peak, self._peak_steps = contrast, position_steps
        elif contrast < STOP_SHARE * self._peak:
            if self._turned or abs(position_steps - self._peak_steps) > 1.5 * CLIMB_STEPS:
                self._climbing = False
                return self._go(self._peak_steps)
            self._turned, self._direction = True, -self._direction
            return self._go(self._peak_steps + self._direction * CLIMB_STEPS)
        if not self._low < position_steps < self._high:
            self._direction = -self._direction
        return self._go(position_steps + self._direction * CLIMB_STEPS)

    def _go(self, position_steps: float) -> Wish:
        self._goal_steps = float(round(min(max(position_steps, self._low), self._high)))
        return _wish(self._goal_steps)
