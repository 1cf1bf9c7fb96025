"""How a platform shakes: a smooth, band-limited, seeded function of time, so that every frame and every sub-exposure can ask it.

The shape is that of a multirotor in hover, about each axis alike and independently:

- a slow sway from 0.2 to 2 Hz, whose power falls with the square of the frequency above a corner: the first-order spectrum that
  Dryden's gusts have (MIL-F-8785C: S ~ 1 / (1 + (f / f_c)^2)). Slower drifts the position controller takes out, faster gusts the
  airframe's inertia does;
- a narrow line about `frequency_hz`, a resonance of the second order with the damping of a rubber mount: what rotors excite.
  Spectra of gyroscopes on multirotors have such lines at the rotors' rate and its multiples (ArduPilot, notch filter set-up).

How the variance is divided between them (LINE_SHARE), and that translation and rotation have one shape, is a choice of this
simulator. Each is a sum of sinusoids at random frequencies, one in each of many narrow bands, with random phases; amplitudes are
scaled so that the root mean square is exactly the one asked for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError

Vector = NDArray[np.float64]

SWAY_HZ = (0.2, 2.0)
SWAY_CORNER_HZ = 0.5
SWAY_WAVES = 20
LINE_SHARE = 0.1
"""Share of the variance in the vibration line."""
LINE_DAMPING = 0.03
LINE_WIDTH = 0.1
"""The line reaches this share of its frequency to either side."""
LINE_WAVES = 12


class PlatformShake:
    """The shake of one platform, as translation and rotation of its base against where it should be.

    Args:
        rotation_rms_rad: root mean square of the rotation vector along each axis, 0 to 1; 0: none.
        translation_rms_m: root mean square of the translation along each axis, 0 to 10; 0: none.
        frequency_hz: of the vibration, 0.1 to 1000; without shake it does not matter.
        seed: the same seed gives the same shake.

    Raises:
        ConfigurationError: a number out of its range.
    """

    def __init__(self, rotation_rms_rad: float, translation_rms_m: float, frequency_hz: float, seed: int) -> None:
        self._still = rotation_rms_rad == 0.0 and translation_rms_m == 0.0
        if self._still:
            return
        for name, value, low, high in (
            ("rotation_rms_rad", rotation_rms_rad, 0.0, 1.0),
            ("translation_rms_m", translation_rms_m, 0.0, 10.0),
            ("frequency_hz", frequency_hz, 0.1, 1000.0),
        ):
            if not low <= value <= high:
                raise ConfigurationError(f"shake: {name} is {value:g}: it must be from {low:g} to {high:g}")
        rng = np.random.default_rng(seed)
        # Rows: translation x, y, z, then rotation x, y, z.
        sway, sway_power = _sway(rng)
        line, line_power = _line(rng, frequency_hz)
        power = np.concatenate(((1.0 - LINE_SHARE) * sway_power, LINE_SHARE * line_power), axis=1)
        rms = np.repeat([translation_rms_m, rotation_rms_rad], 3)
        self._rates = 2.0 * math.pi * np.concatenate((sway, line), axis=1)  # 6 x waves, rad/s
        self._phases = rng.uniform(0.0, 2.0 * math.pi, self._rates.shape)
        # A sinusoid of amplitude a has the variance a^2 / 2, and different frequencies add up in variance.
        self._amplitudes = rms[:, None] * np.sqrt(2.0 * power)

    def at(self, time_s: float) -> tuple[Vector, Vector]:
        """(Translation (3,), m; rotation vector (3,), rad) at a time, both in the platform's own frame."""
        if self._still:
            return np.zeros(3), np.zeros(3)
        both = np.einsum("ij,ij->i", self._amplitudes, np.sin(self._rates * time_s + self._phases))
        return both[:3], both[3:]


def _bands(rng: np.random.Generator, edges: Vector) -> Vector:
    """(6, N) frequencies: one at random in each of the N bands, for each row anew."""
    low, high = edges[:-1], edges[1:]
    return low + (high - low) * rng.uniform(0.0, 1.0, (6, len(low)))


def _sway(rng: np.random.Generator) -> tuple[Vector, Vector]:
    """Frequencies (6, N) in Hz of the sway, and their shares of its variance, which sum to 1 in each row."""
    edges = np.geomspace(*SWAY_HZ, SWAY_WAVES + 1)
    frequencies = _bands(rng, edges)
    power = np.diff(edges) / (1.0 + (frequencies / SWAY_CORNER_HZ) ** 2)
    return frequencies, power / power.sum(axis=1, keepdims=True)


def _line(rng: np.random.Generator, frequency_hz: float) -> tuple[Vector, Vector]:
    """The same for the vibration."""
    edges = frequency_hz * np.linspace(1.0 - LINE_WIDTH, 1.0 + LINE_WIDTH, LINE_WAVES + 1)
    frequencies = _bands(rng, edges)
    ratio = frequencies / frequency_hz
    power = 1.0 / ((1.0 - ratio**2) ** 2 + (2.0 * LINE_DAMPING * ratio) ** 2)
    return frequencies, power / power.sum(axis=1, keepdims=True)
