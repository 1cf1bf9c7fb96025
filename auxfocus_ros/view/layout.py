"""What stands where in the auxiliary focus image, and the one place that turns depths into pixels.

Pixels are counted by their centres: row 0 reaches from -0.5 to 0.5. The far end of the axis is the upper edge of the plot, the
near end its lower edge.
"""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.distribution import DepthAxis
from auxfocus_ros.view.options import ViewOptions

_TEXT_HEIGHT_PX = 12.0  # of a capital, in a picture of 720 rows
_SMALLEST_TEXT_PX = 8.0
_MARGIN_SHARE = 0.05  # of the height, above and below the plot
_CELL_PX = 2  # side of a distribution's cell in a picture of 720 rows: a single point of a lidar must be seen


@dataclass(frozen=True)
class Rect:
    """A rectangle of whole pixels; right and bottom are the first pixel outside."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column outside."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row outside."""
        return self.top + self.height


@dataclass(frozen=True)
class Layout:
    """Where everything is drawn.

    Attributes:
        width_px, height_px: size of the auxiliary focus image.
        picture: where the picture stands.
        panel: what the distribution is drawn on: the picture itself, or the ground beside it.
        plot: where the distribution's cells are drawn, within the panel.
        axis_column: column of the axis line; labels stand to its left.
        text_px: height of a capital.
        unit_px: the length that was 1 pixel in a picture of 720 rows.
    """

    width_px: int
    height_px: int
    picture: Rect
    panel: Rect
    plot: Rect
    axis_column: int
    text_px: float
    unit_px: float

    def row_at(self, position: float) -> float:
        """The row of a position on the axis: 0 the lower edge of the plot, 1 the upper."""
        return self.plot.bottom - 0.5 - position * self.plot.height

    def row_of(self, axis: DepthAxis, depth_m: float) -> float:
        """The row of a depth, clipped to the axis; NaN stays NaN."""
        return self.row_at(axis.position_of(depth_m))

    @property
    def cell_px(self) -> int:
        """Side of a cell that shows well at this size."""
        return _cell_px(self.unit_px)


def arrange(picture_width_px: int, picture_height_px: int, options: ViewOptions) -> Layout:
    """Lay out an image around a picture of the given size."""
    width, height = picture_width_px, picture_height_px
    unit = min(height / 720.0, width / 960.0)
    text = max(_TEXT_HEIGHT_PX * unit, _SMALLEST_TEXT_PX) * options.text_scale
    margin = min(max(round(_MARGIN_SHARE * height), round(2.2 * text)), height // 4)
    cell = _cell_px(unit)
    plot_height = (height - 2 * margin) // cell * cell  # whole cells are painted fastest
    labels = round(4.0 * text) if options.show_scale else round(0.8 * text)
    picture = Rect(0, 0, width, height)
    if options.layout == "overlay":
        plot = Rect(0, margin, width, plot_height)
        return Layout(width, height, picture, picture, plot, min(labels, width // 3), text, unit)
    beside = max(round(width * options.panel_share), 2 * labels)
    beside += (width + beside) % 2  # video encoders want an even width
    panel = Rect(width, 0, beside, height)
    plot_width = max(beside - labels - round(0.8 * text), cell)
    plot = Rect(width + labels, margin, plot_width - plot_width % cell, plot_height)
    return Layout(width + beside, height, picture, panel, plot, plot.left, text, unit)


def _cell_px(unit_px: float) -> int:
    return max(_CELL_PX, round(_CELL_PX * unit_px))


def counts_shape(
    picture_width_px: int, picture_height_px: int, options: ViewOptions, source_width_px: int = 0
) -> tuple[int, int]:
    """How many bins and columns to count for a picture, so that cells stand on whole pixels and single points are seen.

    Args:
        picture_width_px, picture_height_px: size of the picture.
        options: of the view.
        source_width_px: width of the depth image that will be counted, if one is; its columns are then a divisor of its width,
            so that each takes as many pixels.

    Returns:
        (bins, columns).
    """
    layout = arrange(picture_width_px, picture_height_px, options)
    bins = max(1, layout.plot.height // layout.cell_px)
    columns = max(1, layout.plot.width // layout.cell_px)
    if source_width_px > 0:
        columns = source_width_px // -(-source_width_px // columns)
    return bins, columns
