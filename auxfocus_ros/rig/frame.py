"""One moment of a rig: a picture, what the camera's geometry is, and how far away things are.

Everything downstream (distribution, view, nodes, analysis) reads frames and nothing else, so that it does not matter whether they
come from a recording, a folder, a focal stack or a driver. A frame views the bytes it was read from wherever it can; nobody may
write into its arrays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform

if TYPE_CHECKING:
    from auxfocus_ros.rig.truth import FrameTruth

# sensor_msgs/PointField's datatypes; the numbers are the message's.
FIELD_DATATYPES: dict[np.dtype, int] = {
    np.dtype("<i1"): 1,
    np.dtype("<u1"): 2,
    np.dtype("<i2"): 3,
    np.dtype("<u2"): 4,
    np.dtype("<i4"): 5,
    np.dtype("<u4"): 6,
    np.dtype("<f4"): 7,
    np.dtype("<f8"): 8,
}


@dataclass(frozen=True)
class LensReading:
    """What a recording says about its lens near a picture's time.

    `stamp_ns` is when it was true; positions in motor steps; distances in metres, +inf at infinity, NaN where there is none.
    """

    stamp_ns: int
    position_steps: float
    moving: bool
    focus_distance_m: float
    near_limit_m: float
    far_limit_m: float


@dataclass(frozen=True)
class JointReading:
    """Where a gimbal's joints were at one moment: radians and radians per second, in the order of `names`."""

    stamp_ns: int
    names: tuple[str, ...]
    positions_rad: tuple[float, ...]
    velocities_rad_per_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class RangeReading:
    """One reading of a single-beam rangefinder.

    range_m: along the beam; +inf: nothing within reach, NaN: no echo. frame: x points along the beam. minimum_m, maximum_m: what
    it can measure. field_of_view_rad: full width of the beam.
    """

    stamp_ns: int
    range_m: float
    frame: str
    minimum_m: float
    maximum_m: float
    field_of_view_rad: float


@dataclass(frozen=True)
class CloudBytes:
    """A cloud as sensor_msgs/PointCloud2 spells it, ready to be published without conversion.

    `fields` are (name, offset_bytes, datatype, count); `data` is a flat uint8 array of `height * row_step` bytes, little-endian.
    """

    height: int
    width: int
    fields: tuple[tuple[str, int, int, int], ...]
    point_step: int
    row_step: int
    data: np.ndarray
    is_dense: bool


@dataclass(frozen=True, eq=False)
class Frame:
    """A picture with the points or the depth image that belong to it.

    stamp_ns: start of the picture's exposure, nanoseconds, by the sensor's clock.
    picture: (H, W, 3) uint8 BGR, or (H, W) uint8 grey; `picture_encoding` says which: 'bgr8' or 'mono8'.
    camera: the geometry of exactly this picture (its size is the picture's size).
    points: (N,) structured array with float32 x, y, z in metres and whatever else the sensor gives, in the frame `points_frame`;
        None where there is no cloud. Points without a reading are NaN.
    depth_m: (H, W) float32, z in the optical frame in metres, 0 or NaN: no reading; None where there is no depth image.
    optical_from_points: p_optical = R p_points + t; the identity where nothing is known.
    points_offset_s: stamp of the cloud (or depth image) minus stamp of the picture, seconds; NaN without either.
    points_height: rows of an organised cloud, N is a multiple of it; 1: unorganised.
    lens: what the recording says about its lens; None where it says nothing.
    points_moved: the cloud was moved from its own time to the picture's by the gimbal's motion.
    joints: where the gimbal's joints were since the frame before, oldest first; empty where nobody says.
    range: a rangefinder's reading; None without one.
    truth: what a simulator knows; None elsewhere.
    exposed_at_s: `time.monotonic()` at which the lens's position was read for this picture, for pictures that are made while they
        are shown; None: at its release.
    """

    stamp_ns: int
    picture: np.ndarray
    camera: CameraModel
    picture_encoding: str = "bgr8"
    points: np.ndarray | None = None
    depth_m: np.ndarray | None = None
    optical_from_points: RigidTransform = field(default_factory=RigidTransform.identity)
    points_frame: str = ""
    camera_frame: str = "camera_optical_frame"
    points_offset_s: float = math.nan
    points_height: int = 1
    lens: LensReading | None = None
    points_moved: bool = False
    joints: tuple[JointReading, ...] = ()
    range: RangeReading | None = None
    truth: FrameTruth | None = None
    exposed_at_s: float | None = None

    @property
    def width_px(self) -> int:
        """Width of the picture, pixels."""
        return int(self.picture.shape[1])

    @property
    def height_px(self) -> int:
        """Height of the picture, pixels."""
        return int(self.picture.shape[0])

    def optical_points_m(self) -> np.ndarray:
        """The cloud in the camera's optical frame: (N, 3) float32, metres. Raises InputError where there is no cloud."""
        if self.points is None:
            raise InputError("the frame has no points: take its depth image, or a source with a point cloud")
        return self.optical_from_points.apply(fields_xyz(self.points))


