"""Transform messages and rigid transforms."""

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.ros.transforms import make_transform, read_transform

unit = st.floats(-1, 1)


@settings(deadline=None, max_examples=60)
@given(st.tuples(unit, unit, unit, unit), st.tuples(*[st.floats(-1e3, 1e3)] * 3))
def test_round_trip(quaternion, translation):
    length = np.linalg.norm(quaternion)
    assume(length > 1e-3)
    transform = RigidTransform.from_quaternion(*(np.array(quaternion) / length), translation)
    msg = make_transform(transform, "camera_optical_frame", "lidar", 1_500_000_000)
    assert (msg.header.frame_id, msg.child_frame_id, msg.header.stamp.sec) == ("camera_optical_frame", "lidar", 1)
    back = read_transform(msg)
    assert np.allclose(back.rotation, transform.rotation, atol=1e-12)
    assert np.allclose(back.translation_m, transform.translation_m)


def test_golden():
    # A lidar (x forward, y left, z up) 0.1 m above the camera: forward becomes depth, left becomes -x, up becomes -y.
    msg = TransformStamped(child_frame_id="lidar")
    msg.header.frame_id = "camera_optical_frame"
    rotation = msg.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = 0.5, -0.5, 0.5, 0.5
    msg.transform.translation.y = -0.1
    moved = read_transform(msg).apply(np.array([[5.0, 0.0, 0.0], [0.0, 1.0, 2.0]]))
    assert np.allclose(moved, [[0, -0.1, 5], [-1, -2.1, 0]])


@pytest.mark.parametrize("x", [0.0, float("nan"), 2.0, float("inf")])
def test_a_quaternion_that_is_none_names_both_frames(x):
    msg = TransformStamped(child_frame_id="lidar")
    msg.header.frame_id = "camera"
    msg.transform.rotation.x, msg.transform.rotation.w = x, 0.0
    with pytest.raises(InputError, match="the transform from 'lidar' to 'camera'"):
        read_transform(msg)


def test_a_translation_that_is_not_finite():
    msg = TransformStamped()
    msg.transform.translation.z = float("nan")
    with pytest.raises(InputError):
        read_transform(msg)
