"""Sequences of defocused frames of moving scenes with their truth: what the fusion of video is learned from.

A sharp sequence (planes before a moving camera, or a clip that was drawn elsewhere) is put out of focus frame by frame, as a lens
that goes to and fro over the scene's depths does; then come noise and changes of exposure.

Source: Intelligent Autofocus, section 6.2.3 and figure 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.training.video_worlds import SharpFrame, draw_world
from auxfocus_ros.autofocus.training.sources import Sources
from auxfocus_ros.optics.depth_defocus import defocus_by_map, defocus_map
from auxfocus_ros.optics.lens import Lens

WIDTH_PX, HEIGHT_PX, FRAMES = 320, 240, 18
CLIP_SHARE = 0.25
"""Of sequences from clips, where there are any."""
RUNG_PX = (1.4, 3.2)
"""How far apart the positions of a focus cycle are, radius of blur."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A sharp sequence drawn elsewhere: pictures (N, H, W, 3) uint8, depths (N, H, W) float32 metres, +inf: sky."""

    pictures: np.ndarray
    depths_m: NDArray[np.float32]

    @classmethod
    def read(cls, path: Path) -> Clip:
        """From a file that `write` made."""
        with np.load(path) as stored:
            return cls(stored["pictures"], stored["depths_m"])

    def write(self, path: Path) -> None:
        """As an .npz file."""
        np.savez(path, pictures=self.pictures, depths_m=self.depths_m)


def sequence(seed: Sequence[int], sources: Sources, clips: Sequence[Clip], lens: Lens) -> tuple[np.ndarray, np.ndarray]:
    """A sequence, for ever the same by its seed.

    Args:
        seed: of all that is random.
        sources: of the textures.
        clips: of which some sequences are cut; each at least FRAMES long and as large as a frame.
        lens: with the pixel pitch of the frames; its aperture is varied.

    Returns:
        captured and true frames, (FRAMES, HEIGHT_PX, WIDTH_PX, 3) uint8 each.
    """
    rng = np.random.default_rng(seed)
    lens = replace(lens, f_number=lens.f_number * float(np.exp(rng.uniform(np.log(0.6), np.log(1.6)))))
    if clips and rng.random() < CLIP_SHARE:
        sharp: Iterator[SharpFrame] = iter(_cut(rng, clips[int(rng.integers(len(clips)))]))
    else:
        focal_px = lens.focal_length_m / lens.pixel_pitch_m
        sharp = draw_world(rng, sources, focal_px, WIDTH_PX, HEIGHT_PX).frames(FRAMES)
    positions: NDArray[np.float64] | None = None
    softness_px = float(rng.uniform(0.3, 0.75))
    noise = float(np.exp(rng.uniform(np.log(0.4), np.log(4.0))))
    gains = np.exp(rng.normal(0, 0.02) * np.arange(FRAMES) + (rng.random() < 0.2) * rng.normal(0, 0.05, FRAMES))
    captured = np.empty((FRAMES, HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    true = np.empty_like(captured)
    for number, frame in enumerate(sharp):
        if positions is None:
            positions = focus_positions(rng, frame.depth_m, lens)
        soft = np.asarray(cv2.GaussianBlur(frame.picture, (0, 0), softness_px))
        lit = cv2.convertScaleAbs(soft, alpha=float(gains[number] / gains.max()))
        blurred = defocus_by_map(lit, defocus_map(frame.depth_m, lens, float(positions[number])))
        grain = noise * rng.standard_normal(blurred.shape, dtype=np.float32)
        captured[number] = np.clip(np.rint(blurred + grain), 0, 255)
        true[number] = lit
    if rng.random() < 0.5:
        captured, true = captured[:, :, ::-1], true[:, :, ::-1]
    return captured, true


def _cut(rng: np.random.Generator, clip: Clip) -> Iterator[SharpFrame]:
    """A piece of a clip, forwards or backwards, brought as near as makes its depths matter."""
    count, height, width = clip.depths_m.shape
    first = int(rng.integers(0, count - FRAMES + 1))
    y, x = int(rng.integers(0, height - HEIGHT_PX + 1)), int(rng.integers(0, width - WIDTH_PX + 1))
    place = (slice(y, y + HEIGHT_PX), slice(x, x + WIDTH_PX))
    near_m = float(np.quantile(clip.depths_m[first : first + FRAMES, place[0], place[1]], 0.02))
    nearer = float(np.exp(rng.uniform(np.log(0.45), np.log(1.2)))) / near_m
    order = range(FRAMES) if rng.random() < 0.5 else range(FRAMES - 1, -1, -1)
    for number in order:
        depth = clip.depths_m[first + number][place] * np.float32(nearer)
        yield SharpFrame(np.ascontiguousarray(clip.pictures[first + number][place]), np.ascontiguousarray(depth))


def focus_positions(rng: np.random.Generator, depth_m: NDArray[np.float32], lens: Lens) -> NDArray[np.float64]:
    """(FRAMES,) motor steps: to and fro over the depths of a scene, in even steps or in any order, with some rests."""
    near_m, far_m = (float(np.quantile(depth_m, share)) for share in (0.02, 0.98))
    near, far = (float(lens.position_for_distance(min(depth, 1e4))) for depth in (near_m, far_m))
    span_px = abs(float(defocus_map(np.array([[near_m]], np.float32), lens, far)[0, 0]))
    count = int(np.clip(np.ceil(span_px / rng.uniform(*RUNG_PX)) + 1, 2, 8))
    rungs = np.linspace(near, far, count)
    if rng.random() < 0.3:
        order = np.concatenate([rng.permutation(count) for _ in range(FRAMES)])
    else:
        order = np.tile(np.concatenate([np.arange(count), np.arange(count - 2, 0, -1)]), FRAMES)
    if rng.random() < 0.3:
        order = np.repeat(order, int(rng.integers(2, 4)))
    start = int(rng.integers(0, 2 * count))
    jitter = rng.normal(0, 0.15, FRAMES) * (rungs[1] - rungs[0])
    return np.asarray(np.clip(rungs[order[start : start + FRAMES]] + jitter, lens.min_position_steps, lens.max_position_steps))
