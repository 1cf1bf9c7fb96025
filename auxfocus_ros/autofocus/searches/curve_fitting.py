"""Curve fitting: look at a few positions, and go where the curve through them has its peak."""

from __future__ import annotations

from collections.abc import Callable

from auxfocus_ros.autofocus.searches.samples import Probe, Samples
from auxfocus_ros.errors import ConfigurationError

LEAST_LOOKS, MOST_LOOKS = 4, 7
NEAR_HALF_DEPTHS = 6.0
"""A peak is confirmed by a look so near to the sharpest, in half depths of focus."""


def require_looks(search: str, first_looks: int, most_looks: int) -> None:
    """Raise ConfigurationError unless they are whole numbers with 3 <= first <= most."""
    if not 3 <= first_looks <= most_looks:
        raise ConfigurationError(f"{search}: wanted 3 <= first_looks <= most_looks, got {first_looks} and {most_looks}")


def fitted(samples: Samples, peak: Callable[[Samples], float], first_looks: int, most_looks: int) -> Probe:
    """Look evenly over the range, then at the predicted peak, until a prediction is where it was looked, and a look is near it.

    Args:
        samples: where the looks are kept.
        peak: predicts the peak from them.
        first_looks: positions that the range is first divided by, from the end nearer to the lens.
        most_looks: positions looked at, at most.
    """
    first, last = samples.nearer_end_first
    for look in range(first_looks):
        yield from samples.at(first + (last - first) * (look + 0.5) / first_looks)
    while True:
        predicted = samples.task.reachable(peak(samples))
        following = _look_after(samples, predicted)
        if following is None or len(samples) >= most_looks:
            return predicted if samples.task.positions_steps is None else samples.best_steps()
        looks = len(samples)
        yield from samples.at(following)
        if len(samples) == looks:
            return samples.best_steps()


def _look_after(samples: Samples, predicted_steps: float) -> float | None:
    """The predicted position; where it was looked at already, midway to its sharper neighbour, until that one is near."""
    positions, values = samples.positions_steps, samples.values
    at = min(range(len(positions)), key=lambda look: abs(predicted_steps - positions[look]))
    if abs(predicted_steps - positions[at]) > 0.5 * samples.half_depth_steps:
        return predicted_steps
    neighbours = [look for look in (at - 1, at + 1) if 0 <= look < len(positions)]
    beside = max(neighbours, key=lambda look: values[look], default=at)
    gap = positions[beside] - positions[at]
    return positions[at] + 0.5 * gap if abs(gap) > NEAR_HALF_DEPTHS * samples.half_depth_steps else None
