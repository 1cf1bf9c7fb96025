"""Sharp textures that are drawn, not photographed: what there is to learn from when there are no photographs.

Each is (N, N) float32 in linear light, 0 to 1, and sharp to the pixel: edges are drawn finer and averaged, so that a
pixel sees the mean over its area, as a sensor's does. The dead-leaves pictures follow Lee, Mumford and Huang, "Occlusion Models
for Natural Images" (2001): things of all sizes that hide each other have the statistics of photographs.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from scipy import fft

FINER = 2
SHIFT = 4

Texture = Callable[[np.random.Generator, int], np.ndarray]


def draw_texture(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """One texture of a kind drawn by lot. (size, size) float32, 0 to 1."""
    kinds = list(KINDS)
    weights = np.array([KINDS[kind] for kind in kinds], np.float64)
    return kinds[rng.choice(len(kinds), p=weights / weights.sum())](rng, size_px)


def fractal_noise(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Noise with a power spectrum of `1 / f ** a`, a from 1.2 to 3, stretched in one direction; sometimes cut into levels."""
    spectrum = fft.rfft2(rng.standard_normal((size_px, size_px), dtype=np.float32))
    fy = fft.fftfreq(size_px).astype(np.float32)[:, None]
    fx = fft.rfftfreq(size_px).astype(np.float32)[None, :]
    angle, stretch = rng.uniform(0, np.pi), np.exp(rng.normal(0, 0.4))
    along = (np.cos(angle) * fx + np.sin(angle) * fy) * np.float32(stretch)
    across = -np.sin(angle) * fx + np.cos(angle) * fy
    frequency = np.hypot(along, across)
    frequency[0, 0] = 1.0
    knee = np.float32(np.exp(rng.uniform(np.log(0.5 / size_px), np.log(0.03))))
    field = fft.irfft2(spectrum * (frequency + knee) ** np.float32(-0.5 * rng.uniform(1.2, 3.0)), s=(size_px, size_px))
    field = (field - field.mean()) / field.std()
    if rng.random() < 0.25:
        steepness = np.float32(np.exp(rng.uniform(0, 3)))
        field = np.tanh(steepness * field)
    return _placed(rng, field)


def dead_leaves(rng: np.random.Generator, size_px: int, fills: list[np.ndarray] | None = None) -> np.ndarray:
    """Disks and polygons of all sizes that hide each other, of even or textured brightness, or filled from other pictures."""
    fine = size_px * FINER
    canvas = np.full((fine, fine), rng.uniform(0.05, 0.9), np.float32)
    smallest, largest = np.exp(rng.uniform(np.log(1.5), np.log(12))), rng.uniform(0.08, 0.3) * size_px
    power = rng.uniform(2.2, 3.2)
    count = int(np.exp(rng.uniform(np.log(100), np.log(2500))))
    u = rng.random(count)
    low, high = smallest ** (1 - power), largest ** (1 - power)
    radii = (
        np.sort((low + u * (high - low)) ** (1 / (1 - power)))[::-1]
        if rng.random() < 0.5
        else (low + u * (high - low)) ** (1 / (1 - power))
    )
    tone = rng.uniform(0.3, 1.6)
    textures = [] if fills is None else [cv2.resize(fill, (fine, fine), interpolation=cv2.INTER_NEAREST) for fill in fills]
    for radius in radii:
        centre = rng.uniform(0, size_px, 2)
        corners = _shape(rng, centre, radius)
        points = np.rint((corners * FINER + 0.5 * FINER - 0.5) * (1 << SHIFT)).astype(np.int32)
        value = float(rng.random() ** tone)
        if textures and radius > 6:
            _fill_from(rng, canvas, points, textures[rng.integers(len(textures))])
        else:
            cv2.fillPoly(canvas, [points], value, shift=SHIFT)
    small = np.asarray(cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA), np.float32)
    if rng.random() < 0.5:
        small = np.asarray(small * (1 + rng.uniform(0.02, 0.3) * (fractal_noise(rng, size_px) - 0.5)), np.float32)
    return np.clip(small, 0.0, 1.0)


def _shape(rng: np.random.Generator, centre: np.ndarray, radius: float) -> np.ndarray:
    kind = rng.random()
    sides = 24 if kind < 0.4 else int(rng.integers(3, 8))
    angles = np.sort(rng.uniform(0, 2 * np.pi, sides)) if sides < 24 else np.linspace(0, 2 * np.pi, sides, endpoint=False)
    shape = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if kind > 0.8:  # long and thin: twigs, wires, edges of tables
        shape = shape * [rng.uniform(2, 8), rng.uniform(0.1, 0.5)]
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(shape * [1, rng.uniform(0.4, 1.0)] @ rotation.T + centre)


