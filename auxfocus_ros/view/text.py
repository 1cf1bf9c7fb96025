"""Labels: small text with smooth edges and a dark halo, legible on any picture.

OpenCV's stroke font is drawn many times larger than needed and shrunk, which makes an even, clean line at any size. A label is
drawn once and kept: what a frame costs is pasting it.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.view.ink import Colour, Sprite, sprite_of
from auxfocus_ros.view.palette import HALO

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LARGER = 8  # how much larger the strokes are drawn than they are shown
_WEIGHT = 0.16  # of the stroke, against the height of a capital
_HALO_STRENGTH = 0.8


@lru_cache(maxsize=512)
def label(text: str, height_px: float, colour: Colour, opacity: float) -> Sprite:
    """Text with a dark halo. `height_px`: of a capital; printable ASCII and the sign for infinity."""
    border = max(2, math.ceil(0.25 * height_px))
    ink = _shrunk(_strokes(text, height_px, border))
    return sprite_of([(_halo_of(ink, 0.12 * height_px), HALO, _HALO_STRENGTH), (ink, colour, 1.0)], opacity)


@lru_cache(maxsize=256)
def plate(text: str, height_px: float, ink: Colour, ground: Colour, opacity: float) -> Sprite:
    """Text on a plate with round corners and a soft dark rim."""
    border = max(3, round(0.62 * height_px))
    strokes = _strokes(text, height_px, border)
    rim = 2 * _LARGER
    shape = np.zeros_like(strokes)
    high, wide = shape.shape
    radius = round(0.35 * height_px * _LARGER)
    cv2.rectangle(shape, (rim + radius, rim), (wide - 1 - rim - radius, high - 1 - rim), 255, -1)
    cv2.rectangle(shape, (rim, rim + radius), (wide - 1 - rim, high - 1 - rim - radius), 255, -1)
    for x in (rim + radius, wide - 1 - rim - radius):
        for y in (rim + radius, high - 1 - rim - radius):
            cv2.circle(shape, (x, y), radius, 255, -1)
    small = _shrunk(shape)
    return sprite_of([(_blurred(small, 1.2), HALO, 0.6), (small, ground, 0.96), (_shrunk(strokes), ink, 1.0)], opacity)


@lru_cache(maxsize=64)
def triangle(size_px: float, direction: str, colour: Colour, opacity: float) -> Sprite:
    """An arrow head that points 'up', 'down' or 'left', with a dark halo."""
    side = 2 * math.ceil(0.5 * size_px) + 6
    shape = np.zeros((side * _LARGER, side * _LARGER), np.uint8)
    centre, half = side * _LARGER / 2, size_px * _LARGER / 2
    tip = np.array([[-0.8, 1.0], [0.8, 0.0], [-0.8, -1.0]])  # points right
    turned = {"left": -tip, "up": np.stack([tip[:, 1], -tip[:, 0]], 1), "down": tip[:, ::-1]}[direction]
    cv2.fillPoly(shape, [np.rint(centre + half * turned).astype(np.int32)], 255)
    head = _shrunk(shape)
    return sprite_of([(_halo_of(head, 1.0), HALO, _HALO_STRENGTH), (head, colour, 1.0)], opacity)


def _halo_of(mask: NDArray[np.float32], reach_px: float) -> NDArray[np.float32]:
    side = 2 * max(1, round(reach_px)) + 1
    shape = cv2.MORPH_ELLIPSE if side > 3 else cv2.MORPH_RECT  # OpenCV's ellipse of three pixels is a cross
    wider = cv2.dilate(mask, cv2.getStructuringElement(shape, (side, side)))
    return _blurred(wider, 0.8)


def _blurred(mask: Any, sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma_px), np.float32)


def _strokes(text: str, height_px: float, border_px: int) -> NDArray[np.uint8]:
    """The text drawn large, (h, w) uint8; a multiple of `_LARGER` on both sides, with room for descenders."""
    tall = height_px * _LARGER
    scale = cv2.getFontScaleFromHeight(_FONT, round(tall), 1)
    thick = max(1, round(_WEIGHT * tall))
    pieces = [(piece, _advance(piece, scale, tall)) for piece in _pieces(text)]
    border = border_px * _LARGER
    wide = sum(advance for _, advance in pieces) + 2 * border
    high = round(tall) + 2 * border
    canvas = np.zeros((-(-high // _LARGER) * _LARGER, -(-wide // _LARGER) * _LARGER), np.uint8)
    x, base = border, border + round(tall)
    for piece, advance in pieces:
        if piece == "∞":
            _draw_infinity(canvas, x, base, tall, thick)
        else:
            cv2.putText(canvas, piece, (x, base), _FONT, scale, 255, thick, cv2.LINE_AA)
        x += advance
    return canvas


def _pieces(text: str) -> list[str]:
    """Runs of plain text, and the signs that the font lacks, each alone."""
    plain = "".join(sign if sign == "∞" or " " <= sign <= "~" else "?" for sign in text)
    return [piece for piece in plain.replace("∞", "\0∞\0").split("\0") if piece]


def _advance(piece: str, scale: float, tall: float) -> int:
    return round(1.7 * tall) if piece == "∞" else int(cv2.getTextSize(piece, _FONT, scale, 1)[0][0])


def _draw_infinity(canvas: NDArray[np.uint8], x: int, base: int, tall: float, thick: int) -> None:
    turn = np.linspace(0.0, 2 * math.pi, 64)
    shrink = tall / (1 + np.sin(turn) ** 2)  # Bernoulli's lemniscate, a little taller
    right = x + 0.8 * tall + 0.72 * np.cos(turn) * shrink
    down = base - 0.45 * tall - 0.95 * np.sin(turn) * np.cos(turn) * shrink
    cv2.polylines(canvas, [np.rint(np.stack([right, down], 1)).astype(np.int32)], True, 255, thick, cv2.LINE_AA)


def _shrunk(mask: NDArray[np.uint8]) -> NDArray[np.float32]:
    size = (mask.shape[1] // _LARGER, mask.shape[0] // _LARGER)
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA), np.float32) / np.float32(255.0)
