"""Settings of metric scale."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.declaration import demand_valid, parameter


@dataclass(frozen=True)
class ScaleOptions:
    """How the scale is found from one frame.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    depth_error: float = parameter(
        0.2, "what the network's depth is wrong by at one place, once scaled, one standard deviation, as a share; with few "
        "readings the uncertainty rests on it, with many it is measured", minimum=0.001, maximum=1.0,
    )  # fmt: skip
    cells: int = parameter(
        4, "the picture is cut into cells, so many across: within one the network's errors are taken to be alike",
        minimum=1, maximum=64,
    )  # fmt: skip
    spot_px: int = parameter(
        2, "half width of the window of predicted depth that a reading is compared with: the beam's spot and the error of its "
        "place", unit="px", minimum=0, maximum=50,
    )  # fmt: skip
    edge: float = parameter(
        0.3, "a reading whose window holds depths that differ by more than this share lies on an edge and is left out",
        minimum=0.01, maximum=3.0,
    )  # fmt: skip
    largest_sigma: float = parameter(
        0.3, "an estimate that is less sure than this, as a share, is none", minimum=0.01, maximum=3.0
    )
    least_translation_m: float = parameter(
        0.005, "a camera that moved less than this has not moved", unit="m", minimum=0.0, maximum=10.0
    )
    flow_sigma_px: float = parameter(
        0.3, "error of the optical flow, one standard deviation", unit="px", minimum=0.01, maximum=10.0
    )
    rotation_sigma_rad: float = parameter(
        0.001, "error of the rotation of a known motion, one standard deviation", unit="rad", minimum=0.0, maximum=0.1
    )
    least_parallax_px: float = parameter(
        2.0, "pixels that the known translation shifts by less tell no depth", unit="px", minimum=0.1, maximum=100.0
    )
    ground_share: float = parameter(
        0.4, "where no ground is marked, it is looked for in this share of the picture, from below", minimum=0.05, maximum=1.0
    )
    ground_tolerance: float = parameter(
        0.25, "points this far off the plane, as a share of the height above it, belong to it", minimum=0.005, maximum=0.5
    )
    tilt_tolerance_rad: float = parameter(
        0.35, "where the up direction is not known: the ground's normal must be this near to the picture's upright", unit="rad",
        minimum=0.01, maximum=1.5,
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "metric scale")


@dataclass(frozen=True)
class TrackerOptions:
    """How the scale is followed over time.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    forget_s: float = parameter(
        5.0, "time constant with which what was heard is forgotten", unit="s", minimum=0.01, maximum=3600.0
    )
    hold_s: float = parameter(
        10.0, "a scale that was not heard of for so long is not known any more", unit="s", minimum=0.01, maximum=3600.0
    )
    alike_s: float = parameter(
        1.0, "readings of one source within this time err alike, and count as one", unit="s", minimum=0.0, maximum=3600.0
    )
    gate_sigmas: float = parameter(
        3.0, "a reading that differs by more standard deviations than this is not believed", minimum=1.0, maximum=100.0
    )
    jump_readings: int = parameter(
        3, "so many unbelieved readings in a row that agree with each other are the new scale", minimum=1, maximum=100
    )

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "scale over time")
