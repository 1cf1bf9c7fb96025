"""Stand-in for upstream's `sensor_msgs_py.point_cloud2`, over the library `pointcloud2`: upstream's code without ROS.

What differs between the two is put right here: types of errors, positional arguments, ROS messages out. Avoided traps: padded
rows are read right, and big-endian data is not changed in the message.
"""

import array
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pointcloud2 as library
from numpy.lib.recfunctions import structured_to_unstructured, unstructured_to_structured
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

__all__ = ["create_cloud", "create_cloud_xyz32", "dtype_from_fields", "read_points", "read_points_numpy"]


def dtype_from_fields(fields: Iterable[PointField], point_step: int | None = None) -> np.dtype:
    """The structured dtype of a cloud's points.

    Raises:
        AssertionError: a name twice, or a count of 0.
        KeyError: an unknown datatype.
    """
    try:
        return library.dtype_from_fields(fields, point_step)
    except ValueError as error:
        raise AssertionError(str(error)) from error


def read_points(
    cloud: PointCloud2,
    field_names: list[str] | None = None,
    skip_nans: bool = False,
    uvs: Iterable[int] | np.ndarray | None = None,
    reshape_organized_cloud: bool = False,
) -> np.ndarray:
    """The points as a structured array, a view of `cloud.data` where rows are not padded and nothing is left out.

    Raises:
        AssertionError: not a PointCloud2; a field that is not there; a name twice; a count of 0.
        KeyError: an unknown datatype.
        TypeError: too little data.
    """
    assert isinstance(cloud, PointCloud2), "Cloud is not a sensor_msgs.msg.PointCloud2"
    needed = cloud.row_step * cloud.height
    if len(cloud.data) < needed:
        raise TypeError(f"buffer is too small for requested array: {len(cloud.data)} bytes of {needed}")
    try:
        return library.read_points(
            cloud, field_names, skip_nans=skip_nans, uvs=uvs, reshape_organized_cloud=reshape_organized_cloud
        )
    except ValueError as error:
        raise AssertionError(str(error)) from error


def read_points_numpy(
    cloud: PointCloud2,
    field_names: list[str] | None = None,
    skip_nans: bool = False,
    uvs: Iterable[int] | np.ndarray | None = None,
    reshape_organized_cloud: bool = False,
) -> np.ndarray:
    """The points as a plain array (N, fields). AssertionError unless all fields of the cloud have one datatype."""
    assert all(cloud.fields[0].datatype == field.datatype for field in cloud.fields[1:]), (
        "All fields need to have the same datatype. Use `read_points()` otherwise."
    )
    return structured_to_unstructured(read_points(cloud, field_names, skip_nans, uvs, reshape_organized_cloud))


def create_cloud(
    header: Header,
    fields: Sequence[PointField],
    points: Iterable[Any],
    step: int | None = None,
    point_cloud_class: type = PointCloud2,
) -> PointCloud2:
    """A cloud of points: a structured array of exactly the fields' layout, a plain array (N, fields), or rows of numbers.

    Raises:
        AssertionError: a structured array of another layout; too many dimensions.
        ValueError: a wrong number of columns.
    """
    dtype = dtype_from_fields(fields, step)
    if not isinstance(points, np.ndarray):
        points = np.array([tuple(point) for point in points], dtype)
    elif points.dtype.names is None:
        points = unstructured_to_structured(points, dtype)
    else:
        assert points.dtype == dtype, (
            "PointFields and structured NumPy array dtype do not match for all fields! Check their field order, names and types."
        )
    assert points.ndim <= 2, "Too many dimensions for organized cloud! Points can only be organized in max. two dimensional space"
    # Upstream makes axis 0 of an organised array the width; what it writes is kept, so that both give the same message.
    width, height = (*points.shape, 1)[:2]
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(points).view(np.uint8).data)
    return point_cloud_class(
        header=header,
        height=height,
        width=width,
        is_dense=False,
        is_bigendian=sys.byteorder != "little",
        fields=list(fields),
        point_step=dtype.itemsize,
        row_step=dtype.itemsize * width,
        data=data,
    )


def create_cloud_xyz32(header: Header, points: Iterable[Any], step: int | None = None) -> PointCloud2:
    """A cloud of x, y and z in float32 from rows of three numbers."""
    fields = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
    return create_cloud(header, fields, points, step)
