"""What is known of the factor between a network's depth and metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

ScaleSource = Literal["points", "rangefinder", "motion", "height", "none"]


@dataclass(frozen=True)
class ScaleEstimate:
    """metres = scale * depth.

    scale: > 0; 1 where nothing is known. sigma_relative: one standard deviation of ln scale, that is the relative error of the
    scale of the picture as a whole; what the network errs by at one place comes on top. inf where nothing is known. source:
    whence it is known; 'none': it is not, the depth is relative and no lens may take it for metres. readings: how many single
    readings it rests on. problem: why there is none, in words; empty where there is one.
    """

    scale: float
    sigma_relative: float
    source: ScaleSource
    readings: int
    problem: str = ""

    @property
    def metric(self) -> bool:
        """Whether the scale is known."""
        return self.source != "none"


def no_scale(problem: str) -> ScaleEstimate:
    """The state 'relative', with its reason."""
    return ScaleEstimate(1.0, math.inf, "none", 0, problem)
