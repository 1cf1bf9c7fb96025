"""Pictures of one plane under several blurs, as power and cross-power over spatial frequency.

A blur multiplies a picture's spectrum by its transfer function, and two frames of one plane differ in nothing else once they
are of one scale, in one place and of one exposure. What is left of them is then a small matrix for each ring of frequencies:
`C[bin, i, j]`, the mean of `Re(F_i conj F_j)` over the ring. All that `likelihood` reads of the frames is in there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import to_linear

SMALLEST_PX = 64
LOWEST_BIN = 3
"""The window's own spectrum and slow shading reach up to here."""
HIGHEST_FREQUENCY = 0.425
"""Cycles per pixel; above it there is mostly what demosaicking and interpolation made."""
NOISE_FREQUENCY = 0.46
"""Cycles per pixel; what is above it is taken for noise."""
SAME_EXPOSURE = 0.1
"""Frames whose mean light differs by less (natural logarithm) are taken as equally exposed: blur carries light in as well."""
SAME_PLACE_PX = 0.3
BLURS_PX = (0.0, 2.0, 5.0, 12.0, 26.0, 50.0, 80.0)
"""Standard deviations of the blurs by which a sharper frame is brought to look like another."""

Plane = NDArray[np.float32]


def luminance(picture: np.ndarray, gamma: float) -> Plane:
    """Linear light of a picture, colours weighted as in ITU-R BT.709 (the order of the outer two is nobody's to know).

    Args:
        picture: (H, W), (H, W, 1) or (H, W, 3), uint8, uint16 or floating point in [0, 1], at least 64 px each way.
        gamma: of the picture, 0.1 to 10.

    Returns:
        (H, W) float32, 0 to 1.

    Raises:
        InputError: another shape or type, or too small.
    """
    if not isinstance(picture, np.ndarray) or picture.ndim not in (2, 3):
        raise InputError(f"a picture must be an array (H, W) or (H, W, 3), got {np.shape(picture)}")
    if min(picture.shape[:2]) < SMALLEST_PX:
        height, width = picture.shape[:2]
        raise InputError(f"the region is {width} x {height} px: focus needs at least {SMALLEST_PX} px each way")
    if picture.ndim == 3 and picture.shape[2] == 1:
        picture = picture[..., 0]
    linear = to_linear(picture, gamma)
    if linear.ndim == 3:
        linear = np.asarray(linear @ np.array([0.14, 0.72, 0.14], np.float32))
    return np.asarray(linear, np.float32)


