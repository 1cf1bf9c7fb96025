"""The sensor behind the lens: from a picture of the scene to what the camera delivers, with noise that follows brightness.

The model is the linear one of EMVA 1288 (the photon transfer curve): a pixel collects e electrons in proportion to light and
exposure time up to its full well; their number scatters with the variance e (shot noise), reading adds a constant variance r^2;
then come gain, clipping, gamma and 8 bits. In linear light, 1 being white:

    mean y = gain e / full_well,   variance y = (gain / full_well)^2 (e + r^2)

As everything but the scatter follows from a pixel's grey level, and 8 bits have 256 of those, the whole chain is one table: grey
level x noise level (in 32nds of a standard deviation, up to 4) -> grey level. So clipping and rounding after the gamma are exact
also in the dark, where a noise that is added after the gamma would be wrong. The Gaussian noise levels are drawn once; each
frame takes strips of them from random places.

What is approximate: shot noise is Gaussian and not Poisson. With 6 electrons of read noise the skewness that is missing,
e / (e + r^2)^1.5, is 0.06 at most, and against electrons drawn by Poisson's distribution mean and scatter of the grey levels stay
within 2 % of the scatter, down to black; without read noise it is 1 for a single electron, and what is nearly black comes out too
bright. What reads below black is clipped there, which lifts black by 0.4 r. Noise is independent from pixel to pixel and from
colour to colour (a Bayer pattern that is interpolated smears it). There is no dark current and no fixed pattern.

Sources: EMVA Standard 1288, release 3.1, section 2 (linear model); Janesick, Photon Transfer (2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA, from_linear, to_linear

Picture = NDArray[np.uint8]

LARGEST_AUTO_GAIN = 16.0
LEVELS_PER_SIGMA = 32.0
POOL = 1 << 22
"""Noise levels that are kept: a pixel of one frame meets that of another with the same noise once in four million pairs."""
STRIP = 1 << 16
"""Values that are looked up at a time: their indices stay in the processor's cache."""
POOL_SEED = 1288


