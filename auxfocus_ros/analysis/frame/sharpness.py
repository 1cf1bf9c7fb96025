"""How sharp the region is that is looked at, by every measure."""

from __future__ import annotations

import numpy as np

from auxfocus_ros.analysis.part import Row
from auxfocus_ros.autofocus.sharpness import MEASURES, as_grey

LEAST_PX = 3
"""What is smaller has no differences that could be measured."""


def sharpness_columns(region: np.ndarray) -> Row:
    """Every measure of a region (H, W) or (H, W, 3) uint8, blue first; none where it is less than 3 px high or wide."""
    if min(region.shape[:2]) < LEAST_PX:
        return {}
    grey = as_grey(region)
    return {f"sharpness_{name}": measured(grey) for name, measured in MEASURES.items()}
