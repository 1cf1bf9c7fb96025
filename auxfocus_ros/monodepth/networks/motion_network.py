"""The network that judges whether a strip of what can move does move, from what it is seen to do (`geometry/residual_motion.py`).

A few hundred weights: how much an along or across of so many pixels says depends on how many pixels were seen, how evenly they
went, and how well the ground at the foot is known, which no formula of ours said as well.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from auxfocus_ros.monodepth.geometry.residual_motion import StripMotion

FEATURES = 15
HIDDEN = 24
SURE = 1.3
"""Of its answer, logarithm of the odds: what is above counts as moving. A picture has many strips, any of which can err."""
CERTAIN = 3.0
"""The answer where it takes no judgement."""
CERTAIN_ACROSS_PX, CERTAIN_ALONG_PX, CERTAIN_ALONG_SHARE = 2.0, 2.0, 0.6
"""What goes so far across its epipolar line moves, whatever else is seen of it; along the line so far and so much of what the
ground at its foot does, where the foot is seen.
"""
STILL_CAMERA_PX = 0.7
"""Of a camera that stands, all that goes farther moves."""


class MotionNetwork(nn.Module):
    """Features of strips in, logarithms of the odds that they move out."""

    architecture = "auxfocus monodepth motion 1"
    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(self) -> None:
        """Fresh; mean and spread of its features are set when it is fitted."""
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("spread", torch.ones(FEATURES))
        self.layers = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, FEATURES); (N,)."""
        answer: torch.Tensor = self.layers((features - self.mean) / self.spread)
        return answer[:, 0]


def motion_features(strip: StripMotion) -> NDArray[np.float32]:
    """(FEATURES,): logarithms of the lengths, 0 and a mark where there is no ground."""
    known = not math.isnan(strip.ground_px)

    def size(length_px: float, least_px: float) -> float:
        return math.log(abs(length_px) + least_px) if not math.isnan(length_px) else 0.0

    nearer = strip.along_px > 0 if known else False
    found = [
        size(strip.across_px, 0.03), size(strip.across_spread_px, 0.03), size(strip.lower_px, 0.1), size(strip.along_px, 0.1),
        float(known), size(strip.ground_px, 0.3), size(strip.ground_spread_px, 0.03), size(strip.lower_spread_px, 0.03),
        math.log(strip.pixels), math.log(strip.height_px), math.log(strip.width_px), float(strip.cut_off),
        size(strip.reach_px, 5.0), float(nearer), size(strip.along_px, 0.1) * float(known and not nearer and strip.cut_off),
    ]  # fmt: skip
    return np.array(found, np.float32)


def moves(network: MotionNetwork, strips: list[StripMotion], back: list[StripMotion]) -> NDArray[np.bool_]:
    """Of which strips it is sure that they move, by how they went and by how what can move went back.

    Flow errs in one direction where it does not in the other: the mean of a strip's answer and of the best one of the way back
    has to be above SURE.

    Args:
        network: fitted.
        strips: of the first picture, from it to the second; at least one.
        back: of the second picture, from it to the first; none: nothing was found again that way, and the strips count alone.

    Returns:
        (N,), for each of `strips`.
    """
    answers = _answers(network, strips)
    if back:
        answers = 0.5 * (answers + _answers(network, back).max())
    return np.asarray(answers > SURE)


def _answers(network: MotionNetwork, strips: list[StripMotion]) -> NDArray[np.float64]:
    """(N,), the logarithms of the odds; CERTAIN where it takes no judgement."""
    with torch.inference_mode():
        judged = network(torch.from_numpy(np.stack([motion_features(strip) for strip in strips]))).tolist()
    answers = []
    for strip, answer in zip(strips, judged, strict=True):
        if strip.still:
            answers.append(math.copysign(CERTAIN, strip.across_px - STILL_CAMERA_PX))
        else:
            answers.append(max(answer, CERTAIN) if _certain(strip) else answer)
    return np.array(answers)


def _certain(strip: StripMotion) -> bool:
    """Whether it moves by any judgement; of one whose ground is not known the comparison is False."""
    along = abs(strip.lower_px) > CERTAIN_ALONG_PX + CERTAIN_ALONG_SHARE * abs(strip.ground_px)
    return strip.across_px > CERTAIN_ACROSS_PX or (along and not strip.cut_off)
