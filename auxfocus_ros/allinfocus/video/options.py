"""Settings of the fusion of video."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auxfocus_ros.declaration import demand_valid, parameter

VideoMethod = Literal["network", "flow", "copy", "none"]


@dataclass(frozen=True)
class VideoOptions:
    """Settings of a `VideoFuser`."""

    method: VideoMethod = parameter(
        "network",
        "what decides which pixels are transferred from the fused frame before: the learned network, the rule, the rule without "
        "motion, or nothing, which shows every frame as it was captured",
    )
    age_limit: int = parameter(
        90,
        "frames for which a pixel may be transferred on without being seen sharp again",
        unit="frames",
        minimum=1,
        maximum=10_000,
    )

    def __post_init__(self) -> None:
        """Raise ConfigurationError with everything that is out of its range."""
        demand_valid(self, "fusion of video")
