"""Where a target stands: its box in the picture, and the part of the distribution that holds its points."""

from __future__ import annotations

import itertools
import math

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.targets.target import Target
from auxfocus_ros.view.content import PictureSpan
from auxfocus_ros.view.layout import Layout, Rect
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box

MOST_LOOKED_AT = 256
"""Targets that are looked at where several are drawn, the most important ones: a frame with thousands costs no more."""

_LEAST_DEPTH_SHARE = 0.01  # to each side of a depth whose spread nobody knows
_FARTHEST_PX = 10**6  # beyond any picture: nothing is lost by looking no farther


def across_span(target: Target, across: AcrossAxis, panorama: PictureSpan | None = None) -> tuple[float, float] | None:
    """What a target covers of the axis across.

    Args:
        target: its `box_px` is read for an axis in pixels, its `low_m` and `high_m` for one in metres or radians.
        across: the axis.
        panorama: which part of an axis of bearings the picture shows: its middle is where the camera looks.

    Returns:
        (low, high) in the axis' unit, low <= high, not clipped to it; None where it is unknown.
    """
    if across.unit == "radians":
        return _bearings(target, across, panorama)
    if across.unit == "pixels":
        left, top, width, height = target.box_px
        sides, ends = (left - 0.5, left + width - 0.5), (top - 0.5, top + height - 0.5)
    else:
        sides, ends = (target.low_m[0], target.high_m[0]), (target.low_m[1], target.high_m[1])
    along, aside = math.cos(across.angle_rad), math.sin(across.angle_rad)
    # A coordinate that does not count need not be known.
    values = [
        (x * along if abs(along) > 1e-9 else 0.0) + (y * aside if abs(aside) > 1e-9 else 0.0)
        for x, y in itertools.product(sides, ends)
    ]
    return (min(values), max(values)) if all(map(math.isfinite, values)) else None


def depth_span_m(target: Target) -> tuple[float, float] | None:
    """Near and far end of a target's spread in depth, metres; None where its depth is unknown."""
    depth = target.depth_m
    if not (math.isfinite(depth) and depth > 0):
        return None
    spread = _LEAST_DEPTH_SHARE * depth
    near = target.depth_near_m if 0 < target.depth_near_m <= depth else depth - spread
    far = target.depth_far_m if depth <= target.depth_far_m < math.inf else depth + spread
    return near, far


def box_in_picture(layout: Layout, target: Target) -> Box | None:
    """A target's box where the picture stands in the image, cut at the picture's edge; None: it lies outside."""
    if not all(map(math.isfinite, target.box_px)):
        return None
    left, top, width, height = (round(min(max(value, -_FARTHEST_PX), _FARTHEST_PX)) for value in target.box_px)
    picture = layout.picture
    box = Box(left, top, left + width, top + height).moved(picture.left, picture.top)
    return box.within(edges_of(picture))


def box_in_plot(sheet: Sheet, target: Target, panorama: PictureSpan | None = None, least_px: int = 1) -> Box | None:
    """The part of the plot that holds a target's points; None: it is unknown, or lies beyond the axes.

    Args:
        sheet: the plot, with its axes.
        target: the target.
        panorama: see `across_span`.
        least_px: width and height are at least this much, as far as there is room.
    """
    depths, span = depth_span_m(target), across_span(target, sheet.across, panorama)
    if depths is None or span is None:
        return None
    if sheet.across.unit == "radians":  # depth is the distance over ground there
        x, _, z = target.position_m
        slant = math.hypot(x, z) / z if math.isfinite(x) and z > 0 else 1.0
        depths = (depths[0] * slant, depths[1] * slant)
    (near, far), (low, high) = depths, span
    axis, across = sheet.axis, sheet.across
    if far < axis.near_m or near > axis.far_m or high < across.low or low > across.high:
        return None
    left, top, right, bottom = sheet.layout.cells_rect(axis, near, far, across, low, high)
    plot = edges_of(sheet.layout.plot)
    x0, x1 = _widened(math.floor(left + 0.5), math.ceil(right + 0.5), least_px, plot.left, plot.right)
    y0, y1 = _widened(math.floor(top + 0.5), math.ceil(bottom + 0.5), least_px, plot.top, plot.bottom)
    return Box(x0, y0, x1, y1)


def edges_of(rect: Rect) -> Box:
    """A rectangle by its edges."""
    return Box(rect.left, rect.top, rect.right, rect.bottom)


def inset_of(layout: Layout) -> Box | None:
    """The part of the picture that an inset covers, where nothing of the picture is marked; None: there is no inset."""
    panel, picture = edges_of(layout.panel), edges_of(layout.picture)
    return panel if panel != picture and panel.within(picture) == panel else None


def _widened(start: int, end: int, least: int, first: int, last: int) -> tuple[int, int]:
    """An interval of at least so many pixels, within another as far as that goes."""
    more = max(least - (end - start), 0)
    start, end = start - more // 2, end + more - more // 2
    start = min(max(start, first), max(last - least, first))
    return start, min(max(end, start + 1, first + least), last)


def _bearings(target: Target, across: AcrossAxis, panorama: PictureSpan | None) -> tuple[float, float] | None:
    ahead = (panorama.low + panorama.high) / 2 if panorama is not None else 0.0
    (x0, _, z0), (x1, _, z1) = target.low_m, target.high_m
    values = [math.atan2(x, z) for x, z in itertools.product((x0, x1), (z0, z1))]
    if not all(map(math.isfinite, values)):
        return None
    low, high = ahead + min(values), ahead + max(values)
    turn = 2 * math.pi * math.floor(((low + high) / 2 - across.low) / (2 * math.pi))  # onto the axis, which may be a full turn
    return low - turn, high - turn
