"""Where each cell of the picture is in focus: a distribution over positions for every cell, and what frames make of it.

What a frame's blur map says of a cell is looked up at the blur that each position predicts there. Frames from several positions
multiply: one frame cannot tell before from behind, two can. Latent beside the position are

- how soft a cell is at its sharpest (a soft shadow, demosaicing): its blur is then `hypot(radius, softness)`, one for each cell;
- the gain of an uncalibrated lens, one for all cells;
- whether a depth image is to be trusted, one for all cells (that some of its readings are wrong is allowed for besides).

All are summed over. A frame's word is weakened, since the same network errs alike on the same cell in frame after frame, and a
share of its words counts as wrong altogether.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMap
from auxfocus_ros.allinfocus.strategy.belief_axis import Axis
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.autofocus.radius_estimate import BINS, LEVELS, level_of

Array = NDArray[np.float32]

SOFTNESS_PX = (0.0, 1.2, 2.5)
SOFTNESS_SHARE = (0.6, 0.3, 0.1)
LEVEL_WIDTH = float(LEVELS[1] - LEVELS[0])
INDEPENDENT_CELLS = 10.0
"""All cells together are worth so many independent ones when they judge a gain or a depth image."""
TELLING_NATS = (0.6, 1.6)
"""A blur map's cell that knows less than the first of these, against knowing nothing, has no texture; with the second it counts
in full.
"""
DEPTH_TRUST = 0.9
LEAST_SHARE = 1e-4
"""A gain that is less probable than this share of the most probable one is given up."""
_TINY = np.float32(1e-12)


class CellBelief:
    """(rows x columns) cells in a row, C of them, over the P positions of an axis.

    probability: (C, P), rows' sums 1. telling: (C,) how much can be known of a cell, 0 (no texture) to 1. gain_share: (A,) how
    probable each gain is. trust: how probable it is that the depth image is right, 1 without one.
    """

    def __init__(self, axis: Axis, shape: tuple[int, int], options: CoverOptions, depth: tuple[Any, Any] | None = None) -> None:
        """Before any frame. depth: what `depth_prior` gave."""
        self._axis, self._shape, self._options = axis, shape, options
        cells, positions = shape[0] * shape[1], len(axis.grid_steps)
        self._evidence = np.zeros((len(axis.log_gain), len(SOFTNESS_PX), cells, positions), np.float32)
        self._evidence += np.log(np.array(SOFTNESS_SHARE, np.float32))[None, :, None, None]
        flat = np.full((cells, positions), 1.0 / positions)
        self._prior, self._trust = np.log(flat, dtype=np.float32)[None], np.zeros(1)
        self.telling: Array = np.zeros(cells, np.float32)
        if depth is not None:
            believed, known = depth
            wrong = options.depth_outlier_share
            trusted = (1.0 - wrong) * (believed + (1.0 - known)[:, None] / positions) + wrong / positions
            self._prior = np.log(np.stack([trusted, flat]), dtype=np.float32)
            self._trust = np.log([DEPTH_TRUST, 1.0 - DEPTH_TRUST])
            self.telling = np.asarray(known, np.float32)
        self._log_gain, self._gains = np.asarray(axis.log_gain), np.arange(len(axis.log_gain))
        self._frames = 0
        self._concluded()

    def see(self, blur: BlurMap, position_steps: float) -> None:
        """Take in a frame's blur map, of a lens that stood there."""
        told = blur.probability.reshape(-1, BINS)
        wrong = np.float32(self._options.outlier_share)
        weakened = (told + _TINY) ** np.float32(self._options.frame_weight)
        weakened *= (1.0 - wrong) * BINS / weakened.sum(axis=1, keepdims=True)
        for gain, radii in enumerate(self._axis.radii_px(position_steps)[self._gains]):
            for soft, softness in enumerate(SOFTNESS_PX):
                self._evidence[gain, soft] += np.log(weakened @ _looked_up_at(np.hypot(radii, softness)) + wrong)
        knows = np.log(BINS) + np.sum(told * np.log(told + _TINY), axis=1)
        telling = np.clip((knows - TELLING_NATS[0]) / (TELLING_NATS[1] - TELLING_NATS[0]), 0.0, 1.0).astype(np.float32)
        self.telling = np.maximum(self.telling, telling) if self._frames else telling
        self._frames += 1
        self._concluded()

    def forget(self, motion_steps: float, change_share: float) -> None:
        """The scene has moved: every belief spreads over positions and to the neighbours; depth known at the start fades."""
        grid = self._axis.grid_steps
        away = (grid[:, None] - grid[None, :]) / max(motion_steps, 0.25 * (grid[1] - grid[0]))
        kernel = np.exp(-0.5 * away**2).astype(np.float32)
        kernel /= kernel.sum(axis=1, keepdims=True)
        total = self._evidence + self._prior[0]
        total -= total.max(axis=(1, 3), keepdims=True)
        density = np.exp(total)
        density /= density.sum(axis=(1, 3), keepdims=True)
        moved = density @ kernel
        beside = _beside(moved.sum(axis=(0, 1)), self._shape) / len(moved)
        share = np.float32(change_share)
        fresh = share * (0.5 * beside + 0.5 / len(grid)) / len(SOFTNESS_PX)
        self._evidence = np.log((1.0 - share) * moved + fresh + _TINY)
        self._prior, self._trust = np.zeros((1, 1, 1), np.float32), np.zeros(1)
        self._log_gain = np.log(self.gain_share[self._gains])
        self.telling *= np.float32(1.0 - share)

    def _concluded(self) -> None:
        total = _log_sum(self._evidence, 1) + self._prior
        top = total.max(axis=2, keepdims=True)
        density = np.exp(total - top)
        mass = density.sum(axis=2, keepdims=True)
        share = self._shared(np.log(mass[..., 0]) + top[..., 0])
        self.probability: Array = np.asarray(np.tensordot(share.astype(np.float32), density / mass, axes=1), np.float32)
        self.gain_share = np.zeros(len(self._axis.log_gain))
        self.gain_share[self._gains] = share if len(self._gains) == len(share) else 1.0
        self.trust = float(share[0]) if len(self._trust) > 1 else 1.0
        if len(self._gains) > 1:
            self._drop(share < LEAST_SHARE * share.max())

    def _drop(self, unlikely: NDArray[np.bool_]) -> None:
        """Gains that have been outvoted for good cost time only."""
        if unlikely.any():
            self._gains, self._log_gain = self._gains[~unlikely], self._log_gain[~unlikely]
            self._evidence = self._evidence[~unlikely]
            self.gain_share /= self.gain_share.sum()

    def _shared(self, log_mass: Array) -> NDArray[np.float64]:
        """(H,) how probable each gain, or trust, is, by how well it explains all cells."""
        log = self._log_gain + self._trust
        counts = self.telling.astype(np.float64)
        if self._frames and counts.sum() > 0.0:
            log = log + (log_mass @ counts) * min(1.0, INDEPENDENT_CELLS / counts.sum())
        share = np.exp(log - log.max())
        return np.asarray(share / share.sum())


