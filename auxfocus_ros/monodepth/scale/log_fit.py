"""One factor from many ratios, of which nearly half may be nonsense.

The logarithms of the ratios are taken for a mixture of two kinds: good ones, normal about one centre, and bad ones, which may
be anywhere within a factor of 20. The centre is first sought as the middle of the shortest interval that holds half of them,
which no minority can move far, even where it lies on one side (Rousseeuw, "Least median of squares regression", JASA 1984);
from there on expectation-maximisation finds the centre, the spread and for each reading how likely it is a good one.

The good ones are not as many independent readings as they are: a network errs over whole regions. So they are averaged within
cells of the picture, and the spread of the cells' means says how sure their mean is (a random-effects mean: DerSimonian and
Laird, "Meta-analysis in clinical trials", 1986). Few readings cannot say how far networks err: their spread is mixed with an
expected one that counts as two readings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BAD_SPAN = 3.0  # of the logarithms of bad readings: a factor of 20
PRIOR_COUNT = 2.0
PRIOR_GOOD, PRIOR_BAD = 4.0, 1.0  # readings' worth of belief that four in five are good
LARGEST_BAD_SHARE = 0.5
HALF_TO_SIGMA = 1.38  # where four in ten are bad, half of all are five in six of the good: 1.38 sigma to either side
ROUNDS = 50
SETTLED = 1e-5
LEAST_GOOD = 1e-9  # so that readings of which none agrees with another have a mean all the same


@dataclass(frozen=True, eq=False)
class LogFit:
    """value: the centre of the logarithms. sigma: its standard deviation. good: (N,) in [0, 1], how likely each reading is
    good.
    """

    value: float
    sigma: float
    good: NDArray[np.float64]


def fit_logs(logs: NDArray[np.float64], sigmas: NDArray[np.float64], cells: NDArray[np.int64], expected_error: float) -> LogFit:
    """The centre of logarithms of ratios.

    Args:
        logs: (N,) finite, N >= 1.
        sigmas: (N,) >= 0, what is known of each one's own error.
        cells: (N,), which cell of the picture it is from; within one, errors are alike.
        expected_error: > 0, spread of the good ones that is expected beforehand.
    """
    low, high = _shortest_half(logs)
    centre = (low + high) / 2.0
    spread2 = (PRIOR_COUNT * expected_error**2 + len(logs) * ((high - low) / 2.0 / HALF_TO_SIGMA) ** 2) / (
        PRIOR_COUNT + len(logs)
    )
    bad_share = PRIOR_BAD / (PRIOR_GOOD + PRIOR_BAD)
    good = np.ones(len(logs))
    for _ in range(ROUNDS):
        variance = spread2 + sigmas**2
        like = (1.0 - bad_share) * np.exp(-0.5 * (logs - centre) ** 2 / variance) / np.sqrt(2.0 * math.pi * variance)
        good = np.maximum(like / (like + bad_share / BAD_SPAN), LEAST_GOOD)
        before, centre = centre, float(np.average(logs, weights=good / variance))
        part = spread2 / variance  # of a deviation, what the spread has and not the reading's own error
        expected2 = (part * (logs - centre)) ** 2 + part * sigmas**2
        spread2 = (PRIOR_COUNT * expected_error**2 + float(good @ expected2)) / (PRIOR_COUNT + float(good.sum()))
        bad_share = min((PRIOR_BAD + float((1.0 - good).sum())) / (PRIOR_GOOD + PRIOR_BAD + len(logs)), LARGEST_BAD_SHARE)
        if abs(centre - before) < SETTLED:
            break
    value, sigma = _mean_of_cells(logs, sigmas, good / (spread2 + sigmas**2), cells, expected_error)
    return LogFit(value, sigma, good)


def _mean_of_cells(
    logs: NDArray[np.float64],
    sigmas: NDArray[np.float64],
    weights: NDArray[np.float64],
    cells: NDArray[np.int64],
    expected_error: float,
) -> tuple[float, float]:
    """Random-effects mean over cells, and its standard deviation; a cell of bad readings alone has no say."""
    number = np.unique(cells, return_inverse=True)[1]
    total = np.bincount(number, weights)
    heard = total > 0.05 * np.max(weights)
    total = np.where(heard, total, 1.0)
    means = (np.bincount(number, weights * logs) / total)[heard]
    own = (np.bincount(number, (weights * sigmas) ** 2) / total**2)[heard]  # from the readings' own errors
    free = len(means) - 1
    between = max(0.0, float(np.var(means, ddof=1) - own.mean())) if free else 0.0
    between = (PRIOR_COUNT * expected_error**2 + free * between) / (PRIOR_COUNT + free)
    share = 1.0 / (between + own)
    return float(np.average(means, weights=share)), math.sqrt(1.0 / share.sum())


def _shortest_half(values: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the shortest interval that holds more than half of the values."""
    ordered = np.sort(values)
    half = len(ordered) // 2 + 1
    lengths = ordered[half - 1 :] - ordered[: len(ordered) - half + 1]
    first = int(np.argmin(lengths))
    return float(ordered[first]), float(ordered[first + half - 1])
