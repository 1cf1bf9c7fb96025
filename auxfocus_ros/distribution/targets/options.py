"""How targets are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from auxfocus_ros.distribution.targets.tracker import TrackerOptions
from auxfocus_ros.errors import ConfigurationError

_RANGES = {"hold_s": (0.0, 60.0), "detection_hold_s": (0.05, 60.0), "dwell_s": (0.0, 60.0), "large_share": (0.001, 1.0)}


@dataclass(frozen=True)
class KeeperOptions:
    """Options of `TargetKeeper`.

    Attributes:
        hold_s: how long the depth of a selected target is held when it is not seen, 0 to 60 s; then it is lost.
        detection_hold_s: how long what a detector found is believed without being found again, 0.05 to 60 s.
        dwell_s: automatically, for how long another must have been clearly more important, 0 to 60 s.
        large_share: an object that covers more than this share of the picture is large, 0.001 to 1.
        tracker: of objects.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    hold_s: float = 2.0
    detection_hold_s: float = 1.5
    dwell_s: float = 0.7
    large_share: float = 0.1
    tracker: TrackerOptions = field(default_factory=TrackerOptions)

    def __post_init__(self) -> None:
        """Check every option."""
        problems = [
            f"{name} must be from {low:g} to {high:g}, got {getattr(self, name)!r}"
            for name, (low, high) in _RANGES.items()
            if not low <= getattr(self, name) <= high
        ]
        if problems:
            raise ConfigurationError("targets: " + "; ".join(problems))
