"""The depth axis: which depth stands where, and where its bins end.

All three scales are one formula. A depth is warped (as it is, into its negative dioptres, or into its logarithm), and along the
warped depth the axis is even:

    position(depth) = (warp(depth) - warp(near)) / (warp(far) - warp(near))

so that 0 is the near end, 1 the far end, and `bins` bins of equal length lie between them. Adding a scale means adding a warp and
its inverse.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from auxfocus_ros.errors import ConfigurationError

Scale = Literal["linear", "dioptre", "log"]
SCALES: tuple[Scale, ...] = get_args(Scale)

MAX_BINS = 8192
SPANS = (1.001, 1e5)  # far / near: of what is shorter or longer float32 cannot tell the bins, or the ends, apart
FINEST_BINS = 0.05  # the most that float32's rounding may move a depth, in bins

# Mantissas of round depths, the roundest first: where there is no room for all, the roundest are labelled.
_ROUNDNESS = ((1.0,), (2.0, 5.0), (3.0,), (1.5, 4.0, 7.0), (2.5, 6.0, 8.0), (1.2, 1.7, 3.5, 4.5, 9.0))


@dataclass(frozen=True)
class DepthAxis:
    """A depth axis from near to far.

    Attributes:
        near_m: near end, metres, > 0 (a depth of 0 is no reading).
        far_m: far end, metres, 1.001 to 100,000 times the near end.
        bins: number of bins, 1 to 8192, not finer than float32 can tell depths apart.
        scale: 'linear' (even in metres), 'dioptre' (even in 1 / metres, as the lens sees it) or 'log' (even in ratios).

    Raises:
        ConfigurationError: a value out of its range.

    Source: US 12,395,751 B2, paragraphs 32, 33 and 41.
    """

    near_m: float
    far_m: float
    bins: int
    scale: Scale = "log"

    def __post_init__(self) -> None:
        """Check every field."""
        if self.scale not in SCALES:
            raise ConfigurationError(f"depth axis: scale must be one of {', '.join(SCALES)}, got {self.scale!r}")
        if isinstance(self.bins, bool) or not isinstance(self.bins, int | np.integer) or not 1 <= self.bins <= MAX_BINS:
            raise ConfigurationError(f"depth axis: bins must be a whole number from 1 to {MAX_BINS}, got {self.bins!r}")
        if not (math.isfinite(self.near_m) and math.isfinite(self.far_m) and self.near_m > 0):
            raise ConfigurationError(
                f"depth axis: the ends must be finite and the near end greater than 0 m, got {self.near_m!r} to {self.far_m!r}"
            )
        if not SPANS[0] <= self.far_m / self.near_m <= SPANS[1]:
            raise ConfigurationError(
                f"depth axis: the far end must be {SPANS[0]:g} to {SPANS[1]:g} times the near end, "
                f"got {self.near_m:g} m to {self.far_m:g} m"
            )
        if self._rounding_bins > FINEST_BINS:
            raise ConfigurationError(
                f"depth axis: {self.bins} bins from {self.near_m:g} m to {self.far_m:g} m are finer than depths in float32: "
                "take fewer bins or a longer axis"
            )

    def edges_m(self) -> NDArray[np.float64]:
        """Where the bins end: (bins + 1,) depths, metres, strictly rising from `near_m` to `far_m`."""
        return self._edges_m.copy()

    @overload
    def position_of(self, depth_m: float) -> float: ...
    @overload
    def position_of(self, depth_m: NDArray[Any]) -> NDArray[np.float64]: ...
    def position_of(self, depth_m: ArrayLike) -> float | NDArray[np.float64]:
        """Where depths stand on the axis, clipped to it.

        Args:
            depth_m: a depth or an array of them, metres; +inf is beyond the far end.

        Returns:
            0 (the near end and all that is nearer) to 1 (the far end and all that is farther); NaN stays NaN.
        """
        depth = np.clip(np.asarray(depth_m, np.float64), self.near_m, self.far_m)
        low, high = self._warped_ends
        position = np.clip((_warp(self.scale, depth) - low) / (high - low), 0.0, 1.0)
        return float(position) if np.ndim(depth_m) == 0 else position

    @overload
    def depth_at(self, position: float) -> float: ...
    @overload
    def depth_at(self, position: NDArray[Any]) -> NDArray[np.float64]: ...
    def depth_at(self, position: ArrayLike) -> float | NDArray[np.float64]:
        """The depths, metres, that stand at positions in [0, 1]; the way back from `position_of`."""
        low, high = self._warped_ends
        depth = _unwarp(self.scale, low + np.asarray(position, np.float64) * (high - low))
        return float(depth) if np.ndim(position) == 0 else depth

    def line(self, unit_m: float, offset: float) -> tuple[np.float32, np.float32, np.float32, np.float32]:
        """What it takes to work out bins in float32, as the compiled loops do.

        Args:
            unit_m: metres a unit of the depths.
            offset: added to every bin number.

        Returns:
            (lowest, highest, factor, shift), in units of the depths: the fractional bin is `warp(clip(depth, lowest, highest)) *
            factor + shift`, where warp(depth) is depth (linear), 1 / depth (dioptre) or ln(depth) (log). Bin `k` holds the depths
            that give `k` to just below `k + 1`. Depths from the near end to the far end, both included, give 0 to just below
            `bins`: the line is squeezed by float32's rounding, so that a depth exactly at an end stays inside. The clip keeps
            all others within one bin of the axis, so that numbers fit an integer, and the pole of 1 / depth away: what is nearer
            (0 and negative depths too) gives -1 to 0, what is farther (+inf too) `bins` to `bins + 1`. NaN stays NaN.
        """
        low, high = self._warped_ends
        step = (high - low) / self.bins
        over = 0.5 * step if self.scale != "dioptre" else min(0.5 * step, -0.5 * high)  # -high is 1 / far: stay short of infinity
        lowest, highest = _unwarp(self.scale, low - 0.5 * step), _unwarp(self.scale, high + over)
        margin = 2 * self._rounding_bins
        factor = (self.bins - 2 * margin) / self.bins / step
        shift = margin - factor * low + offset
        if self.scale == "linear":
            factor *= unit_m
        elif self.scale == "dioptre":
            factor /= -unit_m  # dioptres are warped by -1 / depth, and a reading by 1 / depth
        else:
            shift += factor * math.log(unit_m)
        return np.float32(lowest / unit_m), np.float32(highest / unit_m), np.float32(factor), np.float32(shift)

    def ticks(self, max_count: int = 8) -> list[tuple[float, str]]:
        """Round depths to label, spread over the axis as evenly as round numbers allow.

        Args:
            max_count: as many labels as there is room for, >= 2.

        Returns:
            (depth in metres, label) pairs, rising, each within the axis, at most `max_count`; the labels are metres without the
            unit ('0.5', '20').
        """
        return [(depth, tick_label(depth)) for depth in self.round_depths(1.0 / max(max_count - 1, 1))]

    def round_depths(self, least_gap: float) -> list[float]:
        """Round depths on the axis, metres, rising, neighbours at least `least_gap` of the axis' length apart."""
        steps = self._even_depths(least_gap)
        if self.scale == "linear":
            return steps
        chosen = self._spread((self._of_mantissas(tier) for tier in _ROUNDNESS), least_gap)
        # An axis too short for round mantissas is nearly even: round steps serve it.
        return chosen if len(chosen) >= 3 else self._spread([steps], least_gap)

    def _spread(self, tiers: Iterable[list[float]], least_gap: float) -> list[float]:
        """Of candidates in order of preference, those that keep their distance from all taken before."""
        chosen: list[tuple[float, float]] = []
        for depth in chain.from_iterable(tiers):
            position = self.position_of(depth)
            if all(abs(position - other) >= least_gap for other, _ in chosen):
                chosen.append((position, depth))
        return [depth for _, depth in sorted(chosen)]

    def _of_mantissas(self, mantissas: tuple[float, ...]) -> list[float]:
        low, high = math.floor(math.log10(self.near_m)), math.ceil(math.log10(self.far_m))
        depths = [float(f"{mantissa}e{power}") for power in range(low, high + 1) for mantissa in mantissas]
        return sorted((depth for depth in depths if self.near_m <= depth <= self.far_m), reverse=True)

    def _even_depths(self, least_gap: float) -> list[float]:
        wanted = (self.far_m - self.near_m) * least_gap
        power = math.floor(math.log10(wanted))
        step = next(step for step in (float(f"{m}e{power}") for m in (1, 2, 5, 10)) if step >= wanted * (1 - 1e-9))
        first, last = math.ceil(self.near_m / step - 1e-9), math.floor(self.far_m / step + 1e-9)
        return [float(f"{k * step:.9g}") for k in range(first, last + 1)]

    @cached_property
    def _warped_ends(self) -> tuple[float, float]:
        return float(_warp(self.scale, np.float64(self.near_m))), float(_warp(self.scale, np.float64(self.far_m)))

    @cached_property
    def _rounding_bins(self) -> float:
        """How far float32's rounding may move a depth along the axis, in bins."""
        low, high = self._warped_ends
        step = (high - low) / self.bins
        return 2 * float(np.finfo(np.float32).eps) * max(self.bins, abs(low) / step, abs(high) / step)

    @cached_property
    def _edges_m(self) -> NDArray[np.float64]:
        edges = self.depth_at(np.linspace(0.0, 1.0, self.bins + 1))
        edges[0], edges[-1] = self.near_m, self.far_m
        return edges


def tick_label(depth_m: float) -> str:
    """A round depth in metres as it stands at the axis: '0.25', '0.5', '20'."""
    return f"{depth_m:.4g}"


def _warp(scale: Scale, depth: Any) -> Any:
    if scale == "linear":
        return depth
    return -1.0 / depth if scale == "dioptre" else np.log(depth)


def _unwarp(scale: Scale, warped: Any) -> Any:
    if scale == "linear":
        return warped
    return -1.0 / warped if scale == "dioptre" else np.exp(warped)
