"""What the marks are drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.layout import Layout


@dataclass(frozen=True, eq=False)
class Sheet:
    """An image that is being drawn.

    Attributes:
        image: (H, W, 3) uint8 BGR, drawn into in place.
        layout: where things stand in it.
        axis: the depth axis along the plot.
        opacity: of all that is drawn, 0 to 1.
    """

    image: NDArray[np.uint8]
    layout: Layout
    axis: DepthAxis
    opacity: float
