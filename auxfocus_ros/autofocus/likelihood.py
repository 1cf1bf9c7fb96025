"""How well a set of blurs explains a set of frames of one plane: from two frames the sign of a defocus, and its size.

Frame i of a plane with power spectrum S is `h_i X + noise`, where `h_i = 2 J1(x) / x`, `x = 2 pi f r_i`, is the transfer
function of a disk of radius `r_i` (Goodman, Introduction to Fourier Optics). In a ring of frequencies the covariance of two
frames is then `S M + D`: D is the noise, and `M_ij` the mean of `h_i h_j` over the ring and over what the window smears into
it. (For large blurs this matters: the transfer function then changes its sign within the window's own width, and frames that
would be each other's exact image are related no more.) For every hypothesis about the radii the S that fits best is found ring
by ring, and the logarithm of the Gaussian likelihood is summed over the rings.

Real frames are not quite a disk's blur of a plane: a share of each frame's own power counts as noise as well, and the whole is
weakened, since neighbouring coefficients under a window are not independent. Three frames and more are taken in pairs.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import j1

from auxfocus_ros.autofocus.spectra import CrossPower

_TABLE_STEP = 1.0 / 512.0
_TABLE_END = 110.0
_SMEAR = np.array([1.0, 4.0, 1.0], np.float32) / np.float32(6.0)
"""Power spectrum of a Hann window over the rings."""
_ROUNDS = 2

Array = NDArray[np.float32]


def _transfer_table() -> Array:
    x = 2.0 * np.pi * np.arange(0.0, _TABLE_END, _TABLE_STEP)
    return np.asarray(np.where(x < 1e-6, 1.0, 2.0 * j1(np.maximum(x, 1e-6)) / np.maximum(x, 1e-6)), np.float32)


_TRANSFER = _transfer_table()


def disk_transfer(radius_px: NDArray[Any], frequency: NDArray[Any]) -> Array:
    """Transfer function of disks: (..., B) of radii (...) and frequencies (B,), from a table of 512 entries a cycle."""
    cycles = np.asarray(radius_px, np.float32)[..., None] * np.asarray(frequency, np.float32)
    entry = np.minimum(cycles * np.float32(1.0 / _TABLE_STEP) + np.float32(0.5), np.float32(len(_TRANSFER) - 1))
    return np.asarray(_TRANSFER[entry.astype(np.int32)])


def log_likelihood(seen: CrossPower, radii_px: NDArray[np.float64], *, model_error: float, weight: float) -> NDArray[np.float64]:
    """Of every hypothesis, less the same constant for all; all 0 for a single frame, which has nothing to be compared with.

    Args:
        seen: of k frames.
        radii_px: (k, G), the radius of each frame's blur under each hypothesis.
        model_error: share of a frame's power that the model leaves unexplained, >= 0.
        weight: share of the coefficients that count as independent, 0 to 1.

    Returns:
        (G,) float64.
    """
    frames, hypotheses = radii_px.shape
    own = np.stack([seen.power[:, i, i] for i in range(frames)])
    noise = (seen.noise[:, None] + model_error * own).astype(np.float32)
    width = float(seen.frequency[1] - seen.frequency[0])
    reach = np.concatenate((seen.frequency[:1] - width, seen.frequency, seen.frequency[-1:] + width))
    transfer = disk_transfer(radii_px, reach)  # k, G, B + 2
    alone = [_smeared(one * one) for one in transfer]
    total = np.zeros(hypotheses)
    for i, j in combinations(range(frames), 2):
        root = np.sqrt(noise[i] * noise[j])
        mixing = (alone[i] / noise[i], alone[j] / noise[j], _smeared(transfer[i] * transfer[j]) / root)
        fit = _pair(mixing, (own[i] / noise[i], own[j] / noise[j], seen.power[:, i, j] / root))
        total += fit.astype(np.float64) @ seen.count
    return np.asarray(0.5 * weight * (2.0 / frames) * total)


def _smeared(products: Array) -> Array:
    return np.asarray(_SMEAR[0] * (products[:, :-2] + products[:, 2:]) + _SMEAR[1] * products[:, 1:-1])


def _pair(mixing: tuple[Array, Array, Array], covariance: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> Array:
    """Twice the log-likelihood of a coefficient at the best S: (G, B) of M (G, B) and C (B,), each as (11, 22, 12) and in
    units of the noise.

    In the eigenvectors of the 2 x 2 matrix M the covariance is `1 + S lambda`; S is found by the usual multiplicative steps,
    begun at the S that explains the greater one.
    """
    m11, m22, m12 = mixing
    c11, c22, c12 = (np.asarray(c, np.float32) for c in covariance)
    difference = m11 - m22
    root = np.sqrt(difference * difference + np.float32(4.0) * m12 * m12) + np.float32(1e-12)
    greater = np.float32(0.5) * (m11 + m22 + root)
    lesser = np.maximum(greater - root, np.float32(0.0))
    power = np.float32(0.5) * (c11 + c22 + (difference * (c11 - c22) + np.float32(4.0) * m12 * c12) / root)
    power = np.clip(power, np.float32(0.0), c11 + c22)
    rest = c11 + c22 - power
    signal = np.maximum(power - np.float32(1.0), np.float32(1e-6)) / greater
    for _ in range(_ROUNDS):
        p, q = greater / (1.0 + signal * greater), lesser / (1.0 + signal * lesser)
        signal *= np.sqrt((power * p * p / greater + rest * q * q / np.maximum(lesser, np.float32(1e-20))) / (p + q))
    p, q = 1.0 + signal * greater, 1.0 + signal * lesser
    return np.asarray(c11 + c22 - power / p - rest / q - np.log(p * q), np.float32)