def _fill_from(rng: np.random.Generator, canvas: np.ndarray, points: np.ndarray, texture: np.ndarray) -> None:
    fine = canvas.shape[0]
    low = np.clip((points.min(axis=0) >> SHIFT) - 1, 0, fine - 1)
    high = np.clip((points.max(axis=0) >> SHIFT) + 2, 1, fine)
    width, height = (high - low).tolist()
    if width < 1 or height < 1:
        return
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [points - (low << SHIFT).astype(np.int32)], 1, shift=SHIFT)
    x, y = int(rng.integers(0, fine - width + 1)), int(rng.integers(0, fine - height + 1))
    piece = np.clip(texture[y : y + height, x : x + width] * rng.uniform(0.5, 1.5), 0, 1)
    np.copyto(canvas[low[1] : high[1], low[0] : high[0]], piece, where=mask.astype(bool))


def gratings(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Stripes or checks, straight or with a slow bend; the pixel's mean of a soft square wave."""
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32)
    bend = fractal_noise(rng, size_px) * np.float32(rng.uniform(0, 20))
    field = np.ones((size_px, size_px), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(5), np.log(160)))
        phase = (np.cos(angle) * x + np.sin(angle) * y + cv2.GaussianBlur(bend, (0, 0), 12)) * np.float32(2 * np.pi / period)
        # A square wave whose edges are one pixel wide: sharp to the pixel, without aliases.
        edge = np.float32(period / np.pi)
        field *= np.clip(edge * np.sin(phase + rng.uniform(0, 6)) + rng.uniform(-0.5, 0.5), -1, 1)
    return _placed(rng, field + 0.02 * rng.standard_normal(field.shape, dtype=np.float32))


def strokes(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Writing: letters and lines, dark on light or light on dark."""
    fine = size_px * FINER
    canvas = np.full((fine, fine), 0.5, np.float32)
    ink = 1.0 if rng.random() < 0.5 else 0.0
    if rng.random() < 0.6:
        scale = float(np.exp(rng.uniform(np.log(0.5), np.log(6))))
        line = int(22 * scale * rng.uniform(1.1, 2.5)) + 2
        thickness = max(1, int(scale * rng.uniform(1, 3)))
        letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789      .,:+-"))
        for y in range(int(rng.integers(0, line)), fine + line, line):
            text = "".join(rng.choice(letters, int(fine / (12 * scale)) + 2))
            font = int(rng.integers(0, 8))
            cv2.putText(canvas, text, (-int(rng.integers(0, 60)), y), font, scale, ink, thickness, cv2.LINE_AA)
    else:
        for _ in range(int(np.exp(rng.uniform(np.log(8), np.log(400))))):
            a, b = rng.integers(0, fine, 2), rng.integers(0, fine, 2)
            b = a + ((b - a) * rng.uniform(0.05, 1)).astype(int)
            cv2.line(canvas, a.tolist(), b.tolist(), float(rng.random()), int(rng.integers(1, 8)), cv2.LINE_AA)
    if rng.random() < 0.7:
        angle, grow = float(rng.uniform(-180, 180)), float(rng.uniform(1.4, 1.8))
        warp = cv2.getRotationMatrix2D((fine / 2, fine / 2), angle, grow)
        canvas = np.asarray(cv2.warpAffine(canvas, warp, (fine, fine), borderMode=cv2.BORDER_REFLECT), np.float32)
    small = np.asarray(cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA), np.float32)
    return _placed(rng, small - 0.5 + rng.uniform(0, 0.1) * (fractal_noise(rng, size_px) - 0.5))


def sparse_lights(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Few bright points and short lines on a dark, weakly textured ground: stars, lamps, glints."""
    field = np.asarray(fractal_noise(rng, size_px) * np.float32(rng.uniform(0.01, 0.15)), np.float32)
    count = int(np.exp(rng.uniform(np.log(3), np.log(500))))
    x, y = rng.integers(1, size_px - 1, count), rng.integers(1, size_px - 1, count)
    strength = np.exp(rng.uniform(np.log(0.2), np.log(30), count)).astype(np.float32)
    field[y, x] += strength
    beside = rng.random(count) < 0.5
    field[y[beside], x[beside] + 1] += strength[beside]
    return field


def _placed(rng: np.random.Generator, field: np.ndarray) -> np.ndarray:
    """A field of mean 0 brought to a mean brightness and a contrast drawn by lot: weak and strong."""
    field = field / max(float(field.std()), 1e-6)
    mean = rng.uniform(0.08, 0.7)
    contrast = np.exp(rng.uniform(np.log(0.02), np.log(0.45)))
    return np.clip(np.asarray(mean * (1 + contrast * field), np.float32), 0.0, 1.0)


KINDS: dict[Texture, float] = {fractal_noise: 3.0, dead_leaves: 5.0, gratings: 0.7, strokes: 1.5, sparse_lights: 0.8}
