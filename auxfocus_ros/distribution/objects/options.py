"""What the split into objects may be told."""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.declaration import demand_valid, parameter


@dataclass(frozen=True)
class SegmentationOptions:
    """Physical limits of what counts as an object.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    largest_m: float = parameter(
        12.0, "what is longer or higher is part of the scene (a facade, a hill)", unit="m", minimum=0.1, maximum=1000.0
    )
    widest_share: float = parameter(
        0.75, "what spans more than this share of the picture's width is part of the scene", minimum=0.1, maximum=1.0
    )
    smallest_share: float = parameter(
        0.035, "shorter side of the smallest box, as a share of the picture's height", minimum=0.0, maximum=0.5
    )
    least_readings: int = parameter(
        10, "of a cloud that an object rests on; of a depth image it is blocks of labels", minimum=1, maximum=10000
    )
    depth_gap_share: float = parameter(
        0.02,
        "surfaces side by side are two where depths differ by more than this and the noise",
        minimum=0.002,
        maximum=0.5,
    )
    stands_out_m: float = parameter(
        0.15, "what stands out less from a wall is part of it (a picture, a door handle)", unit="m", minimum=0.0, maximum=1.0
    )
    most_objects: int = parameter(250, "the largest in the picture are kept", minimum=1, maximum=1000)

    def __post_init__(self) -> None:
        """Check every option."""
        demand_valid(self, "objects")
