"""Recordings written on the spot, in all three containers, with whatever is to be wrong in them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

WIDTH, HEIGHT = 64, 48
START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000
K = [60.0, 0.0, 31.5, 0.0, 60.0, 23.5, 0.0, 0.0, 1.0]
IMAGE, CAMERA_INFO, POINTS, DEPTH, LENS = "/camera/image_raw", "/camera/camera_info", "/points", "/depth/image_raw", "/lens/state"
LENS_STATE_DEFINITION = """
std_msgs/Header header
string lens_name
float64 position_steps
bool moving
float64 focus_distance_m
float64 near_limit_m
float64 far_limit_m
"""


@cache
def message_types(ros1: bool) -> Any:
    """All message types that the recordings here use; compiling them takes a while."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_KILTED)
    store.register(get_types_from_msg(LENS_STATE_DEFINITION, "auxfocus_interfaces/msg/LensState"))
    if ros1:
        store.register(get_types_from_msg("geometry_msgs/TransformStamped[] transforms", "tf2_msgs/msg/TFMessage"))
    else:
        store.register(get_types_from_msg("int32 a", "strange_msgs/msg/Thing"))
    return store


class BagMaker:
    """Makes messages and writes them. `container` is 'mcap', 'db3' or 'bag' (ROS 1)."""

    def __init__(self, container: str) -> None:
        self.container = container
        self.ros1 = container == "bag"
        self.store = message_types(self.ros1)
        self.entries: list[tuple[str, Any, int]] = []

    def make(self, kind: str, **fields: Any) -> Any:
        return self.store.types[kind](**fields)

    def header(self, stamp_ns: int, frame: str) -> Any:
        stamp = self.make("builtin_interfaces/msg/Time", sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
        return self.make("std_msgs/msg/Header", stamp=stamp, frame_id=frame, **({"seq": 0} if self.ros1 else {}))

    def add(self, topic: str, message: Any, log_ns: int) -> None:
        self.entries.append((topic, message, log_ns))

    def image(
        self, stamp_ns: int, picture: np.ndarray | None = None, encoding: str = "bgr8", topic: str = IMAGE, **wrong: Any
    ) -> None:
        """A raw picture; `wrong` replaces fields, `log_ns` the time of recording."""
        log_ns = wrong.pop("log_ns", stamp_ns)
        if picture is None:
            picture = np.full((HEIGHT, WIDTH, 3), (stamp_ns // STEP_NS) % 200, np.uint8)
        fields: dict[str, Any] = {
            "header": self.header(stamp_ns, wrong.pop("frame", "camera_optical_frame")),
            "height": picture.shape[0],
            "width": picture.shape[1],
            "encoding": encoding,
            "is_bigendian": 0,
            "step": picture[0].nbytes,
            "data": np.frombuffer(picture.tobytes(), np.uint8),
        }
        self.add(topic, self.make("sensor_msgs/msg/Image", **{**fields, **wrong}), log_ns)

    def compressed(
        self, stamp_ns: int, picture: np.ndarray, kind: str = "jpeg", topic: str = IMAGE + "/compressed", **wrong: Any
    ) -> None:
        log_ns = wrong.pop("log_ns", stamp_ns)
        suffix = ".jpg" if kind == "jpeg" else ".png"
        fields = {
            "header": self.header(stamp_ns, "camera_optical_frame"),
            "format": kind,
            "data": cv2.imencode(suffix, picture)[1].reshape(-1),
        }
        self.add(topic, self.make("sensor_msgs/msg/CompressedImage", **{**fields, **wrong}), log_ns)

    def camera_info(self, stamp_ns: int, topic: str = CAMERA_INFO, **wrong: Any) -> None:
        k = np.array(wrong.pop("k", K), np.float64)
        d = np.array(wrong.pop("d", [0.0] * 5), np.float64)
        p = np.array([k[0], 0, k[2], 0, 0, k[4], k[5], 0, 0, 0, 1, 0], np.float64)
        matrices = {"d": d, "k": k, "r": np.eye(3).reshape(-1), "p": p}
        roi = self.make("sensor_msgs/msg/RegionOfInterest", x_offset=0, y_offset=0, height=0, width=0, do_rectify=False)
        fields = {
            "header": self.header(stamp_ns, "camera_optical_frame"),
            "height": HEIGHT,
            "width": WIDTH,
            "distortion_model": "plumb_bob",
            **{name.upper() if self.ros1 else name: value for name, value in matrices.items()},
            "binning_x": 0,
            "binning_y": 0,
            "roi": roi,
        }
        self.add(topic, self.make("sensor_msgs/msg/CameraInfo", **{**fields, **wrong}), stamp_ns)

    def cloud(self, stamp_ns: int, points: np.ndarray | None = None, topic: str = POINTS, **wrong: Any) -> None:
        """A cloud of a structured array; `wrong` replaces fields."""
        from auxfocus_ros.rig import cloud_bytes, structured_points

        log_ns = wrong.pop("log_ns", stamp_ns)
        if points is None:
            xyz = np.array([[0, 0, 2.0 + (stamp_ns // STEP_NS) % 50], [1, 0, 4], [np.nan] * 3], np.float32)
            points = structured_points(xyz, intensity=np.arange(3, dtype=np.float32))
        cloud = cloud_bytes(points)
        names = ("name", "offset", "datatype", "count")
        fields = {
            "header": self.header(stamp_ns, wrong.pop("frame", "lidar")),
            "height": cloud.height,
            "width": cloud.width,
            "fields": [self.make("sensor_msgs/msg/PointField", **dict(zip(names, entry, strict=True))) for entry in cloud.fields],
            "is_bigendian": False,
            "point_step": cloud.point_step,
            "row_step": cloud.row_step,
            "data": cloud.data,
            "is_dense": False,
        }
        self.add(topic, self.make("sensor_msgs/msg/PointCloud2", **{**fields, **wrong}), log_ns)

    def static_transform(self, parent: str, child: str, shift: tuple[float, float, float], stamp_ns: int = START_NS) -> None:
        transform = self.make(
            "geometry_msgs/msg/Transform",
            translation=self.make("geometry_msgs/msg/Vector3", x=shift[0], y=shift[1], z=shift[2]),
            rotation=self.make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
        )
        stamped = self.make(
            "geometry_msgs/msg/TransformStamped", header=self.header(stamp_ns, parent), child_frame_id=child, transform=transform
        )
        self.add("/tf_static", self.make("tf2_msgs/msg/TFMessage", transforms=[stamped]), stamp_ns)

    def lens_state(self, stamp_ns: int, position_steps: float) -> None:
        fields = {"lens_name": "x", "moving": False, "focus_distance_m": 2.0, "near_limit_m": 1.5, "far_limit_m": 3.0}
        message = self.make(
            "auxfocus_interfaces/msg/LensState", header=self.header(stamp_ns, "camera"), position_steps=position_steps, **fields
        )
        self.add(LENS, message, stamp_ns)

    def pairs(self, count: int, start_ns: int = START_NS) -> None:
        """Whole, ordinary pairs of raw pictures and clouds with intrinsics, a tenth of a second apart."""
        for index in range(count):
            stamp_ns = start_ns + index * STEP_NS
            self.camera_info(stamp_ns)
            self.image(stamp_ns)
            self.cloud(stamp_ns)

    def write(self, path: Path, **options: Any) -> Path:
        """Write what was added; returns the file itself."""
        from rosbags.rosbag1 import Writer as Writer1
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
        from rosbags.rosbag2 import Writer as Writer2

        writer: Any
        if self.ros1:
            path = path.with_suffix(".bag")
            writer = Writer1(path)
            if options.get("bag_compression"):
                writer.set_compression(getattr(Writer1.CompressionFormat, options["bag_compression"]))
            if options.get("chunk_bytes"):
                writer.chunk_threshold = options["chunk_bytes"]
        else:
            plugin = StoragePlugin.MCAP if self.container == "mcap" else StoragePlugin.SQLITE3
            writer = Writer2(path, version=9, storage_plugin=plugin)
            if options.get("compression"):
                writer.set_compression(getattr(CompressionMode, options["compression"]), CompressionFormat.ZSTD)
        with writer:
            known: dict[str, Any] = {}
            for topic, message, log_ns in sorted(self.entries, key=lambda entry: entry[2]):
                kind = message.__msgtype__
                if topic not in known:
                    known[topic] = writer.add_connection(topic, kind, typestore=self.store)
                serialize = self.store.serialize_ros1 if self.ros1 else self.store.serialize_cdr
                writer.write(known[topic], log_ns, serialize(message, kind))
        return path if self.ros1 else next(path.glob(f"*.{self.container}*"))


@pytest.fixture(params=["mcap", "db3", "bag"])
def any_bag(request: pytest.FixtureRequest) -> BagMaker:
    """A maker of recordings, once for each container."""
    return BagMaker(request.param)


@pytest.fixture
def mcap_bag() -> BagMaker:
    """A maker of MCAP recordings, for what does not depend on the container."""
    return BagMaker("mcap")


@pytest.fixture
def bag_of() -> Callable[[str], BagMaker]:
    """A maker of recordings in a container of one's choice."""
    return BagMaker
