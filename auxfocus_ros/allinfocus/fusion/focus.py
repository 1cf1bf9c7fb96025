"""The fusion of ours: each pixel from the frame that is sharpest about it, mixed with others only where they are as good.

What is sharpest is decided for the whole picture at half its resolution (`sharpness`, `seams`), so that tiles have no say in it.
Then, at full resolution, the pixel of that frame is copied as it is, but for two kinds of places:

- Where frames differ by no more than their noise explains, their mean has less of it. What noise is, is measured (`noise`);
  where it is below one level nothing is mixed.
- Where several frames are about equally sharp and nearly alike, as in stacks taken in small steps, the mean of those is taken,
  each by how sharp it is. Where three or fewer compete, one is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.fusion.frames import Frames, Fused, Picture
from auxfocus_ros.allinfocus.fusion.noise import at_levels
from auxfocus_ros.allinfocus.fusion.seams import along_all_paths, from_middle, least_first_from_middle
from auxfocus_ros.allinfocus.fusion.sharpness import CELL_PX, Sharpness, measure
from auxfocus_ros.allinfocus.fusion.tiles import Plane, Progress, Tile, Told, grey, rounded, take, tiles

MARGIN_PX = 32
SEAM_PRICE, SEAM_PRICE_PER_LEVEL = 0.15, 0.015
"""Of a change of frame between two cells, in units of unsharpness, half of it for each; and more where frames differ."""
TELLS = 0.3
"""Of unsharpness, between the sharpest and the least sharp frame: below it nothing tells where a pixel is in focus."""

WINDOW_PX = 2.0
"""Sigma of the window in which frames are compared at full resolution."""
SHARE_POWER = 2
"""A frame counts by so high a power of its energy over that of the sharpest."""
ALIKE_LEVELS, ALIKE_SHARE = 4.0, 1.5
"""Frames are alike where the mean square of their difference is below that of so many levels, plus a share of the variance."""
COMPETING = (3.5, 5.0)
"""How many frames, counted by their shares, must compete for the mean to begin, and to be all."""
NOISE_LEVELS = (0.5, 1.5)
"""Variances of noise, levels squared, from which on it is averaged, and wholly."""
NOISE_EXCESS = (1.0, 3.0)
"""Mean square difference of two frames over what noise explains: up to the first both count fully, from the second on one."""


def fuse_focus(frames: Frames, tile_px: int, told: Told | None) -> Fused:
    """Fuse two or more frames; see `fusion.fuse`."""
    pieces = tiles(frames.shape, tile_px, MARGIN_PX)
    progress = Progress(2 * len(pieces), told)
    sharpness = measure(frames, tile_px, progress)
    price = np.float32(SEAM_PRICE) + np.float32(SEAM_PRICE_PER_LEVEL) * sharpness.difference
    scene = _Scene(frames, sharpness, along_all_paths(sharpness.unsharp, price))
    picture = np.empty(frames.shape, frames.dtype)
    frame_index = np.empty(frames.shape[:2], np.float32)
    progress.over(pieces, partial(_fuse_tile, scene, picture, frame_index))
    return Fused(picture, frame_index)


@dataclass(frozen=True, eq=False)
class _Scene:
    """What all tiles share. costs: (N, h, w) in cells, the least belongs to the frame to take."""

    frames: Frames
    sharpness: Sharpness
    costs: NDArray[np.float32]


def _fuse_tile(scene: _Scene, picture: Picture, frame_index: NDArray[np.float32], tile: Tile) -> None:
    pieces = [tile.read(scene.frames, k) for k in range(len(scene.frames))]
    number = _chosen(scene.costs, tile, pieces[0].shape)
    picture[tile.here] = _mixed(pieces, number, scene.sharpness.noise)[tile.inner]
    frame_index[tile.here] = _between(scene.sharpness.unsharp, number[tile.inner], tile)


def _chosen(costs: NDArray[np.float32], tile: Tile, shape: tuple[int, ...]) -> NDArray[np.uint16]:
    """The frame of each pixel, costs interpolated from cells."""
    rows, columns = tile.outer_cells(CELL_PX)
    size = CELL_PX * (columns.stop - columns.start), CELL_PX * (rows.stop - rows.start)

    def interpolated(k: int) -> Plane:
        return np.asarray(cv2.resize(costs[k, rows, columns], size, interpolation=cv2.INTER_LINEAR), np.float32)

    number, _ = least_first_from_middle((k, interpolated(k)) for k in from_middle(len(costs)))
    return number[: shape[0], : shape[1]]


def _mixed(pieces: list[Picture], number: NDArray[np.uint16], noise_by_level: NDArray[np.float32]) -> Picture:
    """The chosen frame's pixels, and means where others are as good."""
    chosen = take(pieces, number)
    base = grey(chosen)
    mean = _window(base)
    noise = at_levels(noise_by_level, mean)
    variance = np.maximum(_window(base * base) - mean * mean, np.float32(0.0))
    own_energy = _gradient_energy(base) + np.float32(0.01)
    alike = 1.0 / (np.float32(3.0) * noise + np.float32(ALIKE_LEVELS**2) + np.float32(ALIKE_SHARE) * variance)
    noisy = np.clip((noise - NOISE_LEVELS[0]) / (NOISE_LEVELS[1] - NOISE_LEVELS[0]), 0.0, 1.0).astype(np.float32)
    any_noise = bool(noisy.any())

    as_sharp, within_noise = [], []
    competing = np.zeros(base.shape, np.float32)
    for k, piece in enumerate(pieces):
        luma = grey(piece)
        difference = luma - base
        square = cv2.blur(difference * difference, (5, 5))
        share = np.minimum(_gradient_energy(luma) / own_energy, np.float32(1.0)) ** SHARE_POWER
        share *= np.clip(np.float32(2.0) - square * alike, 0.0, 1.0)
        taken = number == k
        share[taken] = 1.0
        competing += share
        as_sharp.append(share)
        if any_noise:
            excess = square / (np.float32(2.0) * noise + np.float32(1e-6))
            same = np.clip((NOISE_EXCESS[1] - excess) / (NOISE_EXCESS[1] - NOISE_EXCESS[0]), 0.0, 1.0) * noisy
            within_noise.append(np.asarray(same, np.float32))

    mixing = np.clip((competing - COMPETING[0]) / (COMPETING[1] - COMPETING[0]), 0.0, 1.0)
    total, weight = np.zeros(chosen.shape, np.float32), np.zeros(base.shape, np.float32)
    for k, piece in enumerate(pieces):
        share = as_sharp[k] * mixing
        if any_noise:
            share = np.maximum(share, within_noise[k])
        share[number == k] = 1.0
        if share.any():
            weight += share
            total += piece * (share if piece.ndim == 2 else share[..., None])
    return rounded(total / (weight if chosen.ndim == 2 else weight[..., None]), chosen.dtype)


