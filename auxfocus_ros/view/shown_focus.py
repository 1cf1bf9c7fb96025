"""The focus as it is to be drawn: the reading, where it stands in the image, in what colour, and along which part of the plot."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.marker_geometry import MarkerGeometry
from auxfocus_ros.view.palette import HALO
from auxfocus_ros.view.sheet import Sheet

_SUBPIXEL_BITS = 4


@dataclass(frozen=True, eq=False)
class ShownFocus:
    """What the marks of the focus have in common.

    Attributes:
        focus: where the focus stands.
        where: the same in pixels.
        colour: of the marks.
        span_px: first and last pixel, along the axis across, of what the picture shows: lines are drawn there.
        curve: the focal plane where it is at no single depth of the axis: values across and depths in metres, each (N,).
    """

    focus: FocusReading
    where: MarkerGeometry
    colour: Colour
    span_px: tuple[float, float]
    curve: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None


def draw_curve(sheet: Sheet, shown: ShownFocus, stretch: float, thickness_px: float, opacity: float) -> float | None:
    """Draw the curve of a focus, where it is on the depth axis and in the span.

    Args:
        sheet: what to draw on.
        shown: the focus, with its curve.
        stretch: factor on the curve's depths: 1 for the focal plane, near limit / focus distance for the near limit.
        thickness_px: of the line.
        opacity: of the line.

    Returns:
        The row (column, where depth runs sideways) of its end that is away from the depth axis; None: none of it is shown.
    """
    assert shown.curve is not None
    layout, axis = sheet.layout, sheet.axis
    depths_m = np.asarray(shown.curve[1], np.float64) * stretch
    sides = np.array([layout.across_px(sheet.across, value) for value in shown.curve[0]])
    inside = (
        (sides >= shown.span_px[0] - 1) & (sides <= shown.span_px[1] + 1) & (depths_m >= axis.near_m) & (depths_m <= axis.far_m)
    )
    near, far = layout.depth_px_at(0.0), layout.depth_px_at(1.0)
    depths = near + axis.position_of(depths_m) * (far - near)
    runs = [run[inside[run]] for run in np.split(np.arange(len(sides)), np.flatnonzero(~inside))]
    runs = [run for run in runs if len(run) > 1]
    if not runs:
        return None
    columns, rows = (sides, depths) if layout.vertical else (depths, sides)
    lines = [np.rint(np.stack([columns[run], rows[run]], axis=1) * 2**_SUBPIXEL_BITS).astype(np.int32) for run in runs]
    painted = sheet.image if opacity >= 1 else sheet.image.copy()
    thick = max(1, round(thickness_px))
    cv2.polylines(painted, lines, False, HALO, thick + 2, cv2.LINE_AA, _SUBPIXEL_BITS)
    cv2.polylines(painted, lines, False, shown.colour, thick, cv2.LINE_AA, _SUBPIXEL_BITS)
    if painted is not sheet.image:
        cv2.addWeighted(painted, opacity, sheet.image, 1 - opacity, 0.0, dst=sheet.image)
    drawn = np.concatenate(runs)
    end = np.argmax(sides[drawn]) if layout.vertical else np.argmin(sides[drawn])
    return float(depths[drawn[end]])
