"""Histograms as HTML: bars of equal width, each a bin, as high as the share of the frames in it; labels at the bins' edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from auxfocus_ros.analysis.report.axes import HEIGHT, Tick, ValueAxis, round_depths
from auxfocus_ros.analysis.report.histograms import DEPTH_EDGES_M, STEP_EDGES, Histogram
from auxfocus_ros.analysis.report.wording import escaped, number, with_unit

MOST_LABELS = 9
LEAST_APART = 0.08
"""Labels of depths, as a share of the width."""
MOST_BINS_WITH_DECADES = 20
"""With more bins only every other decade has room for its label."""


@dataclass(frozen=True)
class Scale:
    """Which bins are shown, the unit of their edges, and the labels below them."""

    bins: range
    unit: str
    ticks: Sequence[Tick]

    @classmethod
    def of_depths(cls, bins: range) -> Scale:
        """Of distances, counted between DEPTH_EDGES_M."""
        return cls(bins, "m", _depth_ticks(DEPTH_EDGES_M, bins))

    @classmethod
    def of_steps(cls, bins: range) -> Scale:
        """Of deviations, counted between STEP_EDGES."""
        return cls(bins, "steps", _step_ticks(bins))


def histogram_figure(title: str, kind: str, histogram: Histogram, scale: Scale) -> str:
    """One histogram.

    Args:
        title: said above it.
        kind: class of its bars.
        histogram: what was counted; nothing is drawn where nothing was.
        scale: below it.
    """
    bins, unit = scale.bins, scale.unit
    if not histogram.total:
        return ""
    shares = 100.0 * histogram.counts / histogram.total
    axis = ValueAxis(0.0, float(shares.max()))
    tops = axis.place(shares)
    bars = "".join(
        f'<path d="M{place} {HEIGHT:g}V{tops[bin]:.4g}H{place + 1}V{HEIGHT:g}Z">'
        f"<title>{escaped(bin_text(histogram, bin, unit))}</title></path>"
        for place, bin in enumerate(bins)
        if histogram.counts[bin]
    )
    sides = "".join(f'<span style="top:{100 * tick.at:.4g}%">{escaped(tick.label)} %</span>' for tick in axis.ticks())
    rules = "".join(f'<path class="rule" d="M0 {HEIGHT * tick.at:.4g}H{len(bins)}"/>' for tick in axis.ticks())
    feet = "".join(f'<span style="left:{100 * tick.at:.4g}%">{escaped(tick.label)}</span>' for tick in scale.ticks)
    caption = f"{number(histogram.total)} frames, most in {bin_text(histogram, int(histogram.counts.argmax()), unit)}"
    return (
        f'<figure class="histogram {kind}"><div class="strip low"><h3>{escaped(title)}</h3>'
        f'<div class="labels" aria-hidden="true">{sides}</div><div class="area">'
        f'<svg viewBox="0 0 {len(bins)} {HEIGHT:g}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escaped(f"{title}: {caption}")}">{rules}{bars}</svg></div></div>'
        f'<div class="times" aria-hidden="true">{feet}</div><figcaption>{escaped(caption)}</figcaption></figure>'
    )


def bin_text(histogram: Histogram, bin: int, unit: str) -> str:
    """A bin's ends and the share of the frames that it has."""
    edges, count = histogram.edges, int(histogram.counts[bin])
    if bin == 0:
        ends = f"below {with_unit(float(edges[0]), unit)}"
    elif bin == len(edges):
        ends = f"{with_unit(float(edges[-1]), unit)} and beyond"
    else:
        ends = f"{number(float(edges[bin - 1]))} to {with_unit(float(edges[bin]), unit)}"
    return f"{ends} ({with_unit(count / max(1, histogram.total), 'share')})"


def shown_bins(histograms: Sequence[Histogram]) -> range:
    """The bins from the first to the last that any of them fills, with one more on either side where there is one."""
    filled = [histogram.filled() for histogram in histograms if histogram.total]
    if not filled:
        return range(0)
    return range(
        max(0, min(bins.start for bins in filled) - 1), min(len(histograms[0].edges) + 1, max(bins.stop for bins in filled) + 1)
    )


def _step_ticks(bins: range) -> list[Tick]:
    """Zero in the middle of its bin, and powers of ten at their edges; every edge where few bins are shown."""
    decades = (10, 100, 1000, 10_000) if len(bins) <= MOST_BINS_WITH_DECADES else (10, 1000)
    middle = len(STEP_EDGES) // 2  # of zero's bin
    ticks = [Tick((middle + 0.5 - bins.start) / max(1, len(bins)), "0")]
    for steps in (*(-decade for decade in decades), *decades):
        edge = int(np.searchsorted(STEP_EDGES, steps))
        ticks.append(Tick((edge + 1 - bins.start) / max(1, len(bins)), number(float(steps))))
    shown = sorted((tick for tick in ticks if 0.0 <= tick.at <= 1.0), key=lambda tick: tick.at)
    return shown if len(shown) >= 3 else _edge_ticks(STEP_EDGES, bins)


def _edge_ticks(edges: np.ndarray, bins: range) -> list[Tick]:
    """The edges between the shown bins, thinned so that they can be read; the middle one is kept."""
    inner = list(range(bins.start, bins.stop - 1))
    every = -(-len(inner) // MOST_LABELS) or 1
    middle = len(edges) // 2
    return [
        Tick((edge + 1 - bins.start) / len(bins), number(float(edges[edge]))) for edge in inner if (edge - middle) % every == 0
    ]


def _depth_ticks(edges: np.ndarray, bins: range) -> list[Tick]:
    """Round distances where they lie among bins that are even in the logarithm."""
    if not bins:
        return []
    near_m, far_m = edges[max(0, bins.start - 1)], edges[min(len(edges) - 1, bins.stop - 1)]
    depths = np.array(round_depths(float(near_m), float(far_m)))
    places = np.interp(np.log(depths), np.log(edges), np.arange(1.0, len(edges) + 1)) - bins.start
    ticks: list[Tick] = []
    for place, depth in zip(places / len(bins), depths, strict=True):
        if 0.0 <= place <= 1.0 and (not ticks or place - ticks[-1].at >= LEAST_APART):
            ticks.append(Tick(float(place), number(float(depth))))
    return ticks
