"""What is heard beside a picture comes out in its optical frame, or is said to be of no use."""

from __future__ import annotations

import array
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import JointState, PointCloud2, PointField, Range
from std_msgs.msg import Header

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.ros.scale_inputs import Evidence, ScaleInputOptions, ScaleInputs
from auxfocus_ros.ros.stamps import from_ns

CAMERA = CameraModel(320, 240, 200.0, 200.0, 160.0, 120.0)
OPTICAL = "camera_optical_frame"
S = 10**9
# A body's axes (x forward, y left, z up) seen from the optical frame, as a quaternion of the body in it.
BODY_IN_OPTICAL = {"x": 0.5, "y": -0.5, "z": 0.5, "w": 0.5}


class Stage:
    """A node that only remembers what was subscribed to, and the inputs over it."""

    def __init__(self, **options: Any) -> None:
        self.options = ScaleInputOptions(**options)
        self.callbacks: dict[str, Callable[[Any], None]] = {}
        self.problems: dict[str, str] = {}
        self.inputs = ScaleInputs(self, lambda: self.options, lambda code, text: self.problems.update({code: text}))
        self.inputs.open()

    def create_subscription(self, kind: Any, topic: str, callback: Callable[[Any], None], quality: Any) -> str:
        self.callbacks[topic] = callback
        return topic

    def destroy_subscription(self, topic: str) -> None:
        del self.callbacks[topic]

    def at(self, stamp_s: float) -> Evidence:
        return self.inputs.at(round(stamp_s * S), OPTICAL, CAMERA)


def header(stamp_s: float, frame: str = OPTICAL) -> Header:
    return Header(stamp=from_ns(round(stamp_s * S)), frame_id=frame)


