"""Recordings written without ROS: rosbag2 in MCAP, which `ros2 bag play`, Foxglove and this package open.

The topics are those that the graph itself publishes, so that what was made by a tool looks like what was recorded from a rig.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import JointReading, RangeReading
from auxfocus_ros.rig.message_fields import (
    Fields,
    camera_info_fields,
    cloud_fields,
    header_fields,
    image_fields,
    joint_state_fields,
    lens_state_fields,
    range_fields,
    stamped_transform_fields,
)
from auxfocus_ros.rig.message_types import message_store, serialized
from auxfocus_ros.rig.truth import FrameTruth
from auxfocus_ros.rig.truth_fields import focus_truth_fields

IMAGE_TOPIC = "/camera/image_raw"
COMPRESSED_TOPIC = "/camera/image_raw/compressed"
CAMERA_INFO_TOPIC = "/camera/camera_info"
POINTS_TOPIC = "/points"
DEPTH_TOPIC = "/depth/image_raw"
STATIC_TRANSFORM_TOPIC = "/tf_static"
TRANSFORM_TOPIC = "/tf"
LENS_TOPIC = "/lens/state"
JOINTS_TOPIC = "/joint_states"
RANGE_TOPIC = "/range"
LABELS_TOPIC, TRUE_DEPTH_TOPIC, DEFOCUS_TOPIC, TRUTH_TOPIC = "/truth/labels", "/truth/depth", "/truth/defocus", "/truth/focus"
IMAGE = "sensor_msgs/msg/Image"
PICTURE_ENCODINGS = ("bgr8", "rgb8", "mono8")
MAP_ENCODINGS = {np.dtype("<u2"): "16UC1", np.dtype("<f4"): "32FC1"}
# Latched, as tf2's own broadcaster and the lens node do it: who joins late must still learn of them.
LATCHED_TOPICS = (STATIC_TRANSFORM_TOPIC, LENS_TOPIC)


class RecordingWriter:
    """Writes one recording; use it in a with-block. The same calls give the same bytes."""

    def __init__(self, path: str | Path, *, compress: bool = True, replace: bool = False) -> None:
        """Begin a recording.

        Args:
            path: the rosbag2 folder to make; a path that ends in .mcap: a single file.
            compress: zstd, in chunks; without it files are larger and read faster.
            replace: a single file that is there already is replaced by the new one once that is whole.

        Raises:
            ConfigurationError: the path is there already, or its folder is not.
        """
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

        self.path = Path(path)
        self._single = self.path.suffix == ".mcap"
        if self.path.exists() and not (replace and self._single and self.path.is_file()):
            raise ConfigurationError(f"{self.path} is there already: name another output, or remove it first")
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self.path.parent} to write {self.path.name} into")
        self._work: Path | None = None
        folder = self.path
        if self._single:
            # The library writes folders; beside the target, so that moving the file is free.
            self._work = Path(tempfile.mkdtemp(prefix=f".{self.path.stem}-", dir=self.path.parent))
            folder = self._work / self.path.stem
        self._folder = folder
        self._writer: Any = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        if compress:
            self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._store = message_store()
        self._connections: dict[str, Any] = {}

    def __enter__(self) -> RecordingWriter:
        """Open the file."""
        self._writer.open()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Finish the file; where writing failed, remove it."""
        try:
            if kind is not None:
                self._writer.abort()
                return
            self._writer.close()
            if self._single:
                shutil.move(self._folder / f"{self._folder.name}.mcap", self.path)
        finally:
            if self._work is not None:
                shutil.rmtree(self._work, ignore_errors=True)
            elif kind is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def add_compressed(self, stamp_ns: int, frame: str, data: bytes, kind: str = "jpeg") -> None:
        """A picture as the bytes of a JPEG or PNG file (`kind`: 'jpeg' or 'png')."""
        fields = {"header": header_fields(stamp_ns, frame), "format": kind, "data": np.frombuffer(data, np.uint8)}
        self._write(COMPRESSED_TOPIC, "sensor_msgs/msg/CompressedImage", fields, stamp_ns)

    def add_picture(self, stamp_ns: int, frame: str, picture: np.ndarray, encoding: str = "bgr8") -> None:
        """A raw picture: (H, W, 3) uint8 'bgr8' or 'rgb8', or (H, W) uint8 'mono8'."""
        if encoding not in PICTURE_ENCODINGS or picture.dtype != np.uint8:
            raise InputError(f"a picture of {picture.dtype} as '{encoding}': wanted uint8, as {', '.join(PICTURE_ENCODINGS)}")
        self._write(IMAGE_TOPIC, IMAGE, image_fields(stamp_ns, frame, picture, encoding), stamp_ns)

    def add_depth(self, stamp_ns: int, frame: str, depth: np.ndarray) -> None:
        """A depth image (H, W): uint16 millimetres ('16UC1') or float32 metres ('32FC1')."""
        self._write_map(DEPTH_TOPIC, stamp_ns, frame, depth)

    def add_camera(self, stamp_ns: int, frame: str, camera: CameraModel) -> None:
        """A camera's intrinsics."""
        self._write(CAMERA_INFO_TOPIC, "sensor_msgs/msg/CameraInfo", camera_info_fields(stamp_ns, frame, camera), stamp_ns)

    def add_points(self, stamp_ns: int, frame: str, points: np.ndarray, height: int = 1) -> None:
        """A cloud: (N,) structured array; `height` rows of an organised one."""
        self._write(POINTS_TOPIC, "sensor_msgs/msg/PointCloud2", cloud_fields(stamp_ns, frame, points, height), stamp_ns)

    def add_transform(self, stamp_ns: int, parent: str, child: str, parent_from_child: RigidTransform, *, static: bool) -> None:
        """How a frame stands to another: p_parent = R p_child + t."""
        self.add_transforms(stamp_ns, {(parent, child): parent_from_child}, static=static)

    def add_transforms(self, stamp_ns: int, transforms: Mapping[tuple[str, str], RigidTransform], *, static: bool) -> None:
        """The same by (parent, child); the static ones all at once, since late joiners learn only the last message."""
        stamped = [stamped_transform_fields(stamp_ns, *pair, transform) for pair, transform in transforms.items()]
        topic = STATIC_TRANSFORM_TOPIC if static else TRANSFORM_TOPIC
        self._write(topic, "tf2_msgs/msg/TFMessage", {"transforms": stamped}, stamp_ns)

    def add_lens_state(self, stamp_ns: int, frame: str, lens: Lens, position_steps: float, settled_ns: int = 0) -> None:
        """What a lens with its glass at rest is and does; `settled_ns`: when it came to rest, 0: not since the start."""
        fields = lens_state_fields(stamp_ns, frame, lens, position_steps, settled_ns)
        self._write(LENS_TOPIC, "auxfocus_interfaces/msg/LensState", fields, stamp_ns)

    def add_joints(self, reading: JointReading) -> None:
        """Where a gimbal's joints are."""
        self._write(JOINTS_TOPIC, "sensor_msgs/msg/JointState", joint_state_fields(reading), reading.stamp_ns)

    def add_range(self, reading: RangeReading) -> None:
        """A rangefinder's reading."""
        self._write(RANGE_TOPIC, "sensor_msgs/msg/Range", range_fields(reading), reading.stamp_ns)

    def add_truth(self, stamp_ns: int, frame: str, truth: FrameTruth) -> None:
        """What a simulator knows of the picture with this stamp and frame: labels, depth, defocus, and every thing's focus."""
        for topic, values in ((LABELS_TOPIC, truth.labels), (TRUE_DEPTH_TOPIC, truth.depth_m), (DEFOCUS_TOPIC, truth.defocus_px)):
            self._write_map(topic, stamp_ns, frame, values)
        fields = focus_truth_fields(truth, stamp_ns, frame)
        self._write(TRUTH_TOPIC, "auxfocus_interfaces/msg/FocusTruth", fields, stamp_ns)

    def add_serialized(self, topic: str, kind: str, data: bytes, recorded_ns: int) -> None:
        """Any message, as the bytes that `serialized` makes of it. recorded_ns: when it was recorded, by the recorder's clock."""
        self._writer.write(self._connection(topic, kind), recorded_ns, data)

    def _write_map(self, topic: str, stamp_ns: int, frame: str, values: np.ndarray) -> None:
        encoding = MAP_ENCODINGS.get(values.dtype)
        if encoding is None:
            raise InputError(
                f"an image of {values.dtype} for {topic}: wanted uint16 (millimetres, ids) or float32 (metres, pixels)"
            )
        self._write(topic, IMAGE, image_fields(stamp_ns, frame, values, encoding), stamp_ns)

    def _write(self, topic: str, kind: str, fields: Fields, stamp_ns: int) -> None:
        self.add_serialized(topic, kind, serialized(kind, fields), stamp_ns)

    def _connection(self, topic: str, kind: str) -> Any:
        if topic not in self._connections:
            qos = [_latched_qos()] if topic in LATCHED_TOPICS else []
            self._connections[topic] = self._writer.add_connection(topic, kind, typestore=self._store, offered_qos_profiles=qos)
        return self._connections[topic]


def _latched_qos() -> Any:
    from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

    never = QosTime(9223372036, 854775807)  # rmw's infinity
    return Qos(
        QosHistory.KEEP_LAST,
        1,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL,
        never,
        never,
        QosLiveliness.AUTOMATIC,
        never,
        avoid_ros_namespace_conventions=False,
    )
