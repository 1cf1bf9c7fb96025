"""What the auxiliary focus image is to look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from auxfocus_ros.errors import ConfigurationError

LayoutName = Literal["overlay", "side_by_side"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
PointColours = Literal["ice", "viridis", "grey"]
POINT_COLOURS: tuple[PointColours, ...] = get_args(PointColours)

_SHARES = {"opacity": (0.0, 1.0), "dimming": (0.0, 0.9), "panel_share": (0.2, 2.0), "text_scale": (0.5, 4.0)}


@dataclass(frozen=True)
class ViewOptions:
    """Options of `draw_aux_image`.

    Attributes:
        layout: 'overlay' (the distribution over the picture, its columns being the picture's) or 'side_by_side' (to its right).
        opacity: of everything that is laid over the picture, 0 (the picture alone) to 1. Side by side it does not matter.
        dimming: how much darker an overlay makes the picture under it, 0 to 0.9.
        point_colours: colours of the points by number: 'ice' (blue to white), 'viridis' or 'grey'. Those in focus are amber.
        mark_points_in_focus: give the points inside the depth of field their own colour.
        show_scale: draw the depth axis with its labels.
        show_focus: draw the focus line with its value, and say in words where it cannot be drawn.
        show_depth_of_field: frame and tint the depth of field.
        panel_share: width of the panel beside the picture, as a share of the picture's width, 0.2 to 2.
        text_scale: size of the text against the size chosen for the picture, 0.5 to 4.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    layout: LayoutName = "overlay"
    opacity: float = 0.9
    dimming: float = 0.35
    point_colours: PointColours = "ice"
    mark_points_in_focus: bool = True
    show_scale: bool = True
    show_focus: bool = True
    show_depth_of_field: bool = True
    panel_share: float = 0.6
    text_scale: float = 1.0

    def __post_init__(self) -> None:
        """Check every option, and say all that is wrong at once."""
        problems = [
            f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}"
            for name, choices in (("layout", LAYOUTS), ("point_colours", POINT_COLOURS))
            if getattr(self, name) not in choices
        ]
        problems += [
            f"{name} must be from {low:g} to {high:g}, got {getattr(self, name)!r}"
            for name, (low, high) in _SHARES.items()
            if not low <= getattr(self, name) <= high
        ]
        if problems:
            raise ConfigurationError("view: " + "; ".join(problems))
