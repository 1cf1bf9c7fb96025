"""Depth in colours beside its picture, with what the colours mean."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.palette import GROUND, QUIET, SCALE

COLOURS = {
    "turbo": cv2.COLORMAP_TURBO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "grey": None,
}
WIDEST_PX = 1920
LEGEND_PX, LEGEND_WIDTH_PX = 44, 1280
"""Height of the legend, for a width up to this; it grows with wider ones."""
UNKNOWN = (48, 48, 48)
ENDS = (1.0, 99.0)
"""Percentiles of inverse depth that get the last colours at either end."""
SLOWNESS = 0.9
"""How much of the range of colours stays from one frame to the next: else a film flickers."""
ROUND = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
BAR_TOP_PX, BAR_END_PX, LEAST_BAR_PX, TEXT_PX = 6, 20, 16, 10
FONT, FONT_PX = cv2.FONT_HERSHEY_SIMPLEX, 22.0


class Preview:
    """Draws frames of one kind; follows their range of depth."""

    def __init__(self, colours: str) -> None:
        """colours: a key of COLOURS."""
        self._colours = colours
        self._range: tuple[float, float] | None = None

    def draw(self, picture: NDArray[np.uint8], depth_m: NDArray[np.float32], metric: bool, told: str) -> NDArray[np.uint8]:
        """Picture and depth side by side over a legend, (h, w, 3) BGR, its sides even, at most WIDEST_PX wide.

        Args:
            picture: (H, W, 3) BGR.
            depth_m: (H, W), near is bright (or red); NaN, 0: grey.
            metric: it is in metres, and the legend says which.
            told: what is said below the picture: whence the scale is.
        """
        height, width = picture.shape[:2]
        scale = min(1.0, WIDEST_PX / 2 / width)
        size = (max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2)))
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(depth_m > 0.0, 1.0 / depth_m, np.nan).astype(np.float32)
        shown = np.asarray(cv2.resize(inverse, size, interpolation=cv2.INTER_NEAREST), np.float32)
        low, high = self._follow(shown)
        panel = np.full((*shown.shape, 3), UNKNOWN, np.uint8)
        known = np.isfinite(shown)
        panel[known] = ramp(self._colours)[np.rint(255.0 * np.clip((shown[known] - low) / (high - low), 0.0, 1.0)).astype(int)]
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return np.vstack([np.hstack([small, panel]), self._legend(2 * size[0], (low, high), metric, told)])

    def _follow(self, inverse: NDArray[np.float32]) -> tuple[float, float]:
        """The range of inverse depth that is coloured; from frame to frame it moves slowly."""
        known = inverse[np.isfinite(inverse)]
        if not known.size:
            return self._range or (0.0, 1.0)
        low, high = (float(value) for value in np.percentile(known, ENDS))
        if self._range is not None:
            low, high = (SLOWNESS * old + (1.0 - SLOWNESS) * new for old, new in zip(self._range, (low, high), strict=True))
        if high - low < 1e-3 * high:  # a wall, square on
            low = 0.99 * high
        self._range = (low, high)
        return self._range

    def _legend(self, width_px: int, span: tuple[float, float], metric: bool, told: str) -> NDArray[np.uint8]:
        large = max(1.0, width_px / LEGEND_WIDTH_PX)
        legend = np.full((2 * round(0.5 * LEGEND_PX * large), width_px, 3), GROUND, np.uint8)
        gap, half = round(8 * large), width_px // 2
        write(legend, told, gap, round(0.5 * (LEGEND_PX + TEXT_PX) * large), room_px=half - 2 * gap, large=large)
        left, right = half + gap, width_px - 1 - gap
        if right - left < LEAST_BAR_PX:
            return legend
        top, end, base = (round(at * large) for at in (BAR_TOP_PX, BAR_END_PX, LEGEND_PX - 7))
        legend[top:end, left:right] = ramp(self._colours)[np.linspace(255, 0, right - left).astype(int)]  # near on the left
        if not metric:
            write(legend, "near", left, base, room_px=half, large=large)
            write(legend, "far", right - text_width("far", large), base, room_px=half, large=large)
            return legend
        taken = left - gap
        for depth_m in round_depths(span):
            at = left + (span[1] - 1.0 / depth_m) / (span[1] - span[0]) * (right - left)
            text = f"{depth_m:g} m"
            wide = text_width(text, large)
            begin = max(left, min(round(at - wide / 2), right - wide))
            if begin < taken + gap:
                continue
            cv2.line(legend, (round(at), end), (round(at), end + round(4 * large)), SCALE, 1)
            write(legend, text, begin, base, room_px=half, large=large)
            taken = begin + wide
        return legend


@lru_cache(maxsize=8)
def ramp(name: str) -> NDArray[np.uint8]:
    """(256, 3) BGR, far first."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    kind = COLOURS[name]
    colours = np.repeat(levels, 3, axis=1) if kind is None else cv2.applyColorMap(levels, kind)[:, 0]
    return np.asarray(colours, np.uint8)


def round_depths(span: tuple[float, float]) -> list[float]:
    """Depths in round numbers, near first, within a range of inverse depth (low, high), high > 0."""
    farthest = 1.0 / max(span[0], span[1] * 1e-3)
    power = math.floor(math.log10(1.0 / span[1]))
    depths = [step * 10.0**exponent for exponent in range(power, power + 5) for step in ROUND]
    return [depth for depth in depths if 1.0 / span[1] <= depth <= farthest]


def write(picture: NDArray[np.uint8], text: str, left: int, base: int, *, room_px: int, large: float) -> None:
    """Write into a picture, in place, `large` times TEXT_PX high, less where there is little room."""
    if room_px < 1:
        return
    size = large * min(1.0, room_px / max(1, text_width(text, large)))
    cv2.putText(picture, text, (left, base), FONT, size * TEXT_PX / FONT_PX, QUIET, 1, cv2.LINE_AA)


def text_width(text: str, large: float) -> int:
    """Pixels that a text takes where there is room."""
    return int(cv2.getTextSize(text, FONT, large * TEXT_PX / FONT_PX, 1)[0][0])
