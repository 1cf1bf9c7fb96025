"""The scale over time, from readings that come when they come.

A network's scale drifts as the scene changes, so what was heard grows uncertain: its variance rises by e in `forget_s`. A
reading is mixed in by its variance (a Kalman filter on ln scale). Three things keep it honest. Readings of one source shortly
after one another look at the same thing, and the network errs alike on it each time: together they count as one in `alike_s`.
A reading that contradicts is not believed, until some in a row contradict alike: then the scale has jumped, and they are the
new one. And after `hold_s` without a reading the state is 'relative' again.
"""

from __future__ import annotations

import math

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.scale.estimate import ScaleEstimate, ScaleSource, no_scale
from auxfocus_ros.monodepth.scale.options import TrackerOptions

LEAST_SIGMA = 1e-3


class ScaleTracker:
    """Follows the factor from frame to frame; its memory is a few numbers, however long it runs."""

    def __init__(self, options: TrackerOptions | None = None) -> None:
        """Start without knowing anything."""
        self._options = options or TrackerOptions()
        self._heard: dict[ScaleSource, float] = {}
        self.cut("no reading yet")

    def cut(self, reason: str = "the scene changed, no reading since") -> None:
        """Forget everything: the picture shows another scene, of which the old scale says nothing."""
        self._log_scale = 0.0
        self._variance = math.inf
        self._stamp_s = -math.inf
        self._source: ScaleSource = "none"
        self._readings = 0
        self._reason = reason
        self._heard.clear()
        self._doubted: list[tuple[float, ScaleEstimate]] = []

    def update(self, stamp_s: float, reading: ScaleEstimate) -> ScaleEstimate:
        """Hear a frame's estimate, and say what is known then.

        Args:
            stamp_s: of the frame. One that lies back by more than `hold_s` is a new beginning (a recording that starts again);
                by less: the reading is taken as if it came with the newest.
            reading: of that frame; one without a scale changes nothing.

        Raises:
            InputError: a stamp that is not finite.
        """
        if not math.isfinite(stamp_s):
            raise InputError(f"the stamp of a scale reading must be finite, got {stamp_s}")
        if stamp_s < self._stamp_s - self._options.hold_s:
            self.cut("the clock went back, no reading since")
        if not reading.metric:
            if not math.isfinite(self._variance):
                self._reason = reading.problem or self._reason
            return self.at(stamp_s)
        stamp_s = max(stamp_s, self._stamp_s)
        if not self.at(stamp_s).metric:
            self._begin(stamp_s, [reading])
            return self.at(stamp_s)
        variance = self._variance_at(stamp_s)
        off = math.log(reading.scale) - self._log_scale
        if abs(off) > self._options.gate_sigmas * math.sqrt(variance + _variance(reading)):
            self._doubt(stamp_s, reading)
            return self.at(stamp_s)
        self._doubted.clear()
        # A fresh share of a reading: its information, over how long it shares its error with the ones before it.
        since_s = stamp_s - self._heard.get(reading.source, -math.inf)
        share = min(1.0, since_s / self._options.alike_s) if self._options.alike_s else 1.0
        gain = variance * share / (variance * share + _variance(reading))
        self._log_scale += gain * off
        self._variance = max((1.0 - gain) * variance, LEAST_SIGMA**2)
        self._take(stamp_s, reading)
        return self.at(stamp_s)

    def at(self, stamp_s: float) -> ScaleEstimate:
        """What is known at a time; the source is that of the last reading that was believed."""
        since_s = max(0.0, stamp_s - self._stamp_s)
        if not math.isfinite(self._variance):
            return no_scale(self._reason)
        if since_s > self._options.hold_s:
            return no_scale(f"no reading of the scale for {since_s:.1f} s, it is held for {self._options.hold_s:g} s")
        sigma = math.sqrt(self._variance_at(stamp_s))
        return ScaleEstimate(math.exp(self._log_scale), sigma, self._source, self._readings)

    def _variance_at(self, stamp_s: float) -> float:
        return self._variance * math.exp(max(0.0, stamp_s - self._stamp_s) / self._options.forget_s)

    def _take(self, stamp_s: float, reading: ScaleEstimate) -> None:
        self._stamp_s, self._source, self._readings = stamp_s, reading.source, reading.readings
        self._heard[reading.source] = stamp_s

    def _doubt(self, stamp_s: float, reading: ScaleEstimate) -> None:
        """Keep a contradicting reading beside those before it that it agrees with; enough of them are the new scale."""
        gate = self._options.gate_sigmas
        alike = [
            (when_s, other)
            for when_s, other in self._doubted
            if stamp_s - when_s <= self._options.hold_s
            and abs(math.log(other.scale / reading.scale)) <= gate * math.sqrt(_variance(other) + _variance(reading))
        ]
        self._doubted = [*alike, (stamp_s, reading)]
        if len(self._doubted) >= self._options.jump_readings:
            self._begin(stamp_s, [estimate for _, estimate in self._doubted])

    def _begin(self, stamp_s: float, readings: list[ScaleEstimate]) -> None:
        """Start from readings that agree; as they come shortly after one another, they are no surer than the surest of them."""
        weights = [1.0 / _variance(reading) for reading in readings]
        logs = [math.log(reading.scale) for reading in readings]
        self._heard.clear()
        self._doubted = []
        self._log_scale = sum(w * value for w, value in zip(weights, logs, strict=True)) / sum(weights)
        self._variance = 1.0 / max(weights)
        self._take(stamp_s, readings[-1])


def _variance(reading: ScaleEstimate) -> float:
    return max(reading.sigma_relative, LEAST_SIGMA) ** 2
