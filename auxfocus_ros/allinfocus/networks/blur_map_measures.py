"""What is measured of each cell at each level, in this order; how it is measured stands in `blur_map_loops`."""

from __future__ import annotations

DIFFERENCES = 9
"""Squares of first differences along x and y, of second ones along x and y, of the mixed second one; of third ones and of first
ones over three pixels, and fourth powers of first and of second ones (of both directions together)."""
FIRST_LAG, LAGS = 3, 6
"""Products of first differences 3 to 8 pixels apart, in their own direction (of both directions together)."""
SUMS = DIFFERENCES + LAGS
MEASURES = SUMS + 2
"""Beside the sums: the largest square of a first and of a second difference."""
HALO_BEFORE, HALO_BEHIND = 1, FIRST_LAG + LAGS
"""Pixels that a difference reaches to beyond the pixel that it belongs to."""
