"""What the auxiliary focus image is to look like. Each option says what it does beside its default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from auxfocus_ros.declaration import demand_valid, parameter

LayoutName = Literal["overlay", "inset", "side_by_side", "top_bottom"]
DirectionName = Literal["up", "down", "left", "right"]
PointColours = Literal["ice", "viridis", "grey"]
PointStyleName = Literal["cells", "marks"]
Ticks = Literal["round", "objects"]
FocusMark = Literal["line", "arrow", "none"]
FocusArea = Literal["frame", "boxes", "characters", "none"]
FocusColour = Literal["amber", "green", "magenta", "red", "white"]
Association = Literal["none", "boxes", "colours", "letters"]

LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
DIRECTIONS: tuple[DirectionName, ...] = get_args(DirectionName)
FOCUS_COLOURS: tuple[FocusColour, ...] = get_args(FocusColour)
ASSOCIATIONS: tuple[Association, ...] = get_args(Association)


@dataclass(frozen=True)
class ViewOptions:
    """Options of `draw_aux_image`.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    layout: LayoutName = parameter(
        "overlay",
        "the distribution over the whole picture, as a smaller inset where the picture is emptiest, beside it, or below it",
    )
    panel_first: bool = parameter(False, "beside or below the picture: the distribution comes first, to the left or above")
    direction: DirectionName = parameter("up", "which way depth grows in the image")
    opacity: float = parameter(0.9, "of what is laid over the picture; 0: the picture alone", minimum=0.0, maximum=1.0)
    dimming: float = parameter(0.35, "how much darker an overlay makes the picture under it", minimum=0.0, maximum=0.9)
    point_style: PointStyleName = parameter("cells", "brightness by the number of points, or marks whose shape and size say it")
    point_colours: PointColours = parameter("ice", "colours of the points by their number")
    ticks: Ticks = parameter("round", "label round depths, or only the depths at which objects are")
    show_scale: bool = parameter(True, "draw the depth axis with its labels")
    focus_mark: FocusMark = parameter(
        "line", "the focus distance as a line across the plot or an arrow at the axis, with its value"
    )
    mark_focal_plane: bool = parameter(False, "points in the focal plane itself have a colour of their own")
    focus_area: FocusArea = parameter(
        "frame", "the depth of field as a framed band, or boxes round, or characters beside, the points of objects inside it"
    )
    mark_points_in_focus: bool = parameter(True, "points inside the depth of field have the focus colour")
    focus_colour: FocusColour = parameter("amber", "of the focus mark, the frame and the points in focus")
    box_in_focus: bool = parameter(False, "draw a box in the picture round each object that is in focus")
    show_targets: bool = parameter(True, "draw what is selected: its box, its points, its state in words")
    association: Association = parameter(
        "none", "link objects and their points by boxes of one colour, by the object's own colours, or by the same letter"
    )
    layers: bool = parameter(False, "draw the objects' points in layers, staggered, the most important in front")
    most_layers: int = parameter(4, "as many layers as that; objects near each other in depth share one", minimum=1, maximum=8)
    offset_bars: bool = parameter(False, "a strip of zones over the picture that show how far each is before or behind the focus")
    offset_zones: int = parameter(7, "number of zones", minimum=3, maximum=15)
    peaking: bool = parameter(False, "mark edges that are sharp")
    peaking_threshold: float = parameter(0.25, "how sharp an edge must be to be marked", minimum=0.02, maximum=1.0)
    panel_share: float = parameter(
        0.6, "size of the panel beside or below, as a share of the picture's width or height", minimum=0.2, maximum=2.0
    )
    inset_share: float = parameter(0.42, "width and height of the inset, as a share of the picture's", minimum=0.2, maximum=0.8)
    text_scale: float = parameter(1.0, "size of the text, against what fits the picture", minimum=0.5, maximum=4.0)

    def __post_init__(self) -> None:
        """Check every option, and say all that is wrong at once."""
        demand_valid(self, "view")
