"""Frames and clouds as arrays and as PointCloud2 spells them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig import Frame, cloud_bytes, fields_xyz, points_of_depth, structured_points
from auxfocus_ros.rig.cloud_decoding import cloud_dtype

CAMERA = CameraModel(4, 3, 5.0, 5.0, 1.5, 1.0)


def test_fields_xyz_is_a_view_that_nobody_writes_to() -> None:
    points = structured_points(np.arange(12, dtype=np.float32).reshape(4, 3), ring=np.arange(4, dtype=np.uint16))
    xyz = fields_xyz(points)
    assert xyz.shape == (4, 3) and xyz.dtype == np.float32
    assert np.shares_memory(xyz, points) and not xyz.flags.writeable
    np.testing.assert_array_equal(xyz, np.arange(12, dtype=np.float32).reshape(4, 3))


def test_fields_xyz_of_scattered_fields() -> None:
    points = np.zeros(3, np.dtype([("z", "<f4"), ("i", "<u2"), ("x", "<f4"), ("y", "<f4")]))
    points["x"], points["y"], points["z"] = 1, 2, 3
    np.testing.assert_array_equal(fields_xyz(points), [[1, 2, 3]] * 3)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([("x", "<f4"), ("y", "<f4")], "no field z"),
        ([("x", "<f8"), ("y", "<f8"), ("z", "<f8")], "float64; wanted float32"),
        ([("x", ">f4"), ("y", ">f4"), ("z", ">f4")], "wanted float32"),
    ],
)
def test_fields_xyz_says_what_is_missing(kinds: list[tuple[str, str]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        fields_xyz(np.zeros(2, np.dtype(kinds)))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<f4", "<f8"]), max_size=6), st.integers(0, 5))
def test_a_cloud_goes_through_its_message_unchanged(kinds: list[str], count: int) -> None:
    layout = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), *((f"f{i}", kind) for i, kind in enumerate(kinds))])
    points = np.frombuffer(np.arange(count * layout.itemsize, dtype=np.uint8).tobytes(), layout)
    message = cloud_bytes(points)
    assert (message.width, message.height, message.point_step) == (count, 1, layout.itemsize)
    assert count == 0 or np.shares_memory(message.data, points)

    class Field:
        def __init__(self, entry: tuple[str, int, int, int]) -> None:
            self.name, self.offset, self.datatype, self.count = entry

    back = message.data.view(cloud_dtype([Field(entry) for entry in message.fields], message.point_step))
    assert back.tobytes() == points.tobytes()
    assert back.dtype.names == points.dtype.names


def test_cloud_bytes_keeps_rows_and_refuses_what_does_not_fit() -> None:
    points = structured_points(np.zeros((6, 3), np.float32))
    assert (cloud_bytes(points, 2).width, cloud_bytes(points, 2).row_step) == (3, 36)
    with pytest.raises(InputError, match="do not make 4 equal rows"):
        cloud_bytes(points, 4)
    with pytest.raises(InputError, match="no such type"):
        cloud_bytes(np.zeros(2, np.dtype([("x", "<f4"), ("t", "<u8")])))
    with pytest.raises(InputError, match="structured"):
        cloud_bytes(np.zeros((2, 3), np.float32))


def test_optical_points() -> None:
    # p_optical = R p + t; a turn of 90 degrees about x takes (0, 1, 0) to (0, 0, 1); plus t = (0, 0, 2).
    turn = RigidTransform(np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]]), np.array([0, 0, 2.0]))
    points = structured_points(np.array([[0, 1, 0]], np.float32))
    frame = Frame(0, np.zeros((3, 4, 3), np.uint8), CAMERA, points=points, optical_from_points=turn)
    np.testing.assert_allclose(frame.optical_points_m(), [[0, 0, 3]], atol=1e-6)
    assert (frame.width_px, frame.height_px) == (4, 3)
    with pytest.raises(InputError, match="no points"):
        Frame(0, np.zeros((3, 4), np.uint8), CAMERA).optical_points_m()


def test_the_points_of_a_depth_image_are_where_the_camera_sees_them() -> None:
    # fx = fy = 2, centre (1, 0.5): pixel (column 2, row 1) at 4 m is x = (2 - 1) * 4 / 2 = 2, y = (1 - 0.5) * 4 / 2 = 1.
    camera = CameraModel(3, 2, 2.0, 2.0, 1.0, 0.5, "none", ())
    depth_m = np.array([[0.0, np.nan, -1.0], [np.inf, 0.0, 4.0]], np.float32)
    points = points_of_depth(depth_m, camera)
    assert points.tolist() == [(2.0, 1.0, 4.0)]
