"""Where the marks were drawn, for those who draw their own: the fields of FocusMarker.msg that the view knows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.view.direction import Direction
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.layout import Layout, Rect

_KNOTS = 65  # straight lines between so many keep to the axis within a fifth of a pixel at 720 rows


@dataclass(frozen=True)
class MarkerGeometry:
    """The drawn depth axis and what is marked on it, as in FocusMarker.msg.

    Attributes:
        image_width_px, image_height_px: size of the auxiliary focus image.
        picture: where the camera's picture stands in it, one pixel of it to a pixel.
        plot: where the distribution's cells stand.
        direction: which way depth grows.
        axis_depth_m: knots of the axis, metres, rising; the depth axis is the polyline through (axis_depth_m, axis_px).
        axis_px: the row of each knot (the column, where depth grows sideways).
        focus_px: row (column) of the focus line; NaN: off the axis, or unknown.
        near_px, far_px: rows (columns) of the depth of field's limits, clipped to the axis; NaN: nothing is in focus, or unknown.
    """

    image_width_px: int
    image_height_px: int
    picture: Rect
    plot: Rect
    direction: Direction
    axis_depth_m: tuple[float, ...]
    axis_px: tuple[float, ...]
    focus_px: float
    near_px: float
    far_px: float


def marker_geometry(layout: Layout, axis: DepthAxis, focus: FocusReading) -> MarkerGeometry:
    """Where a focus reading stands in a laid-out image."""
    on_axis = focus.state == "finite" and axis.near_m <= focus.focus_distance_m <= axis.far_m
    depths, pixels = _knots(layout, axis)
    return MarkerGeometry(
        image_width_px=layout.width_px,
        image_height_px=layout.height_px,
        picture=layout.picture,
        plot=layout.plot,
        direction=layout.direction,
        axis_depth_m=depths,
        axis_px=pixels,
        focus_px=layout.depth_px(axis, focus.focus_distance_m) if on_axis else math.nan,
        near_px=layout.depth_px(axis, focus.near_limit_m),
        far_px=layout.depth_px(axis, focus.far_limit_m),
    )


@lru_cache(maxsize=8)
def _knots(layout: Layout, axis: DepthAxis) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Depths and pixels of knots that lie closest where the pixel bends most against the depth.

    Knots stand best at even steps of the integral of the root of the curvature: for a pixel that goes with 1 / depth that is
    depth ** -0.5, and for one that goes with log(depth) it is log(depth).
    """
    near, far = axis.near_m, axis.far_m
    if axis.scale == "dioptre":
        depths = np.linspace(near**-0.5, far**-0.5, _KNOTS) ** -2.0
    else:
        depths = (np.geomspace if axis.scale == "log" else np.linspace)(near, far, _KNOTS)
    depths[[0, -1]] = near, far
    return tuple(depths.tolist()), tuple(layout.depth_px(axis, depth) for depth in depths.tolist())
