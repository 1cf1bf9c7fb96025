"""The auxiliary focus image: a picture with its depth distribution, the depth axis, and where the focus stands.

Source: US 12,395,751 B2, paragraphs 20 to 56 and 61 to 63.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.view.across_scale import draw_scale_across
from auxfocus_ros.view.association import draw_association
from auxfocus_ros.view.boxes import draw_boxes_in_focus
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_area import draw_frame, draw_limits, mark_objects_in_focus
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.focus_span import kinds_of_cells, picture_span_px
from auxfocus_ros.view.heat import DEPTH_OF_FIELD_TINT, PointStyle, brightness, dim, fitted, full_count, paint_cells
from auxfocus_ros.view.ink import Pen, across, along
from auxfocus_ros.view.layers import paint_layers
from auxfocus_ros.view.layout import Layout, Rect, arrange
from auxfocus_ros.view.marker_geometry import MarkerGeometry, marker_geometry
from auxfocus_ros.view.marks import draw_focus, say_focus, say_no_readings
from auxfocus_ros.view.offset_bars import draw_offset_bars
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import FOCUS_COLOURS, GROUND, SCALE
from auxfocus_ros.view.panorama_part import mark_picture_part
from auxfocus_ros.view.peaking import mark_sharp_edges
from auxfocus_ros.view.point_marks import draw_legend, paint_point_marks
from auxfocus_ros.view.scale import draw_grid, draw_scale, draw_scale_of_objects
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.shown_focus import ShownFocus
from auxfocus_ros.view.target_marks import draw_targets

_DEFAULT_OPTIONS = ViewOptions()
_INSET_DIMMING = 0.62  # at least: an inset stands on a ground of its own


def draw_aux_image(
    picture: NDArray[np.uint8], content: Content, focus: FocusReading, options: ViewOptions = _DEFAULT_OPTIONS
) -> tuple[NDArray[np.uint8], MarkerGeometry]:
    """Draw the auxiliary focus image.

    Args:
        picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey, at least 64 x 64; it is not changed.
        content: the distribution, of any number of bins and columns (`counts_shape` gives those that show best), and what is
            known of the objects. Without readings the picture is drawn with words that say so.
        focus: where the focus stands.
        options: what to draw, and how.

    Returns:
        The image, (H', W', 3) uint8 BGR, of the picture's size (overlay, inset), wider (side by side) or higher (top-bottom); and
        where picture, plot, axis, focus and depth of field stand in it.

    Raises:
        InputError: a picture of another type, shape or size.
    """
    layout = arrange(*picture_size_px(picture), options, content.inset_at)
    distribution = content.distribution
    where = marker_geometry(layout, distribution.axis, focus)
    image = _canvas(picture, layout)
    opacity = options.opacity if _over_picture(options) else 1.0
    if opacity == 0:
        return image, where
    sheet = Sheet(image, layout, distribution.axis, distribution.across, opacity)
    colour = FOCUS_COLOURS[options.focus_colour]
    if options.peaking:
        mark_sharp_edges(sheet.part(layout.picture), colour, options.peaking_threshold, opacity)
    _draw_points(sheet, content, focus, options)
    mark_picture_part(sheet, content)
    if options.layout == "inset":
        _edge(sheet)
    shown = ShownFocus(focus, where, colour, picture_span_px(layout, content), content.focus_curve)
    if options.show_scale and options.ticks == "round":
        draw_grid(sheet)
    framed = options.focus_area == "frame"
    if framed:
        draw_frame(sheet, shown)
    if options.show_scale:
        _draw_scales(sheet, content, options)
    if options.focus_area != "none":
        draw_limits(sheet, shown, framed=framed)
        mark_objects_in_focus(sheet, content, shown, options.focus_area)
    draw_association(sheet, content, options)
    if options.box_in_focus:
        draw_boxes_in_focus(sheet, content, options)
    draw_focus(sheet, shown, options.focus_mark)  # over letters and boxes: its value is what must be read
    draw_targets(sheet, content, options)
    if options.offset_bars:
        draw_offset_bars(sheet, content.offsets, focus, options)
    say_focus(sheet, shown, options.focus_mark)
    if distribution.total == 0:
        say_no_readings(sheet, content.without_readings)
    return image, where


def picture_size_px(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height of a picture. Raises InputError for one that cannot be drawn on; see `draw_aux_image`."""
    coloured = picture.ndim == 3 and picture.shape[2] == 3
    if picture.dtype != np.uint8 or not (coloured or picture.ndim == 2):
        raise InputError(f"picture: wanted (H, W, 3) or (H, W) uint8, got shape {picture.shape} of {picture.dtype}")
    if min(picture.shape[:2]) < 64:
        raise InputError(f"picture: wanted at least 64 x 64 pixels, got {picture.shape[1]} x {picture.shape[0]}")
    return int(picture.shape[1]), int(picture.shape[0])


