"""What the radius network is shown of a picture: its power spectrum over the logarithm of frequency, how its gradients are
distributed at every scale, and a small copy.

A disk of radius r takes from the spectrum what `2 J1(x) / x`, `x = 2 pi r f`, says: a slope and a row of zeros. Over log
frequency a larger r shifts them and does not change them, which is what a convolution can look for. Of large blurs the zeros lie
nearer to each other than the window of a picture with a falling spectrum keeps apart: those are found in the spectrum of a small
copy's gradients. What is the scene's own is told by how its gradients are distributed. NumPy alone: the same for training and
for use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import to_linear

SMALLEST_PX = 64
LARGEST_PX = 512
"""A larger picture is looked at in tiles of this size at most, whose spectra are averaged."""
GAMMA = 2.2
PER_OCTAVE = 24
LOWEST_OCTAVE = -9.0
FREQUENCY_BINS = 204
"""From 1 / 512 cycles a pixel to 0.707 (the corner of the spectrum), 24 to an octave."""
DIRECTIONS = 4
SPECTRUM_CHANNELS = 4 + DIRECTIONS
PYRAMID_LEVELS = 7
FACTS = 7 + 8 * PYRAMID_LEVELS
COPY_PX = 64
PADDED_PX = 256
"""The small copy's spectrum is sampled four times as finely as its own values lie."""


@dataclass(frozen=True, eq=False)
class Features:
    """Of one picture.

    spectrum: (SPECTRUM_CHANNELS, FREQUENCY_BINS) float32. facts: (FACTS,) float32. copy: (COPY_PX, COPY_PX) float32, mean 0,
    variance 1.
    """

    spectrum: NDArray[np.float32]
    facts: NDArray[np.float32]
    copy: NDArray[np.float32]


