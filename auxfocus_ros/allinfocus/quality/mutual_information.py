"""Q_MI: how much of the frames' grey levels is known from the fused picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Picture
from auxfocus_ros.allinfocus.quality.strips import frames_and_fused, grey, read_grey, strips

LEVELS = 256


def q_mi(frames: Frames | Sequence[Picture], fused: Picture) -> float:
    """Normalised mutual information Q_MI, 0 to 2 (which a picture has that determines every frame's levels, and they its).

    For frames X_1 ... X_n and the fused F, with entropies H and mutual information I of the joint histogram of grey levels,
    Q_MI = (4 / n) sum_i I(F, X_i) / (H(F) + H(X_i)): for two frames the published sum, 2 (I(F,A) / (H(F) + H(A)) +
    I(F,B) / (H(F) + H(B))), and for more the same mean over frames, so that its range stays. Histograms have 256 levels; of
    uint16 the upper 8 bits count. Two constant pictures determine each other.

    Args:
        frames: two or more, aligned: (H, W) or (H, W, 3), uint8 or uint16.
        fused: of the same shape and type.

    Raises:
        InputError: fewer than two frames, or another shape or type.

    Source: Hossny, Nahavandi and Creighton, Comments on 'Information measure for performance of image fusion', 2008, which puts
    Qu, Zhang and Yan's sum of 2002 right.
    """
    frames, fused = frames_and_fused(frames, fused, 1)
    joint = np.zeros((len(frames), LEVELS * LEVELS), np.int64)
    for rows in strips(frames.shape, 1):
        fused_levels = _levels(grey(fused[slice(*rows)])) * LEVELS
        for index in range(len(frames)):
            both = fused_levels + _levels(read_grey(frames, index, rows))
            joint[index] += np.bincount(both.ravel(), minlength=LEVELS * LEVELS)
    return 4.0 * float(np.mean([_share(counts.reshape(LEVELS, LEVELS)) for counts in joint]))


def _levels(strip: Picture) -> NDArray[np.intp]:
    return np.asarray(strip >> (8 * (strip.dtype.itemsize - 1)), np.intp)


def _share(joint: NDArray[np.int64]) -> float:
    """I / (H + H), 0 to 1/2, of a joint histogram."""
    one, other, both = (_entropy_bits(counts) for counts in (joint.sum(axis=0), joint.sum(axis=1), joint.ravel()))
    return (one + other - both) / (one + other) if one + other > 0.0 else 0.5


def _entropy_bits(counts: NDArray[np.int64]) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-np.sum(share * np.log2(share)))