def point_style(options: ViewOptions, opacity: float) -> PointStyle:
    """How points are painted by the options."""
    dimming = options.dimming if _over_picture(options) else 0.0
    return PointStyle(
        colours=options.point_colours,
        focus_colour=options.focus_colour,
        mark_in_focus=options.mark_points_in_focus,
        dimming=max(dimming, _INSET_DIMMING) if options.layout == "inset" else dimming,
        opacity=opacity,
        give_way=1.0 if options.layout == "overlay" else 0.5,  # beside the picture, or on a dark ground, there is nothing to hide
        tint=DEPTH_OF_FIELD_TINT if options.focus_area == "frame" else 0.0,
    )


def _draw_points(sheet: Sheet, content: Content, focus: FocusReading, options: ViewOptions) -> None:
    style = point_style(options, sheet.opacity)
    for margin in _margins(sheet.layout.panel, sheet.layout.plot):
        dim(sheet.part(margin), style)
    own = content.cell_colours if options.association == "colours" else None
    if options.layers and content.layers is not None:
        paint_layers(sheet, content, options, focus, style)
    elif options.point_style == "marks":
        paint_point_marks(sheet, content, focus, style, mark_plane=options.mark_focal_plane, own=own)
    else:
        paint_distribution(sheet, content, focus, style, mark_plane=options.mark_focal_plane, own=own)


def paint_distribution(
    sheet: Sheet,
    content: Content,
    focus: FocusReading,
    style: PointStyle,
    *,
    mark_plane: bool,
    own: NDArray[np.uint8] | None = None,
) -> None:
    """Lay the distribution's cells over the plot, in place; arguments as `paint_point_marks`'."""
    layout, distribution = sheet.layout, content.distribution
    first, end = layout.across_span_px
    levels = fitted(brightness(distribution.counts, full_count(distribution)), layout.depth_length_px, end - first)
    kinds = kinds_of_cells(content, focus, *levels.shape, mark_plane=mark_plane)
    paint_cells(
        sheet.image,
        layout.plot,
        layout.direction.turned(levels),
        None if kinds is None else layout.direction.turned(kinds),
        style,
        None if own is None else layout.direction.turned(fitted(own, *levels.shape)),
    )


def _draw_scales(sheet: Sheet, content: Content, options: ViewOptions) -> None:
    if options.ticks == "objects":
        draw_scale_of_objects(sheet, content.targets.targets, FOCUS_COLOURS[options.focus_colour])
    else:
        draw_scale(sheet)
    draw_scale_across(sheet)
    if options.point_style == "marks":
        draw_legend(sheet)


def _edge(sheet: Sheet) -> None:
    """A hairline round an inset."""
    panel, pen = sheet.layout.panel, Pen(1.0, SCALE, 0.3 * sheet.opacity)
    for row in (panel.top, panel.bottom - 1):
        across(sheet.image, row, panel.left, panel.right - 1, pen)
    for column in (panel.left, panel.right - 1):
        along(sheet.image, column, panel.top + 1, panel.bottom - 2, pen)


def _over_picture(options: ViewOptions) -> bool:
    return options.layout in {"overlay", "inset"}


def _canvas(picture: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    """The picture, copied, and ground beside it where the layout is larger."""
    image = np.empty((layout.height_px, layout.width_px, 3), np.uint8)
    shown, panel = layout.picture, layout.panel
    image[shown.top : shown.bottom, shown.left : shown.right] = picture if picture.ndim == 3 else picture[..., None]
    if (layout.width_px, layout.height_px) != (shown.width, shown.height):
        row = np.full((1, panel.width, 3), GROUND, np.uint8)  # copying rows is much faster than writing pixels
        image[panel.top : panel.bottom, panel.left : panel.right] = row
    return image


def _margins(panel: Rect, plot: Rect) -> list[Rect]:
    """What lies between a panel's edges and its plot: above, below, and between those left and right of it."""
    return [
        Rect(panel.left, panel.top, panel.width, plot.top - panel.top),
        Rect(panel.left, plot.bottom, panel.width, panel.bottom - plot.bottom),
        Rect(panel.left, plot.top, plot.left - panel.left, plot.height),
        Rect(plot.right, plot.top, panel.right - plot.right, plot.height),
    ]
