"""What of the gate the user may choose, beside its thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from auxfocus_ros.declaration import demand_valid, parameter

MaskPolicy = Literal["gate", "always", "never"]
Unsure = Literal["masked", "whole"]
TargetFrom = Literal["static", "dynamic", "whole"]
PoseMethod = Literal["epipolar", "network"]


@dataclass(frozen=True)
class GateOptions:
    """How a pair is judged. Raises ConfigurationError with every value that cannot be."""

    policy: MaskPolicy = parameter(
        "gate", "when things that can move are cut: when they move (gate), always, or never; the last two to compare with"
    )
    unsure: Unsure = parameter(
        "masked", "what is done where it cannot be told whether they move: masked, as if they did, or whole, as if they stood"
    )
    target_from: TargetFrom = parameter(
        "static",
        "what the target pose is told from: the static rest, the dynamic objects (as the source has it) or the whole pictures",
    )
    smallest_area_share: float = parameter(
        0.0005, "smaller connected areas of a class are specks and no objects; share of the picture", minimum=0.0, maximum=1.0
    )

    def __post_init__(self) -> None:
        """Check the ranges."""
        demand_valid(self, "gate")


SMALLEST_AREA_SHARE = GateOptions().smallest_area_share
