"""What an analysis is to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.view import DistributionOptions


@dataclass(frozen=True)
class AnalysisOptions:
    """Settings of an analysis; those of the distribution and the targets are the live graph's own.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    lens: str = parameter(
        "", "lens file or shipped name; '': the rig file's, else the one that the recording names, if it is shipped"
    )
    rig: str = parameter("", "rig file: topics, intrinsics, extrinsics; '': as the recording says")
    topics: str = parameter("", "topics that are not to be guessed, as image=/cam/image,points=/scan; '': by type and name")
    part_s: float = parameter(20.0, "length of a part, the unit of work", unit="s", minimum=1.0, maximum=3600.0)
    lead_s: float = parameter(
        2.0, "read before each part, so that targets and axis are what they would be", unit="s", minimum=0.0, maximum=60.0
    )
    estimator: bool = parameter(True, "ask the step estimator, and every autofocus method, in the target's region")
    estimate_every: int = parameter(1, "ask them of every so many frames of a part", minimum=1, maximum=10_000)
    video: bool = parameter(False, "draw the auxiliary focus image of every frame into a film")
    annotated: bool = parameter(False, "write what was found into a recording, for Foxglove and `ros2 bag play`")
    soft_share: float = parameter(
        0.6, "what is sharper than this share of the best of the last 10 s is not soft", minimum=0.0, maximum=1.0
    )
    soft_s: float = parameter(0.3, "shorter soft passages do not count", unit="s", minimum=0.0, maximum=60.0)
    distribution: DistributionOptions = field(default_factory=DistributionOptions)

    def __post_init__(self) -> None:
        """Check."""
        demand_valid(self, "analysis")
