"""The part of `auxfocus bench distribution` that times whole auxiliary focus images on one core, and what they are made of."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_counting import bundled_frames, quartiles
from auxfocus_ros.optics import CameraModel, RigidTransform, load_lens

BARS_MS = {(1280, 720): 12.0, (3840, 2160): 45.0}
POINTS = 100_000
FRAMES = 6
PERIOD_S = 1 / 30
FOCUS_DISTANCE_M = {"depth image": 1.8, "cloud": 15.0}
LENS = "field_50mm"


@dataclass(frozen=True, eq=False)
class BenchFrame:
    """A frame to draw: a picture with a depth image of its size, or with a cloud."""

    picture: NDArray[np.uint8]
    camera: CameraModel
    depth_m: NDArray[np.float32] | None = None
    points_m: NDArray[np.float32] | None = None
    optical_from_points: RigidTransform | None = None

    def at(self, time_s: float) -> Any:
        """For the pipeline, as a frame of this time."""
        from auxfocus_ros.view import FrameInput

        return FrameInput(
            self.picture,
            camera=self.camera,
            points_m=self.points_m,
            optical_from_points=self.optical_from_points,
            depth=self.depth_m,
            time_s=time_s,
        )


def image_part(arguments: argparse.Namespace) -> dict[str, Any]:
    """Both sizes with a depth image and with a cloud."""
    cases = [
        image_case(source, size, bar_ms, arguments.repeats)
        for size, bar_ms in BARS_MS.items()
        for source in ("depth image", "cloud")
    ]
    return {"cases": cases, "met": all(case["met"] for case in cases)}


def image_case(source: str, size_px: tuple[int, int], bar_ms: float, repeats: int) -> dict[str, Any]:
    """One source at one size: the whole image as a stream of frames, and its parts by themselves."""
    from auxfocus_ros.view import AuxFocusPipeline, DistributionOptions, FocusReading, PipelineOptions, ViewOptions

    frames = frames_of(source, *size_px)
    lens = load_lens(LENS)
    focus = FocusReading.of_lens(lens, lens.position_for_distance(FOCUS_DISTANCE_M[source]))
    view = ViewOptions(association="letters", box_in_focus=True)
    pipeline = AuxFocusPipeline(PipelineOptions(view, DistributionOptions(objects=True)))
    times, parts = [], Parts(view)
    warm_up = len(frames)  # numba's kernels, OpenCV's tables, the axis' and the objects' history
    for turn in range(warm_up + repeats):
        frame = frames[turn % len(frames)].at(turn * PERIOD_S)
        began = time.perf_counter()
        result = pipeline.analyse(frame, focus)
        pipeline.draw(result)
        if turn >= warm_up:
            times.append(time.perf_counter() - began)
            parts.add(frame, result)
    whole = quartiles(times)
    return {
        "source": source, "size_px": list(size_px), "objects": len(result.targets.targets), **whole, "bar_ms": bar_ms,
        "met": whole["median_ms"] <= bar_ms, "parts": parts.summary(),
    }  # fmt: skip


class Parts:
    """What an image is made of, each part timed by itself on the frames that were drawn; together they are most of the whole."""

    def __init__(self, view: Any) -> None:
        """`view`: options of the drawing."""
        self._view = view
        self._times: dict[str, list[float]] = {}

    def add(self, frame: Any, result: Any) -> None:
        """Do the parts of one frame again."""
        from auxfocus_ros.distribution import project_cloud
        from auxfocus_ros.distribution.objects import SegmentationOptions
        from auxfocus_ros.view import draw_aux_image
        from auxfocus_ros.view.frame_depth import CloudDepth, FrameDepth, ImageDepth

        height, width = frame.picture.shape[:2]
        depth: FrameDepth
        if frame.points_m is not None:
            projected = self._timed("projection", lambda: project_cloud(frame.points_m, frame.optical_from_points, frame.camera))
            depth = CloudDepth(projected, frame.camera, (width, height))
        else:
            depth = ImageDepth(frame.depth, 1.0, (width, height), frame.camera)
        like, focus = result.distribution, result.focus
        limits_m = (focus.near_limit_m, focus.far_limit_m)
        self._timed("counts", lambda: depth.count(like.axis, like.across, limits_m))
        self._timed("objects", lambda: depth.segment(SegmentationOptions()))
        self._timed("drawing", lambda: draw_aux_image(frame.picture, result.content, focus, self._view))

    def _timed(self, name: str, work: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = work()
        self._times.setdefault(name, []).append(time.perf_counter() - began)
        return result

    def summary(self) -> dict[str, dict[str, float]]:
        """Median and quartiles of each part."""
        return {name: quartiles(times) for name, times in self._times.items()}


def frames_of(source: str, width_px: int, height_px: int) -> list[BenchFrame]:
    """Some frames of a slow pan over a bundled picture, there and back, at a size: of the room with its depth, or of a road.

    Source and window are `auxfocus sequence`'s: the geometry of each frame is true, and things move as they do in a stream. The
    room's depth image has the picture's size, the nearest reading in each pixel; the road's cloud has POINTS points.
    """
    from auxfocus_ros.rig import fields_xyz
    from auxfocus_ros.rig.sequence import frame_points, resampled_cloud, window_at, window_camera, window_picture

    frame = bundled_frames("rgbd_room")[2] if source == "depth image" else bundled_frames("rgb_lidar_road")[1]
    rng, frames = np.random.default_rng(0), []
    for step in range(FRAMES):
        window = window_at(frame.camera, width_px, height_px, step * PERIOD_S)
        picture = window_picture(frame.picture, width_px, height_px, window)
        camera = window_camera(frame.camera, width_px, height_px, window)
        if source == "depth image":
            left, top, scale = window
            columns = np.clip(np.round(left + scale * (np.arange(width_px) + 0.5) - 0.5), 0, frame.width_px - 1).astype(int)
            rows = np.clip(np.round(top + scale * (np.arange(height_px) + 0.5) - 0.5), 0, frame.height_px - 1).astype(int)
            frames.append(BenchFrame(picture, camera, depth_m=np.ascontiguousarray(frame.depth_m[np.ix_(rows, columns)])))
        else:
            cloud = fields_xyz(resampled_cloud(*frame_points(frame), POINTS, rng))
            frames.append(BenchFrame(picture, camera, points_m=cloud, optical_from_points=frame.optical_from_points))
    return frames + frames[-2:0:-1]
