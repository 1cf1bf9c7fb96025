"""A long, heavy sequence made from a short real recording, for measuring rates.

The bundled recordings hold a handful of frames. A window that pans and zooms slowly over their pictures gives any number of
different ones, and its geometry stays true: the intrinsics of each picture are those of its window, and the cloud (the real scan,
with a little noise along each ray, thinned or filled to the wanted size) still lands on what it hit. It measures the machine and
the graph, not the scene.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.frame import Frame, fields_xyz, structured_points
from auxfocus_ros.rig.opening import open_source
from auxfocus_ros.rig.picture_encoding import encode_picture
from auxfocus_ros.rig.recording_writer import RecordingWriter
from auxfocus_ros.rig.source import Source

RANGE_NOISE_M = 0.005  # standard deviation along the ray
ZOOM = (0.75, 1.0)  # width of the window as a part of the widest that fits
PAN_PERIOD_S = 10.0
JPEG_QUALITY = 85
START_NS = 1_700_000_000 * 10**9  # any time of day will do; the same one gives the same bytes
CAMERA_FRAME = "camera_optical_frame"
POINTS_FRAME = "lidar"


def window_at(camera: CameraModel, width_px: int, height_px: int, time_s: float) -> tuple[float, float, float]:
    """Where the panning window stands.

    Returns:
        (left, top, scale): its edges in pixels from the picture's own edge, and source pixels per pixel of the result.
    """
    widest = min(camera.width_px, camera.height_px * width_px / height_px)
    phase = 2 * math.pi * time_s / PAN_PERIOD_S
    part = ZOOM[1] - (ZOOM[1] - ZOOM[0]) * (0.5 - 0.5 * math.cos(phase))
    scale = widest * part / width_px
    left = (camera.width_px - scale * width_px) * (0.5 + 0.5 * math.sin(phase))
    top = (camera.height_px - scale * height_px) * (0.5 + 0.5 * math.sin(2 * phase))
    return left, top, scale


def window_camera(camera: CameraModel, width_px: int, height_px: int, window: tuple[float, float, float]) -> CameraModel:
    """The intrinsics of a window's picture. Pixel centres are at whole numbers, so the picture's edge is at -0.5."""
    left, top, scale = window
    return replace(
        camera,
        width_px=width_px,
        height_px=height_px,
        fx_px=camera.fx_px / scale,
        fy_px=camera.fy_px / scale,
        cx_px=(camera.cx_px + 0.5 - left) / scale - 0.5,
        cy_px=(camera.cy_px + 0.5 - top) / scale - 0.5,
    )


def window_picture(picture: np.ndarray, width_px: int, height_px: int, window: tuple[float, float, float]) -> np.ndarray:
    """The window's part of a picture, (height_px, width_px[, 3]) uint8."""
    import cv2

    left, top, scale = window
    shift = 0.5 * scale - 0.5
    to_source = np.array([[scale, 0.0, left + shift], [0.0, scale, top + shift]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(picture, to_source, (width_px, height_px), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def frame_points(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """A frame's finite points, (n, 3) float32 in the frame of its cloud, and their intensities (n,) float32.

    A depth image gives a point a pixel, in the optical frame. Raises InputError where there is neither.
    """
    if frame.points is not None:
        xyz_m = fields_xyz(frame.points)
        names = frame.points.dtype.names or ()
        intensity = frame.points["intensity"].astype(np.float32) if "intensity" in names else np.zeros(len(xyz_m), np.float32)
    elif frame.depth_m is not None:
        seen = np.isfinite(frame.depth_m) & (frame.depth_m > 0.0)
        depth_m = frame.depth_m[seen]
        xyz_m = np.column_stack([frame.camera.ray_table()[seen] * depth_m[:, None], depth_m])
        grey = frame.picture if frame.picture.ndim == 2 else frame.picture.mean(axis=2)
        intensity = grey[seen].astype(np.float32)
    else:
        raise InputError("a sequence needs frames with points or a depth image")
    finite = np.isfinite(xyz_m).all(axis=1)
    return np.ascontiguousarray(xyz_m[finite], np.float32), intensity[finite]


def resampled_cloud(xyz_m: np.ndarray, intensity: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Exactly `count` points of a scan with noise along their rays: structured float32 x, y, z, intensity (16 bytes a point)."""
    if len(xyz_m) >= count:
        chosen = np.sort(rng.permutation(len(xyz_m))[:count])
    else:
        chosen = np.concatenate([np.arange(len(xyz_m)), rng.integers(0, len(xyz_m), count - len(xyz_m))])
    picked = xyz_m[chosen]
    range_m = np.maximum(np.sqrt(np.einsum("ij,ij->i", picked, picked)), 1e-3)
    noise_m = np.float32(RANGE_NOISE_M) * rng.standard_normal(count, dtype=np.float32)
    return structured_points(picked * (1.0 + noise_m / range_m)[:, None], intensity=intensity[chosen])


def make_sequence(
    recording: Source | str | Path,
    output: str | Path,
    *,
    width_px: int = 1280,
    height_px: int = 720,
    points: int = 100_000,
    rate_hz: float = 30.0,
    seconds: float = 10.0,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write a sequence of JPEG pictures with clouds.

    Args:
        recording: a recording's path, or a source; its frames need points or depth images, and each stands for an equal part of
            the sequence.
        output: the rosbag2 folder to make, or a path that ends in .mcap for a single file. Some 50 MB a second at the defaults.
        width_px, height_px: size of the pictures, > 0.
        points: points of each cloud, > 0.
        rate_hz: pairs a second, > 0. seconds: length, > 0.
        seed: of the noise; the same arguments give the same bytes.
        progress: called with (pairs written, pairs in all).

    Returns:
        The output's path.

    Raises:
        ConfigurationError: numbers that are not above zero, an output that is there already.
        InputError: a recording without points or depth.
    """
    for name, value in (("width", width_px), ("height", height_px), ("points", points), ("rate", rate_hz), ("seconds", seconds)):
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(f"a sequence with {name} {value}: wanted a number above zero")
    frames = _all_frames(recording)
    clouds = [frame_points(frame) for frame in frames]
    total = max(1, round(seconds * rate_hz))
    rng = np.random.default_rng(seed)
    output = Path(output)
    with RecordingWriter(output, compress=False) as writer:
        writer.add_transform(START_NS, CAMERA_FRAME, POINTS_FRAME, frames[0].optical_from_points, static=True)
        for index in range(total):
            chosen = index * len(frames) // total
            stamp_ns = START_NS + round(index / rate_hz * 1e9)
            frame = frames[chosen]
            window = window_at(frame.camera, width_px, height_px, index / rate_hz)
            picture = encode_picture(window_picture(frame.picture, width_px, height_px, window), JPEG_QUALITY)
            writer.add_compressed(stamp_ns, CAMERA_FRAME, picture.data)
            writer.add_camera(stamp_ns, CAMERA_FRAME, window_camera(frame.camera, width_px, height_px, window))
            writer.add_points(stamp_ns, POINTS_FRAME, resampled_cloud(*clouds[chosen], points, rng))
            if progress is not None:
                progress(index + 1, total)
    return output


def _all_frames(recording: Source | str | Path) -> list[Frame]:
    source = open_source("recording", recording) if isinstance(recording, str | Path) else recording
    try:
        frames = list(source.frames())
    finally:
        if source is not recording:
            source.close()
    if not frames:
        raise InputError(f"{source.name} gives no frame to make a sequence from")
    return frames
