"""PointCloud2 messages into structured arrays that view the message's bytes, and every way a cloud can be wrong said in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.frame import FIELD_DATATYPES, check_points

MAX_POINT_STEP = 65_535
DATATYPES = {code: kind for kind, code in FIELD_DATATYPES.items()}


def cloud_dtype(fields: Any, point_step: int) -> np.dtype:
    """The layout of a cloud's points from its PointFields. Fields of several numbers become sub-arrays.

    Raises:
        InputError: an unknown datatype, a count of zero, a doubled name, a field beyond the point's end.
    """
    if not 0 < point_step <= MAX_POINT_STEP:
        raise InputError(f"the cloud's point_step is {point_step} bytes; wanted 1 to {MAX_POINT_STEP}")
    names: list[str] = []
    kinds: list[np.dtype] = []
    offsets: list[int] = []
    for entry in fields:
        kind: np.dtype | None = DATATYPES.get(int(entry.datatype))
        if kind is None:
            raise InputError(f"the cloud's field {entry.name} has the unknown datatype {entry.datatype}; known are 1 to 8")
        count = int(entry.count)
        if count < 1:
            raise InputError(f"the cloud's field {entry.name} has a count of {count}; wanted at least 1")
        if int(entry.offset) + kind.itemsize * count > point_step:
            raise InputError(f"the cloud's field {entry.name} at byte {entry.offset} reaches beyond point_step {point_step}")
        if entry.name in names:
            raise InputError(f"the cloud has two fields named {entry.name}")
        if not entry.name:  # padding
            continue
        names.append(entry.name)
        kinds.append(kind if count == 1 else np.dtype((kind, (count,))))
        offsets.append(int(entry.offset))
    return np.dtype({"names": names, "formats": kinds, "offsets": offsets, "itemsize": point_step})


def decode_cloud(message: Any) -> tuple[np.ndarray, int]:
    """The points of a PointCloud2.

    Args:
        message: sensor_msgs/PointCloud2 as rosbags gives it (or any object with the same fields).

    Returns:
        (N,) structured array with float32 x, y, z and the sensor's other fields, a view of the message's data where its rows are
        not padded; and the number of rows N is made of (1: unorganised).

    Raises:
        InputError: no x, y or z, or not float32; big-endian data; data that does not fit; no point, or none with a reading.
    """
    height, width = int(message.height), int(message.width)
    step, row = int(message.point_step), int(message.row_step)
    if message.is_bigendian:
        raise InputError("the cloud's data is big-endian; only little-endian clouds are supported")
    if height == 0 or width == 0:
        raise InputError(f"the cloud is empty: {width} x {height} points")
    layout = cloud_dtype(message.fields, step)
    check_points(np.empty(0, layout))
    size = len(message.data)
    if row < width * step:
        raise InputError(f"the cloud's row_step of {row} bytes is shorter than a row: {width} points x {step} bytes")
    if size != height * row:
        raise InputError(f"the cloud's data of {size} bytes does not fit height {height} x row_step {row} = {height * row} bytes")
    data = np.frombuffer(message.data, np.uint8)
    if row != width * step:
        data = np.ascontiguousarray(data.reshape(height, row)[:, : width * step]).reshape(-1)
    points = data.view(layout)
    if not has_reading(points):
        raise InputError(f"the cloud has no reading: all {len(points)} points are NaN or infinite")
    return points, height


def has_reading(points: np.ndarray) -> bool:
    """True where at least one point has finite x, y and z."""
    some = slice(None, None, max(1, len(points) // 1000))
    for part in (points[some], points):  # most clouds are told by a thousandth of them
        if (np.isfinite(part["x"]) & np.isfinite(part["y"]) & np.isfinite(part["z"])).any():
            return True
    return False