def linear_grey(picture: np.ndarray) -> np.ndarray:
    """A picture (H, W) or (H, W, 3) uint8 in linear light, grey: (H, W) float32.

    Raises:
        InputError: another shape or type, or smaller than 64 px.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or (picture.ndim == 3 and picture.shape[2] != 3):
        raise InputError(f"the picture is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3) uint8")
    if min(picture.shape[:2]) < SMALLEST_PX:
        raise InputError(
            f"the picture is {picture.shape[1]} x {picture.shape[0]}: blur is estimated of {SMALLEST_PX} px each way or more"
        )
    linear = to_linear(picture, GAMMA)
    if linear.ndim == 2:
        return linear
    return np.asarray(cv2.transform(linear, np.array([[0.25, 0.5, 0.25]], np.float32)), np.float32).reshape(linear.shape[:2])


def features(picture: np.ndarray) -> Features:
    """Of a picture (H, W) or (H, W, 3) uint8, at least 64 px each way. Raises InputError."""
    linear = linear_grey(picture)
    spectrum, level = _log_spectrum(linear)
    grey = picture if picture.ndim == 2 else picture[..., 1]
    height, width = linear.shape
    mean = float(linear.mean())
    clipped = float(np.count_nonzero(grey >= 250)) / grey.size
    black = float(np.count_nonzero(grey <= 2)) / grey.size
    facts = [np.log2(height / 512), np.log2(width / 512), np.log(mean + 1e-4), clipped, black, level]
    facts += [float(spectrum[0, -20:].min())]
    facts += _pyramid(linear, mean)
    edge = min(height, width)
    y, x = (height - edge) // 2, (width - edge) // 2
    small = np.asarray(
        cv2.resize(linear[y : y + edge, x : x + edge], (COPY_PX, COPY_PX), interpolation=cv2.INTER_AREA), np.float32
    )
    small = np.asarray((small - small.mean()) / (small.std() + 1e-5), np.float32)
    spectrum = np.concatenate([spectrum, _low_spectrum(small, edge)])
    return Features(spectrum, np.asarray(facts, np.float32), small)


class _Bins:
    """Weighted sums over bins of many values, which lie anywhere: they are brought into the bins' order and added up."""

    def __init__(self, index: np.ndarray, weight: np.ndarray, number: int) -> None:
        """index: (N,) the bin of each value; those from `number` on are left out. weight: (N,) of each value."""
        order = np.argsort(index, kind="stable")
        order = order[: np.searchsorted(index[order], number)]
        self._order = order
        self._weight = weight[order].astype(np.float32)
        self._has, self._first = np.unique(index[order], return_index=True)
        self._number = number

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(N,) float32 to (number,) float64."""
        out = np.zeros(self._number)
        out[self._has] = np.add.reduceat(np.take(values, self._order) * self._weight, self._first)
        return out


@lru_cache(maxsize=32)
def _layout(height: int, width: int) -> tuple[np.ndarray, float, _Bins, np.ndarray]:
    """Window, its sum, bins of (direction, frequency) for what `rfft2` gives, how many values each has, (DIRECTIONS, bins).

    Values in the half plane stand for two, those on its border for one.
    """
    hann = np.hanning(height + 1)[:-1, None] * np.hanning(width + 1)[None, :-1]
    window = hann / np.sqrt((hann**2).sum())
    fy, fx = fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None, :]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1e-9
    octave = np.log2(frequency) - LOWEST_OCTAVE
    bin_number = np.floor(octave * PER_OCTAVE).astype(np.int64)
    angle = np.mod(np.arctan2(fy, fx) + np.pi / (2 * DIRECTIONS), np.pi)
    direction = np.minimum((angle * (DIRECTIONS / np.pi)).astype(np.int64), DIRECTIONS - 1)
    # Below two periods in the window there is the window itself, and the mean.
    lowest = 1.5 / min(height, width)
    outside = (frequency < lowest) | (bin_number < 0) | (bin_number >= FREQUENCY_BINS)
    index = np.where(outside, DIRECTIONS * FREQUENCY_BINS, direction * FREQUENCY_BINS + bin_number).ravel()
    weight = np.full((height, len(fx[0])), 2.0)
    weight[:, 0] = 1.0
    if width % 2 == 0:
        weight[:, -1] = 1.0
    bins = _Bins(index, weight.ravel(), DIRECTIONS * FREQUENCY_BINS)
    return (
        window.astype(np.float32),
        float(window.sum()),
        bins,
        bins.sums(np.ones(index.size, np.float32)).reshape(DIRECTIONS, FREQUENCY_BINS),
    )


def _tiles(height: int, width: int) -> list[tuple[slice, slice]]:
    """Evenly spread tiles of at most LARGEST_PX that cover a picture."""
    spans = []
    for edge in (height, width):
        size = min(edge, LARGEST_PX)
        number = int(np.ceil(edge / LARGEST_PX))
        starts = np.rint(np.linspace(0, edge - size, number)).astype(int)
        spans.append([slice(start, start + size) for start in starts.tolist()])
    return [(y, x) for y in spans[0] for x in spans[1]]


def _log_spectrum(linear: np.ndarray) -> tuple[NDArray[np.float32], float]:
    """(SPECTRUM_CHANNELS, FREQUENCY_BINS): log of the mean power, mean of the log power, log of the mean in each direction, all
    against the mean level, which comes second.
    """
    power_sum, log_sum = np.zeros((DIRECTIONS, FREQUENCY_BINS)), np.zeros((DIRECTIONS, FREQUENCY_BINS))
    tiles = _tiles(*linear.shape)
    count = np.zeros((DIRECTIONS, FREQUENCY_BINS))
    for y, x in tiles:
        tile = linear[y, x]
        window, window_sum, bins, count = _layout(*tile.shape)
        # A window that falls to 0 at its edges lets through what the mean is; the mean under the window takes it away.
        seen = tile * window
        seen -= window * np.float32(seen.sum() / window_sum)
        transform = fft.rfft2(seen, overwrite_x=True)
        power = np.square(transform.real)
        power += np.square(transform.imag)
        power = power.ravel()
        log_power = np.log(power + np.float32(1e-12))
        one, two = (bins.sums(values).reshape(DIRECTIONS, FREQUENCY_BINS) for values in (power, log_power))
        power_sum, log_sum = power_sum + one, log_sum + two
    count = count * len(tiles)
    every = count.sum(axis=0)
    rows = [_filled(np.log(power_sum.sum(axis=0) / np.maximum(every, 1) + 1e-12), every)]
    rows += [_filled(log_sum.sum(axis=0) / np.maximum(every, 1), every)]
    rows += [_filled(np.log(power_sum[k] / np.maximum(count[k], 1) + 1e-12), count[k]) for k in range(DIRECTIONS)]
    spectrum = np.stack(rows)
    level = float(spectrum[0].mean())
    spectrum[0] -= level
    spectrum[1] -= level
    spectrum[2:] -= level + spectrum[:1]
    spectrum[1] -= spectrum[0]
    return np.asarray(spectrum, np.float32), level


@lru_cache(maxsize=32)
def _low_layout(edge: int) -> tuple[np.ndarray, _Bins, np.ndarray, np.ndarray, np.ndarray]:
    """Window of the gradients, bins of their spectrum, a factor for each value, values in each bin, bins that are used."""
    ramp = np.minimum(np.arange(COPY_PX - 2) + 0.5, COPY_PX - 2.5 - np.arange(COPY_PX - 2)) / (0.2 * (COPY_PX - 2))
    taper = np.where(ramp < 1, 0.5 - 0.5 * np.cos(np.pi * ramp), 1.0)
    fy, fx = fft.fftfreq(PADDED_PX)[:, None], fft.rfftfreq(PADDED_PX)[None, :]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1e-9
    # Gradients rise with frequency, by the sine of the central difference; what is left is the picture's own spectrum.
    rise = np.maximum(np.sin(2 * np.pi * fy) ** 2 + np.sin(2 * np.pi * fx) ** 2, 1e-9)
    bin_number = np.floor((np.log2(frequency * COPY_PX / edge) - LOWEST_OCTAVE) * PER_OCTAVE).astype(np.int64)
    outside = (frequency < 1.0 / COPY_PX) | (frequency > 0.42) | (bin_number < 0) | (bin_number >= FREQUENCY_BINS)
    index = np.where(outside | (rise < 0.01), FREQUENCY_BINS, bin_number).ravel()
    bins = _Bins(index, np.ones(index.size), FREQUENCY_BINS)
    count = bins.sums(np.ones(index.size, np.float32))
    used = np.zeros(FREQUENCY_BINS, bool)
    has = np.flatnonzero(count)
    used[has[0] : has[-1] + 1] = True
    return np.outer(taper, taper).astype(np.float32), bins, (1.0 / rise).astype(np.float32).ravel(), count, used


def _low_spectrum(small: np.ndarray, edge: int) -> NDArray[np.float32]:
    """(2, FREQUENCY_BINS): log of the mean power and mean of the log power of the small copy, 0 where it has none.

    Of its gradients, whose spectrum is nearly even: their window can be wide, and zeros that lie near each other stay apart.
    """
    window, bins, factor, count, used = _low_layout(edge)
    right = (small[1:-1, 2:] - small[1:-1, :-2]) * window
    down = (small[2:, 1:-1] - small[:-2, 1:-1]) * window
    power = np.zeros(factor.size, np.float32)
    for gradient in (right, down):
        transform = fft.rfft2(gradient, s=(PADDED_PX, PADDED_PX))
        power += (transform.real**2 + transform.imag**2).ravel()
    power = power * factor + np.float32(1e-9)
    sums = [bins.sums(values) / np.maximum(count, 1) for values in (power, np.log(power))]
    rows = [_filled(np.log(sums[0] + 1e-12), count), _filled(sums[1], count)]
    rows[1] = rows[1] - rows[0]
    rows[0] = rows[0] - rows[0][used].mean()
    return np.asarray(np.stack(rows) * used, np.float32)


def _filled(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Bins without a value take it from their neighbours."""
    has = np.flatnonzero(count)
    return np.interp(np.arange(len(values)), has, values[has])


