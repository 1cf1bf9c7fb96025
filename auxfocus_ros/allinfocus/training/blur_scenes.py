"""Pictures of scenes with depth, and how far every part of them is out of focus: what a blur map is learned from.

A scene is a background, flat or slanted, and up to four things in front of it; each has a texture and a blur of its own. A
slanted one is put together from a ladder of blurs, mixed where it lies between two of them so that the second moment is right.
Things in front are blurred with their outline, and let through at it what is behind them. The lens and the camera are those of
`autofocus.training.simulate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from auxfocus_ros.autofocus.training.simulate import FIELD_PX, MOST_RADIUS_PX, camera_picture, lens_transfer
from auxfocus_ros.autofocus.training.sources import Sources

PICTURE_PX = 512
TRUTH_PX = 8
"""The truth is kept at the middle of every square of this edge."""
TRUTH_CELLS = PICTURE_PX // TRUTH_PX
LOOKS_PER_SCENE = 5
FLAT_SHARE, ALONE_SHARE = 0.6, 0.45
MOST_RUNGS = 9
RUNG_GROWTH = 0.3


@dataclass(frozen=True, eq=False)
class BlurScene:
    """picture: (PICTURE_PX, PICTURE_PX) uint8. radius_px: (TRUTH_CELLS, TRUTH_CELLS) float32, of the blur's disk."""

    picture: NDArray[np.uint8]
    radius_px: NDArray[np.float32]


def blur_scenes(seed: int | list[int], sources: Sources, count: int) -> Iterator[BlurScene]:
    """Scenes, for ever the same by their seed."""
    rng = np.random.default_rng(seed)
    made = 0
    before = _texture(rng, sources)
    while made < count:
        ground = _texture(rng, sources)
        for _ in range(min(LOOKS_PER_SCENE, count - made)):
            yield _look(rng, ground, before)
            made += 1
        before = ground


def _texture(rng: np.random.Generator, sources: Sources) -> np.ndarray:
    while True:
        sharp = sources.draw(rng, FIELD_PX)
        if float(sharp.std()) >= 0.004 * max(float(sharp.mean()), 0.02):
            return sharp


