"""What a lens does to a point, as a Fourier transform on the grid of `rfft2`: even disks, and what real apertures are instead."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from scipy import fft
from scipy.special import j1

TABLE_STEP = 0.01
LARGEST_X = 2.0 * np.pi * 256.0 * 0.75


@lru_cache(maxsize=1)
def _airy_table() -> np.ndarray:
    x = np.arange(0.0, LARGEST_X, TABLE_STEP)
    x[0] = 1e-9
    return np.asarray(2.0 * j1(x) / x, np.float32)


@lru_cache(maxsize=4)
def frequencies(size_px: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(size, 1) vertical, (1, size // 2 + 1) horizontal and (size, size // 2 + 1) radial frequency, cycles a pixel."""
    fy = fft.fftfreq(size_px).astype(np.float32)[:, None]
    fx = fft.rfftfreq(size_px).astype(np.float32)[None, :]
    return fy, fx, np.hypot(fy, fx)


def disk_transfer(size_px: int, radius_px: float) -> np.ndarray:
    """Of an even disk: `2 J1(x) / x` with `x = 2 pi r f`, to 0.005 in x. (size, size // 2 + 1) float32.

    Source: Goodman, Introduction to Fourier Optics.
    """
    x = frequencies(size_px)[2] * np.float32(2.0 * np.pi * radius_px / TABLE_STEP)
    return np.take(_airy_table(), (x + np.float32(0.5)).astype(np.int32))


def gaussian_transfer(size_px: int, sigma_px: float) -> np.ndarray:
    """Of a Gaussian. (size, size // 2 + 1) float32."""
    fy, fx, _ = frequencies(size_px)
    factor = np.float32(-2.0 * np.pi**2 * sigma_px**2)
    return np.asarray(np.exp(factor * fy**2) * np.exp(factor * fx**2), np.float32)


def motion_transfer(size_px: int, dx_px: float, dy_px: float) -> np.ndarray:
    """Of a straight, even movement during the exposure. (size, size // 2 + 1) float32."""
    fy, fx, _ = frequencies(size_px)
    return np.asarray(np.sinc(fx * np.float32(dx_px) + fy * np.float32(dy_px)), np.float32)


def drawn_transfer(rng: np.random.Generator, size_px: int, radius_px: float) -> np.ndarray:
    """Of an aperture as lenses have: a polygon of 5 to 9 blades or a disk, cut by the barrel (cat's eye), uneven within, soft at
    its edge. Its area is that of the disk of the radius, which is what the radius of such a blur is called.

    Returns:
        (size, size // 2 + 1) complex64.
    """
    half = int(np.ceil(1.3 * radius_px)) + 2
    finer = int(np.clip(np.ceil(60 / radius_px), 2, 16)) if radius_px < 60 else 1
    edge = (2 * half + 1) * finer
    shape = _blades(rng) if rng.random() < 0.7 else _blades(rng, 64)
    cut_off = rng.uniform(0.1, 0.7) if rng.random() < 0.3 else 0.0
    area = _polygon_area(shape)
    corners = shape * radius_px * np.sqrt(np.pi / area)
    mask = _drawn(corners, half, finer, edge)
    if cut_off:
        angle = rng.uniform(0, 2 * np.pi)
        away = cut_off * radius_px * np.array([np.cos(angle), np.sin(angle)])
        grow = 1.0 / np.sqrt(1.0 - 0.6 * cut_off)
        mask = np.minimum(
            _drawn(corners * grow + 0.5 * away, half, finer, edge), _drawn(corners * grow - 0.5 * away, half, finer, edge)
        )
        # what is cut away makes the blur smaller: bring its area back
        back = np.sqrt(np.pi * radius_px**2 * finer**2 / max(float(mask.sum()), 1e-6))
        warp = cv2.getRotationMatrix2D((0.5 * (edge - 1),) * 2, 0, float(back))
        mask = np.asarray(cv2.warpAffine(mask, warp, (edge, edge)), np.float32)
    if rng.random() < 0.4:  # spherical aberration: brighter or darker towards the edge
        y, x = np.mgrid[-1 : 1 : edge * 1j, -1 : 1 : edge * 1j]
        inside = (x * x + y * y) * (half / radius_px) ** 2
        mask = mask * np.clip(1 + rng.uniform(-0.6, 0.8) * (inside - 0.5), 0.1, None)
    kernel = np.asarray(cv2.resize(mask, (2 * half + 1,) * 2, interpolation=cv2.INTER_AREA), np.float32)
    padded = np.zeros((size_px, size_px), np.float32)
    kernel = kernel[: min(len(kernel), size_px), : min(len(kernel), size_px)]
    padded[: kernel.shape[0], : kernel.shape[1]] = kernel / kernel.sum()
    return np.asarray(fft.rfft2(np.roll(padded, (-half, -half), axis=(0, 1))))


def _blades(rng: np.random.Generator, sides: int | None = None) -> np.ndarray:
    count = int(rng.integers(5, 10)) if sides is None else sides
    per_side = max(1, 64 // count)
    angle = np.arange(count * per_side) * 2 * np.pi / (count * per_side)
    straight = np.cos(np.pi / count) / np.cos(np.mod(angle, 2 * np.pi / count) - np.pi / count)
    radius = 1.0 + rng.uniform(0.3, 1.0) * (straight - 1.0)  # blades are often bent
    turn = rng.uniform(0, 2 * np.pi)
    return np.stack([radius * np.cos(angle + turn), radius * np.sin(angle + turn)], axis=1)


def _polygon_area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def _drawn(corners: np.ndarray, half: int, finer: int, edge: int) -> np.ndarray:
    mask = np.zeros((edge, edge), np.uint8)
    points = np.rint(((corners + half + 0.5) * finer - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) * np.float32(1 / 255)
