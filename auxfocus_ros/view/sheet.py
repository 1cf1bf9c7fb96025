"""What the marks are drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.view.ink import Pen, Sprite, across, along, paste
from auxfocus_ros.view.layout import Layout, Rect


@dataclass(frozen=True, eq=False)
class Sheet:
    """An image that is being drawn.

    Attributes:
        image: (H, W, 3) uint8 BGR, contiguous, drawn into in place.
        layout: where things stand in it.
        axis: the depth axis along the plot.
        across: the axis across the plot.
        opacity: of all that is drawn, 0 to 1.
    """

    image: NDArray[np.uint8]
    layout: Layout
    axis: DepthAxis
    across: AcrossAxis
    opacity: float

    def part(self, rect: Rect) -> NDArray[np.uint8]:
        """A part of the image, as a view."""
        return self.image[rect.top : rect.bottom, rect.left : rect.right]

    def at_depth(self, depth_px: float, first: float, last: float, pen: Pen) -> None:
        """Draw a line of one depth, from one pixel of the axis across to another, in either order."""
        draw = across if self.layout.vertical else along
        draw(self.image, depth_px, min(first, last), max(first, last), pen)

    def along_depth(self, across_px: float, first: float, last: float, pen: Pen) -> None:
        """Draw a line of one place across, from one pixel of the depth axis to another, in either order."""
        draw = along if self.layout.vertical else across
        draw(self.image, across_px, min(first, last), max(first, last), pen)

    def paste_centred(self, sprite: Sprite, depth_px: float, across_px: float) -> None:
        """Paste a sprite with its middle at a depth and a place across, moved where that is needed to keep it in the panel."""
        x, y = (across_px, depth_px) if self.layout.vertical else (depth_px, across_px)
        panel = self.layout.panel
        left = min(max(round(x - sprite.width / 2 + 0.5), panel.left), max(panel.right - sprite.width, panel.left))
        top = min(max(round(y - sprite.height / 2 + 0.5), panel.top), max(panel.bottom - sprite.height, panel.top))
        paste(self.image, sprite, left, top)
