"""CameraInfo messages and camera models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.ros.camera_info import make_camera_info, picture_size, read_camera_info

K = [800.0, 0.0, 639.5, 0.0, 810.0, 359.5, 0.0, 0.0, 1.0]


def info(**values):
    msg = CameraInfo(width=1280, height=720, k=K, distortion_model="plumb_bob", d=[0.0] * 5)
    msg.header.frame_id = "camera_optical_frame"
    for name, value in values.items():
        setattr(msg, name, value)
    return msg


@pytest.mark.parametrize(
    ("model", "coefficients"),
    [
        ("none", ()),
        ("plumb_bob", (-0.3, 0.1, 0.001, -0.002, 0.01)),
        ("rational_polynomial", (0.1, 0.2, 0.001, 0.002, 0.3, 0.4, 0.5, 0.6)),
        ("equidistant", (0.01, -0.02, 0.003, -0.004)),
        ("equidistant", (0.0, 0.0, 0.0, 0.0)),  # still a fisheye
    ],
)
def test_round_trip(model, coefficients):
    camera = CameraModel(1280, 720, 800.0, 810.0, 639.5, 359.5, model, coefficients)
    msg = make_camera_info(camera, Header(frame_id="camera"))
    assert msg.header.frame_id == "camera" and list(msg.r) == list(np.eye(3).ravel()) and msg.p[5] == 810.0
    assert read_camera_info(msg) == camera


def test_names_and_counts_of_distortion():
    assert read_camera_info(info(distortion_model="", d=[])).distortion_model == "none"
    assert read_camera_info(info(d=[])).distortion_model == "none"
    assert read_camera_info(info(distortion_model="fisheye", d=[0.1, 0, 0, 0])).distortion_model == "equidistant"
    assert len(read_camera_info(info(d=[0.1, 0.2, 0.0, 0.0])).distortion) in (4, 5)


def test_binning_and_region():
    # 2 x 2 binning: full-resolution pixels 0 and 1 make pixel 0, whose centre is at 0.5: (639.5 - 0.5) / 2 = 319.5.
    binned = info(binning_x=2, binning_y=2)
    camera = read_camera_info(binned)
    assert (camera.width_px, camera.height_px, camera.fx_px, camera.fy_px) == (640, 360, 400, 405)
    assert (camera.cx_px, camera.cy_px) == (319.5, 179.5)
    assert camera.cx_px == read_camera_info(info()).scaled_to(640, 360).cx_px
    region = info()
    region.roi.x_offset, region.roi.y_offset, region.roi.width, region.roi.height = 100, 50, 600, 400
    camera = read_camera_info(region)
    assert (camera.width_px, camera.height_px, camera.cx_px, camera.cy_px, camera.fx_px) == (600, 400, 539.5, 309.5, 800)
    region.binning_x = region.binning_y = 2
    assert picture_size(region) == (300, 200)
    assert read_camera_info(region).cx_px == 269.5


def test_rectified_pictures_go_by_p():
    p = [700.0, 0, 600, -70, 0, 710, 350, 0, 0, 0, 1, 0]
    camera = read_camera_info(info(p=p, d=[0.1] * 5), rectified=True)
    assert (camera.fx_px, camera.fy_px, camera.cx_px, camera.cy_px, camera.distortion_model) == (700, 710, 600, 350, "none")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"k": [0.0] * 9}, "'camera_optical_frame': K is zero.* not calibrated"),
        ({"k": [-1.0, *K[1:]]}, "camera_optical_frame.*fx"),
        ({"k": [float("nan"), *K[1:]]}, "camera_optical_frame"),
        ({"k": [800.0, 0.0, float("inf"), 0.0, 800.0, 1.0, 0.0, 0.0, 1.0]}, "camera_optical_frame"),
        ({"width": 0}, "width"),
        ({"distortion_model": "banana"}, "plumb_bob.*, got 'banana'"),
        ({"d": [float("nan")] * 5}, "camera_optical_frame"),
    ],
)
def test_bad_intrinsics(changes, text):
    with pytest.raises(InputError, match=text) as error:
        read_camera_info(info(**changes))
    assert "\n" not in str(error.value)


def test_what_drivers_leave_out_is_filled_in():
    assert read_camera_info(info(d=[0.1] * 3)).distortion == (0.1, 0.1, 0.1, 0.0, 0.0)
    assert read_camera_info(info(distortion_model="", d=[0.1] * 5)).distortion_model == "plumb_bob"
    assert read_camera_info(info(distortion_model="equidistant", d=[])).distortion_model == "none"  # a rectified camera


def test_zeros_in_p_are_named():
    with pytest.raises(InputError, match="P is zero"):
        read_camera_info(info(), rectified=True)


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.floats() | st.sampled_from([0.0, 500.0]), min_size=9, max_size=9),
    st.lists(st.floats(), max_size=9),
    st.sampled_from(["plumb_bob", "rational_polynomial", "equidistant", "", "x"]),
    st.tuples(*[st.sampled_from([0, 1, 2, 640, 2**31])] * 4),
)
def test_no_message_raises_anything_else(k, d, model, sizes):
    msg = CameraInfo(width=sizes[0], height=sizes[1], binning_x=sizes[2], k=k, d=d, distortion_model=model)
    msg.roi.width = sizes[3]
    try:
        camera = read_camera_info(msg)
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert camera.fx_px > 0 and (camera.width_px, camera.height_px) == picture_size(msg)
