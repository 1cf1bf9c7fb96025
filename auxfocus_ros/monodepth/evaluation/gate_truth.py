"""Whether something moved between two pictures, by the truth of a rendered sequence, and how often the gate decided so.

Things that move less than about a pixel beyond the camera's own motion cannot be told from things that stand, and nobody is
the worse for it: such pairs are neither, and are not asked about.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.sequence import Sequence

MOVING_PX = 2.0
STANDING_PX = 0.25
LEAST_THING_PX = 100

PairTruth = Literal["moving", "standing", "between", "empty"]


@dataclass(frozen=True)
class BalancedAccuracy:
    """accuracy: mean of the two shares, NaN where one is. moving_right, standing_right: share of the moving and of the
    standing pairs decided rightly, NaN where there is none. moving, standing: how many there were.
    """

    accuracy: float
    moving_right: float
    standing_right: float
    moving: int
    standing: int


def pair_truth(moved_px: NDArray[np.floating], things: NDArray[np.integer], least_thing_px: int = LEAST_THING_PX) -> PairTruth:
    """What is true of a frame and the next one.

    Args:
        moved_px: (H, W), how far from where it would lie had it stood still each pixel's surface lies in the next frame.
        things: (H, W), which movable thing each pixel shows, 0: none.
        least_thing_px: pixels that a thing must cover, to count as one that can be seen moving.

    Returns:
        'moving': some thing that covers that many pixels moved by more than 2 px (median over its pixels). 'standing': every
        thing, small ones too, by less than 0.25 px, and at least one covers that many pixels. 'empty': no thing does, whatever
        the small ones do. 'between': all else.
    """
    seen = things > 0
    names, pixels = np.unique(things[seen], return_counts=True)
    large = pixels >= least_thing_px
    if not large.any():
        return "empty"
    moved = np.array([np.nanmedian(moved_px[things == name].astype(float)) for name in names])
    if (moved[large] > MOVING_PX).any():
        return "moving"
    return "standing" if (moved < STANDING_PX).all() else "between"


def pair_truths(sequence: Sequence, least_thing_px: int = LEAST_THING_PX) -> list[PairTruth]:
    """`pair_truth` of every pair (i, i + 1) of a sequence: one entry fewer than it has frames.

    Raises:
        InputError: a sequence that does not know what moved.
    """
    moved_px, things = sequence.moved_px, sequence.things
    if moved_px is None or things is None:
        raise InputError(f"sequence '{sequence.name}': it holds no 'moved_px' and 'things', so what moved is not known")
    return [pair_truth(moved_px[i], things[i], least_thing_px) for i in range(len(sequence) - 1)]


def balanced_accuracy(pairs: Iterable[tuple[PairTruth, bool]]) -> BalancedAccuracy:
    """How well it was decided whether something moves; pairs that are neither moving nor standing do not count.

    Args:
        pairs: what is true of a pair, and whether it was decided that something moves.
    """
    pairs = list(pairs)
    moving = [decided for truth, decided in pairs if truth == "moving"]
    standing = [not decided for truth, decided in pairs if truth == "standing"]
    moving_right, standing_right = (sum(right) / len(right) if right else math.nan for right in (moving, standing))
    return BalancedAccuracy((moving_right + standing_right) / 2.0, moving_right, standing_right, len(moving), len(standing))
