"""How a camera moved between two pictures, as whoever estimates it says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.camera import CameraModel


@dataclass(frozen=True, eq=False)
class PoseEstimate:
    """A motion of the camera.

    matrix: (4, 4) float64, takes a point of the first camera's frame into the second's: p2 = R p1 + t. metric: t is in metres;
    False: its length means nothing. problem: why the estimate cannot be trusted, in words; empty: it can.
    """

    matrix: NDArray[np.float64]
    metric: bool
    problem: str = ""


class PoseEstimator(Protocol):
    """Who tells a motion from two pictures."""

    def estimate(
        self,
        first: NDArray[np.uint8],
        second: NDArray[np.uint8],
        camera: CameraModel,
        *,
        keep_first: NDArray[np.bool_] | None = None,
        keep_second: NDArray[np.bool_] | None = None,
        prior: NDArray[np.float64] | None = None,
    ) -> PoseEstimate:
        """The motion between two pictures.

        Args:
            first, second: (H, W, 3) uint8 BGR.
            camera: intrinsics of both.
            keep_first, keep_second: (H, W), what of each is looked at; None: all.
            prior: (4, 4) motion of what surrounds it, where that is known: what is looked at is compared with it.
        """
        ...
