"""The settings of live focusing, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auxfocus_ros.autofocus.following import FollowerOptions
from auxfocus_ros.autofocus.live.events import Bounds
from auxfocus_ros.autofocus.methods import DEFAULT_METHOD, METHODS
from auxfocus_ros.declaration import fields_of, parameter

FOLLOW = "follow_"
"""What the names of the settings of following begin with."""


def _follow(name: str) -> Any:
    """The setting of one of the follower's options, which says all about it."""
    _, default, info = fields_of(FollowerOptions)[name]
    return parameter(default, info.description, unit=info.unit, minimum=info.minimum, maximum=info.maximum)


@dataclass(frozen=True)
class LiveSettings:
    """How runs go; each run takes the settings of its beginning."""

    method: str = parameter(DEFAULT_METHOD, "way of focusing of a goal that names none", choices=tuple(METHODS))
    region_px: int = parameter(
        512, "edge of the largest part of a picture that is judged; at most a third of its shorter edge is", unit="px",
        minimum=64, maximum=8192,
    )  # fmt: skip
    max_moves: int = parameter(60, "moves of a goal that says 0", minimum=1, maximum=10_000)
    max_captures: int = parameter(120, "frames judged for a goal that says 0", minimum=1, maximum=10_000)
    max_duration_s: float = parameter(30.0, "time of a goal that says 0", unit="s", minimum=0.1, maximum=3600.0)
    backlash_steps: float = parameter(0.0, "of the lens", unit="steps", minimum=0.0, maximum=1000.0)
    half_depth_of_focus_steps: float = parameter(
        0.0, "a lens this far from the best position is still in focus; 0: by the lens file", unit="steps", minimum=0.0,
        maximum=1e6,
    )  # fmt: skip
    gamma: float = parameter(2.2, "of the pictures", minimum=0.1, maximum=10.0)
    same_position_steps: float = parameter(
        0.5, "a wish for a position this near to the lens's is no move", unit="steps", minimum=0.0, maximum=1000.0
    )
    frame_timeout_s: float = parameter(
        3.0, "without a frame that can be judged for so long, a run ends", unit="s", minimum=0.1, maximum=600.0
    )
    start_wait_s: float = parameter(
        5.0, "wait so long at a run's beginning for a lens that answers and stands still, and for the target", unit="s",
        minimum=0.1, maximum=600.0,
    )  # fmt: skip
    lens_timeout_s: float = parameter(
        2.0, "a lens that has said nothing for so long is gone", unit="s", minimum=0.1, maximum=60.0
    )
    move_timeout_s: float = parameter(30.0, "a move takes no longer than this", unit="s", minimum=0.1, maximum=600.0)
    target_timeout_s: float = parameter(
        1.5, "a target that has not been seen for so long is lost", unit="s", minimum=0.1, maximum=60.0
    )
    depth_timeout_s: float = parameter(
        0.5, "a depth and a target's box may be so much older than the picture", unit="s", minimum=0.01, maximum=10.0
    )
    depth_sigma: float = parameter(
        0.02,
        "least error of a depth, as a share of it: lens and range sensor do not agree to the millimetre",
        minimum=0.001,
        maximum=1.0,
    )
    follow_lens_speed_steps_per_s: float = _follow("lens_speed_steps_per_s")
    follow_lens_acceleration_steps_per_s2: float = _follow("lens_acceleration_steps_per_s2")
    follow_settle_s: float = _follow("settle_s")
    follow_worth: float = _follow("worth")
    follow_worth_back: float = _follow("worth_back")
    follow_speed_sigma_m_per_s: float = _follow("speed_sigma_m_per_s")
    follow_depth_bias: float = _follow("depth_bias")
    follow_coast_s: float = _follow("coast_s")
    seed: int = parameter(0, "of methods that draw numbers", minimum=0, maximum=2**31 - 1)


def bounds_of(settings: LiveSettings) -> Bounds:
    """The bounds of every wait."""
    return Bounds(
        start_s=settings.start_wait_s,
        lens_silent_s=settings.lens_timeout_s,
        move_s=settings.move_timeout_s,
        frame_s=settings.frame_timeout_s,
        target_s=settings.target_timeout_s,
        depth_s=settings.depth_timeout_s,
        same_position_steps=settings.same_position_steps,
    )


def follower_options(settings: LiveSettings) -> FollowerOptions:
    """The options of following."""
    names = [name for name in fields_of(LiveSettings) if name.startswith(FOLLOW)]
    return FollowerOptions(**{name.removeprefix(FOLLOW): getattr(settings, name) for name in names})
