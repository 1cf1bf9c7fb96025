"""Depth in colours beside its picture, with what the colours mean."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

COLOURS = {
    "turbo": cv2.COLORMAP_TURBO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "grey": None,
}
WIDEST_PX = 1920
LEGEND_PX = 44
UNKNOWN = (48, 48, 48)
ENDS = (1.0, 99.0)
"""Percentiles of inverse depth that get the last colours at either end."""
SLOWNESS = 0.9
"""How much of the range of colours stays from one frame to the next: else a film flickers."""
ROUND = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
BAR_TOP_PX, BAR_PX, TEXT_PX = 6, 14, 10


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
        legend = np.full((LEGEND_PX, width_px, 3), (24, 20, 18), np.uint8)
        half = width_px // 2
        write(legend, told, 8, LEGEND_PX // 2 + TEXT_PX // 2, half - 16)
        left, right = half + 8, width_px - 9
        if right - left < 16:
            return legend
        bar = ramp(self._colours)[np.linspace(255, 0, right - left).astype(int)]  # near on the left
        legend[BAR_TOP_PX : BAR_TOP_PX + BAR_PX, left:right] = bar
        base = LEGEND_PX - 7
        if not metric:
            write(legend, "near", left, base, half)
            write(legend, "far", right - text_width("far"), base, half)
            return legend
        taken = left - 8
        for depth_m in round_depths(span):
            at = left + (span[1] - 1.0 / depth_m) / (span[1] - span[0]) * (right - left)
            text = f"{depth_m:g} m"
            begin = max(left, min(round(at - text_width(text) / 2), right - text_width(text)))
            if begin < taken + 8:
                continue
            cv2.line(legend, (round(at), BAR_TOP_PX + BAR_PX), (round(at), BAR_TOP_PX + BAR_PX + 4), (240, 238, 232), 1)
            write(legend, text, begin, base, half)
            taken = begin + text_width(text)
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


def write(picture: NDArray[np.uint8], text: str, left: int, base: int, room_px: int) -> None:
    """Write into a picture, in place, smaller where there is little room."""
    if room_px < 1:
        return
    size = min(1.0, room_px / max(1, text_width(text)))
    cv2.putText(picture, text, (left, base), cv2.FONT_HERSHEY_SIMPLEX, size * TEXT_PX / 22.0, (208, 204, 198), 1, cv2.LINE_AA)


def text_width(text: str) -> int:
    """Pixels that a text takes at its full size."""
    return int(cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, TEXT_PX / 22.0, 1)[0][0])
