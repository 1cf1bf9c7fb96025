"""Point cloud messages into structured arrays and back.

This is the door at which a cloud from outside is checked, once. Reading goes through sensor_msgs_py (upstream's, or our stand-in)
and copies nothing; what upstream reads wrong (rows with padding) or spoils (big-endian data) does not reach it.
"""

from typing import Any

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.upstream import point_cloud2

__all__ = ["make_cloud", "read_cloud"]

_NAMES = {
    PointField.INT8: "INT8",
    PointField.UINT8: "UINT8",
    PointField.INT16: "INT16",
    PointField.UINT16: "UINT16",
    PointField.INT32: "INT32",
    PointField.UINT32: "UINT32",
    PointField.FLOAT32: "FLOAT32",
    PointField.FLOAT64: "FLOAT64",
}
_SIZES = dict(zip(_NAMES, (1, 1, 2, 2, 4, 4, 4, 8), strict=True))
_TYPES = dict(zip(("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"), _NAMES, strict=True))
_XYZ = np.dtype([(axis, "<f4") for axis in "xyz"])
# Every so many points are looked at first: a cloud that has one finite point among them need not be read whole.
_SAMPLE_STRIDE = 101


def read_cloud(msg: Any) -> np.ndarray:
    """The points of a cloud as a structured array, without a copy unless its rows are padded.

    Args:
        msg: sensor_msgs/PointCloud2. Organised clouds are taken row by row.

    Returns:
        (N,) with float32 fields x, y, z and whatever else the sensor gives (fields of more than one number as name_0, name_1,
        ...), in the order of the message. It shares the message's memory: treat it as read-only. Single points may be NaN.

    Raises:
        InputError: no x, y or z, or not FLOAT32; big-endian data; no points, or every one NaN; data whose length does not fit; a
            point or row step that is too small; fields that cannot be (unknown type, count 0, a name twice, beyond the point).
    """
    height, width = int(msg.height), int(msg.width)
    point_step, row_step = int(msg.point_step), int(msg.row_step)
    if height == 0 or width == 0:
        raise InputError(f"the cloud is empty ({width} x {height} points)")
    what = f"a cloud of {width} x {height} points"
    if msg.is_bigendian:
        raise InputError(f"{what}: its data are big-endian; little-endian is wanted")
    _check_fields(msg.fields, point_step, what)
    if row_step < width * point_step:
        raise InputError(
            f"{what}: a row_step of {row_step} bytes is too small, {width} points of {point_step} bytes need {width * point_step}"
        )
    if len(msg.data) != height * row_step:
        raise InputError(f"{what}: {len(msg.data)} bytes of data, but {height} rows of {row_step} bytes make {height * row_step}")
    points = _points(msg, what)
    if _all_nan(points[::_SAMPLE_STRIDE]) and _all_nan(points):
        raise InputError(f"{what}: not one has three finite coordinates, all are NaN or infinite")
    return points


def make_cloud(points: np.ndarray, header: Header) -> PointCloud2:
    """A cloud message of points; their bytes are copied once.

    Args:
        points: (N, 3) floats x, y, z, or a structured array (N,) of named numbers, as `read_cloud` gives.
        header: stamp and frame of the points.

    Raises:
        InputError: another shape, or a field type that a cloud cannot hold.
    """
    if points.dtype.names is None:
        if points.ndim != 2 or points.shape[1] != 3:
            raise InputError(f"an array of shape {points.shape} is not points: (N, 3) or a structured array (N,) is wanted")
        points = np.ascontiguousarray(points, np.float32).view(_XYZ)[:, 0]
    if points.ndim != 1:
        raise InputError(f"a structured array of shape {points.shape} is not points: (N,) is wanted")
    points = np.ascontiguousarray(points)
    fields = []
    for name, (dtype, offset, *_) in (points.dtype.fields or {}).items():
        datatype = _TYPES.get(dtype.str.lstrip("<|"))
        if datatype is None:
            raise InputError(
                f"the field {name!r} of type {dtype} cannot be in a cloud: little-endian numbers of up to 8 bytes can"
            )
        fields.append(PointField(name=name, offset=int(offset), datatype=datatype, count=1))
    if not fields:
        raise InputError("a structured array without fields is not points")
    cloud: PointCloud2 = point_cloud2.create_cloud(header, fields, points, points.dtype.itemsize)
    return cloud


def _check_fields(fields: Any, point_step: int, what: str) -> None:
    by_name: dict[str, Any] = {}
    for field in fields:
        if field.datatype not in _NAMES:
            raise InputError(
                f"{what}: the field {field.name!r} has the unknown datatype {field.datatype}; 1 (INT8) to 8 (FLOAT64) are known"
            )
        if field.count == 0:
            raise InputError(f"{what}: the field {field.name!r} has a count of 0")
        end = field.offset + field.count * _SIZES[field.datatype]
        if end > point_step:
            raise InputError(f"{what}: the field {field.name!r} ends at byte {end} of a point, but point_step is {point_step}")
        if field.name in by_name:
            raise InputError(f"{what}: the field {field.name!r} is there twice")
        by_name[field.name] = field
    there = ", ".join(map(repr, by_name)) or "none"
    for axis in "xyz":
        if axis not in by_name:
            raise InputError(f"{what} has no field {axis!r}; x, y and z are wanted, there are: {there}")
        field = by_name[axis]
        if field.datatype != PointField.FLOAT32 or field.count != 1:
            raise InputError(f"{what}: the field {axis!r} is {field.count} x {_NAMES[field.datatype]}; one FLOAT32 is wanted")


def _points(msg: Any, what: str) -> np.ndarray:
    try:
        if msg.row_step == msg.width * msg.point_step and isinstance(msg, PointCloud2):
            points: np.ndarray = point_cloud2.read_points(msg)
            return points
        dtype = point_cloud2.dtype_from_fields(msg.fields, msg.point_step)
        padded = np.ndarray((msg.height, msg.width), dtype, msg.data, strides=(msg.row_step, msg.point_step))
        return padded.reshape(-1)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{what}: its fields cannot be read ({' '.join(str(error).split())})") from error


def _all_nan(points: np.ndarray) -> bool:
    return not np.any(np.isfinite(points["x"]) & np.isfinite(points["y"]) & np.isfinite(points["z"]))
