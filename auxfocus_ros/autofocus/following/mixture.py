"""What is believed of a moving target: a mixture of normal distributions over (place, speed, bias of the depth readings).

One normal distribution cannot say 'ten steps before or ten steps behind', nor 'it goes on, or it has just turned round'; a
mixture can. Each component is a Kalman filter; it is told as moving, or as standing still. With time a component branches (goes
on, turns, starts, stops), evidence weighs the branches, and what has become alike is merged.

Source: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, chapters 6 and 11.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following.evidence import Evidence

Floats = NDArray[np.float64]

COMPONENTS = 24
_LIGHTEST = 1e-5
_ALIKE = 0.5  # squared Mahalanobis distance
_ALIKE_SPREAD = 1.5  # ratio of spreads
_OUTLIER, _BIRTH = 0.02, 0.01  # that evidence says nothing of the target; that the target is another one
_BIAS_LASTS_S = 60.0


@dataclass(frozen=True)
class Motion:
    """How targets move: in places a second.

    speed_sigma: of a target that moves. still_sigma: of one that stands. wander: growth of the speed's sigma in a second.
    turns_per_s: how often it starts, stops or turns. bias_sigma: of the depth's lasting error, a share.
    low, high: places are kept between.
    """

    speed_sigma: float
    still_sigma: float
    wander: float
    turns_per_s: float
    bias_sigma: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Mixture:
    """K components. weight: (K,), sum 1. mean: (K, 3). spread: (K, 3, 3) covariances. still: (K,) bool."""

    weight: Floats
    mean: Floats
    spread: Floats
    still: NDArray[np.bool_]

    def later(self, dt_s: float, motion: Motion, *, branch: bool) -> Mixture:
        """The belief `dt_s` >= 0 seconds later; `branch`: with what the target may have begun meanwhile."""
        if dt_s <= 0.0:
            return self
        weight, mean, spread, still = self._branches(dt_s, motion) if branch else self._parts()
        step = np.array([[1.0, dt_s, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        moved = mean @ step.T
        wider = step @ spread @ step.T
        noise = np.where(still, 1e-3, 1.0) * motion.wander**2
        wider[:, 0, 0] += noise * dt_s**3 / 3.0
        wider[:, 0, 1] += noise * dt_s**2 / 2.0
        wider[:, 1, 0] += noise * dt_s**2 / 2.0
        wider[:, 1, 1] += noise * dt_s
        wider[:, 2, 2] += motion.bias_sigma**2 * dt_s / _BIAS_LASTS_S
        later = Mixture(weight, moved, wider, still)._inside(motion)
        return later.merged() if branch else later

    def given(self, evidence: Evidence, motion: Motion) -> Mixture:
        """The belief once evidence of the same time is known."""
        parts = [self._updated(way, evidence) for way in range(len(evidence.weight))]
        parts.append((_log(self.weight) + np.log(_OUTLIER * evidence.anywhere), self.mean, self.spread, self.still))
        parts.append(_born(evidence, motion))
        logs, means, spreads, stills = (np.concatenate(part) for part in zip(*parts, strict=True))
        weight = np.exp(logs - logs.max())
        found = Mixture(weight / weight.sum(), means, spreads, stills)._inside(motion).merged()
        return found if evidence.speed is None else found._of_speed(*evidence.speed)

    def log_chance(self, evidence: Evidence) -> float:
        """Logarithm of how much better this belief expects the evidence than one that knows nothing of the place."""
        parts = [self._updated(way, evidence)[0] for way in range(len(evidence.weight))]
        return float(np.logaddexp.reduce(np.concatenate(parts)) - np.log(evidence.anywhere))

    def place_sigma(self, *, apart_from_bias: bool) -> Floats:
        """(K,) standard deviation of the place; apart from bias: what would be left were the depth's lasting error known."""
        variance = self.spread[:, 0, 0]
        if apart_from_bias:
            bias = np.maximum(self.spread[:, 2, 2], 1e-18)
            variance = variance - self.spread[:, 0, 2] ** 2 / bias
        return np.sqrt(np.maximum(variance, 1e-18))

    def merged(self) -> Mixture:
        """Without what weighs nothing, and with what is alike made one; at most COMPONENTS components."""
        order = np.argsort(-self.weight)
        order = order[self.weight[order] > _LIGHTEST * self.weight[order[0]]][: 3 * COMPONENTS]
        left = np.ones(len(order), bool)
        weight, mean, spread, still = self.weight[order], self.mean[order], self.spread[order], self.still[order]
        sigma = np.sqrt(np.einsum("kii->ki", spread)[:, :2])
        groups: list[tuple[int, NDArray[np.intp]]] = []
        for first in range(len(order)):
            if not left[first] or len(groups) == COMPONENTS:
                continue
            away = (mean[:, :2] - mean[first, :2]) / sigma[first]
            ratio = sigma / sigma[first]
            alike = (np.sum(away**2, axis=1) < _ALIKE) & (still == still[first])
            alike &= np.all((ratio < _ALIKE_SPREAD) & (ratio > 1.0 / _ALIKE_SPREAD), axis=1) & left
            alike[first] = True
            left &= ~alike
            groups.append((first, np.flatnonzero(alike)))
        merged = [_as_one(weight[members], mean[members], spread[members]) for _, members in groups]
        weights, means, spreads = (np.array(part) for part in zip(*merged, strict=True))
        return Mixture(weights / weights.sum(), means, spreads, still[[first for first, _ in groups]])

    def _parts(self) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        return self.weight, self.mean, self.spread.copy(), self.still

    def _branches(self, dt_s: float, motion: Motion) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """Goes on; a moving one turns to any speed; a moving one stops, a still one starts."""
        changes = 1.0 - np.exp(-motion.turns_per_s * dt_s)
        if changes <= 0.0:
            return self._parts()
        turned = _with_speed(self, motion.speed_sigma)
        changed = _with_speed(self, np.where(self.still, motion.speed_sigma, motion.still_sigma))
        weight = np.concatenate([self.weight * (1 - changes), self.weight * changes * 0.5, self.weight * changes * 0.5])
        mean = np.concatenate([self.mean, turned[0], changed[0]])
        spread = np.concatenate([self.spread, turned[1], changed[1]])
        return weight, mean, spread, np.concatenate([self.still, np.zeros_like(self.still), ~self.still])

    def _updated(self, way: int, evidence: Evidence) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """(log weight, mean, spread, still) by one of the evidence's normal distributions."""
        row = np.zeros_like(self.mean)
        row[:, 0] = 1.0
        expected = self.mean[:, 0]
        if evidence.of_depth:
            row[:, 0] += self.mean[:, 2]
            row[:, 2] = self.mean[:, 0]
            expected = expected * (1.0 + self.mean[:, 2])
        return self._by(row, expected, evidence.weight[way], evidence.mean[way], evidence.variance[way])

    def _of_speed(self, speed: float, variance: float) -> Mixture:
        row = np.zeros_like(self.mean)
        row[:, 1] = 1.0
        logs, mean, spread, still = self._by(row, self.mean[:, 1], 1.0, speed, variance)
        weight = np.exp(logs - logs.max())
        return Mixture(weight / weight.sum(), mean, spread, still)

    def _by(
        self, row: Floats, expected: Floats, weight: float, value: float, variance: float
    ) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        """One scalar measurement: `value` is `row` times the state, give or take `variance`."""
        cross = np.einsum("kij,kj->ki", self.spread, row)
        total = np.einsum("ki,ki->k", row, cross) + variance
        miss = value - expected
        gain = cross / total[:, None]
        mean = self.mean + gain * miss[:, None]
        spread = self.spread - gain[:, :, None] * cross[:, None, :]
        logs = _log(self.weight) + np.log(weight) - 0.5 * (miss**2 / total + np.log(2.0 * np.pi * total))
        return logs, mean, spread, self.still

    def _inside(self, motion: Motion) -> Mixture:
        """Places brought back to the axis, and what had left it does not go on."""
        below, above = self.mean[:, 0] < motion.low, self.mean[:, 0] > motion.high
        if not (below.any() or above.any()):
            return self
        mean = self.mean.copy()
        mean[:, 0] = np.clip(mean[:, 0], motion.low, motion.high)
        mean[below, 1] = np.maximum(mean[below, 1], 0.0)
        mean[above, 1] = np.minimum(mean[above, 1], 0.0)
        return Mixture(self.weight, mean, self.spread, self.still)


