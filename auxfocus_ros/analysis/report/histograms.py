"""How often each value came: counted in fixed bins while rows go by, so that memory does not grow with the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.analysis.columns import DEPTH_BINS, FARTHEST_BIN_M, NEAREST_BIN_M
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.analysis.report.timeline import values_of

DEPTH_EDGES_M = np.geomspace(NEAREST_BIN_M, FARTHEST_BIN_M, DEPTH_BINS + 1)
"""Of the timeline's bins, and of distances."""
_UP = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000], np.float64)
STEP_EDGES = np.concatenate([-_UP[::-1], _UP])
"""Of deviations, in motor steps: finer about zero; what lies beyond counts in a bin of its own on either side."""
HISTOGRAMS = {
    "deviation_steps": STEP_EDGES,
    "focus_distance_m": DEPTH_EDGES_M,
    "target_depth_m": DEPTH_EDGES_M,
}
"""Column -> edges of its bins."""


@dataclass
class Histogram:
    """Counts by bin.

    edges: B, rising. counts: (B + 1,), the first below the first edge, the last at or above the last edge, infinity too.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing counted."""
        self.counts = np.zeros(len(self.edges) + 1, np.int64)

    def add(self, values: NDArray[np.float64]) -> None:
        """Count values; NaN is none."""
        known = values[~np.isnan(values)]
        self.counts += np.bincount(np.searchsorted(self.edges, known, side="right"), minlength=len(self.counts))

    @property
    def total(self) -> int:
        """How many were counted."""
        return int(self.counts.sum())

    def filled(self) -> range:
        """From the first bin that has anything to the last; empty where none has."""
        bins = np.flatnonzero(self.counts)
        return range(int(bins[0]), int(bins[-1]) + 1) if len(bins) else range(0)


class HistogramsBuilder:
    """Gathers HISTOGRAMS from rows."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.histograms = {name: Histogram(edges) for name, edges in HISTOGRAMS.items()}

    def add(self, rows: Sequence[Row]) -> None:
        """The next rows."""
        for name, histogram in self.histograms.items():
            histogram.add(values_of(rows, name))
