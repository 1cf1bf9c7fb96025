"""How far predicted depth is from the truth: the seven figures that all work on depth from one camera reports.

Source of the figures: D. Eigen, C. Puhrsch and R. Fergus, "Depth map prediction from a single image using a multi-scale deep
network", NIPS 2014; median scaling as in T. Zhou et al., "Unsupervised learning of depth and ego-motion from video", CVPR 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError

MIN_DEPTH_M = 1e-3  # a prediction is taken to be at least this, so that its logarithm exists
DELTA = 1.25

Scaling = Literal["median", "none"]


@dataclass(frozen=True)
class DepthErrors:
    """Errors of depth, of one frame or a mean of frames. The first four: less is better; the last three: shares in [0, 1].

    abs_rel: mean |d - d*| / d*. sq_rel_m: mean (d - d*)^2 / d*, metres. rmse_m: root of the mean (d - d*)^2. rmse_log: root of
    the mean (ln d - ln d*)^2. delta_1, delta_2, delta_3: share of pixels with max(d / d*, d* / d) < 1.25, 1.25^2, 1.25^3.
    """

    abs_rel: float
    sq_rel_m: float
    rmse_m: float
    rmse_log: float
    delta_1: float
    delta_2: float
    delta_3: float


@dataclass(frozen=True)
class FrameErrors:
    """One frame's errors. errors: None where no pixel could be compared. pixels: compared. unpredicted: pixels with truth, in
    the region, for which nothing was predicted (0 or NaN); they are not in the errors. scale: what the prediction was
    multiplied by.
    """

    errors: DepthErrors | None
    pixels: int
    unpredicted: int
    scale: float


@dataclass(frozen=True)
class MeanErrors:
    """Mean over frames, each frame counting once. errors: None where every frame was empty. frames: in the mean; empty_frames:
    left out, as none of their pixels could be compared. pixels, unpredicted: sums over the frames.
    """

    errors: DepthErrors | None
    frames: int
    empty_frames: int
    pixels: int
    unpredicted: int


def has_depth(depth_m: NDArray[Any], cap_m: float = math.inf) -> NDArray[np.bool_]:
    """Which pixels hold a finite depth in (0, cap_m]; 0, NaN, negative ones and +inf (the sky) do not."""
    return np.asarray(np.isfinite(depth_m) & (depth_m > 0.0) & (depth_m <= cap_m))


def median_scale(predicted: NDArray[Any], true_m: NDArray[Any], cap_m: float = math.inf) -> float:
    """Median of the true depth over median of the predicted, both over the pixels that have both; NaN where none has."""
    both = has_depth(true_m, cap_m) & has_depth(predicted)
    return float(np.median(true_m[both].astype(float)) / np.median(predicted[both].astype(float))) if both.any() else math.nan


def frame_errors(
    predicted: NDArray[Any],
    true_m: NDArray[Any],
    *,
    cap_m: float,
    region: NDArray[np.bool_] | None = None,
    scaling: Scaling = "median",
) -> FrameErrors:
    """Errors of one frame's depth.

    Args:
        predicted: (H, W), metres or up to a factor; 0, NaN or less: nothing predicted there; +inf is taken for the cap.
        true_m: (H, W); 0, NaN or less: not known; beyond the cap, the sky included: does not count.
        cap_m: farthest true depth that counts; a prediction, once scaled, is cut to [0.001, cap_m].
        region: (H, W), which pixels count; None: all. The scale is always that of the whole frame, so that a thing that is
            wrong only against its surroundings is wrong.
        scaling: 'median': the prediction is multiplied by `median_scale` of this frame; 'none': it is taken as metres.

    Raises:
        InputError: arrays that are not (H, W) or not of one shape; a cap that is not above 0.001 m.
    """
    predicted, true_m = np.asarray(predicted), np.asarray(true_m)
    if predicted.ndim != 2 or predicted.shape != true_m.shape or (region is not None and region.shape != true_m.shape):
        shapes = f"{predicted.shape}, {true_m.shape}" + (f", {region.shape}" if region is not None else "")
        raise InputError(f"predicted depth, true depth and region must have one shape (H, W), found {shapes}")
    if not cap_m > MIN_DEPTH_M:
        raise InputError(f"the depth cap must be above {MIN_DEPTH_M:g} m, got {cap_m:g}")
    wanted = has_depth(true_m, cap_m)
    if region is not None:
        wanted &= region.astype(bool)
    counts = wanted & (predicted > 0.0)
    pixels, unpredicted = int(counts.sum()), int(wanted.sum() - counts.sum())
    scale = 1.0 if scaling == "none" else median_scale(predicted, true_m, cap_m)
    if not pixels or not math.isfinite(scale):
        return FrameErrors(None, 0, int(wanted.sum()), scale)
    truth = true_m[counts].astype(float)
    guess = np.clip(predicted[counts].astype(float) * scale, MIN_DEPTH_M, cap_m)
    return FrameErrors(_errors(guess, truth), pixels, unpredicted, scale)


def mean_errors(frames: Iterable[FrameErrors]) -> MeanErrors:
    """Mean over frames of each figure (a frame counts once, however many pixels it has); empty frames are counted, not
    averaged.
    """
    frames = list(frames)
    filled = [astuple(frame.errors) for frame in frames if frame.errors is not None]
    return MeanErrors(
        errors=DepthErrors(*np.mean(filled, axis=0).tolist()) if filled else None,
        frames=len(filled),
        empty_frames=len(frames) - len(filled),
        pixels=sum(frame.pixels for frame in frames),
        unpredicted=sum(frame.unpredicted for frame in frames),
    )


def _errors(guess_m: NDArray[np.float64], truth_m: NDArray[np.float64]) -> DepthErrors:
    """The seven figures of two vectors of depths, both positive."""
    off = guess_m - truth_m
    log_off = np.log(guess_m / truth_m)
    within = np.abs(log_off)[:, None] < math.log(DELTA) * np.arange(1, 4)
    return DepthErrors(
        float(np.mean(np.abs(off) / truth_m)),
        float(np.mean(off**2 / truth_m)),
        math.sqrt(np.mean(off**2)),
        math.sqrt(np.mean(log_off**2)),
        *within.mean(axis=0).tolist(),
    )
