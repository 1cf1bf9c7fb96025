"""Fusion of Laplacian pyramids: in each band the coefficient of the frame whose region has the most energy there.

What is left at the top has no sign to go by: there the frame that has both the greatest deviation and the greatest entropy in a
window is taken, and where the two disagree, the mean of both.

Source: Wang and Chang, A multi-focus image fusion method based on Laplacian pyramid, 2011.
"""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from auxfocus_ros.allinfocus.fusion.frames import Frames, Fused, Picture
from auxfocus_ros.allinfocus.fusion.tiles import Plane, Progress, Tile, Told, rounded, tiles

BANDS = 5
MARGIN_PX = 256
"""What two reductions and an enlargement reach over BANDS bands."""
SMALLEST_PX = 8
"""Of the shorter side, at the top."""
REGION = np.outer((1.0, 2.0, 1.0), (1.0, 2.0, 1.0)).astype(np.float32) / 16.0
TOP_WINDOW_PX = 3
ENTROPY_LEVELS = 16


def fuse_pyramid(frames: Frames, tile_px: int, told: Told | None) -> Fused:
    """Fuse two or more frames; see `fusion.fuse`. There is no frame index: bands of several frames meet in a pixel."""
    bands = 0
    while bands < BANDS and min(frames.shape[:2]) >> (bands + 1) >= SMALLEST_PX:
        bands += 1
    pieces = tiles(frames.shape, tile_px, MARGIN_PX)
    picture = np.empty(frames.shape, frames.dtype)
    Progress(len(pieces), told).over(pieces, partial(_fuse_tile, frames, bands, picture))
    return Fused(picture)


def _fuse_tile(frames: Frames, bands: int, picture: Picture, tile: Tile) -> None:
    best: list[tuple[Plane, Plane]] = []
    tops = []
    for k in range(len(frames)):
        details, top = _decompose(tile.read(frames, k).astype(np.float32), bands)
        tops.append(top)
        energies = [_region_energy(detail) for detail in details]
        if not k:
            best = list(zip(details, energies, strict=True))
            continue
        for (chosen, greatest), detail, energy in zip(best, details, energies, strict=True):
            more = energy > greatest
            chosen[more] = detail[more]
            np.maximum(greatest, energy, out=greatest)
    fused = _top(tops, np.iinfo(frames.dtype).max)
    for detail, _ in reversed(best):
        fused = cv2.pyrUp(fused, dstsize=(detail.shape[1], detail.shape[0])) + detail
    picture[tile.here] = rounded(fused, frames.dtype)[tile.inner]


def _decompose(piece: Plane, bands: int) -> tuple[list[Plane], Plane]:
    details = []
    for _ in range(bands):
        coarse = cv2.pyrDown(piece)
        details.append(piece - cv2.pyrUp(coarse, dstsize=(piece.shape[1], piece.shape[0])))
        piece = np.asarray(coarse)
    return details, piece


def _region_energy(detail: Plane) -> Plane:
    square = detail * detail
    return np.asarray(cv2.filter2D(square if detail.ndim == 2 else square.sum(axis=2), cv2.CV_32F, REGION))


def _top(tops: list[Plane], white: int) -> Plane:
    """Means of the frame of greatest deviation and the frame of greatest entropy, which mostly are one."""
    lumas = [top if top.ndim == 2 else top.mean(axis=2) for top in tops]
    one = np.argmax([_deviation(luma) for luma in lumas], axis=0)
    other = np.argmax([_entropy(luma / np.float32(white)) for luma in lumas], axis=0)
    fused = np.zeros(tops[0].shape, np.float32)
    for k, top in enumerate(tops):
        share = 0.5 * (one == k).astype(np.float32) + 0.5 * (other == k).astype(np.float32)
        fused += top * (share if top.ndim == 2 else share[..., None])
    return fused


def _deviation(luma: Plane) -> Plane:
    mean = cv2.blur(luma, (TOP_WINDOW_PX, TOP_WINDOW_PX))
    return np.asarray(cv2.blur(cv2.multiply(luma - mean, luma - mean), (TOP_WINDOW_PX, TOP_WINDOW_PX)))


def _entropy(luma: Plane) -> Plane:
    """Of the levels in a window, luma from 0 to 1."""
    level = (luma * ENTROPY_LEVELS).astype(np.int16)
    entropy = np.zeros(luma.shape, np.float32)
    for step in np.unique(level):
        share = np.maximum(cv2.blur((level == step).astype(np.float32), (TOP_WINDOW_PX, TOP_WINDOW_PX)), np.float32(0.0))
        entropy -= share * np.log(share + np.float32(1e-12))
    return entropy
