"""A look at the whole range, position by position: the last resort by picture alone, and how an unknown lens is learnt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following.options import FollowSetup
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimate
from auxfocus_ros.optics.defocus_model import Positions

_ASSUMED_RADIUS_PX = 2.0
"""Blur that still counts as sharp where nobody says what does."""
_AT_HAND_STEPS = 2.0


@dataclass(frozen=True)
class LearntModel:
    """A defocus model that knows only how much blur a step makes; depths and scale it does not know."""

    min_position_steps: float
    max_position_steps: float
    px_per_step: float

    def radius_px(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """In proportion to the distance."""
        return np.asarray(self.px_per_step * np.abs(np.subtract(position_steps, best_position_steps)), np.float64)

    def scale(self, position_steps: Positions, best_position_steps: Positions) -> NDArray[np.float64]:
        """1."""
        return np.ones(np.broadcast_shapes(np.shape(position_steps), np.shape(best_position_steps)))

    def half_depth_of_focus_steps(self, best_position_steps: Positions) -> NDArray[np.float64]:
        """The way to a radius of 2 px."""
        return np.full(np.shape(best_position_steps), _ASSUMED_RADIUS_PX / self.px_per_step)

    def best_position_steps(self, depth_m: Positions) -> NDArray[np.float64]:
        """NaN: unknown."""
        return np.full(np.shape(depth_m), np.nan)


@dataclass
class Sweep:
    """Positions still to be looked at, and what was seen: (stamp, position, estimate)."""

    left: list[float]
    seen: list[tuple[float, float, RadiusEstimate]] = field(default_factory=list)

    @classmethod
    def of_range(cls, setup: FollowSetup, count: int, position_steps: float) -> Sweep:
        """Even positions over the range, from the end that is nearer."""
        positions = np.linspace(setup.min_position_steps, setup.max_position_steps, count + 2)[1:-1]
        middle = 0.5 * (setup.min_position_steps + setup.max_position_steps)
        return cls([float(p) for p in (positions if position_steps <= middle else positions[::-1])])

    def note(self, stamp_s: float, position_steps: float, estimate: RadiusEstimate) -> None:
        """A frame at rest; the position looked at is done once the lens stands there."""
        self.seen.append((stamp_s, position_steps, estimate))
        if self.left and abs(self.left[0] - position_steps) <= _AT_HAND_STEPS:
            self.left.pop(0)

    def learnt(self, setup: FollowSetup) -> LearntModel | None:
        """The blur that a step makes, by the best fit of |position - best| times it to the radii; None: the radii do not tell."""
        position = np.array([p for _, p, _ in self.seen])
        radius = np.array([e.radius_px for _, _, e in self.seen])
        sigma = np.array([max(e.sigma_px, 0.3 + 0.03 * e.radius_px) for _, _, e in self.seen])
        best = np.linspace(setup.min_position_steps, setup.max_position_steps, 1000)
        away = np.abs(position[:, None] - best) / sigma[:, None]
        slope = np.maximum((away * (radius / sigma)[:, None]).sum(0) / np.maximum((away**2).sum(0), 1e-12), 1e-9)
        misfit = ((slope * away - (radius / sigma)[:, None]) ** 2).sum(0)
        chosen = int(np.argmin(misfit))
        flat = float((((radius - radius.mean()) / sigma) ** 2).sum())
        if flat < 2.0 * misfit[chosen] + 4.0 or slope[chosen] * (best[-1] - best[0]) < 2.0 * _ASSUMED_RADIUS_PX:
            return None
        return LearntModel(setup.min_position_steps, setup.max_position_steps, float(slope[chosen]))