def check_points(points: np.ndarray) -> None:
    """Raise InputError unless `points` is a structured array with little-endian float32 fields x, y and z."""
    names = points.dtype.names or ()
    missing = [name for name in "xyz" if name not in names]
    if missing:
        has = ", ".join(names) or "no fields"
        raise InputError(f"the cloud has no field {', '.join(missing)}: it has {has}; wanted float32 x, y and z")
    for name in "xyz":
        if points.dtype[name] != np.dtype("<f4"):
            raise InputError(f"the cloud's field {name} is {points.dtype[name].name}; wanted float32")


def fields_xyz(points: np.ndarray) -> np.ndarray:
    """The coordinates of a cloud, as a view of its own bytes where x, y, z lie side by side.

    Args:
        points: (N,) structured array with float32 fields x, y, z.

    Returns:
        (N, 3) float32, metres, not to be written to.

    Raises:
        InputError: x, y or z is missing or is not float32.
    """
    check_points(points)
    fields: Any = points.dtype.fields
    offsets = [fields[name][1] for name in "xyz"]
    if offsets[1] - offsets[0] == 4 and offsets[2] - offsets[1] == 4:
        x = points["x"]
        xyz = np.lib.stride_tricks.as_strided(x, (*x.shape, 3), (*x.strides, 4), writeable=False)
    else:
        xyz = np.stack([points[name] for name in "xyz"], axis=-1)
    return xyz.reshape(-1, 3)


def structured_points(xyz_m: np.ndarray, **others: np.ndarray) -> np.ndarray:
    """A cloud from plain arrays: `xyz_m` (N, 3) and further per-point arrays (N,) by name, kept in their own types."""
    kinds = [(name, values.dtype.newbyteorder("<")) for name, values in others.items()]
    points = np.empty(len(xyz_m), np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), *kinds]))
    for column, name in enumerate("xyz"):
        points[name] = xyz_m[:, column]
    for name, values in others.items():
        points[name] = values
    return points


def points_of_depth(depth_m: np.ndarray, camera: CameraModel) -> np.ndarray:
    """The cloud that a depth image makes, in the camera's optical frame.

    Args:
        depth_m: (H, W) float32, z in metres; 0, negative, NaN or infinite: no reading.
        camera: of the same field of view; its size may differ from the depth image's.

    Returns:
        (N,) structured array with float32 x, y, z in metres, one point for each reading, in rows from the top left.
    """
    height, width = depth_m.shape
    rays = camera.scaled_to(width, height).ray_table()  # HxWx2
    reading = (depth_m > 0) & (depth_m < np.inf) & np.isfinite(rays[..., 0])
    z = depth_m[reading]
    return structured_points(np.column_stack([rays[reading] * z[:, None], z]))


def cloud_bytes(points: np.ndarray, height: int = 1) -> CloudBytes:
    """A structured cloud as PointCloud2 spells it; the data is a view, without a copy, where the points lie packed in memory.

    Args:
        points: (N,) structured array of plain fields.
        height: rows of an organised cloud; N must be a multiple of it.

    Raises:
        InputError: a field has a type that PointCloud2 does not know, or N does not fit the height.
    """
    if points.dtype.names is None:
        raise InputError("a cloud must be a structured array with named fields such as x, y, z")
    if height < 1 or len(points) % height:
        raise InputError(f"{len(points)} points do not make {height} equal rows")
    fields = []
    members: Any = points.dtype.fields
    for name in points.dtype.names:
        kind, offset = members[name][:2]
        base, shape = (kind, ()) if kind.subdtype is None else kind.subdtype
        code = FIELD_DATATYPES.get(base)
        if code is None:
            raise InputError(f"the cloud's field {name} is {kind}: PointCloud2 has no such type")
        fields.append((name, int(offset), code, int(np.prod(shape, dtype=int)) if shape else 1))
    packed = np.ascontiguousarray(points)
    width, step = len(points) // height, points.dtype.itemsize
    data = packed.view(np.uint8).reshape(-1) if len(packed) else np.empty(0, np.uint8)
    return CloudBytes(height, width, tuple(fields), step, step * width, data, is_dense=False)