@dataclass(frozen=True)
class SensorConfig:
    """A camera's sensor and how it is set.

    Attributes:
        exposure_s: exposure time, 1e-6 to 10 s.
        reference_exposure_s: exposure time at which white in the scene's picture just fills the well at light level 1.
        gain: electrons to grey levels, 1: the full well is white; 0.01 to 1000. With auto_gain its upper bound.
        full_well_e: electrons that a pixel holds, 10 to 1e9.
        read_noise_e: standard deviation of reading, 0 to 1e5 electrons.
        auto_gain: gain makes up for what light and exposure time lack, from 1 to `gain`, never above 16.

    Raises:
        ConfigurationError: a number out of its range.
    """

    exposure_s: float
    reference_exposure_s: float
    gain: float = 1.0
    full_well_e: float = 12_000.0
    read_noise_e: float = 6.0
    auto_gain: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (
            ("exposure_s", 1e-6, 10.0),
            ("reference_exposure_s", 1e-6, 10.0),
            ("gain", 0.01, 1000.0),
            ("full_well_e", 10.0, 1e9),
            ("read_noise_e", 0.0, 1e5),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigurationError(f"camera sensor: {name} is {value:g}: it must be from {low:g} to {high:g}")


def gain_in_use(light_level: float, config: SensorConfig) -> float:
    """The gain of a frame.

    Args:
        light_level: light against the scene's own, >= 0.
        config: of the sensor.

    Returns:
        `config.gain`, or with auto_gain what keeps the mean level as at light level 1 and the reference exposure time, from 1 to
        the smaller of `config.gain` and 16. It has no memory: the light of the frame itself decides.
    """
    if not config.auto_gain:
        return config.gain
    exposure = light_level * config.exposure_s / config.reference_exposure_s
    highest = max(1.0, min(config.gain, LARGEST_AUTO_GAIN))
    return min(highest, max(1.0, 1.0 / exposure)) if exposure > 0.0 else highest


def expose(picture: Picture, light_level: float, config: SensorConfig, rng: np.random.Generator | None) -> Picture:
    """What the sensor delivers of a picture.

    Args:
        picture: (H, W, 3) or (H, W) uint8 with DEFAULT_GAMMA: the scene as the lens images it, at light level 1 and the reference
            exposure time.
        light_level: light against that, finite and >= 0.
        config: of the sensor.
        rng: decides where the noise is taken from; the same state gives the same frame. None: no noise, only exposure, gain
            and clipping.

    Returns:
        (H, W, 3) or (H, W) uint8 with the same gamma, a new array.

    Raises:
        InputError: another type or shape, or a light level that cannot be.
    """
    if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.size == 0:
        raise InputError(f"the picture is {picture.dtype} {picture.shape}: wanted uint8 (height, width[, 3]), not empty")
    if not 0.0 <= light_level < math.inf:
        raise InputError(f"the light level is {light_level:g}: it must be 0 or more")
    gain = gain_in_use(light_level, config)
    white_e = light_level * config.exposure_s / config.reference_exposure_s * config.full_well_e
    if rng is None:
        return np.asarray(cv2.LUT(picture, _clean_table(white_e, config.full_well_e, gain)), np.uint8)
    table = _noisy_table(white_e, config.full_well_e, config.read_noise_e, gain)

    levels = np.ascontiguousarray(picture).reshape(1, -1)
    out = np.empty_like(levels)
    pool = _noise_pool()
    strips = -(-levels.size // STRIP)
    places = rng.integers(0, POOL - STRIP + 1, strips)
    pairs = np.empty((1, min(STRIP, levels.size), 2), np.uint8)
    for strip in range(strips):
        part = levels[:, strip * STRIP : (strip + 1) * STRIP]
        size = part.shape[1]
        place = int(places[strip])
        # (noise, grey) side by side in memory are one number, noise + 256 grey.
        index = cv2.merge([pool[:, place : place + size], part], pairs[:, :size]).view("<u2")
        # (mode: without it take checks into a buffer first)
        np.take(table, index.reshape(1, -1), out=out[:, strip * STRIP : strip * STRIP + size], mode="clip")
    return out.reshape(picture.shape)


def _electrons(white_e: float, full_well_e: float) -> NDArray[np.float32]:
    """(256,) electrons of each grey level."""
    linear = to_linear(np.arange(256, dtype=np.uint8).reshape(1, -1), DEFAULT_GAMMA).reshape(-1)
    return np.minimum(linear * np.float32(min(white_e, 1e30)), np.float32(full_well_e))


@lru_cache(maxsize=8)
def _clean_table(white_e: float, full_well_e: float, gain: float) -> Picture:
    """(256,) uint8: grey level in, grey level out."""
    return from_linear(_electrons(white_e, full_well_e) * np.float32(gain / full_well_e), DEFAULT_GAMMA)


@lru_cache(maxsize=8)
def _noisy_table(white_e: float, full_well_e: float, read_noise_e: float, gain: float) -> Picture:
    """(65536,) uint8: noise level + 256 grey level in, grey level out."""
    electrons = _electrons(white_e, full_well_e)[:, None]
    sigma = np.sqrt(electrons + np.float32(read_noise_e * read_noise_e))
    noise = ((np.arange(256) - 127.5) / LEVELS_PER_SIGMA).astype(np.float32)
    read = np.clip(electrons + sigma * noise, 0.0, np.float32(full_well_e))
    return from_linear(read * np.float32(gain / full_well_e), DEFAULT_GAMMA).reshape(-1)


@lru_cache(maxsize=1)
def _noise_pool() -> Picture:
    """(1, POOL) uint8 Gaussian noise levels: (level - 127.5) / LEVELS_PER_SIGMA standard deviations."""
    noise = np.random.default_rng(POOL_SEED).standard_normal(POOL, dtype=np.float32)
    pool = np.clip(np.floor(noise * np.float32(LEVELS_PER_SIGMA)) + 128.0, 0.0, 255.0).astype(np.uint8).reshape(1, -1)
    pool.setflags(write=False)
    return pool