def cloud(stamp_s: float, frame: str = OPTICAL) -> PointCloud2:
    fields = [PointField(name=name, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, name in enumerate("xyz")]
    message = PointCloud2(header=header(stamp_s, frame), height=1, width=2, fields=fields, point_step=12, row_step=24)
    message.data = array.array("B", np.array([[4.0, 0.0, 0.0], [6.0, 1.0, 2.0]], "<f4").tobytes())
    return message


def body_transform(child: str, **translation: float) -> TransformStamped:
    message = TransformStamped(header=header(0.0), child_frame_id=child)
    for name, value in BODY_IN_OPTICAL.items():
        setattr(message.transform.rotation, name, value)
    for name, value in translation.items():
        setattr(message.transform.translation, name, value)
    return message


def beam(stamp_s: float, range_m: float, frame: str = OPTICAL) -> Range:
    return Range(header=header(stamp_s, frame), range=range_m, min_range=0.1, max_range=50.0)


def odometry(stamp_s: float, x_m: float) -> Odometry:
    message = Odometry(header=header(stamp_s, "odom"), child_frame_id="base_link")
    message.pose.pose.position.x = x_m
    return message


def test_nothing_heard_is_nothing_known_and_no_problem() -> None:
    stage = Stage(camera_height_m=1.5, scale_sigma_m=0.1)
    evidence = stage.at(1.0)
    assert (evidence.points_m, evidence.beam_m, evidence.world_from_camera, evidence.problem) == (None, None, None, "")
    assert (evidence.camera_height_m, evidence.reading_sigma_m) == (1.5, 0.1)
    assert set(stage.callbacks) == {"points/transform", "scale/points", "scale/range", "scale/odometry"}
    stage.inputs.end()
    assert not stage.callbacks and not stage.problems


def test_only_what_the_options_name_is_subscribed_to() -> None:
    assert set(Stage(scale_points=False, scale_range=False, scale_motion="none").callbacks) == {"points/transform"}


def test_lidar_points_come_out_in_the_optical_frame() -> None:
    stage = Stage()
    stage.callbacks["points/transform"](body_transform("lidar", z=0.5))
    stage.callbacks["scale/points"](cloud(1.0, "lidar"))
    points = stage.at(1.02).points_m
    assert points is not None
    np.testing.assert_allclose(points, [[0.0, 0.0, 4.5], [-1.0, -2.0, 6.5]], atol=1e-6)  # x forward, y left, z up


def test_readings_of_another_time_or_frame_are_said_and_left_out() -> None:
    stage = Stage()
    stage.callbacks["scale/points"](cloud(1.0))
    late = stage.at(1.2)
    assert late.points_m is None
    assert "0.2 s before the picture" in late.problem and "scale_points" in stage.problems
    stage.callbacks["scale/points"](cloud(2.0, "nowhere"))
    assert "'nowhere'" in stage.at(2.0).problem
    stage.inputs.open()  # forgets
    assert stage.at(2.0).problem == ""


@pytest.mark.parametrize("range_m", [math.nan, math.inf, 0.0, -1.0, 0.05, 60.0])
def test_a_beam_without_an_echo_is_no_reading(range_m: float) -> None:
    stage = Stage()
    stage.callbacks["scale/range"](beam(1.0, range_m))
    assert stage.at(1.0).beam_m is None and not stage.problems


def test_a_beam_ends_by_its_frame_by_its_pixel_or_in_the_middle() -> None:
    stage = Stage()
    stage.callbacks["scale/range"](beam(1.0, 5.0, "finder"))

    def end() -> Any:
        return stage.at(1.0).beam_m

    np.testing.assert_allclose(end(), [[0.0, 0.0, 5.0]], atol=1e-6)  # nobody knows where it stands
    stage.callbacks["points/transform"](body_transform("finder", x=0.04))
    np.testing.assert_allclose(end(), [[0.04, 0.0, 5.0]], atol=1e-6)
    stage.options = ScaleInputOptions(range_u_px=310.0, range_v_px=120.0)
    np.testing.assert_allclose(end(), [[3.0, 0.0, 4.0]], atol=1e-6)
    stage.options = ScaleInputOptions(range_u_px=400.0, range_v_px=120.0)
    assert "outside a picture" in stage.at(1.0).problem


def test_odometry_says_where_the_camera_was_between_two_poses() -> None:
    stage = Stage()
    stage.callbacks["points/transform"](body_transform("base_link"))
    stage.callbacks["scale/odometry"](odometry(1.0, 2.0))
    stage.callbacks["scale/odometry"](odometry(1.1, 3.0))
    matrix = stage.at(1.05).world_from_camera
    assert matrix is not None
    np.testing.assert_allclose(matrix[:3, 3], [2.5, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(matrix[:3, :3] @ [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], atol=1e-9)  # it looks forward
    assert "scale/odometry" in stage.at(1.5).problem


def test_joints_say_where_the_camera_is_on_a_platform_that_stands() -> None:
    stage = Stage(scale_motion="joints", urdf="pan_tilt_gimbal")
    assert "no joint states" in stage.at(1.0).problem
    for stamp_s, pan_rad in ((1.0, 0.0), (1.1, 0.5)):
        states = JointState(header=header(stamp_s), name=["pan_joint", "tilt_joint"], position=[pan_rad, 0.0])
        stage.callbacks["joint_states"](states)
    ahead, turned = stage.at(1.0).world_from_camera, stage.at(1.1).world_from_camera
    assert ahead is not None and turned is not None
    np.testing.assert_allclose(ahead[:3, 2], [1.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(turned[:3, 2], [math.cos(0.5), math.sin(0.5), 0.0], atol=1e-6)
    # Its rangefinder stands 0.04 m to the right of the camera and looks along with it.
    stage.callbacks["scale/range"](beam(1.1, 5.0, "rangefinder_link"))
    end = stage.at(1.1).beam_m
    assert end is not None and end[0, 0] == pytest.approx(0.04, abs=1e-6) and end[0, 2] == pytest.approx(5.0, abs=0.05)


def test_what_cannot_be_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs the gimbal's URDF"):
        Stage(scale_motion="joints")
    with pytest.raises(ConfigurationError):
        Stage(rig=str(tmp_path / "none.yaml"))
