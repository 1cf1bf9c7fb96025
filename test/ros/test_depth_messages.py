"""A depth and its scale as messages."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from std_msgs.msg import Header

from auxfocus_interfaces.msg import DepthScale
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.depth_messages import make_coloured_cloud, make_depth_scale
from auxfocus_ros.ros.depth_scale import read_depth_scale
from auxfocus_ros.ros.stamps import from_ns

HEADER = Header(stamp=from_ns(5), frame_id="camera_optical_frame")


def estimate(**fields: Any) -> Any:
    return SimpleNamespace(**{"metric": True, "source": "motion", "scale": 2.5, "sigma_relative": 0.1, "readings": 7, **fields})


def test_a_scale_says_what_it_is_and_a_reader_understands_it() -> None:
    message = make_depth_scale(estimate(), 0.15, "", HEADER)
    assert message.header == HEADER and message.state == DepthScale.STATE_METRIC
    assert (message.source, message.scale, message.sigma_relative, message.readings) == ("motion", 2.5, 0.1, 7)
    assert read_depth_scale(message).depth_sigma_relative == 0.15


def test_relative_leaves_no_number_that_could_be_taken_for_metres() -> None:
    message = make_depth_scale(estimate(metric=False, scale=1.0, source="none", sigma_relative=math.inf), math.inf, "why", HEADER)
    assert (message.state, message.source, message.readings) == (DepthScale.STATE_RELATIVE, "none", 0)
    assert all(map(math.isnan, (message.scale, message.sigma_relative, message.depth_sigma_relative)))
    assert "why" in read_depth_scale(message).why


def test_points_carry_the_pictures_colours_as_pcl_packs_them() -> None:
    points = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
    colours = np.array([[255, 1, 2], [0, 128, 255]], np.uint8)
    cloud = make_coloured_cloud(points, colours, HEADER)
    assert cloud.header == HEADER and [field.name for field in cloud.fields] == ["x", "y", "z", "rgb"]
    back = read_cloud(cloud)
    np.testing.assert_array_equal(np.column_stack([back[name] for name in "xyz"]), points)
    assert back["rgb"].view("<u4").tolist() == [0xFF0102, 0x0080FF]
    assert make_coloured_cloud(points[:0], colours[:0], HEADER).width == 0
