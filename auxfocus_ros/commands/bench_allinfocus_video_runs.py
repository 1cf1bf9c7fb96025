"""A dynamic capture of a simulated moving scene, fused in every way, for the benchmark of video.

Every frame the camera and the things move on; the lens stands where the strategy wanted it by then, so that a frame is never
waited for. All ways of fusing are shown the same frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.quality import psnr_db
from auxfocus_ros.allinfocus.scene_camera import SceneCamera
from auxfocus_ros.allinfocus.terms import CaptureTask, Known, Look, Sight
from auxfocus_ros.allinfocus.training.video_worlds import SharpFrame
from auxfocus_ros.allinfocus.video import VideoFuser, VideoMethod, VideoOptions
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.depth_defocus import defocus_map
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.lens_file import load_lens

LENS, SENSOR_WIDTH_M, F_NUMBER = "gimbal_25mm_close", 0.0236, 0.95
"""Wide open, so that little of a scene is in focus at a time."""
CELL_PX = 32
WARM_UP = 12
"""Frames before anything is measured: nobody has seen all of the scene yet."""
METHODS: tuple[VideoMethod, ...] = ("none", "copy", "flow", "network")
CYCLE_POSITIONS = 6


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame of a dynamic capture. picture: as captured. radius_px: (H, W) true blur. known: by the strategy after it."""

    picture: np.ndarray
    radius_px: NDArray[np.float32]
    position_steps: float
    known: Known | None


def bench_lens(width_px: int) -> Lens:
    """The lens through which all scenes are seen, for pictures of a width."""
    return replace(load_lens(LENS), pixel_pitch_m=SENSOR_WIDTH_M / width_px, f_number=F_NUMBER)


def task_of(frames: Sequence[SharpFrame], lens: Lens, keep: int) -> CaptureTask:
    """The dynamic capture of a sequence, with a calibrated lens that starts at its hyperfocal distance."""
    height, width = frames[0].picture.shape[:2]
    low, high = lens.min_position_steps, lens.max_position_steps
    start = float(np.clip(lens.hyperfocal_position_steps, low, high))
    return CaptureTask(width, height, low, high, start, CELL_PX, ThinLensModel(lens), keep=keep)


def shots(frames: Sequence[SharpFrame], name: str, keep: int, lens: Lens, seed: int) -> list[Shot]:
    """Capture a sequence.

    Args:
        frames: sharp, one after another.
        name: of the strategy; 'cycle': to and fro over the depths of the first frame, which needs no estimator.
        keep: k of a dynamic capture.
        lens: which it is captured through.
        seed: of the noise.
    """
    task = task_of(frames, lens, keep)
    strategy = None
    if name == "cycle":
        wishes = cycle(to_and_fro(frames[0].depth_m, lens))
        look = Look(next(wishes))
    else:
        from auxfocus_ros.allinfocus.strategy import strategy as make

        strategy = make(name)(task)
        look = next(strategy)
    found = []
    for number, frame in enumerate(frames):
        position = task.reachable(look.position_steps)
        camera = SceneCamera(frame.picture, frame.depth_m, lens, position, seed=seed * 1000 + number)
        picture = camera.capture()
        look = Look(next(wishes)) if strategy is None else strategy.send(Sight(picture, position))
        radius = np.abs(defocus_map(camera.depth_m, lens, position))
        found.append(Shot(picture, radius, position, None if strategy is None else look.known))
    return found


def to_and_fro(depth_m: NDArray[np.float32], lens: Lens) -> list[float]:
    """Positions over a scene's depths, even in motor steps."""
    near, far = (float(lens.position_for_distance(float(np.quantile(depth_m, share)))) for share in (0.02, 0.98))
    rungs = np.linspace(near, far, CYCLE_POSITIONS)
    return [*rungs.tolist(), *rungs[-2:0:-1].tolist()]


def fused_figures(
    frames: Sequence[SharpFrame],
    taken: Sequence[Shot],
    method: VideoMethod,
    lens: Lens,
    kept: dict[int, np.ndarray] | None = None,
) -> dict[str, Any]:
    """What one way of fusing comes to.

    Args:
        frames: the truth.
        taken: what was captured of it.
        method: of `VideoOptions`.
        lens: whose circle of confusion says what is in focus.
        kept: filled with the fused pictures of the frames whose numbers it has.

    Returns:
        psnr_db: of the fused frame against the frame that is sharp all over, mean of the frames after the first `WARM_UP`.
        in_focus: share of pixels that are in focus: that were taken from where the true radius of blur was at most half the
        circle of confusion (a mixed pixel has the mixed radius). flicker: mean absolute change of the error from frame to
        frame, brightness levels. begun: how often it began anew.
    """
    fuser = VideoFuser(VideoOptions(method=method))
    sharp_px = 0.5 * lens.circle_of_confusion_m / lens.pixel_pitch_m
    radius: NDArray[np.float32] = taken[0].radius_px
    psnr, in_focus, flicker = [], [], []
    error = np.zeros(frames[0].picture.shape, np.float32)
    begun = 0
    for number, (frame, shot) in enumerate(zip(frames, taken, strict=True)):
        fused = fuser.add(shot.picture, shot.known)
        radius = fused.carried(shot.radius_px, radius)
        begun += bool(fused.begun) and number > 0 and method != "none"
        if kept is not None and number in kept:
            kept[number] = fused.picture
        before, error = error, fused.picture.astype(np.float32) - frame.picture
        if number >= min(WARM_UP, len(frames) // 2):
            psnr.append(psnr_db(fused.picture, frame.picture))
            in_focus.append(float((radius <= sharp_px).mean()))
            flicker.append(float(np.abs(error - before).mean()))
    return {
        "psnr_db": float(np.mean(psnr)),
        "in_focus": float(np.mean(in_focus)),
        "flicker": float(np.mean(flicker)),
        "begun": begun,
    }
