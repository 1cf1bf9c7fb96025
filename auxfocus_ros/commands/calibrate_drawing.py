"""Pictures of a calibration: the fit of a pair, its score surface, and a lens's table (figures 3 and 6 of the source)."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.calibration import Match, PairCalibration, ScoreSurface, SweepCalibration
from auxfocus_ros.optics.defocus import blur, from_linear, to_linear
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.table_model import TableModel
from auxfocus_ros.view.ink import paste
from auxfocus_ros.view.text import label

Picture = NDArray[np.uint8]

GROUND, INK, QUIET, MARK = (24, 20, 18), (240, 238, 232), (150, 146, 140), (40, 176, 255)
TEXT_PX = 10.0
PLOT_PX = 480
LEFT, TOP, RIGHT, BOTTOM = 90, 54, 110, 62
WIDEST_PX = 480


def pair_sheet(focused: NDArray[Any], defocused: NDArray[Any], found: PairCalibration) -> Picture:
    """Focused, what the model makes of it, and defocused, side by side round the middle of the patch."""
    match, patch = found.match, found.patch
    half = min(patch.width, patch.height, WIDEST_PX) // 2
    cx, cy = patch.centre_px
    box = slice(patch.y, patch.y + patch.height), slice(patch.x, patch.x + patch.width)
    blurred = blur(to_linear(focused[box], found.gamma), match.radius_px, found.kernel)
    # A pixel of the model, against the middle of the patch in the defocused picture, comes from 1 / scale of it.
    middle = math.floor(cx + match.shift_px[0]), math.floor(cy + match.shift_px[1])
    offset = [m + 0.5 - half - c - s for m, c, s in zip(middle, (cx, cy), match.shift_px, strict=True)]
    inverse = 1.0 / match.scale
    warp = np.array([
        [inverse, 0.0, offset[0] * inverse + 0.5 * patch.width - 0.5],
        [0.0, inverse, offset[1] * inverse + 0.5 * patch.height - 0.5],
    ])  # fmt: skip
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    model = cv2.warpAffine(
        np.asarray(blurred, np.float32), warp, (2 * half, 2 * half), flags=flags, borderMode=cv2.BORDER_REFLECT
    )
    panels = [
        ("focused", _eight_bit(_window(focused, (math.floor(cx), math.floor(cy)), half))),
        (f"model: radius {match.radius_px:.2f} px, scale {match.scale:.4f}", from_linear(np.asarray(model), found.gamma)),
        (f"defocused (score {match.score:.4f})", _eight_bit(_window(defocused, middle, half))),
    ]
    return np.hstack([_captioned(text, np.asarray(panel, np.uint8)) for text, panel in panels])


def surface_sheet(surface: ScoreSurface, match: Match) -> Picture:
    """The score over radius (right) and scale (up), the best one marked."""
    return heat_map(
        surface.scores.T, (surface.radii_px[0], surface.radii_px[-1]), (surface.scales[0], surface.scales[-1]),
        ("normalised cross-correlation", "blur radius, px", "scale"), mark=(match.radius_px, match.scale), gamma=3.0,
    )  # fmt: skip


def table_sheet(result: SweepCalibration, lens: Lens) -> Picture:
    """Radius and scale over the present position (right) and the best one (up), as two maps; dots: where it was measured."""
    table = result.table
    across = np.linspace(table.positions_steps[0], table.positions_steps[-1], 121)
    along = np.linspace(table.best_positions_steps[0], table.best_positions_steps[-1], 121)
    ends = (across[0], across[-1]), (along[0], along[-1])
    dots = [(entry.position_steps, tile.best_position_steps) for tile in result.tiles for entry in tile.measured]
    model = TableModel(table, lens)
    maps = []
    for look_up, what in ((model.radius_px, "blur radius on the sensor, px"), (model.scale, "scale")):
        values = look_up(across[None, :], along[:, None])
        maps.append(heat_map(values, *ends, (what, "present position", "best position"), dots=dots))
    return np.hstack(maps)


def heat_map(
    values: NDArray[np.float64],
    across: tuple[float, float],
    along: tuple[float, float],
    texts: tuple[str, str, str],
    *,
    mark: tuple[float, float] | None = None,
    dots: list[tuple[float, float]] | None = None,
    gamma: float = 1.0,
) -> Picture:
    """Values (rows, columns) as colours in a frame with axes and a scale; row 0 is at the bottom.

    `texts`: title, and names of the axis to the right and of the one upwards. `gamma` above 1 gives high values more colours.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    level = np.clip((np.nan_to_num(values, nan=low) - low) / (high - low), 0.0, 1.0) ** gamma
    colours = cv2.applyColorMap(np.rint(255 * level).astype(np.uint8)[::-1], cv2.COLORMAP_VIRIDIS)
    sheet = np.full((TOP + PLOT_PX + BOTTOM, LEFT + PLOT_PX + RIGHT, 3), GROUND, np.uint8)
    sheet[TOP : TOP + PLOT_PX, LEFT : LEFT + PLOT_PX] = cv2.resize(colours, (PLOT_PX, PLOT_PX), interpolation=cv2.INTER_NEAREST)

    def at(x: float, y: float) -> tuple[int, int]:
        right = (x - across[0]) / (across[1] - across[0]) * (PLOT_PX - 1)
        up = (y - along[0]) / (along[1] - along[0]) * (PLOT_PX - 1)
        return LEFT + round(right), TOP + PLOT_PX - 1 - round(up)

    for tick in _ticks(*across):
        x, y = at(tick, along[0])
        cv2.line(sheet, (x, y), (x, y + 5), QUIET)
        _write(sheet, f"{tick:.6g}", (x, y + 18), middle=True)
    for tick in _ticks(*along):
        x, y = at(across[0], tick)
        cv2.line(sheet, (x - 5, y), (x, y), QUIET)
        _write(sheet, f"{tick:.6g}", (x - 10, y), right=True)
    for dot in dots or ():
        cv2.circle(sheet, at(*dot), 2, INK, -1, cv2.LINE_AA)
    if mark is not None:
        cv2.drawMarker(sheet, at(*mark), MARK, cv2.MARKER_CROSS, 18, 2, cv2.LINE_AA)
    _bar(sheet, low, high, gamma)
    _write(sheet, texts[0], (LEFT, 20))
    _write(sheet, texts[1], (LEFT + PLOT_PX // 2, TOP + PLOT_PX + 44), middle=True)
    _write(sheet, texts[2], (12, TOP - 14))
    return sheet


def _bar(sheet: Picture, low: float, high: float, gamma: float) -> None:
    """The scale of colours, to the right of the plot."""
    left = LEFT + PLOT_PX + 18
    level = np.linspace(1.0, 0.0, PLOT_PX) ** gamma
    colours = cv2.applyColorMap(np.rint(255 * level).astype(np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)
    sheet[TOP : TOP + PLOT_PX, left : left + 14] = colours
    for tick in _ticks(low, high):
        y = TOP + PLOT_PX - 1 - round((tick - low) / (high - low) * (PLOT_PX - 1))
        _write(sheet, f"{tick:.6g}", (left + 20, y))


def _ticks(low: float, high: float) -> list[float]:
    """Four to nine round numbers from low to high."""
    rough = (high - low) / 6.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def _write(sheet: Picture, text: str, place: tuple[int, int], *, middle: bool = False, right: bool = False) -> None:
    """Text whose middle line is at y; x is its left end, its middle or its right end."""
    sprite = label(text, TEXT_PX, INK, 1.0)
    x = place[0] - (sprite.width // 2 if middle else sprite.width if right else 0)
    paste(sheet, sprite, x, place[1] - sprite.height // 2)


def _captioned(text: str, panel: Picture) -> Picture:
    colour = cv2.cvtColor(panel, cv2.COLOR_GRAY2BGR) if panel.ndim == 2 else panel
    sheet = np.full((colour.shape[0] + 36, colour.shape[1] + 8, 3), GROUND, np.uint8)
    sheet[32:-4, 4:-4] = colour
    _write(sheet, text, (8, 16))
    return sheet


def _window(picture: NDArray[Any], middle: tuple[int, int], half: int) -> NDArray[Any]:
    """A square round a pixel, continued where it leaves the picture."""
    height, width = picture.shape[:2]
    rows = np.clip(np.arange(middle[1] - half, middle[1] + half), 0, height - 1)
    columns = np.clip(np.arange(middle[0] - half, middle[0] + half), 0, width - 1)
    return np.asarray(picture[rows][:, columns])


def _eight_bit(picture: NDArray[Any]) -> Picture:
    return np.asarray(picture >> 8 if picture.dtype == np.uint16 else picture, np.uint8)
