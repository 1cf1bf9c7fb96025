"""The settings of live captures, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auxfocus_ros.allinfocus.fusion import DEFAULT_METHOD, METHODS
from auxfocus_ros.allinfocus.strategy import DEFAULT_STRATEGY, STRATEGIES, CoverOptions
from auxfocus_ros.allinfocus.video.options import VideoOptions
from auxfocus_ros.autofocus.live import Bounds
from auxfocus_ros.declaration import fields_of, parameter
from auxfocus_ros.errors import ConfigurationError

COVER, VIDEO = "cover_", "video_"
"""What the names of the settings of our strategy and of the fusion of video begin with."""
CELLS_PX = (16, 32, 64)


def _option(table: type, name: str) -> Any:
    """The setting of one of the options of a table, which says all about it."""
    _, default, info = fields_of(table)[name]
    bounds = {"minimum": info.minimum, "maximum": info.maximum}
    return parameter(default, info.description, unit=info.unit, choices=info.choices, **bounds)


@dataclass(frozen=True)
class CaptureSettings:
    """How captures go; each takes the settings of its beginning."""

    strategy: str = parameter(DEFAULT_STRATEGY, "strategy of a goal that names none", choices=tuple(STRATEGIES))
    fusion: str = parameter(DEFAULT_METHOD, "fusion of a goal that names none", choices=tuple(METHODS))
    cell_px: int = parameter(64, "edge of the cells that blur is judged on: 16, 32 or 64", unit="px", minimum=16, maximum=64)
    keep_frames: int = parameter(
        4, "dynamic: what was in focus in the last so many frames before the newest needs no new one; 0: greedy",
        minimum=0, maximum=1000,
    )  # fmt: skip
    max_frames: int = parameter(40, "frames of a static goal that says 0 and does not name positions", minimum=1, maximum=10_000)
    max_duration_s: float = parameter(
        120.0, "time for the frames of a static goal that says 0", unit="s", minimum=0.1, maximum=36_000.0
    )
    half_depth_of_focus_steps: float = parameter(
        0.0, "a lens this far from the best position is still in focus; 0: by the lens file", unit="steps", minimum=0.0,
        maximum=1e6,
    )  # fmt: skip
    same_position_steps: float = parameter(
        0.5, "a wish for a position this near to the lens's is no move", unit="steps", minimum=0.0, maximum=1000.0
    )
    frame_timeout_s: float = parameter(
        3.0, "without a frame that can be kept for so long, a capture ends", unit="s", minimum=0.1, maximum=600.0
    )
    start_wait_s: float = parameter(
        5.0, "wait so long at a capture's beginning for a lens that answers and stands still", unit="s", minimum=0.1,
        maximum=600.0,
    )  # fmt: skip
    lens_timeout_s: float = parameter(
        2.0, "a lens that has said nothing for so long is gone", unit="s", minimum=0.1, maximum=60.0
    )
    move_timeout_s: float = parameter(30.0, "a move takes no longer than this", unit="s", minimum=0.1, maximum=600.0)
    fuse_timeout_s: float = parameter(
        300.0, "fusing that takes longer than this is given up; the frames are still reported", unit="s", minimum=0.1,
        maximum=36_000.0,
    )  # fmt: skip
    memory_mb: float = parameter(
        1024.0, "frames that need more memory than this are kept in a file in the folder for temporary ones", unit="MB",
        minimum=0.0, maximum=1e6,
    )  # fmt: skip
    cover_least_gain: float = _option(CoverOptions, "least_gain")
    cover_enough: float = _option(CoverOptions, "enough")
    cover_travel_worth: float = _option(CoverOptions, "travel_worth")
    cover_frame_weight: float = _option(CoverOptions, "frame_weight")
    cover_outlier_share: float = _option(CoverOptions, "outlier_share")
    cover_sharp_radius_px: float = _option(CoverOptions, "sharp_radius_px")
    cover_motion_share: float = _option(CoverOptions, "motion_share")
    cover_change_share: float = _option(CoverOptions, "change_share")
    video_method: str = _option(VideoOptions, "method")
    video_age_limit: int = _option(VideoOptions, "age_limit")
    seed: int = parameter(0, "of strategies that draw numbers", minimum=0, maximum=2**31 - 1)

    def __post_init__(self) -> None:
        """Raise ConfigurationError for cells of a size that nobody knows."""
        if self.cell_px not in CELLS_PX:
            raise ConfigurationError(f"cell_px is {self.cell_px}, it must be 16, 32 or 64")


def bounds_of(settings: CaptureSettings) -> Bounds:
    """The bounds of every wait."""
    return Bounds(
        start_s=settings.start_wait_s,
        lens_silent_s=settings.lens_timeout_s,
        move_s=settings.move_timeout_s,
        frame_s=settings.frame_timeout_s,
        same_position_steps=settings.same_position_steps,
    )


def memory_bytes(settings: CaptureSettings) -> int:
    """That frames may need."""
    return round(settings.memory_mb * 1e6)


def cover_options(settings: CaptureSettings) -> CoverOptions:
    """The options of our strategy; those that no setting has are its own."""
    return CoverOptions(**_given(settings, COVER))


def video_options(settings: CaptureSettings) -> VideoOptions:
    """The options of the fusion of video."""
    return VideoOptions(**_given(settings, VIDEO))


def _given(settings: CaptureSettings, prefix: str) -> dict[str, Any]:
    names = [name for name in fields_of(CaptureSettings) if name.startswith(prefix)]
    return {name.removeprefix(prefix): getattr(settings, name) for name in names}
