"""The focus in the image: its line with the value, the frame of the depth of field, and words where neither can be drawn."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.focus_reading import FocusReading, distance_text
from auxfocus_ros.view.ink import fill_box, paste
from auxfocus_ros.view.layout import Layout
from auxfocus_ros.view.marker_geometry import MarkerGeometry
from auxfocus_ros.view.palette import FOCUS, FOCUS_INK, QUIET
from auxfocus_ros.view.text import label, plate, triangle

_HALO = (10, 8, 6)


def draw_depth_of_field(
    image: NDArray[np.uint8], layout: Layout, axis: DepthAxis, focus: FocusReading, where: MarkerGeometry, opacity: float
) -> None:
    """Frame the depth of field, in place; a side that lies beyond the axis stays open.

    Source: US 12,395,751 B2, paragraphs 44 and 45.
    """
    if not focus.has_depth_of_field or focus.far_limit_m <= axis.near_m or focus.near_limit_m >= axis.far_m:
        return
    stroke = max(1.0, layout.unit_px)
    left, right = float(layout.axis_column), layout.plot.right - 0.5
    for row, drawn in ((where.far_px, focus.far_limit_m <= axis.far_m), (where.near_px, focus.near_limit_m >= axis.near_m)):
        if drawn:
            fill_box(image, left, row - stroke, right, row + stroke, _HALO, 0.35 * opacity)
            fill_box(image, left, row - stroke / 2, right, row + stroke / 2, FOCUS, 0.75 * opacity)
    bar = 3.0 * layout.unit_px
    fill_box(image, left - bar / 2 - 1, where.far_px - 1, left + bar / 2 + 1, where.near_px + 1, _HALO, 0.4 * opacity)
    fill_box(image, left - bar / 2, where.far_px, left + bar / 2, where.near_px, FOCUS, opacity)
    fill_box(image, right - stroke, where.far_px, right, where.near_px, FOCUS, 0.75 * opacity)


def draw_limits(image: NDArray[np.uint8], layout: Layout, focus: FocusReading, where: MarkerGeometry, opacity: float) -> None:
    """Write the limits of the depth of field at the right, clear of the focus' plate, in place."""
    text = 0.85 * layout.text_px
    right = layout.plot.right - round(0.8 * layout.text_px)
    room = 0.0 if math.isnan(where.focus_px) else 1.5 * layout.text_px
    if where.near_px > layout.plot.top:
        far = label(distance_text(focus.far_limit_m), text, FOCUS, opacity)
        top = min(where.far_px, where.focus_px - room if room else where.far_px) - far.height
        paste(image, far, right - far.width, max(round(top), layout.plot.top - far.height))
