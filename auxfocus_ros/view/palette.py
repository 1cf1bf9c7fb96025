"""The colours, BGR. Blue for the points and amber for the focus: every common kind of colour vision tells these two apart."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour
from auxfocus_ros.view.options import PointColours

GROUND: Colour = (24, 20, 18)  # of a panel beside the picture
SCALE: Colour = (240, 238, 232)
FOCUS: Colour = (40, 176, 255)
FOCUS_INK: Colour = (16, 14, 12)  # text on a plate of the focus colour
QUIET: Colour = (208, 204, 198)

_RAMPS: dict[str, tuple[Colour, ...]] = {
    "ice": ((168, 104, 30), (220, 164, 62), (240, 212, 130), (252, 248, 226)),
    "grey": ((110, 110, 110), (165, 165, 165), (210, 210, 210), (250, 250, 250)),
    "amber": ((0, 112, 214), (24, 156, 255), (96, 200, 255), (206, 240, 255)),
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
