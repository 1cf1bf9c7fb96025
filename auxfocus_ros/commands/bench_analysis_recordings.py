"""What `auxfocus bench analysis` analyses: flights of any length, made of the bundled real recordings, kept once they are made.

A window pans and zooms over the pictures of the bundled road and room, one scene after the other, with their real clouds (see
`rig.sequence`), as a driver would give them: pictures as JPEG or raw rgb8, camera_info with each, clouds in the lidar's frame,
with a static transform to the camera; and a lens that is moved all the time, and a gimbal that follows the window.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics import RigidTransform

CONTENT = 1
"""Counted on when the same flight would become another, so that one that was kept is not taken for it."""
SCENES = ("rgb_lidar_road", "rgbd_room")
RATE_HZ, LENS_HZ, JOINTS_HZ = 10, 20, 50
LENS = "field_50mm"
NEAREST_M, SWEEP_S = 2.0, 7.0
PAN_RAD, TILT_RAD = 0.4, 0.15
START_NS = 1_700_000_000 * 10**9
CONTAINERS = ("mcap", "mcap_zstd", "db3")


@dataclass(frozen=True)
class Flight:
    """What is recorded. seconds: its length. period_s: after which it repeats itself. encoding: of the
    pictures, 'jpeg', 'rgb8' or 'bgr8'."""

    width_px: int
    height_px: int
    points: int
    seconds: int
    period_s: int
    encoding: str = "jpeg"
    seed: int = 0

    @property
    def name(self) -> str:
        """Of its file; every flight has its own."""
        return (
            f"flight{CONTENT}_{self.width_px}x{self.height_px}_{self.encoding}_{self.points}_points_{self.seconds}_of_{self.period_s}_s"
            f"_seed{self.seed}"
        )


def recorded(flight: Flight, work: Path) -> Path:
    """The flight's .mcap file, uncompressed; made in `work` unless it is there.

    Raises:
        ConfigurationError: a bundled recording is missing. OSError: there is no room.
    """
    path = work / f"{flight.name}.mcap"
    if not path.exists():
        print(f"[bench] recording {path}", file=sys.stderr, flush=True)
        work.mkdir(parents=True, exist_ok=True)
        _record(flight, path)
    return path


def in_container(recording: Path, container: str) -> Path:
    """The same messages as one of CONTAINERS, made beside the recording unless it is there: MCAP in zstd chunks, or SQLite."""
    if container == CONTAINERS[0]:
        return recording
    from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer

    from auxfocus_ros.rig.message_types import message_store

    folder = recording.with_name(f"{recording.stem}_{container}")
    if (folder / "metadata.yaml").exists():  # is written last
        return folder
    print(f"[bench] recording {folder}", file=sys.stderr, flush=True)
    plugin = StoragePlugin.SQLITE3 if container == "db3" else StoragePlugin.MCAP
    writer = Writer(folder, version=9, storage_plugin=plugin)
    if container == "mcap_zstd":
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    with Reader(recording) as reader, writer:
        connections = {
            one.id: writer.add_connection(one.topic, one.msgtype, typestore=message_store(), serialization_format="cdr")
            for one in reader.connections
        }
        for connection, recorded_ns, data in reader.messages():
            writer.write(connections[connection.id], recorded_ns, data)
    return folder


@dataclass(frozen=True)
class _Scene:
    """A real moment. xyz_m: its points in the lidar's frame, (n, 3) float32; intensity: (n,) float32."""

    picture: NDArray[np.uint8]
    camera: Any
    xyz_m: NDArray[np.float32]
    intensity: NDArray[np.float32]


def _scenes() -> tuple[list[_Scene], RigidTransform]:
    """All moments of the bundled recordings, and the transform from the lidar to the camera, which is the road's."""
    from auxfocus_ros.commands.bench_counting import bundled_frames
    from auxfocus_ros.rig.sequence import frame_points

    frames = [frame for name in SCENES for frame in bundled_frames(name)]
    optical_from_lidar: RigidTransform = frames[0].optical_from_points
    lidar_from_optical = optical_from_lidar.inverse()
    scenes = []
    for frame in frames:
        xyz_m, intensity = frame_points(frame)
        if frame.points is None:  # of a depth image, in the optical frame
            xyz_m = np.asarray(lidar_from_optical.apply(xyz_m), np.float32)
        scenes.append(_Scene(frame.picture, frame.camera, xyz_m, intensity))
    return scenes, optical_from_lidar


def _record(flight: Flight, path: Path) -> None:
    from auxfocus_ros.optics import load_lens
    from auxfocus_ros.rig.frame import JointReading
    from auxfocus_ros.rig.picture_encoding import encode_picture
    from auxfocus_ros.rig.recording_writer import RecordingWriter
    from auxfocus_ros.rig.sequence import (
        CAMERA_FRAME,
        JPEG_QUALITY,
        PAN_PERIOD_S,
        POINTS_FRAME,
        resampled_cloud,
        window_at,
        window_camera,
        window_picture,
    )

    scenes, optical_from_lidar = _scenes()
    lens = load_lens(LENS)
    farthest, nearest = (float(lens.position_for_distance(distance_m)) for distance_m in (math.inf, NEAREST_M))
    rng = np.random.default_rng(flight.seed)
    size = flight.width_px, flight.height_px
    with RecordingWriter(path, compress=False) as writer:
        writer.add_transform(START_NS, CAMERA_FRAME, POINTS_FRAME, optical_from_lidar, static=True)
        for time_s, kinds in _moments(flight.seconds):
            stamp_ns = START_NS + round(time_s * 1e9)
            flown_s = time_s % flight.period_s
            if "lens" in kinds:
                share = 0.5 - 0.5 * math.cos(2.0 * math.pi * flown_s / SWEEP_S)
                writer.add_lens_state(stamp_ns, "camera", lens, farthest + share * (nearest - farthest))
            if "joints" in kinds:
                phase = 2.0 * math.pi * flown_s / PAN_PERIOD_S
                angles = (PAN_RAD * math.sin(phase), TILT_RAD * math.sin(2.0 * phase))
                writer.add_joints(JointReading(stamp_ns, ("pan", "tilt"), angles))
            if "frame" not in kinds:
                continue
            if flown_s == 0.0:
                rng = np.random.default_rng(flight.seed)
            scene = scenes[int(flown_s / flight.period_s * len(scenes))]
            window = window_at(scene.camera, *size, flown_s)
            picture = window_picture(scene.picture, *size, window)
            if flight.encoding == "jpeg":
                writer.add_compressed(stamp_ns, CAMERA_FRAME, encode_picture(picture, JPEG_QUALITY).data)
            else:
                shown = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if flight.encoding == "rgb8" else picture
                writer.add_picture(stamp_ns, CAMERA_FRAME, shown, flight.encoding)
            writer.add_camera(stamp_ns, CAMERA_FRAME, window_camera(scene.camera, *size, window))
            writer.add_points(stamp_ns, POINTS_FRAME, resampled_cloud(scene.xyz_m, scene.intensity, flight.points, rng))


def _moments(seconds: int) -> Iterator[tuple[float, frozenset[str]]]:
    """Times at which something is recorded, and what."""
    rates = {"joints": JOINTS_HZ, "lens": LENS_HZ, "frame": RATE_HZ}
    base_hz = math.lcm(*rates.values())
    for tick in range(seconds * base_hz):
        kinds = frozenset(kind for kind, rate in rates.items() if tick % (base_hz // rate) == 0)
        if kinds:
            yield tick / base_hz, kinds