def _pyramid(linear: np.ndarray, mean: float) -> list[float]:
    """Of every octave how strong gradients and second derivatives are, and how rare the strong ones: 8 numbers a level."""
    found: list[float] = []
    level = linear
    for _ in range(PYRAMID_LEVELS):
        if min(level.shape) < 4:
            found += [0.0] * 8
            continue
        right, down = level[1:-1, 2:] - level[1:-1, :-2], level[2:, 1:-1] - level[:-2, 1:-1]
        bend = np.ascontiguousarray(cv2.Laplacian(level, cv2.CV_32F)[1:-1, 1:-1])
        # not cv2.magnitude: its last digit changes with where the numbers lie in memory
        for strength in (np.sqrt(np.square(right) + np.square(down)), bend):
            square = cv2.multiply(strength, strength)
            second = cv2.norm(strength, cv2.NORM_L2SQR) / strength.size + 1e-14
            fourth = cv2.norm(square, cv2.NORM_L2SQR) / strength.size
            first = cv2.norm(strength, cv2.NORM_L1) / strength.size + 1e-7
            largest = cv2.norm(strength, cv2.NORM_INF)
            found += [
                0.5 * np.log(second) - np.log(mean + 1e-3),
                np.log(first) - 0.5 * np.log(second),
                0.5 * np.log(fourth + 1e-28) - np.log(second),
                0.5 * np.log(largest * largest + 1e-14) - 0.5 * np.log(second),
            ]
        size = (max(level.shape[1] // 2, 1), max(level.shape[0] // 2, 1))
        level = np.asarray(cv2.resize(level, size, interpolation=cv2.INTER_AREA), np.float32)
    return found
