"""The last second of targets: detectors and people speak of pictures that are not the newest any more."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from auxfocus_ros.distribution.targets.readings import SegmentMap
from auxfocus_ros.distribution.targets.target import Target

_KEPT_S, _KEPT_FRAMES = 1.0, 32
_TOLERANCE_S = 0.06  # frames by other clocks than the picture's, rounded stamps


@dataclass(frozen=True, eq=False)
class PastFrame:
    """What was where. objects: those of the frame with an identity."""

    time_s: float
    segments: SegmentMap
    objects: tuple[Target, ...]

    def object_at(self, x_px: float, y_px: float) -> int:
        """The id of the object at a point of the picture; 0: none."""
        segment = self.segments.segment_at(x_px, y_px)
        return self.id_of(segment) if segment else 0

    def id_of(self, segment: int) -> int:
        """The id of the object with this value in the frame's labels; 0: it had none."""
        return next((target.id for target in self.objects if target.segment == segment), 0)


class Past:
    """The frames of the last second, at most 32."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._frames: deque[PastFrame] = deque(maxlen=_KEPT_FRAMES)

    def add(self, time_s: float, segments: SegmentMap, objects: Sequence[Target]) -> None:
        """The newest frame; one that is older than the last begins a new past."""
        if self._frames and time_s < self._frames[-1].time_s:
            self._frames.clear()
        self._frames.append(PastFrame(time_s, segments, tuple(objects)))
        while self._frames[0].time_s < time_s - _KEPT_S:
            self._frames.popleft()

    def at(self, time_s: float) -> PastFrame | None:
        """The frame of a time, NaN: the newest; None: it is not remembered."""
        if not self._frames:
            return None
        if math.isnan(time_s):
            return self._frames[-1]
        nearest = min(self._frames, key=lambda frame: abs(frame.time_s - time_s))
        return nearest if abs(nearest.time_s - time_s) <= _TOLERANCE_S else None
