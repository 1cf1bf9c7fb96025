"""What can be set of our strategy."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.declaration import demand_valid, parameter


@dataclass(frozen=True)
class CoverOptions:
    """Settings of `cover_strategy`.

    Raises:
        ConfigurationError: values out of their ranges, all in one line.
    """

    least_gain: float = parameter(
        0.04, "a further frame is worth it when it is expected to bring at least this share of the picture's detail",
        minimum=0.0, maximum=0.5,
    )  # fmt: skip
    enough: float = parameter(
        0.98, "all is in focus when this share of what can be judged has been, at least", minimum=0.5, maximum=1.0
    )
    travel_worth: float = parameter(
        0.1, "share of the picture's detail that is worth a way through the lens's whole range",
        minimum=0.0, maximum=1.0,
    )  # fmt: skip
    frame_weight: float = parameter(
        0.5, "how much a frame's word on a cell counts: the same network on the same cell errs alike in frame after frame",
        minimum=0.05, maximum=1.0,
    )  # fmt: skip
    outlier_share: float = parameter(
        0.02, "share of a frame's words on its cells that are taken to be wrong altogether", minimum=0.001, maximum=0.5
    )
    depth_outlier_share: float = parameter(0.05, "share of the depth image that is taken to be wrong", minimum=0.001, maximum=0.5)
    sharp_radius_px: float = parameter(
        1.0, "of a lens that is not calibrated: the largest blur that counts as in focus", unit="px", minimum=0.2, maximum=20.0
    )
    motion_share: float = parameter(
        0.02, "dynamic: how far the scene moves from frame to frame, a standard deviation, of the lens's range",
        minimum=0.0, maximum=0.5,
    )  # fmt: skip
    change_share: float = parameter(
        0.05, "dynamic: how often what a cell shows is another thing in the next frame", minimum=0.0, maximum=1.0
    )

    def __post_init__(self) -> None:
        """Check them."""
        demand_valid(self, "all in focus")
