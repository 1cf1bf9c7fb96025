"""Commands to a real gimbal: `gimbal/command` within the limits of its URDF, passed on to the topic that its driver listens
to."""

from __future__ import annotations

from typing import Any

from sensor_msgs.msg import JointState

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.gimbal import GimbalCommand, limit_command, limits_of
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.urdf import load_urdf
from auxfocus_ros.ros.qos import EVENT


class GimbalRelay:
    """Limits commands and publishes them on the rig file's topic `gimbal_command`."""

    def __init__(self, node: Any, rig: RigDescription) -> None:
        """Raises ConfigurationError: a rig without a gimbal's URDF or topic, or one that cannot be read."""
        topic = rig.topics.get("gimbal_command")
        if rig.gimbal is None or not topic:
            raise ConfigurationError(
                f"rig '{rig.name}': topics.gimbal_command needs a gimbal with its limits: name its URDF (gimbal: {{urdf: ...}})"
            )
        self._limits = limits_of(load_urdf(rig.gimbal.urdf))
        self._node = node
        self._publisher = node.create_publisher(JointState, topic, EVENT)

    def command(self, command: GimbalCommand) -> list[str]:
        """Pass a command on; what was limited, in words. Raises InputError for one that cannot be."""
        limited, said = limit_command(command, self._limits)
        message = JointState(
            name=list(limited.names), position=list(limited.positions_rad), velocity=list(limited.velocities_rad_per_s)
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
        return said

    def close(self) -> None:
        """Remove the topic."""
        self._node.destroy_publisher(self._publisher)
