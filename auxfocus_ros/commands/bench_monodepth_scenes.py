"""The real scenes of `auxfocus bench monodepth`: pictures with measured depth. No network that we ship was trained on them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.monodepth.scale import Readings, ScaleEstimate, scale_from_points
from auxfocus_ros.optics import CameraModel, share_dir
from auxfocus_ros.rig.frame import Frame

DEFAULT_DATA = Path("../shared/data")
DepthOf = Callable[[NDArray[np.uint8], CameraModel], NDArray[np.float32]]
"""A picture and its camera -> depth up to a factor, (H, W); +inf infinitely far, NaN nothing known."""


@dataclass(frozen=True, eq=False)
class RealFrame:
    """A picture, (H, W, 3) uint8 BGR, its intrinsics, and measured depth, (H, W) float32 metres along z, 0: no reading."""

    picture: NDArray[np.uint8]
    camera: CameraModel
    depth_m: NDArray[np.float32]


@dataclass(frozen=True)
class RealScene:
    """Where a scene is. frames: how many it has. cap_m: farthest depth that counts. shipped: a sample of the repository."""

    name: str
    frames: int
    cap_m: float
    shipped: bool = False

    def folder(self, data: Path) -> Path:
        """Its own, of the samples or of the collection `data`."""
        return (share_dir() / "samples" if self.shipped else data) / self.name


HANDHELD, DRIVE = RealScene("rgbd_handheld", 100, 10.0), RealScene("drive_lidar", 16, 80.0)
SCENES = (
    RealScene("rgbd_room", 5, 10.0, shipped=True),
    HANDHELD,
    RealScene("rgb_lidar_road", 2, 80.0, shipped=True),
    DRIVE,
    RealScene("rgb_lidar_hall", 4, 80.0),
)
"""Caps: 10 m indoors, where the depth cameras reach no farther; 80 m where there is a lidar."""


def load_depth(network: Path | None = None) -> DepthOf:
    """The estimator as users have it. network: a file in place of our weights. Raises ConfigurationError."""
    from auxfocus_ros.monodepth.inference import DepthNetworkOptions, load_depth_estimator

    estimator = load_depth_estimator(DepthNetworkOptions(str(network or "")))
    return lambda picture, camera: estimator.estimate(picture, camera).depth_m


def beam_scale(seen: NDArray[np.float32], at: tuple[int, int], beam_m: float, sigma_m: float = 0.0) -> ScaleEstimate:
    """The scale that one rangefinder's reading gives.

    Args:
        seen: (H, W) depth up to a factor. at: (row, column) where the beam points.
        beam_m: z there, metres; NaN or +inf: no reading. sigma_m: of the reading.
    """
    row, column, z_m, error_m = (np.array([value], np.float64) for value in (*at, beam_m, sigma_m))
    return scale_from_points(seen, Readings(column, row, z_m, error_m), source="rangefinder")


def real_frames(scene: RealScene, data: Path, wanted: Sequence[int] | None = None) -> list[RealFrame]:
    """Frames of a scene, in order; none, and a word on standard error, where its folder is not there.

    Args:
        scene: one of SCENES.
        data: folder of the collection.
        wanted: numbers of the frames; None: all.

    Raises:
        InputError: a file that cannot be read.
    """
    from auxfocus_ros.commands.bench_objects import recorded_frames

    folder = scene.folder(data)
    if not folder.is_dir():
        print(f"[bench] {scene.name} is left out: there is no folder {folder}", file=sys.stderr, flush=True)
        return []
    numbers = set(range(scene.frames) if wanted is None else wanted)
    return [
        RealFrame(np.asarray(frame.picture, np.uint8), frame.camera, measured_depth(frame))
        for _, frame in recorded_frames(scene.name, folder, numbers)
    ]


def measured_depth(frame: Frame) -> NDArray[np.float32]:
    """(H, W) metres: the depth image, or of the cloud's points that the camera sees the nearest at each pixel; 0: no reading."""
    if frame.depth_m is not None:
        return np.where(np.isfinite(frame.depth_m), frame.depth_m, np.float32(0.0))
    from auxfocus_ros.distribution.hidden import visible_from_camera
    from auxfocus_ros.distribution.projection import project_cloud
    from auxfocus_ros.rig.sequence import frame_points

    points = project_cloud(frame_points(frame)[0], frame.optical_from_points, frame.camera)
    points = points.only(visible_from_camera(points, frame.width_px, frame.height_px))
    depth_m = np.full((frame.height_px, frame.width_px), np.inf, np.float32)
    np.minimum.at(depth_m, (np.rint(points.v_px).astype(np.intp), np.rint(points.u_px).astype(np.intp)), points.depth_m)
    return np.where(np.isfinite(depth_m), depth_m, np.float32(0.0))
