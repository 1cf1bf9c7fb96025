"""A viewer for the benchmarks: takes the pictures of one topic, reliable as a default subscriber does, and looks at none.

python -m auxfocus_ros.commands.viewer aux_focus/image
"""

from __future__ import annotations

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from sensor_msgs.msg import Image


def main(topic: str) -> None:
    """Take pictures until SIGINT or SIGTERM."""
    rclpy.init()
    node = rclpy.create_node("auxfocus_viewer")
    node.create_subscription(Image, topic, lambda _: None, 10)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
