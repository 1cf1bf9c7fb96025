"""How targets are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.distribution.targets.tracker import TrackerOptions


@dataclass(frozen=True)
class KeeperOptions:
    """Options of `TargetKeeper`; `tracker`: of objects.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    hold_s: float = parameter(
        2.0, "how long the depth of a selected target is held when it is not seen", unit="s", minimum=0.0, maximum=60.0
    )
    detection_hold_s: float = parameter(
        1.5, "how long what a detector found is believed without being found again", unit="s", minimum=0.05, maximum=60.0
    )
    dwell_s: float = parameter(
        0.7, "automatically: for how long another must have been clearly more important", unit="s", minimum=0.0, maximum=60.0
    )
    large_share: float = parameter(
        0.15, "an object that covers more than this share of the picture is large", minimum=0.001, maximum=1.0
    )
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "targets")
