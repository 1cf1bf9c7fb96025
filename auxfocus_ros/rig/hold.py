"""A recording of few frames, shown one after another like slides: each frame is given again and again for a while.

While a slide stands, the lens can be racked through it and everything downstream runs at its normal rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.source import Source, SourceCounts


class HeldSource:
    """Another source with each of its frames held for `hold_s` at `rate_hz`; stamps go on evenly from the first frame's."""

    def __init__(self, source: Source, hold_s: float, rate_hz: float) -> None:
        """Wrap a source, which is then closed with this one.

        Args:
            source: what to show.
            hold_s: how long each frame stands, seconds, > 0.
            rate_hz: frames given a second, > 0.

        Raises:
            ConfigurationError: a time or rate that is not above zero.
        """
        if not hold_s > 0.0 or not rate_hz > 0.0:
            raise ConfigurationError(f"frames held for {hold_s:g} s at {rate_hz:g} Hz: both must be above zero")
        self._source = source
        self._times = max(1, round(hold_s * rate_hz))
        self.name = source.name
        self.rate_hz = rate_hz
        self.duration_s = source.duration_s * source.rate_hz * self._times / rate_hz
        self.has_depth = source.has_depth
        self.follows_lens = source.follows_lens
        self.counts: SourceCounts = source.counts

    def frames(self) -> Iterator[Frame]:
        """One pass; see `Source`."""
        stamp_ns: int | None = None
        for frame in self._source.frames():
            for _ in range(self._times):
                stamp_ns = frame.stamp_ns if stamp_ns is None else stamp_ns + round(1e9 / self.rate_hz)
                yield replace(frame, stamp_ns=stamp_ns)

    def set_lens_position(self, position_steps: float) -> None:
        """Pass the lens's position on."""
        self._source.set_lens_position(position_steps)

    def close(self) -> None:
        """Close the wrapped source."""
        self._source.close()
