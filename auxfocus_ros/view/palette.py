"""The colours, BGR. Blue for the points and amber for the focus: every common kind of colour vision tells these two apart."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.options import FocusColour, PointColours

GROUND: Colour = (24, 20, 18)  # of a panel beside the picture
HALO: Colour = (10, 8, 6)  # round text and lines, so that they show on a bright sky
SCALE: Colour = (240, 238, 232)
FOCUS_INK: Colour = (16, 14, 12)  # text on a plate of the focus colour
QUIET: Colour = (208, 204, 198)
FOCUS_COLOURS: dict[FocusColour, Colour] = {
    "amber": (40, 176, 255),
    "green": (104, 226, 92),
    "magenta": (224, 92, 255),
    "red": (84, 92, 255),
    "white": (250, 250, 250),
}

_RAMPS: dict[str, tuple[Colour, ...]] = {
    "ice": ((176, 104, 22), (244, 190, 84), (250, 226, 158), (255, 252, 240)),
    "grey": ((140, 140, 140), (180, 180, 180), (218, 218, 218), (255, 255, 255)),
    "amber": ((0, 96, 196), (20, 164, 255), (104, 206, 255), (214, 244, 255)),
    "green": ((38, 122, 30), (84, 204, 72), (150, 238, 140), (222, 255, 216)),
    "magenta": ((140, 20, 150), (216, 76, 240), (240, 150, 255), (252, 220, 255)),
    "red": ((24, 24, 168), (60, 70, 244), (140, 146, 255), (220, 222, 255)),
    "white": ((168, 168, 168), (228, 228, 228), (246, 246, 246), (255, 255, 255)),
}
_VIRIDIS_PART = (70, 225)  # without its black end, which a dark picture swallows, and its yellow end, which is the focus' colour


@lru_cache(maxsize=16)
def ramp(name: PointColours | FocusColour) -> NDArray[np.float32]:
    """Colours by level, (256, 3) float32 BGR, dark to bright."""
    if name == "viridis":
        levels = np.linspace(*_VIRIDIS_PART, 256).astype(np.uint8)
        return cv2.applyColorMap(levels[:, None], cv2.COLORMAP_VIRIDIS)[:, 0].astype(np.float32)
    stops = np.array(_RAMPS[name], np.float32)
    where = np.linspace(0, 255, len(stops))
    return np.stack([np.interp(np.arange(256), where, stops[:, channel]) for channel in range(3)], axis=1).astype(np.float32)


def focal_plane_colour(focus: FocusColour) -> Colour:
    """Of the points in the focal plane itself, beside those in focus: white-hot, or yellow where white is the focus colour."""
    return (96, 240, 255) if focus == "white" else (255, 255, 255)
