"""Labels: small text with smooth edges and a dark halo, legible on any picture.

OpenCV's stroke font is drawn many times larger than needed and shrunk, which makes an even, clean line at any size. A label is
drawn once and kept: what a frame costs is pasting it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour, Sprite, sprite_of
from auxfocus_ros.view.palette import HALO

_FONT = cv2.FONT_HERSHEY_SIMPLEX
LARGER = 8
"""How much larger everything is drawn than it is shown."""
_WEIGHT = 0.16  # of the stroke, against the height of a capital
_HALO_STRENGTH = 0.8


@lru_cache(maxsize=512)
def label(text: str, height_px: float, colour: Colour, opacity: float) -> Sprite:
    """Text with a dark halo. `height_px`: of a capital; printable ASCII, and the signs of infinity, degrees and a tick."""
    border = max(2, math.ceil(0.25 * height_px))
    ink = shrunk(_strokes(text, height_px, border))
    return sprite_of([(halo_of(ink, 0.12 * height_px), HALO, _HALO_STRENGTH), (ink, colour, 1.0)], opacity)


@lru_cache(maxsize=256)
def plate(text: str, height_px: float, ink: Colour, ground: Colour, opacity: float) -> Sprite:
    """Text on a plate with round corners and a soft dark rim."""
    border = max(3, round(0.62 * height_px))
    strokes = _strokes(text, height_px, border)
    rim = 2 * LARGER
    shape = np.zeros_like(strokes)
    high, wide = shape.shape
    radius = round(0.35 * height_px * LARGER)
    cv2.rectangle(shape, (rim + radius, rim), (wide - 1 - rim - radius, high - 1 - rim), 255, -1)
    cv2.rectangle(shape, (rim, rim + radius), (wide - 1 - rim, high - 1 - rim - radius), 255, -1)
    for x in (rim + radius, wide - 1 - rim - radius):
        for y in (rim + radius, high - 1 - rim - radius):
            cv2.circle(shape, (x, y), radius, 255, -1)
    small = shrunk(shape)
    return sprite_of([(_blurred(small, 1.2), HALO, 0.6), (small, ground, 0.96), (shrunk(strokes), ink, 1.0)], opacity)


@lru_cache(maxsize=64)
def triangle(size_px: float, direction: str, colour: Colour, opacity: float) -> Sprite:
    """An arrow head that points 'up', 'down', 'left' or 'right', with a dark halo."""
    side = 2 * math.ceil(0.5 * size_px) + 6
    shape = np.zeros((side * LARGER, side * LARGER), np.uint8)
    centre, half = side * LARGER / 2, size_px * LARGER / 2
    tip = np.array([[-0.8, 1.0], [0.8, 0.0], [-0.8, -1.0]])  # points right
    turned = {"left": -tip, "right": tip, "up": np.stack([tip[:, 1], -tip[:, 0]], 1), "down": tip[:, ::-1]}[direction]
    cv2.fillPoly(shape, [np.rint(centre + half * turned).astype(np.int32)], 255)
    head = shrunk(shape)
    return sprite_of([(halo_of(head, 1.0), HALO, _HALO_STRENGTH), (head, colour, 1.0)], opacity)


def halo_of(mask: NDArray[np.float32], reach_px: float) -> NDArray[np.float32]:
    """A soft mask that reaches a little further than the given one."""
    side = 2 * max(1, round(reach_px)) + 1
    shape = cv2.MORPH_ELLIPSE if side > 3 else cv2.MORPH_RECT  # OpenCV's ellipse of three pixels is a cross
    wider = cv2.dilate(mask, cv2.getStructuringElement(shape, (side, side)))
    return _blurred(wider, 0.8)


def _blurred(mask: Any, sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma_px), np.float32)


def _strokes(text: str, height_px: float, border_px: int) -> NDArray[np.uint8]:
    """The text drawn large, (h, w) uint8; a multiple of `LARGER` on both sides, with room for descenders."""
    tall = height_px * LARGER
    scale = cv2.getFontScaleFromHeight(_FONT, round(tall), 1)
    thick = max(1, round(_WEIGHT * tall))
    pieces = [(piece, _advance(piece, scale, tall)) for piece in _pieces(text)]
    border = border_px * LARGER
    wide = sum(advance for _, advance in pieces) + 2 * border
    high = round(tall) + 2 * border
    canvas = np.zeros((-(-high // LARGER) * LARGER, -(-wide // LARGER) * LARGER), np.uint8)
    x, base = border, border + round(tall)
    for piece, advance in pieces:
        if piece in _SIGNS:
            _SIGNS[piece][1](canvas, x, base, tall, thick)
        else:
            cv2.putText(canvas, piece, (x, base), _FONT, scale, 255, thick, cv2.LINE_AA)
        x += advance
    return canvas


def _pieces(text: str) -> list[str]:
    """Runs of plain text, and the signs that the font lacks, each alone."""
    plain = "".join(sign if sign in _SIGNS or " " <= sign <= "~" else "?" for sign in text)
    return [piece for piece in re.split(f"([{''.join(_SIGNS)}])", plain) if piece]


def _advance(piece: str, scale: float, tall: float) -> int:
    return round(_SIGNS[piece][0] * tall) if piece in _SIGNS else int(cv2.getTextSize(piece, _FONT, scale, 1)[0][0])


def _draw_infinity(canvas: NDArray[np.uint8], x: int, base: int, tall: float, thick: int) -> None:
    turn = np.linspace(0.0, 2 * math.pi, 64)
    shrink = tall / (1 + np.sin(turn) ** 2)  # Bernoulli's lemniscate, a little taller
    right = x + 0.8 * tall + 0.72 * np.cos(turn) * shrink
    down = base - 0.45 * tall - 0.95 * np.sin(turn) * np.cos(turn) * shrink
    cv2.polylines(canvas, [np.rint(np.stack([right, down], 1)).astype(np.int32)], True, 255, thick, cv2.LINE_AA)


def _draw_degree(canvas: NDArray[np.uint8], x: int, base: int, tall: float, thick: int) -> None:
    cv2.circle(canvas, (round(x + 0.3 * tall), round(base - 0.8 * tall)), round(0.18 * tall), 255, thick, cv2.LINE_AA)


def _draw_tick(canvas: NDArray[np.uint8], x: int, base: int, tall: float, thick: int) -> None:
    stroke = np.array([[0.12, -0.42], [0.42, -0.08], [0.98, -0.92]]) * tall + (x, base)
    cv2.polylines(canvas, [np.rint(stroke).astype(np.int32)], False, 255, round(1.2 * thick), cv2.LINE_AA)


# Signs that the font lacks: their advance, in heights of a capital, and how they are drawn.
_SIGNS: dict[str, tuple[float, Callable[[NDArray[np.uint8], int, int, float, int], None]]] = {
    "∞": (1.7, _draw_infinity),
    "°": (0.65, _draw_degree),
    "✓": (1.1, _draw_tick),
}


def shrunk(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What was drawn large, at the size that it is shown, 0 to 1."""
    size = (mask.shape[1] // LARGER, mask.shape[0] // LARGER)
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255.0)
