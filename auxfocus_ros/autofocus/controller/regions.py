"""Whether a region is fit to be focused on at all, from one frame, sharp or not."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from auxfocus_ros.autofocus import spectra
from auxfocus_ros.autofocus.controller.options import ControllerOptions
from auxfocus_ros.autofocus.terms import Reason

_WHITE = 254.0
_COARSE_CYCLES = 12.0
_NOISE_FLOOR = 1e-7
_PLAIN_LEVELS = 20.0


def region_fault(picture: np.ndarray, options: ControllerOptions | None = None) -> tuple[Reason, str] | None:
    """What keeps a region from being focused, and that in words; None: nothing.

    A strongly blurred picture of a textured thing passes: its coarse structure, of 3 to 12 cycles over the picture, still stands
    out of the noise. The noise is taken from the highest frequencies, so a picture that varies by more than 20 grey levels is
    never taken for noise alone.

    Args:
        picture: (H, W) or (H, W, 3) uint8, at least 64 px each way.
        options: for their limits; None: the defaults.

    Raises:
        InputError: a picture that cannot be.
    """
    options = options or ControllerOptions()
    linear = spectra.cut_middle(spectra.luminance(picture, 2.2), options.window_px)
    level = 255.0 * linear ** (1.0 / 2.2)
    if float(np.percentile(level, 99.0)) < options.dark_level:
        return Reason.TOO_DARK, f"too dark: even the brightest hundredth of the region is below grey level {options.dark_level:g}"
    white = float((level >= _WHITE).mean())
    if white > options.saturated_share:
        return Reason.SATURATED, f"over-exposed: {white:.0%} of the region is white"
    if float(level.std()) > _PLAIN_LEVELS:
        return None
    seen = spectra.cross_power([_without_shading(linear)])
    coarse = seen.frequency * min(linear.shape) <= _COARSE_CYCLES
    power = float((seen.power[coarse, 0, 0] * seen.count[coarse]).sum() / seen.count[coarse].sum())
    ratio = power / max(float(seen.noise[0]), _NOISE_FLOOR)
    if ratio < options.texture_ratio:
        told = f"coarse structure has {ratio:.1f} times the power of the noise, it takes {options.texture_ratio:g}"
        return Reason.NO_TEXTURE, f"no texture: {told}"
    return None


def _without_shading(linear: spectra.Plane) -> spectra.Plane:
    """The picture less the second-order surface that fits it best: light falling off over a plain wall is no texture."""
    terms = _surface_terms((linear.shape[0], linear.shape[1]))
    return np.asarray(linear - (terms @ (linear.ravel() @ terms)).reshape(linear.shape), np.float32)


@lru_cache(maxsize=2)
def _surface_terms(shape: tuple[int, int]) -> np.ndarray:
    y, x = (np.linspace(-1.0, 1.0, n) for n in shape)
    terms = [np.outer(y**i, x**j).ravel() for i in range(3) for j in range(3 - i)]
    return np.asarray(np.linalg.qr(np.stack(terms, axis=1))[0], np.float32)
