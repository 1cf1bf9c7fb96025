"""What can be set of the controller."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.declaration import demand_valid, parameter


@dataclass(frozen=True)
class ControllerOptions:
    """Settings of `focus`.

    Raises:
        ConfigurationError: values out of their ranges, all in one line.
    """

    stop_probability: float = parameter(
        0.6, "it stops where the region is in focus with at least this probability", minimum=0.05, maximum=0.999
    )
    settle_probability: float = parameter(
        0.3,
        "where nothing better is known it stops with at least this probability, below it searches",
        minimum=0.0,
        maximum=0.999,
    )
    learning_stop_probability: float = parameter(
        0.7, "stop_probability while it learns what a step of an unknown lens does", minimum=0.05, maximum=0.999
    )
    learning_settle_probability: float = parameter(
        0.2, "settle_probability while it learns what a step of an unknown lens does", minimum=0.0, maximum=0.999
    )
    worth_moving: float = parameter(
        0.05, "it moves only for at least this much more probability of being in focus", minimum=0.0, maximum=0.5
    )
    window_px: int = parameter(512, "edge of what is looked at in the middle of the region", unit="px", minimum=64, maximum=2048)
    frames_remembered: int = parameter(4, "so many of the last frames are compared with each other", minimum=2, maximum=12)
    frames_before_search: int = parameter(
        7, "a belief that is broad after so many frames makes way for a classical search", minimum=2, maximum=60
    )
    grid_per_half_depth: float = parameter(3.0, "positions of the belief in half a depth of focus", minimum=1.0, maximum=20.0)
    comparison_weight: float = parameter(
        0.1, "share of the spectrum's coefficients that counts as independent when frames are compared", minimum=0.0, maximum=1.0
    )
    model_error: float = parameter(
        0.03, "share of a frame's power that the defocus model is taken to leave unexplained", minimum=0.0, maximum=1.0
    )
    first_estimate_weight: float = parameter(
        1.0, "how much the network's word on the first frame counts", minimum=0.0, maximum=1.0
    )
    later_estimate_weight: float = parameter(
        0.3, "the same of every further frame: a network errs alike on frames of one thing", minimum=0.0, maximum=1.0
    )
    outlier_share: float = parameter(
        0.01, "share of the belief that stays spread over the range, whatever is seen", minimum=0.0, maximum=0.5
    )
    depth_outlier_share: float = parameter(
        0.02, "share of the depth readings that are taken to belong to something else", minimum=0.0, maximum=0.5
    )
    dark_level: float = parameter(
        6.0, "a region is too dark where even its brightest hundredth is below this grey level", minimum=0.0, maximum=255.0
    )
    saturated_share: float = parameter(0.5, "a region is saturated where more than this share of it is", minimum=0.0, maximum=1.0)
    texture_ratio: float = parameter(
        2.0,
        "a region has texture where its coarse structure has this many times the power of its noise",
        minimum=1.0,
        maximum=1e6,
    )
    depths_apart: float = parameter(
        40.0,
        "quarters of the region are at several depths where the evidence for that is so strong (natural logarithm)",
        minimum=1.0,
        maximum=1e6,
    )
    sharp_radius_px: float = parameter(
        1.0, "without calibration, blur up to this radius counts as in focus", unit="px", minimum=0.1, maximum=20.0
    )

    def __post_init__(self) -> None:
        """Check every value."""
        demand_valid(self, "controller")