def _between(unsharp: NDArray[np.float16], number: NDArray[np.uint16], tile: Tile) -> Plane:
    """Where between the frames each pixel is sharpest: the vertex of a parabola over the unsharpness of three."""
    rows = np.arange(*tile.rows)[:, None] // CELL_PX
    columns = np.arange(*tile.columns)[None] // CELL_PX
    last = len(unsharp) - 1
    at = number.astype(np.intp)
    before, here, after = (unsharp[np.clip(at + step, 0, last), rows, columns].astype(np.float32) for step in (-1, 0, 1))
    bend = before - 2.0 * here + after
    inside = (at > 0) & (at < last) & (here <= before) & (here <= after) & (bend > 0.0)
    offset = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=inside)
    own = tile.cells(CELL_PX)
    tells = np.ptp(unsharp[:, own[0], own[1]], axis=0) > TELLS
    tells = tells[rows - own[0].start, columns - own[1].start]
    return np.where(tells, at + offset, np.nan).astype(np.float32)


def _window(piece: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(piece, (13, 13), WINDOW_PX))


def _gradient_energy(piece: Plane) -> Plane:
    x, y = cv2.Sobel(piece, cv2.CV_32F, 1, 0), cv2.Sobel(piece, cv2.CV_32F, 0, 1)
    return _window(cv2.multiply(x, x) + cv2.multiply(y, y))
