"""Focus regions found with mean and guided filters (GFDF), for any number of frames.

For two frames this is the published method. For more, the frame of the greatest refined focus is taken; a region of a frame that
is smaller than the ratio takes the frame of the nearest pixel outside small regions (for two: the other one, as published); and
the last guided filter smooths the map of every frame, whose sum stays 1.

Source: Qiu, Li, Zhang and Yuan, Guided filter-based multi-focus image fusion through focus region detection, 2019; window and
guided filter as published, the ratio as in Intelligent Autofocus, 5.
"""

from __future__ import annotations

import math
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Fused, Picture
from auxfocus_ros.allinfocus.fusion.guided_filter import GuidedFilter
from auxfocus_ros.allinfocus.fusion.seams import from_middle, least_first_from_middle
from auxfocus_ros.allinfocus.fusion.tiles import Plane, Progress, Tile, Told, grey, rounded, take, tiles

MEAN_PX = 7
RADIUS_PX, REGULARISATION = 5, 0.3
SMALL_REGION_RATIO = 0.001
"""Of the picture's area."""
MARGIN_PX = 32


def fuse_gfdf(frames: Frames, tile_px: int, told: Told | None) -> Fused:
    """Fuse two or more frames; see `fusion.fuse`. The frame index is the decision map: it says something everywhere."""
    pieces = tiles(frames.shape, tile_px, MARGIN_PX)
    progress = Progress(2 * len(pieces), told)
    decision = np.empty(frames.shape[:2], np.uint16)
    progress.over(pieces, partial(_decide_tile, frames, decision))
    decision = without_small_regions(decision, len(frames), math.ceil(SMALL_REGION_RATIO * decision.size))
    picture = np.empty(frames.shape, frames.dtype)
    progress.over(pieces, partial(_fuse_tile, frames, decision, picture))
    return Fused(picture, decision.astype(np.float32))


def without_small_regions(decision: NDArray[np.uint16], count: int, least_px: int) -> NDArray[np.uint16]:
    """Give pixels of regions below `least_px` (joined over corners too) the number of the nearest pixel that is in none."""
    small = np.zeros(decision.shape, np.uint8)
    for k in range(count):
        _, labels, stats, _ = cv2.connectedComponentsWithStats((decision == k).view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
        too_few = stats[:, cv2.CC_STAT_AREA] < least_px
        too_few[0] = False  # what is not of this frame
        small |= too_few[labels].view(np.uint8)
    if small.all() or not small.any():
        return decision
    _, nearest = cv2.distanceTransformWithLabels(small, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    by_label = np.zeros(int(nearest.max()) + 1, np.uint16)
    kept = small == 0
    by_label[nearest[kept]] = decision[kept]
    return by_label[nearest]


def _decide_tile(frames: Frames, decision: NDArray[np.uint16], tile: Tile) -> None:
    planes = ((k, -_focus(_unit(tile.read(frames, k)))) for k in from_middle(len(frames)))
    decision[tile.here] = least_first_from_middle(planes)[0][tile.inner]


def _focus(luma: Plane) -> Plane:
    """What the mean filter takes away, refined by the frame itself."""
    rough = np.abs(luma - cv2.blur(luma, (MEAN_PX, MEAN_PX), borderType=cv2.BORDER_REPLICATE))
    return GuidedFilter(luma, RADIUS_PX, REGULARISATION)(rough)


def _fuse_tile(frames: Frames, decision: NDArray[np.uint16], picture: Picture, tile: Tile) -> None:
    pieces = [tile.read(frames, k) for k in range(len(frames))]
    number = decision[slice(*tile.outer_rows), slice(*tile.outer_columns)]
    refine = GuidedFilter(_unit(take(pieces, number)), RADIUS_PX, REGULARISATION)
    total, weight = np.zeros(pieces[0].shape, np.float32), np.zeros(number.shape, np.float32)
    for k, piece in enumerate(pieces):
        here = np.asarray(number == k, np.float32)
        if here.any():
            share = np.maximum(refine(here), np.float32(0.0))
            share[share < 1e-4] = 0.0  # rounding of the filters, which would mix where nothing is to be mixed
            weight += share
            total += piece * (share if piece.ndim == 2 else share[..., None])
    picture[tile.here] = rounded(total / (weight if total.ndim == 2 else weight[..., None]), frames.dtype)[tile.inner]


def _unit(piece: Picture) -> Plane:
    return grey(piece) / np.float32(255.0)
