"""The colours, BGR. Blue for the points and amber for the focus: every common kind of colour vision tells these two apart."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.options import PointColours

GROUND: Colour = (24, 20, 18)  # of a panel beside the picture
HALO: Colour = (10, 8, 6)  # round text and lines, so that they show on a bright sky
SCALE: Colour = (240, 238, 232)
FOCUS: Colour = (40, 176, 255)
FOCUS_INK: Colour = (16, 14, 12)  # text on a plate of the focus colour
QUIET: Colour = (208, 204, 198)

_RAMPS: dict[str, tuple[Colour, ...]] = {
    "ice": ((176, 104, 22), (244, 190, 84), (250, 226, 158), (255, 252, 240)),
    "grey": ((140, 140, 140), (180, 180, 180), (218, 218, 218), (255, 255, 255)),
    "amber": ((0, 96, 196), (20, 164, 255), (104, 206, 255), (214, 244, 255)),
}
_VIRIDIS_PART = (70, 225)  # without its black end, which a dark picture swallows, and its yellow end, which is the focus' colour


@lru_cache(maxsize=8)
def ramp(name: PointColours | str) -> NDArray[np.float32]:
    """Colours by level, (256, 3) float32 BGR, dark to bright."""
    if name == "viridis":
        levels = np.linspace(*_VIRIDIS_PART, 256).astype(np.uint8)
        return cv2.applyColorMap(levels[:, None], cv2.COLORMAP_VIRIDIS)[:, 0].astype(np.float32)
    stops = np.array(_RAMPS[name], np.float32)
    where = np.linspace(0, 255, len(stops))
    return np.stack([np.interp(np.arange(256), where, stops[:, channel]) for channel in range(3)], axis=1).astype(np.float32)
