"""What the pipeline is to do with a frame, beside how it is to look."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.distribution import AxisFollower, Scale
from auxfocus_ros.distribution.targets import KeeperOptions
from auxfocus_ros.view.options import ViewOptions

Projection = Literal["vertical", "horizontal", "slanted"]
AcrossName = Literal["pixels", "metres"]
FieldOfView = Literal["picture", "sensor"]

_FIRST_BINS = 256  # until a picture says how many show well


@dataclass(frozen=True)
class DistributionOptions:
    """How the depth distribution is made, what of it is split into objects, and how a target is kept.

    Raises:
        ConfigurationError: with every problem in one line; ends that no depth axis can have.
    """

    scale: Scale = parameter("log", "the depth axis: even in metres, in dioptres, or logarithmic")
    near_m: float = parameter(0.0, "near end of the depth axis; 0: follow the scene", unit="m", minimum=0.0, maximum=1e4)
    far_m: float = parameter(0.0, "far end of the depth axis; 0: follow the scene", unit="m", minimum=0.0, maximum=1e5)
    depth_bins: int = parameter(0, "bins of the depth axis; 0: as many as show well", minimum=0, maximum=4096)
    projection: Projection = parameter(
        "vertical", "the image axis along which the scene is projected: columns stay apart, rows do, or a slanted direction"
    )
    slant_rad: float = parameter(
        0.5,
        "slanted: the direction that stays apart, from the picture's x axis to its y axis",
        unit="rad",
        minimum=-1.6,
        maximum=1.6,
    )
    across: AcrossName = parameter("pixels", "the other axis: columns of the picture, or metres across the scene")
    field_of_view: FieldOfView = parameter(
        "picture", "the distribution of what the picture shows, or of the whole depth sensor with the picture's part marked"
    )
    hide_occluded: bool = parameter(False, "leave out points that something nearer hides from the camera")
    objects: bool = parameter(True, "split the scene into objects")
    large_share: float = parameter(0.15, "share of the picture above which an object counts as large", minimum=0.01, maximum=1.0)
    hold_s: float = parameter(2.0, "how long a lost target's last depth is held", unit="s", minimum=0.0, maximum=60.0)

    def __post_init__(self) -> None:
        """Check every option, and that the axis can be."""
        demand_valid(self, "distribution")
        self.axis_follower()

    def axis_follower(self) -> AxisFollower:
        """A new follower by these options. Raises ConfigurationError for ends that no axis can have."""
        return AxisFollower(
            self.depth_bins or _FIRST_BINS, self.scale, fixed_near_m=self.near_m or None, fixed_far_m=self.far_m or None
        )

    def keeper_options(self) -> KeeperOptions:
        """How targets are kept."""
        return KeeperOptions(hold_s=self.hold_s, large_share=self.large_share)

    @property
    def across_angle_rad(self) -> float:
        """The direction across, from the picture's x axis (0) to its y axis (pi / 2)."""
        return {"vertical": 0.0, "horizontal": math.pi / 2, "slanted": self.slant_rad}[self.projection]


@dataclass(frozen=True)
class PipelineOptions:
    """Options of `AuxFocusPipeline`: what the image is to look like, and what it is made of."""

    view: ViewOptions = field(default_factory=ViewOptions)
    distribution: DistributionOptions = field(default_factory=DistributionOptions)
