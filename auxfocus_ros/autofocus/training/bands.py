"""Errors by how large the true value is."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

BANDS_PX = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 216.0)
BANDS_STEPS = (0.0, 10.0, 30.0, 100.0, 200.0, 400.0, 700.0, 1051.0)


def bands(true: np.ndarray, error: np.ndarray, edges: tuple[float, ...], unit: str) -> list[dict[str, Any]]:
    """Of each band how many there are, and the median, the 68th and the 90th percentile of their errors.

    Args:
        true, error: (N,), in one unit.
        edges: rising.
        unit: its name, for the keys.
    """
    rows = []
    for low, high in pairwise(edges):
        inside = (true >= low) & (true < high)
        if inside.any():
            middle, most, worst = np.quantile(error[inside], [0.5, 0.68, 0.9])
            row = {f"from_{unit}": low, f"to_{unit}": high, "patches": int(inside.sum())}
            row |= {f"median_{unit}": float(middle), f"p68_{unit}": float(most), f"p90_{unit}": float(worst)}
            row["p68_share_of_true"] = float(np.quantile(error[inside] / np.maximum(true[inside], 1e-6), 0.68))
            rows.append(row)
    return rows
