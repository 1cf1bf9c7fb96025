"""What a DepthScale says is believed only where it makes sense, and goes with the depth of its own stamp."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from std_msgs.msg import Header

from auxfocus_interfaces.msg import DepthScale
from auxfocus_ros.ros.depth_scale import WAIT_S, ScaledPairs, ScaleWord, read_depth_scale
from auxfocus_ros.ros.stamps import from_ns


def scale(stamp_ns: int = 0, **fields: Any) -> DepthScale:
    good = {
        "state": DepthScale.STATE_METRIC,
        "source": "points",
        "scale": 2.0,
        "sigma_relative": 0.1,
        "depth_sigma_relative": 0.2,
    }
    return DepthScale(header=Header(stamp=from_ns(stamp_ns)), **{**good, **fields})


def test_metres_are_metres_with_the_larger_error() -> None:
    assert read_depth_scale(scale()) == ScaleWord(True, 0.2, "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (
            {"state": DepthScale.STATE_RELATIVE, "message": "points:\nnone in the picture"},
            "depth is relative: points: none",
        ),
        ({"state": DepthScale.STATE_RELATIVE}, "a rangefinder"),
        ({"state": 7}, "unknown state 7"),
        ({"scale": math.nan}, "scale of nan"),
        ({"scale": 0.0}, "scale of 0"),
        ({"scale": -1.0}, "scale of -1"),
        ({"scale": math.inf}, "scale of inf"),
        ({"sigma_relative": -0.1}, "errors of -0.1"),
        ({"sigma_relative": math.inf}, "errors of inf"),
        ({"depth_sigma_relative": math.nan}, "and nan"),
    ],
)
def test_everything_else_is_relative_and_says_why(fields: dict[str, Any], why: str) -> None:
    word = read_depth_scale(scale(**fields))
    assert not word.metric and word.depth_sigma_relative == 0.0
    assert why in word.why and "\n" not in word.why


class Heard:
    """A `ScaledPairs` with a clock of its own, and what it handed on."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.out: list[tuple[int, bool]] = []
        self.pairs = ScaledPairs(
            lambda pair, word: self.out.append((pair.range.header.stamp.nanosec, word.metric)), lambda: self.now_s
        )

    def pair(self, stamp_ns: int) -> None:
        made: Any = SimpleNamespace(range=SimpleNamespace(header=Header(stamp=from_ns(stamp_ns))))
        self.pairs.add_pair(made)


def test_depth_goes_with_the_scale_of_its_stamp_whichever_comes_first() -> None:
    heard = Heard()
    heard.pairs.add_scale(scale(1))
    heard.pair(1)
    heard.pair(2)
    assert heard.out == [(1, True)]
    heard.pairs.add_scale(scale(3))  # of a depth that is still to come
    assert heard.out == [(1, True)]
    heard.pairs.add_scale(scale(2, state=DepthScale.STATE_RELATIVE))
    heard.pair(3)
    assert heard.out == [(1, True), (2, False), (3, True)]


def test_a_depth_whose_scale_never_comes_is_relative() -> None:
    heard = Heard()
    heard.pairs.add_scale(scale(1))
    heard.pair(2)
    heard.pairs.check()
    assert heard.out == []  # it may still come
    heard.pair(4)
    assert heard.out == [(2, False)]
    heard.now_s = WAIT_S
    heard.pairs.check()
    heard.pairs.check()
    assert heard.out == [(2, False), (4, False)]
    for stamp in range(10, 60):  # of depths that were lost
        heard.pairs.add_scale(scale(stamp))
    heard.pair(10)
    heard.pair(59)
    assert heard.out[2:] == [(10, False), (59, True)]
