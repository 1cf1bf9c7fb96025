"""The fewest frames that bring into focus what is not yet, and the order of them that costs least travel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def in_focus_share(positions_steps: Floats, grid_steps: Floats, half_steps: Floats) -> Floats:
    """(X, P): which share of the interval about each position of a grid (P,), where half the depth of focus is `half_steps` (P,),
    is in focus in frames taken at positions (X,).
    """
    away = np.abs(positions_steps[:, None] - grid_steps[None, :])
    return np.asarray(np.clip((half_steps - away) / (grid_steps[1] - grid_steps[0]) + 0.5, 0.0, 1.0))


def detail_kept(positions_steps: Floats, grid_steps: Floats, half_steps: Floats) -> Floats:
    """(X, P), as `in_focus_share`: how much of a thing's detail a frame keeps, 0 to 1: half of it at the edge of the depth of
    focus, falling as a bell. So the middle of the depth of focus is better than its edge, and a frame between two others that
    just miss each other is worth little.
    """
    away = (positions_steps[:, None] - grid_steps[None, :]) / half_steps
    return np.asarray(np.exp2(-np.minimum(away**2, 60.0)))


def fewest_frames(kept: Floats, had: Floats, share: Floats, least_gain: float) -> list[int]:
    """The frames to take, rising: the best set of every size is found, the size grows as long as a frame gains enough.

    What several frames keep counts once, from the best of them. As their bells follow each other as their positions do, of what
    lies between two frames no third one keeps more; so the best set whose last frame is x is the best one of one frame less
    whose last is some y before x, and x (dynamic programming).

    Args:
        kept: (X, P) of `detail_kept`, positions rising.
        had: (P,) what the frames so far kept.
        share: (P,) share of the picture that is believed to be in focus at each position.
        least_gain: of a frame, share of the picture.

    Returns:
        Indices of positions, rising; empty when none gains enough.
    """
    alone = np.maximum(kept - had, 0.0) @ share
    beyond = np.maximum(kept[None, :, :] - np.maximum(kept, had)[:, None, :], 0.0) @ share
    beyond[np.tril_indices(len(kept))] = -np.inf
    best, links = alone, []
    if best.max() < least_gain:
        return []
    while True:
        after = best[:, None] + beyond
        link = after.argmax(axis=0)
        longer = after.max(axis=0)
        if longer.max() - best.max() < least_gain:
            break
        links.append(link)
        best = longer
    chosen = [int(best.argmax())]
    for link in reversed(links):
        chosen.append(int(link[chosen[-1]]))
    return chosen[::-1]


def least_travel(positions_steps: Floats, here_steps: float) -> int:
    """Which of some positions is gone to first, that all are visited with the least travel: first those on the side of the
    nearer end, then the others in one sweep.
    """
    low, high = float(positions_steps.min()), float(positions_steps.max())
    if here_steps <= low or here_steps >= high:
        return int(np.argmin(np.abs(positions_steps - here_steps)))
    ahead = positions_steps <= here_steps if here_steps - low <= high - here_steps else positions_steps >= here_steps
    return int(np.argmin(np.where(ahead, np.abs(positions_steps - here_steps), np.inf)))