def cut_middle(linear: Plane, largest_px: int) -> Plane:
    """The middle of a picture, each side a multiple of 16 of at most `largest_px`."""
    height, width = (min(side, largest_px) // 16 * 16 for side in linear.shape)
    y, x = (linear.shape[0] - height) // 2, (linear.shape[1] - width) // 2
    return linear[y : y + height, x : x + width]


@dataclass(frozen=True)
class Rings:
    """How a spectrum of one size is weighted and summed. frequency, count: (B,), of the rings that are used."""

    window: Plane
    ring: NDArray[np.intp]
    taken: NDArray[np.intp]
    weight: NDArray[np.float64]
    frequency: NDArray[np.float64]
    count: NDArray[np.float64]
    noisy: NDArray[np.intp]

    def sums(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Mean over every ring, (B,), of a half spectrum's real values."""
        total = np.bincount(self.ring, values.ravel()[self.taken] * self.weight, len(self.count) + LOWEST_BIN)
        return np.asarray(total[LOWEST_BIN:] / self.count)


@lru_cache(maxsize=8)
def rings_of(shape: tuple[int, int]) -> Rings:
    """The rings for pictures of a shape; their width is one cycle over the shorter side."""
    height, width = shape
    window = np.hanning(height + 1)[:-1, None] * np.hanning(width + 1)[None, :-1]
    window = (window / np.sqrt((window**2).mean())).astype(np.float32)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    twice = np.full(frequency.shape, 2.0)
    twice[:, 0] = 1.0
    twice[:, -1] = 1.0
    shorter = min(shape)
    ring = np.floor(frequency * shorter + 0.5).astype(np.intp)
    last = int(HIGHEST_FREQUENCY * shorter)
    taken = np.flatnonzero(((ring >= LOWEST_BIN) & (ring < last)).ravel())
    weight = twice.ravel()[taken]
    count = np.bincount(ring.ravel()[taken], weight, last)[LOWEST_BIN:]
    return Rings(
        window=window,
        ring=ring.ravel()[taken],
        taken=taken,
        weight=weight,
        frequency=np.arange(LOWEST_BIN, last) / shorter,
        count=np.asarray(count, np.float64),
        noisy=np.flatnonzero(frequency.ravel() > NOISE_FREQUENCY),
    )


@dataclass(frozen=True)
class CrossPower:
    """What the frames have in common, ring by ring.

    power: (B, k, k), mean of `Re(F_i conj F_j)`, in squared linear light. noise: (k,), power of the noise in each frame.
    frequency: (B,), cycles per pixel. count: (B,), coefficients in each ring, both halves of the spectrum.
    """

    power: NDArray[np.float64]
    noise: NDArray[np.float64]
    frequency: NDArray[np.float64]
    count: NDArray[np.float64]


def spectrum(linear: Plane) -> NDArray[np.complex64]:
    """Half spectrum (H, W // 2 + 1) of a windowed picture less its mean; `abs(...)**2` of white noise is its variance."""
    window = rings_of((linear.shape[0], linear.shape[1])).window
    mean = float(np.vdot(linear, window)) / float(window.sum())
    return np.asarray(fft.rfft2((linear - np.float32(mean)) * window) / np.float32(np.sqrt(linear.size)), np.complex64)


def noise_power(half_spectrum: NDArray[np.complex64], shape: tuple[int, int]) -> float:
    """Variance of the noise, from the median power of the highest frequencies (of which ln 2 is the mean's share)."""
    high = half_spectrum.ravel()[rings_of(shape).noisy]
    return max(float(np.median(high.real**2 + high.imag**2)) / float(np.log(2.0)), 1e-9)


def cross_power(planes: Sequence[Plane], noise: Sequence[float] | None = None) -> CrossPower:
    """Power and cross-power of frames of one shape that lie over each other.

    Args:
        planes: k pictures in linear light, (H, W) float32.
        noise: of each, where they were resampled since; None: measured.
    """
    shape = (planes[0].shape[0], planes[0].shape[1])
    rings = rings_of(shape)
    spectra = [spectrum(plane) for plane in planes]
    power = np.empty((len(rings.count), len(planes), len(planes)))
    for i, one in enumerate(spectra):
        for j in range(i + 1):
            other = spectra[j]
            power[:, i, j] = power[:, j, i] = rings.sums(one.real * other.real + one.imag * other.imag)
    if noise is None:
        noise = [noise_power(one, shape) for one in spectra]
    return CrossPower(power, np.asarray(noise, np.float64), rings.frequency, rings.count)


# One frame over another


@dataclass(frozen=True)
class Placing:
    """How a frame's content lies in another's: enlarged about the middle by `scale`, then moved by (x, y) px."""

    scale: float
    x_px: float = 0.0
    y_px: float = 0.0


def place(linear: Plane, placing: Placing) -> Plane:
    """Resample a frame so that its content comes to lie as told; what is missing is continued by reflection."""
    if abs(placing.scale - 1.0) < 1e-6 and max(abs(placing.x_px), abs(placing.y_px)) < SAME_PLACE_PX:
        return linear
    height, width = linear.shape
    x, y = 0.5 * (width - 1) * (1.0 - placing.scale), 0.5 * (height - 1) * (1.0 - placing.scale)
    warp = np.array([[placing.scale, 0.0, x + placing.x_px], [0.0, placing.scale, y + placing.y_px]])
    return np.asarray(
        cv2.warpAffine(linear, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.float32
    )


def matching_blur_px(reference: Plane, other: Plane, reach_px: float) -> float:
    """The blur, a Gaussian's standard deviation, that brings the sharper reference to look most like another frame."""
    sharp, still = _reduced(reference, 4), spectrum(_reduced(other, 4))

    def correlation(sigma_px: float) -> float:
        return _peak(spectrum(_softened(sharp, sigma_px / 4.0)), still, sharp.shape, reach_px / 4.0)[2]

    return max(BLURS_PX, key=correlation)


def shift_between(reference: Plane, other: Plane, reach_px: float) -> tuple[float, float, float]:
    """How far a frame must be moved to lie over a sharper one: (x, y, correlation), pixels, and -1 to 1.

    The sharper one is blurred until the two correlate best, at a quarter of the size: two blurs of one thing would otherwise
    correlate best where the light that came in from outside lies over itself. The place is then the peak at half the size,
    shorter ways preferred; what is too short to matter under such a blur is no shift.
    """
    sigma = matching_blur_px(reference, other, reach_px)
    fine = [_reduced(plane, 2) for plane in (reference, other)]
    x, y, correlation = _peak(spectrum(_softened(fine[0], sigma / 2.0)), spectrum(fine[1]), fine[0].shape, reach_px / 2.0)
    short = math.hypot(2.0 * x, 2.0 * y) < max(SAME_PLACE_PX, 0.1 * sigma)
    return (0.0, 0.0, correlation) if short else (2.0 * x, 2.0 * y, correlation)


def _reduced(plane: Plane, factor: int) -> Plane:
    size = (plane.shape[1] // (2 * factor) * 2, plane.shape[0] // (2 * factor) * 2)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _softened(plane: Plane, sigma_px: float) -> Plane:
    """About a Gaussian's blur, by three boxes."""
    width = 2 * round(0.5 * (math.sqrt(4.0 * sigma_px * sigma_px + 1.0) - 1.0)) + 1
    for _ in range(3 if width > 1 else 0):
        plane = np.asarray(cv2.blur(plane, (width, width), borderType=cv2.BORDER_REFLECT), np.float32)
    return plane


def _peak(
    a: NDArray[np.complex64], b: NDArray[np.complex64], shape: tuple[int, ...], reach_px: float
) -> tuple[float, float, float]:
    """(x, y, correlation) where the cross-correlation of two half spectra is highest."""
    height, width = shape
    surface = np.asarray(fft.irfft2(a * np.conj(b), s=(height, width)))
    y, x = np.fft.fftfreq(height, 1.0 / height)[:, None], np.fft.fftfreq(width, 1.0 / width)[None, :]
    square, reach = y * y + x * x, max(reach_px, 1.0)
    tapered = np.where(square <= reach * reach, np.maximum(surface, 0.0) * np.exp(-2.0 * square / reach**2), -1.0)
    row, column = (int(n) for n in np.unravel_index(int(np.argmax(tapered)), tapered.shape))
    at = surface[row, column]
    up, down = surface[row - 1, column], surface[(row + 1) % height, column]
    left, right = surface[row, column - 1], surface[row, (column + 1) % width]
    energy = math.sqrt(_energy(a) * _energy(b))
    correlation = float(at) * height * width / max(energy, 1e-12)
    return float(x[0, column]) + _vertex(left, at, right), float(y[row, 0]) + _vertex(up, at, down), correlation


def _energy(half_spectrum: NDArray[np.complex64]) -> float:
    power = half_spectrum.real**2 + half_spectrum.imag**2
    return float(2.0 * power.sum() - power[:, 0].sum() - power[:, -1].sum())


def _vertex(before: float, at: float, after: float) -> float:
    """Where the parabola through three values one apart is highest, from the middle one."""
    bend = before - 2.0 * at + after
    return 0.0 if bend >= 0.0 else float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))


def same_exposure(planes: Sequence[Plane], reference: int = 0) -> list[Plane]:
    """The frames with the light of the reference, where they differ by more than blur alone makes them."""
    window = rings_of((planes[0].shape[0], planes[0].shape[1])).window
    means = [max(float(np.vdot(plane, window)), 1e-9) for plane in planes]
    gains = [means[reference] / mean for mean in means]
    apart = [abs(math.log(gain)) > SAME_EXPOSURE for gain in gains]
    return [plane * np.float32(gain) if other else plane for plane, gain, other in zip(planes, gains, apart, strict=True)]
