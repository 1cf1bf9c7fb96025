"""Recordings written without ROS: rosbag2 in MCAP, which `ros2 bag play`, Foxglove and this package open.

The topics are those that the graph itself publishes, so that what was made by a tool looks like what was recorded from a rig.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.frame import cloud_bytes

IMAGE_TOPIC = "/camera/image_raw"
COMPRESSED_TOPIC = "/camera/image_raw/compressed"
CAMERA_INFO_TOPIC = "/camera/camera_info"
POINTS_TOPIC = "/points"
DEPTH_TOPIC = "/depth/image_raw"
STATIC_TRANSFORM_TOPIC = "/tf_static"
TRANSFORM_TOPIC = "/tf"
CHANNELS = {"bgr8": 3, "rgb8": 3, "mono8": 1}


class RecordingWriter:
    """Writes one recording; use it in a with-block. The same calls give the same bytes."""

    def __init__(self, path: str | Path, *, compress: bool = True) -> None:
        """Begin a recording.

        Args:
            path: the rosbag2 folder to make; a path that ends in .mcap: a single file.
            compress: zstd, in chunks; without it files are larger and read faster.

        Raises:
            ConfigurationError: the path is there already, or its folder is not.
        """
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
        from rosbags.typesys import Stores, get_typestore

        self.path = Path(path)
        if self.path.exists():
            raise ConfigurationError(f"{self.path} is there already: name another output, or remove it first")
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self.path.parent} to write {self.path.name} into")
        self._single = self.path.suffix == ".mcap"
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
        self._store = get_typestore(Stores.ROS2_JAZZY)
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
        header = self._header(stamp_ns, frame)
        message = self._make("sensor_msgs/msg/CompressedImage", header=header, format=kind, data=np.frombuffer(data, np.uint8))
        self._write(COMPRESSED_TOPIC, message, stamp_ns)

    def add_picture(self, stamp_ns: int, frame: str, picture: np.ndarray, encoding: str = "bgr8") -> None:
        """A raw picture: (H, W, 3) uint8 'bgr8' or 'rgb8', or (H, W) uint8 'mono8'."""
        if encoding not in CHANNELS or picture.dtype != np.uint8:
            raise InputError(f"a picture of {picture.dtype} as '{encoding}': wanted uint8, as {', '.join(CHANNELS)}")
        self._write(IMAGE_TOPIC, self._image(stamp_ns, frame, picture, encoding, CHANNELS[encoding]), stamp_ns)

    def add_depth(self, stamp_ns: int, frame: str, depth: np.ndarray) -> None:
        """A depth image (H, W): uint16 millimetres ('16UC1') or float32 metres ('32FC1')."""
        encoding = {np.dtype("u2"): "16UC1", np.dtype("f4"): "32FC1"}.get(depth.dtype)
        if encoding is None:
            raise InputError(f"a depth image of {depth.dtype}: wanted uint16 millimetres or float32 metres")
        self._write(DEPTH_TOPIC, self._image(stamp_ns, frame, depth, encoding, depth.dtype.itemsize), stamp_ns)

    def add_camera(self, stamp_ns: int, frame: str, camera: CameraModel) -> None:
        """A camera's intrinsics."""
        k = camera.matrix()
        roi = self._make("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
        message = self._make(
            "sensor_msgs/msg/CameraInfo",
            header=self._header(stamp_ns, frame),
            height=camera.height_px,
            width=camera.width_px,
            distortion_model="plumb_bob" if camera.distortion_model == "none" else camera.distortion_model,
            d=np.array(camera.distortion if camera.distortion else [0.0] * 5),
            k=k.reshape(-1),
            r=np.eye(3).reshape(-1),
            p=np.hstack([k, np.zeros((3, 1))]).reshape(-1),
            binning_x=0,
            binning_y=0,
            roi=roi,
        )
        self._write(CAMERA_INFO_TOPIC, message, stamp_ns)

    def add_points(self, stamp_ns: int, frame: str, points: np.ndarray, height: int = 1) -> None:
        """A cloud: (N,) structured array; `height` rows of an organised one."""
        cloud = cloud_bytes(points, height)
        fields = [
            self._make("sensor_msgs/msg/PointField", name=name, offset=offset, datatype=datatype, count=count)
            for name, offset, datatype, count in cloud.fields
        ]
        message = self._make(
            "sensor_msgs/msg/PointCloud2",
            header=self._header(stamp_ns, frame),
            height=cloud.height,
            width=cloud.width,
            fields=fields,
            is_bigendian=False,
            point_step=cloud.point_step,
            row_step=cloud.row_step,
            data=cloud.data,
            is_dense=cloud.is_dense,
        )
        self._write(POINTS_TOPIC, message, stamp_ns)

    def add_transform(self, stamp_ns: int, parent: str, child: str, parent_from_child: RigidTransform, *, static: bool) -> None:
        """How a frame stands to another: p_parent = R p_child + t."""
        x, y, z, w = parent_from_child.as_quaternion()
        shift = parent_from_child.translation_m
        transform = self._make(
            "geometry_msgs/msg/Transform",
            translation=self._make("geometry_msgs/msg/Vector3", x=float(shift[0]), y=float(shift[1]), z=float(shift[2])),
            rotation=self._make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w),
        )
        stamped = self._make(
            "geometry_msgs/msg/TransformStamped", header=self._header(stamp_ns, parent), child_frame_id=child, transform=transform
        )
        topic = STATIC_TRANSFORM_TOPIC if static else TRANSFORM_TOPIC
        self._write(topic, self._make("tf2_msgs/msg/TFMessage", transforms=[stamped]), stamp_ns)

    def _make(self, kind: str, **fields: Any) -> Any:
        return self._store.types[kind](**fields)

    def _header(self, stamp_ns: int, frame: str) -> Any:
        stamp = self._make("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
        return self._make("std_msgs/msg/Header", stamp=stamp, frame_id=frame)

    def _image(self, stamp_ns: int, frame: str, picture: np.ndarray, encoding: str, pixel_bytes: int) -> Any:
        height, width = picture.shape[:2]
        return self._make(
            "sensor_msgs/msg/Image",
            header=self._header(stamp_ns, frame),
            height=height,
            width=width,
            encoding=encoding,
            is_bigendian=0,
            step=width * pixel_bytes,
            data=np.ascontiguousarray(picture).view(np.uint8).reshape(-1),
        )

    def _write(self, topic: str, message: Any, stamp_ns: int) -> None:
        kind = message.__msgtype__
        if topic not in self._connections:
            # Latched, as tf2's own broadcaster does it: who joins late must still learn of it.
            qos = [_static_qos()] if topic == STATIC_TRANSFORM_TOPIC else []
            self._connections[topic] = self._writer.add_connection(topic, kind, typestore=self._store, offered_qos_profiles=qos)
        self._writer.write(self._connections[topic], stamp_ns, self._store.serialize_cdr(message, kind))


def _static_qos() -> Any:
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