def _looked_up_at(radii_px: NDArray[np.float64]) -> Array:
    """(BINS, P) weights that interpolate a row over LEVELS at radii (P, WITHIN), the mean over the last axis."""
    place = np.clip((level_of(radii_px) - LEVELS[0]) / LEVEL_WIDTH, 0.0, BINS - 1.0)
    low = np.minimum(place.astype(np.intp), BINS - 2)
    share = (place - low) / radii_px.shape[1]
    weights = np.zeros((BINS, len(radii_px)))
    column = np.broadcast_to(np.arange(len(radii_px))[:, None], low.shape)
    np.add.at(weights, (low, column), 1.0 / radii_px.shape[1] - share)
    np.add.at(weights, (low + 1, column), share)
    return weights.astype(np.float32)


def _beside(probability: Array, shape: tuple[int, int]) -> Array:
    """(C, P): the mean over the four cells beside each, as many of them as there are."""
    field = probability.reshape(*shape, -1)
    total, count = np.zeros_like(field), np.zeros((*shape, 1), np.float32)
    for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
        total[here] += field[there]
        count[here] += 1.0
        total[:, here] += field[:, there]
        count[:, here] += 1.0
    return np.asarray((total / np.maximum(count, 1.0)).reshape(probability.shape))


def _log_sum(values: Array, axis: int) -> Array:
    top = values.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis))