def first_belief(evidence: Evidence, motion: Motion) -> Mixture:
    """What the first evidence says by itself."""
    logs, mean, spread, still = _born(evidence, motion)
    weight = np.exp(logs - logs.max())
    return Mixture(weight / weight.sum(), mean, spread, still)._inside(motion)


def _born(evidence: Evidence, motion: Motion) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """A new target where the evidence says: moving, or still."""
    count = len(evidence.weight)
    mean = np.zeros((2 * count, 3))
    mean[:, 0] = np.tile(evidence.mean, 2)
    spread = np.zeros((2 * count, 3, 3))
    spread[:, 0, 0] = np.tile(evidence.variance, 2)
    spread[:, 1, 1] = np.repeat([motion.speed_sigma**2, motion.still_sigma**2], count)
    spread[:, 2, 2] = motion.bias_sigma**2
    if evidence.of_depth:
        bias = motion.bias_sigma * mean[:, 0]
        spread[:, 0, 0] += bias**2
        spread[:, 0, 2] = spread[:, 2, 0] = -bias * motion.bias_sigma
    logs = np.log(0.5 * _BIRTH * np.tile(evidence.fresh, 2))
    return logs, mean, spread, np.repeat([False, True], count)


def _with_speed(belief: Mixture, sigma: float | Floats) -> tuple[Floats, Floats]:
    """(mean, spread) with the speed forgotten: around 0."""
    mean, spread = belief.mean.copy(), belief.spread.copy()
    mean[:, 1] = 0.0
    spread[:, 1, :] = spread[:, :, 1] = 0.0
    spread[:, 1, 1] = np.asarray(sigma) ** 2
    return mean, spread


def _as_one(weight: Floats, mean: Floats, spread: Floats) -> tuple[float, Floats, Floats]:
    """The normal distribution with the same weight, mean and spread as several."""
    total = float(weight.sum())
    if len(weight) == 1:
        return total, mean[0], spread[0]
    share = weight / total
    middle = share @ mean
    away = mean - middle
    return total, middle, np.einsum("k,kij->ij", share, spread + away[:, :, None] * away[:, None, :])


def _log(weight: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(weight, 1e-300)))
