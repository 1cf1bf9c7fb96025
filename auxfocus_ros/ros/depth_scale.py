"""What a DepthScale says, and the pairs of picture and depth that wait for theirs.

A depth without a scale is right in its ratios alone, and looks like metres all the same. Who reads `depth/image_raw` of
`mono_depth` therefore takes it for metres only with the scale of the very same stamp, and only where that says so. Both are
published at once, but by different writers: whichever comes first is held for a moment.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auxfocus_interfaces.msg import DepthScale
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.sync import PictureAndRange

__all__ = ["WAIT_S", "ScaleWord", "ScaledPairs", "read_depth_scale"]

WAIT_S = 0.3
"""A depth waits so long for its scale; it was sent before it."""
KEPT = 16
"""Scales that wait for their depth."""
WHAT_HELPS = "a few lidar points, a rangefinder, a known motion or height of the camera"


@dataclass(frozen=True)
class ScaleWord:
    """Whether a depth is metres.

    depth_sigma_relative: one standard deviation of a depth as a share; 0 where it is not metric. why: in one line, why it is not;
    empty where it is.
    """

    metric: bool
    depth_sigma_relative: float = 0.0
    why: str = ""


NOT_SAID = ScaleWord(False, why="nobody says on depth/scale whether the depth is metres: it is taken as relative")


def read_depth_scale(message: DepthScale) -> ScaleWord:
    """What a message says; one that makes no sense says 'relative'."""
    if message.state == DepthScale.STATE_RELATIVE:
        said = " ".join(message.message.split()) or f"needed are {WHAT_HELPS}"
        return ScaleWord(False, why=f"depth is relative: {said}")
    if message.state != DepthScale.STATE_METRIC:
        return ScaleWord(False, why=f"depth/scale has the unknown state {message.state}: the depth is taken as relative")
    scale, sigma, place = float(message.scale), float(message.sigma_relative), float(message.depth_sigma_relative)
    if not (0.0 < scale < math.inf and 0.0 <= sigma < math.inf and 0.0 <= place < math.inf):
        return ScaleWord(
            False,
            why=f"depth/scale says metric with a scale of {scale:g} and errors of {sigma:g} and {place:g}: the depth is taken as "
            "relative",
        )
    return ScaleWord(True, max(sigma, place))


class ScaledPairs:
    """Hands on each pair of picture and depth with what the scale of its stamp says. For one thread, the executor's."""

    def __init__(
        self, on_pair: Callable[[PictureAndRange, ScaleWord], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`on_pair` gets each pair once; `clock`: steady seconds."""
        self._on_pair = on_pair
        self._clock = clock
        self._words: OrderedDict[int, ScaleWord] = OrderedDict()
        self._waiting: tuple[PictureAndRange, float] | None = None

    def add_scale(self, message: DepthScale) -> None:
        """A scale has come."""
        self._words[to_ns(message.header.stamp)] = read_depth_scale(message)
        while len(self._words) > KEPT:
            self._words.popitem(last=False)
        if self._waiting is not None:
            self._offer(*self._waiting)

    def add_pair(self, pair: PictureAndRange) -> None:
        """A pair has come; the one that still waits goes without its scale."""
        if self._waiting is not None:
            self._hand_on(self._waiting[0], NOT_SAID)
        self._offer(pair, self._clock() + WAIT_S)

    def check(self) -> None:
        """To be called some times a second: a pair that has waited long enough goes without its scale."""
        if self._waiting is not None and self._clock() >= self._waiting[1]:
            self._hand_on(self._waiting[0], NOT_SAID)

    def _offer(self, pair: PictureAndRange, ends_s: float) -> None:
        word = self._words.pop(_depth_stamp_ns(pair), None)
        if word is None:
            self._waiting = pair, ends_s
        else:
            self._hand_on(pair, word)

    def _hand_on(self, pair: PictureAndRange, word: ScaleWord) -> None:
        self._waiting = None
        self._on_pair(pair, word)


def _depth_stamp_ns(pair: Any) -> int:
    return to_ns(pair.range.header.stamp)
