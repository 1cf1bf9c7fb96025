"""Depth from focus: which frame is sharpest says how far away things are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError


def depth_of_frames(frame_index: NDArray[np.float32], focus_distances_m: Sequence[float]) -> NDArray[np.float32]:
    """Where each pixel's sharpest frame was focused; between two frames evenly in dioptres, in which focus error is even.

    Args:
        frame_index: (H, W), 0 to n - 1, fractions between frames; NaN: not known.
        focus_distances_m: (n,) metres, > 0, inf allowed, of every frame.

    Returns:
        (H, W) metres; inf where a frame is focused at infinity; NaN where it is not known.

    Raises:
        InputError: a distance that is not greater than 0, or an index outside 0 to n - 1.
    """
    distances = np.asarray(focus_distances_m, np.float64)
    if distances.ndim != 1 or not len(distances) or not (distances > 0.0).all():
        raise InputError(f"the focus distances are {list(focus_distances_m)}: each must be greater than 0 m")
    known = np.isfinite(frame_index)
    if known.any() and not (frame_index[known].min() >= 0.0 and frame_index[known].max() <= len(distances) - 1):
        raise InputError(f"the frame index must be from 0 to {len(distances) - 1}, one for each focus distance")
    dioptres = np.interp(np.where(known, frame_index, 0.0), np.arange(len(distances)), 1.0 / distances)
    with np.errstate(divide="ignore"):
        depth = (1.0 / dioptres).astype(np.float32)
    depth[~known] = np.nan
    return depth
