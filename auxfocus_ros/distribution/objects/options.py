"""What the split into objects may be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auxfocus_ros.errors import ConfigurationError


@dataclass(frozen=True)
class SegmentationOptions:
    """Physical limits of what counts as an object.

    Attributes:
        largest_m: longer or higher than this is no object but part of the scene (a facade, a hill), metres, 0.1 to 1000.
        widest_share: what spans more than this share of the picture's width is part of the scene, 0.1 to 1.
        smallest_share: shorter side of the smallest box, as a share of the picture's height, 0 to 0.5.
        least_readings: of a cloud that an object rests on, 1 to 10000. Of a depth image it is blocks of labels.
        depth_gap_share: surfaces side by side are two where their depths differ by more than this share (and more than the
            sensor's noise), 0.002 to 0.5.
        stands_out_m: what stands out less from a wall is part of it (a picture, a door handle), metres, 0 to 1.
        most_objects: the largest in the picture are kept, 1 to 1000.

    Raises:
        ConfigurationError: naming the option, its range and what it is.
    """

    largest_m: float = 12.0
    widest_share: float = 0.75
    smallest_share: float = 0.035
    least_readings: int = 10
    depth_gap_share: float = 0.02
    stands_out_m: float = 0.15
    most_objects: int = 250

    def __post_init__(self) -> None:
        """Check every range."""
        ranges = {
            "largest_m": (0.1, 1000.0), "widest_share": (0.1, 1.0), "smallest_share": (0.0, 0.5), "least_readings": (1, 10000),
            "depth_gap_share": (0.002, 0.5), "stands_out_m": (0.0, 1.0), "most_objects": (1, 1000),
        }  # fmt: skip
        wrong = []
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not math.isfinite(value) or not least <= value <= most:
                wrong.append(f"{name} must be from {least} to {most}, got {value}")
        if wrong:
            raise ConfigurationError(f"objects: {'; '.join(wrong)}")