def _look(rng: np.random.Generator, ground: np.ndarray, other: np.ndarray) -> BlurScene:
    lens_seed, wild = int(rng.integers(2**31)), rng.random() < 0.5

    def transfer(radius_px: float) -> np.ndarray:
        """The same lens for every radius of a picture."""
        return lens_transfer(np.random.default_rng(lens_seed), radius_px, wild)

    truth = _ground_radius(rng)
    light = _blurred_by_map(ground, truth, transfer)
    if rng.random() >= ALONE_SHARE:
        for _ in range(int(rng.integers(1, 5))):
            outline = _outline(rng)
            radius_px = _radius(rng) if rng.random() < 0.75 else float(truth.mean() * rng.uniform(0.6, 1.6))
            radius_px = min(radius_px, MOST_RADIUS_PX)
            shade = np.float32(np.exp(rng.normal(0, 0.4)))
            front = shade * np.roll(other, rng.integers(0, FIELD_PX, 2).tolist(), axis=(0, 1)) * outline
            through = transfer(radius_px)
            light = _filtered(front, through) + (1 - _filtered(outline, through)) * light
            truth = np.where(outline >= 0.5, np.float32(radius_px), truth)
    top, left = (int(edge) * TRUTH_PX for edge in rng.integers(0, (FIELD_PX - PICTURE_PX) // TRUTH_PX + 1, 2))
    inside = slice(top, top + PICTURE_PX), slice(left, left + PICTURE_PX)
    picture = camera_picture(rng, np.ascontiguousarray(light[inside], np.float32), wild)
    middle = slice(TRUTH_PX // 2, None, TRUTH_PX)
    return BlurScene(np.asarray(picture, np.uint8), np.ascontiguousarray(truth[inside][middle, middle], np.float32))


def _radius(rng: np.random.Generator) -> float:
    """Heavy near focus, where it matters most."""
    kind = rng.random()
    if kind < 0.06:
        return 0.0
    if kind < 0.30:
        return float(rng.uniform(0, 3))
    if kind < 0.75:
        return float(np.exp(rng.uniform(np.log(1.0), np.log(60.0))))
    return float(np.exp(rng.uniform(np.log(15.0), np.log(MOST_RADIUS_PX))))


def _ground_radius(rng: np.random.Generator) -> NDArray[np.float32]:
    """(FIELD_PX, FIELD_PX): even, or slanted or bent, through focus too."""
    radius_px = _radius(rng)
    if rng.random() < FLAT_SHARE:
        return np.full((FIELD_PX, FIELD_PX), radius_px, np.float32)
    y, x = np.mgrid[-1 : 1 : FIELD_PX * 1j, -1 : 1 : FIELD_PX * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    if rng.random() < 0.3:
        along = along + np.float32(rng.uniform(-1, 1)) * (x * x + y * y)
    slope = np.exp(rng.uniform(np.log(0.2), np.log(1.5))) * max(radius_px, 4.0)
    return np.minimum(np.abs(np.float32(radius_px) + np.float32(slope) * along), np.float32(MOST_RADIUS_PX))


def _outline(rng: np.random.Generator) -> NDArray[np.float32]:
    """(FIELD_PX, FIELD_PX) 0 to 1: a bent half plane, an ellipse, a bar or a blob."""
    y, x = np.mgrid[-0.5 : 0.5 : FIELD_PX * 1j, -0.5 : 0.5 : FIELD_PX * 1j].astype(np.float32)
    angle, (right, down) = rng.uniform(0, 2 * np.pi), rng.uniform(-0.4, 0.4, 2)
    x, y = x - np.float32(right), y - np.float32(down)
    u, v = np.cos(angle) * x + np.sin(angle) * y, -np.sin(angle) * x + np.cos(angle) * y
    kind = rng.random()
    if kind < 0.3:
        away = (u + np.float32(rng.uniform(-2, 2)) * v**2) * FIELD_PX
    elif kind < 0.55:
        a, b = rng.uniform(0.05, 0.35, 2)
        away = (1 - np.sqrt((u / np.float32(a)) ** 2 + (v / np.float32(b)) ** 2)) * (min(a, b) * FIELD_PX)
    elif kind < 0.75:
        half = np.exp(rng.uniform(np.log(0.01), np.log(0.12)))
        away = (half - np.abs(u + np.float32(rng.uniform(-1, 1)) * v**2)) * FIELD_PX
    else:
        cells = int(rng.integers(4, 12))
        waves = cv2.resize(
            rng.standard_normal((cells, cells)).astype(np.float32), (FIELD_PX, FIELD_PX), interpolation=cv2.INTER_CUBIC
        )
        away = (waves - np.float32(rng.uniform(-0.3, 0.9))) * np.float32(0.5 * FIELD_PX / cells)
    return np.asarray(np.clip(away + 0.5, 0, 1), np.float32)


def _blurred_by_map(sharp: np.ndarray, radius_px: np.ndarray, transfer: object) -> NDArray[np.float32]:
    assert callable(transfer)
    rungs = _ladder(float(radius_px.min()), float(radius_px.max()))
    spectrum = fft.rfft2(sharp)
    if len(rungs) == 1:
        return _inverse(spectrum * transfer(rungs[0]))
    light = np.zeros_like(sharp)
    square, squares = radius_px**2, np.square(rungs)
    for number, rung in enumerate(rungs):
        at = np.zeros(len(rungs))
        at[number] = 1.0
        share = np.interp(square, squares, at).astype(np.float32)
        if share.any():
            light += share * _inverse(spectrum * transfer(rung))
    return light


def _ladder(least: float, most: float) -> list[float]:
    """Radii that enclose a range, a fixed ratio apart (of radius + 1 px), or as many as there may be."""
    if most - least < 0.02:
        return [0.5 * (least + most)]
    span = np.log(most + 1) - np.log(least + 1)
    count = int(np.clip(np.ceil(span / RUNG_GROWTH) + 1, 2, MOST_RUNGS))
    return np.asarray(np.exp(np.linspace(np.log(least + 1), np.log(most + 1), count)) - 1).clip(least, most).tolist()


def _filtered(picture: np.ndarray, transfer: np.ndarray) -> NDArray[np.float32]:
    return _inverse(fft.rfft2(picture) * transfer)


def _inverse(spectrum: np.ndarray) -> NDArray[np.float32]:
    return np.asarray(fft.irfft2(spectrum, s=(FIELD_PX, FIELD_PX)), np.float32)
