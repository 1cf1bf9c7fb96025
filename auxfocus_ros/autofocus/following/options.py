"""What is followed with what, and how: settings of continuous focus."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auxfocus_ros.autofocus.terms import Use
from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import DefocusModel


@dataclass(frozen=True)
class FollowSetup:
    """What continuous focus works with.

    Attributes:
        min_position_steps, max_position_steps: range of the lens, the smaller first.
        model: the calibrated defocus model; None: unknown, the blur that a step makes is learnt from a sweep.
        half_depth_of_focus_steps: a position this far from the best one is still in focus; None: asked of the model.
        use: depth, picture, or both.
        backlash_steps: of the lens, >= 0: smaller moves are not worth making.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    min_position_steps: float
    max_position_steps: float
    model: DefocusModel | None = None
    half_depth_of_focus_steps: float | None = None
    use: Use = "both"
    backlash_steps: float = 0.0

    def __post_init__(self) -> None:
        """Check every field."""
        low, high = self.min_position_steps, self.max_position_steps
        problems = []
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            problems.append(f"the range [{low:g}, {high:g}] must be two finite positions, the smaller first")
        if self.half_depth_of_focus_steps is not None and not 0.0 < self.half_depth_of_focus_steps < math.inf:
            problems.append(f"half the depth of focus must be above 0, got {self.half_depth_of_focus_steps:g} steps")
        if self.use not in ("both", "depth", "picture"):
            problems.append(f"use is {self.use!r}, it must be both | depth | picture")
        if not 0.0 <= self.backlash_steps < math.inf:
            problems.append(f"the backlash must be at least 0, got {self.backlash_steps:g} steps")
        if self.use == "depth" and self.model is None:
            problems.append("depth alone needs a defocus model that knows the position for a depth")
        if problems:
            raise ConfigurationError("continuous focus: " + "; ".join(problems))

    def reachable(self, position_steps: float) -> float:
        """The position in the range that is nearest to one."""
        return min(max(float(position_steps), self.min_position_steps), self.max_position_steps)


@dataclass(frozen=True)
class FollowerOptions:
    """Options of `Follower`.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    latency_s: float = parameter(
        0.067, "from the middle of a frame's exposure to when a wish sets the lens going, where it is not measured", unit="s",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    lens_speed_steps_per_s: float = parameter(2000.0, "highest speed of the lens", unit="steps/s", minimum=1.0, maximum=1e7)
    lens_acceleration_steps_per_s2: float = parameter(
        20000.0, "acceleration of the lens; it lags behind a moving goal by speed / (2 acceleration)", unit="steps/s^2",
        minimum=1.0, maximum=1e9,
    )  # fmt: skip
    settle_s: float = parameter(0.02, "from the end of a motion until the glass is still", unit="s", minimum=0.0, maximum=1.0)
    look_s: float = parameter(
        0.045, "without depth: how long the lens stands after a move, so that a frame can be exposed", unit="s",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    worth: float = parameter(
        0.9, "a move is worth making where staying would have less than this share of the chance of focus there",
        minimum=0.05, maximum=1.0,
    )  # fmt: skip
    worth_back: float = parameter(0.7, "the same for a move against the direction of the last one", minimum=0.05, maximum=1.0)
    keep_within: float = parameter(
        0.7, "what counts as focus when a move is weighed, as a share of half the depth of focus", minimum=0.1, maximum=1.0
    )
    lead: float = parameter(
        0.5, "how far ahead of a target that moves slowly the lens may be put, as a share of half the depth of focus",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    speed_sigma_m_per_s: float = parameter(
        1.0, "how fast targets are, one standard deviation", unit="m/s", minimum=0.01, maximum=100.0
    )
    wander_m_per_s: float = parameter(
        0.1, "how much a target's speed changes by itself in a second", unit="m/s", minimum=0.0, maximum=100.0
    )
    turns_per_s: float = parameter(0.5, "how often a target starts, stops or turns round", unit="1/s", minimum=0.0, maximum=50.0)
    depth_bias: float = parameter(
        0.01, "lasting error of the depth as a share of it, found with the picture's help; used only with both",
        minimum=0.0, maximum=0.3,
    )  # fmt: skip
    velocity_sigma_m_per_s: float = parameter(
        0.5, "error of a velocity that comes with a depth, one standard deviation", unit="m/s", minimum=0.01, maximum=100.0
    )
    coast_s: float = parameter(
        0.5, "how long a target that is not seen is expected to go on as before; then the lens holds", unit="s",
        minimum=0.0, maximum=60.0,
    )  # fmt: skip
    forget_s: float = parameter(2.0, "how long a target that is not seen is remembered", unit="s", minimum=0.1, maximum=600.0)
    patience_frames: int = parameter(
        15, "by picture alone: so many frames judged far out of focus, and the whole range is searched", minimum=3, maximum=1000
    )
    search_positions: int = parameter(7, "positions looked at in such a search", minimum=3, maximum=100)
    rest_s: float = parameter(
        5.0, "after a search that found nothing, no other for this long", unit="s", minimum=0.0, maximum=600.0
    )

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "continuous focus")
