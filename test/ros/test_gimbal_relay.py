"""Commands passed on to a driver's gimbal, within the limits of its URDF."""

from __future__ import annotations

from typing import Any

import pytest
from sensor_msgs.msg import JointState

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.gimbal import GimbalCommand
from auxfocus_ros.rig.rig_file import parse_rig
from auxfocus_ros.ros.gimbal_relay import GimbalRelay

pytestmark = pytest.mark.graph


def test_a_command_reaches_the_driver_within_the_limits(graph: Any) -> None:
    rig = parse_rig({"gimbal": {"urdf": "pan_tilt_gimbal"}, "topics": {"gimbal_command": "/mount/set"}}, "rig")
    heard = graph.collect(JointState, "/mount/set")
    relay = GimbalRelay(graph.node, rig)
    graph.until(
        lambda: graph.node.count_subscribers("/mount/set") and graph.node.count_publishers("/mount/set"), 10.0, "the topic"
    )
    graph.spin(0.3)
    said = relay.command(GimbalCommand(("pan_joint",), (9.0,)))
    assert len(said) == 1 and "beyond its limit" in said[0]
    graph.until(lambda: heard, 10.0, "the command")
    assert list(heard[0].name) == ["pan_joint"] and heard[0].position[0] == pytest.approx(2.8)
    with pytest.raises(InputError, match="roll"):
        relay.command(GimbalCommand(("roll",), (0.0,)))
    relay.close()


def test_a_rig_without_a_gimbal_is_refused(graph: Any) -> None:
    with pytest.raises(ConfigurationError, match="name its URDF"):
        GimbalRelay(graph.node, parse_rig({"topics": {"gimbal_command": "/mount/set"}}, "rig"))
