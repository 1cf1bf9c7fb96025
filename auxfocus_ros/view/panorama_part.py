"""A distribution of the whole depth sensor's field of view, with the part marked that the picture shows."""

from __future__ import annotations

from auxfocus_ros.view.content import Content
from auxfocus_ros.view.focus_span import picture_span_px
from auxfocus_ros.view.heat import PointStyle, dim
from auxfocus_ros.view.ink import Pen
from auxfocus_ros.view.layout import Rect
from auxfocus_ros.view.palette import HALO, QUIET
from auxfocus_ros.view.sheet import Sheet

_DIMMER = 0.4  # of what the picture does not show


def mark_picture_part(sheet: Sheet, content: Content) -> None:
    """Frame the part that the picture shows, and dim the rest; nothing where the picture shows all of it.

    Source: US 12,395,751 B2, paragraph 56.
    """
    if content.panorama is None:
        return
    layout, panel = sheet.layout, sheet.layout.panel
    first, last = picture_span_px(layout, content)
    start, end = layout.across_span_px
    style = PointStyle("grey", dimming=_DIMMER, opacity=sheet.opacity)
    low, high = min(max(round(first), start), end), min(max(round(last) + 1, start), end)
    for one, other in ((start, low), (high, end)):
        if layout.vertical:
            dim(sheet.part(Rect(one, panel.top, other - one, panel.height)), style)
        else:
            dim(sheet.part(Rect(panel.left, one, panel.width, other - one)), style)
    near, far = layout.depth_px_at(0.0), layout.depth_px_at(1.0)
    stroke = max(1.0, 1.4 * layout.unit_px)
    for pen in (Pen(2.4 * stroke, HALO, 0.4 * sheet.opacity), Pen(stroke, QUIET, 0.9 * sheet.opacity)):
        for side in (first, last):
            sheet.along_depth(side, near, far, pen)
        for depth in (near, far):
            sheet.at_depth(depth, first, last, pen)
