"""The auxiliary focus image: a picture with its depth distribution, the depth axis, and where the focus stands.

Source: US 12,395,751 B2, paragraphs 20 to 51 and 62.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution import DepthAxis, DepthDistribution
from auxfocus_ros.errors import InputError
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.heat import PointStyle, brightness, dim, fitted, paint_levels
from auxfocus_ros.view.layout import Layout, Rect, arrange
from auxfocus_ros.view.marker_geometry import MarkerGeometry, marker_geometry
from auxfocus_ros.view.marks import draw_focus, draw_frame, draw_limits, say_no_readings, shows_depth_of_field
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import GROUND
from auxfocus_ros.view.scale import draw_grid, draw_scale
from auxfocus_ros.view.sheet import Sheet

_DEFAULT_OPTIONS = ViewOptions()


def draw_aux_image(
    picture: NDArray[np.uint8],
    distribution: DepthDistribution,
    focus: FocusReading,
    options: ViewOptions = _DEFAULT_OPTIONS,
) -> tuple[NDArray[np.uint8], MarkerGeometry]:
    """Draw the auxiliary focus image.

    Args:
        picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey, at least 64 x 64; it is not changed.
        distribution: of what the picture shows, its columns spanning the picture's width; any number of bins and columns
            (`counts_shape` gives those that show best). Without readings the picture is drawn with words that say so.
        focus: where the focus stands.
        options: what to draw, and how.

    Returns:
        The image, (H', W', 3) uint8 BGR, of the picture's size (overlay) or wider (side by side); and where axis, focus and depth
        of field stand in it.

    Raises:
        InputError: a picture of another type, shape or size.
    """
    layout = arrange(*picture_size_px(picture), options)
    where = marker_geometry(layout, distribution.axis, focus)
    image = _canvas(picture, layout)
    opacity = options.opacity if options.layout == "overlay" else 1.0
    if opacity == 0:
        return image, where
    sheet = Sheet(image, layout, distribution.axis, opacity)
    _draw_points(sheet, distribution, focus, options)
    if options.show_scale:
        draw_grid(sheet)
    if options.show_depth_of_field:
        draw_frame(sheet, focus, where)
    if options.show_scale:
        draw_scale(sheet)
    if options.show_depth_of_field:
        draw_limits(sheet, focus, where)
    if options.show_focus:
        draw_focus(sheet, focus, where)
    if distribution.total == 0:
        say_no_readings(sheet)
    return image, where


def _draw_points(sheet: Sheet, distribution: DepthDistribution, focus: FocusReading, options: ViewOptions) -> None:
    panel, plot = sheet.layout.panel, sheet.layout.plot
    overlay = options.layout == "overlay"
    style = PointStyle(
        colours=options.point_colours,
        mark_in_focus=options.mark_points_in_focus,
        dimming=options.dimming if overlay else 0.0,
        opacity=sheet.opacity,
        give_way=1.0 if overlay else 0.5,  # beside the picture there is nothing to hide
    )
    levels = np.ascontiguousarray(fitted(brightness(distribution), plot.width, plot.height)[::-1])
    in_focus = _rows_in_focus(distribution.axis, focus, len(levels)) if options.show_depth_of_field else None
    paint_levels(_part(sheet.image, plot), levels, in_focus, style)
    dim(_part(sheet.image, Rect(panel.left, panel.top, panel.width, plot.top - panel.top)), style)
    dim(_part(sheet.image, Rect(panel.left, plot.bottom, panel.width, panel.bottom - plot.bottom)), style)


def picture_size_px(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of a picture. Raises InputError for one that cannot be drawn on; see `draw_aux_image`."""
    coloured = picture.ndim == 3 and picture.shape[2] == 3
    if picture.dtype != np.uint8 or not (coloured or picture.ndim == 2):
        raise InputError(f"picture: wanted (H, W, 3) or (H, W) uint8, got shape {picture.shape} of {picture.dtype}")
    if min(picture.shape[:2]) < 64:
        raise InputError(f"picture: wanted at least 64 x 64 pixels, got {picture.shape[1]} x {picture.shape[0]}")
    return int(picture.shape[1]), int(picture.shape[0])


def _canvas(picture: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    """The picture, copied, and ground beside it where the layout is wider."""
    image = np.empty((layout.height_px, layout.width_px, 3), np.uint8)
    _part(image, layout.picture)[:] = picture if picture.ndim == 3 else picture[..., None]
    if layout.panel != layout.picture:
        _part(image, layout.panel)[:] = GROUND
    return image


def _part(image: NDArray[np.uint8], rect: Rect) -> NDArray[np.uint8]:
    return image[rect.top : rect.bottom, rect.left : rect.right]


def _rows_in_focus(axis: DepthAxis, focus: FocusReading, rows: int) -> tuple[int, int] | None:
    """Rows of the levels, the far end first, whose middles lie inside the depth of field; at least one where any is."""
    if not shows_depth_of_field(axis, focus):
        return None
    top = (1.0 - axis.position_of(focus.far_limit_m)) * rows
    bottom = (1.0 - axis.position_of(focus.near_limit_m)) * rows
    first, last = math.ceil(top - 0.5), math.ceil(bottom - 0.5)
    if first == last:  # Narrower than a cell: the cell that holds its middle.
        first = min(int((top + bottom) / 2), rows - 1)
        last = first + 1
    return first, last
