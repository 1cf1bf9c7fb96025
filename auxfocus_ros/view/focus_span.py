"""Which part of the plot the focus is shown in, and which cells are in focus."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.heat import IN_FOCAL_PLANE, IN_FOCUS
from auxfocus_ros.view.layout import Layout

_HALF_PLANE_CELLS = 1  # before and behind the cell that the focal plane is in


def shows_depth_of_field(axis: DepthAxis, focus: FocusReading) -> bool:
    """Whether any of the depth of field lies on the axis."""
    return focus.has_depth_of_field and focus.far_limit_m > axis.near_m and focus.near_limit_m < axis.far_m


def picture_span_px(layout: Layout, content: Content) -> tuple[float, float]:
    """First and last pixel, along the axis across, of what the picture shows: all of the plot, or in a panorama a part of it."""
    first, end = layout.across_span_px
    if content.panorama is None:
        return first, end - 1
    across = content.distribution.across
    return layout.across_px(across, content.panorama.low) + 0.5, layout.across_px(across, content.panorama.high) - 0.5


def kinds_of_cells(
    content: Content, focus: FocusReading, bins: int, columns: int, *, mark_plane: bool
) -> NDArray[np.uint8] | None:
    """Which cells are in focus, and which in the focal plane.

    Args:
        content: with the axes of the distribution; in a panorama only what the picture shows is in focus.
        focus: where the focus stands.
        bins, columns: of the cells that are asked for; they need not be the distribution's.
        mark_plane: tell the focal plane from the rest.

    Returns:
        Kinds as `paint_cells` takes them, uint8, (bins, 1) or (bins, columns), row 0 the nearest; None: nothing is in focus.
    """
    axis = content.distribution.axis
    banded = shows_depth_of_field(axis, focus)
    on_axis = focus.state == "finite" and axis.near_m <= focus.focus_distance_m <= axis.far_m
    if not banded and not (mark_plane and on_axis):
        return None
    if content.panorama is not None:
        return _kinds_in_panorama(content, focus, bins, columns, mark_plane=mark_plane and on_axis)
    kinds = np.zeros((bins, 1), np.uint8)
    if banded:
        first, last = _cells_between(axis.position_of(focus.near_limit_m), axis.position_of(focus.far_limit_m), bins)
        kinds[first:last] = IN_FOCUS
    if mark_plane and on_axis:
        middle = min(int(axis.position_of(focus.focus_distance_m) * bins), bins - 1)
        kinds[max(middle - _HALF_PLANE_CELLS, 0) : middle + _HALF_PLANE_CELLS + 1] = IN_FOCAL_PLANE
    return kinds


def _cells_between(near: float, far: float, bins: int) -> tuple[int, int]:
    """Cells whose middles lie between two positions: the first, and the first after them; at least one."""
    first, last = math.ceil(near * bins - 0.5), math.ceil(far * bins - 0.5)
    if first == last:  # Narrower than a cell: the cell that holds its middle.
        first = min(int((near + far) / 2 * bins), bins - 1)
        last = first + 1
    return first, last


def _kinds_in_panorama(content: Content, focus: FocusReading, bins: int, columns: int, *, mark_plane: bool) -> NDArray[np.uint8]:
    """Column by column: the limits of the depth of field bend as the focal plane does."""
    axis, across, span = content.distribution.axis, content.distribution.across, content.panorama
    assert span is not None
    values = across.low + (np.arange(columns) + 0.5) * (across.high - across.low) / columns
    stretch = np.ones(columns)  # how much farther the plane is there than its depth
    if content.focus_curve is not None and focus.state == "finite":
        where, distances = content.focus_curve
        stretch = np.interp(values, where, distances) / focus.focus_distance_m
    middles = (np.arange(bins)[:, None] + 0.5) / bins
    kinds = np.zeros((bins, columns), np.uint8)
    if focus.has_depth_of_field:
        near, far = axis.position_of(focus.near_limit_m * stretch), axis.position_of(focus.far_limit_m * stretch)
        kinds[(middles >= near - 0.5 / bins) & (middles <= far + 0.5 / bins) & (far > 0) & (near < 1)] = IN_FOCUS
    if mark_plane:
        plane = axis.position_of(focus.focus_distance_m * stretch)
        kinds[np.abs(middles - plane) <= (_HALF_PLANE_CELLS + 0.5) / bins] = IN_FOCAL_PLANE
    kinds[:, (values < span.low) | (values > span.high)] = 0
    return kinds
