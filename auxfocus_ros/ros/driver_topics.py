"""Subscriptions to any driver's topics, whatever their types and QoS.

Best effort and volatile meets every publisher, but two things have to be looked up in the graph, and can only be once the driver
is there: whether pictures are raw or compressed, and whether camera_info is latched (published once, for who comes later), which
only a subscription of the same kind is given. All of it happens in the executor's thread, by a timer, so that nothing waits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState, PointCloud2

from auxfocus_ros.ros.qos import profile

__all__ = ["DriverTopics", "camera_info_beside"]

LOOK_EVERY_S = 0.2
SAY_AFTER_S = 5.0
"""A topic that nobody publishes is said after so long; it is still looked for."""
# Deeper than PICTURE_IN: these callbacks only queue, so depth is no lag, and two that arrive together must not be one.
DRIVER_IN = profile(reliable=False, depth=10)
INFO_IN = profile(reliable=False, depth=20)
LATCHED_IN = profile(reliable=True, depth=5, latched=True)
JOINTS_IN = profile(reliable=False, depth=100)

IMAGE_TYPES: Mapping[str, Any] = {"sensor_msgs/msg/Image": Image, "sensor_msgs/msg/CompressedImage": CompressedImage}
TYPES: Mapping[str, Mapping[str, Any]] = {
    "image": IMAGE_TYPES,
    "depth": IMAGE_TYPES,
    "points": {"sensor_msgs/msg/PointCloud2": PointCloud2},
    "camera_info": {"sensor_msgs/msg/CameraInfo": CameraInfo},
    "depth_info": {"sensor_msgs/msg/CameraInfo": CameraInfo},
    "joint_states": {"sensor_msgs/msg/JointState": JointState},
}
PROFILES: Mapping[str, QoSProfile] = {"camera_info": INFO_IN, "depth_info": INFO_IN, "joint_states": JOINTS_IN}
LATCHED_ROLES = ("camera_info", "depth_info")
COMPRESSED_NAME = re.compile(r"/(compressed|compressedDepth)$")


def camera_info_beside(image_topic: str) -> str:
    """The camera_info of an image topic: the last part of the name replaced, after that of the transport.

    Source: image_transport, camera_common.cpp, getCameraInfoTopic.
    """
    base = COMPRESSED_NAME.sub("", image_topic)
    space, slash, _ = base.rpartition("/")
    return f"{space}{slash}camera_info"


class DriverTopics:
    """Subscribes and hands each message on with its role; lives in the executor's thread."""

    def __init__(
        self,
        node: Any,
        topics: Mapping[str, str],
        take: Callable[[str, Any], None],
        say: Callable[[str, str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Subscribe to what can be, and look for the rest.

        Args:
            node: to subscribe with.
            topics: role (of TYPES) -> the topic's resolved name.
            take: called with the role and each message; must not raise.
            say: called with a code and one line about a topic that is not there, or of another type.
            clock: steady seconds.
        """
        self._node = node
        self._topics = dict(topics)
        self._take = take
        self._say = say
        self._clock = clock
        self._began_s = clock()
        self._subscriptions: dict[tuple[str, bool], Any] = {}
        for role, topic in self._topics.items():
            kinds = list(TYPES[role].values())
            if len(kinds) == 1 or COMPRESSED_NAME.search(topic):
                self._subscribe(role, kinds[-1])
        # By the steady clock: a simulated one may stand still until the driver is heard.
        self._timer = node.create_timer(LOOK_EVERY_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def close(self) -> None:
        """Unsubscribe. May be called again; call it in the executor's thread."""
        if self._timer is not None:
            self._node.destroy_timer(self._timer)
            self._timer = None
        for subscription in self._subscriptions.values():
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()

    def _subscribe(self, role: str, kind: Any, latched: bool = False) -> None:
        quality = LATCHED_IN if latched else PROFILES.get(role, DRIVER_IN)
        self._subscriptions[role, latched] = self._node.create_subscription(
            kind, self._topics[role], lambda message: self._take(role, message), quality
        )

    def _look(self) -> None:
        """Whatever the graph does, nothing may come out of a callback: it would end the node."""
        try:
            for role, topic in self._topics.items():
                self._look_for(role, topic)
        except Exception as error:
            self._say("topics_graph", f"the graph cannot be looked at: {type(error).__name__}: {error}")

    def _look_for(self, role: str, topic: str) -> None:
        if any(publisher.topic_name == topic for publisher in self._node.publishers):
            self._unsubscribe(role)
            self._say(f"topics_own_{role}", f"{topic} is published by this node itself: name the driver's, or remap one of them")
            return
        publishers = self._node.get_publishers_info_by_topic(topic)
        wanted = TYPES[role]
        kind = next((wanted[name] for name in wanted if any(p.topic_type == name for p in publishers)), None)
        if kind is not None:
            if (role, False) not in self._subscriptions:
                self._subscribe(role, kind)
            if role in LATCHED_ROLES and (role, True) not in self._subscriptions and any(map(_latched, publishers)):
                self._subscribe(role, kind, latched=True)
        elif publishers:
            there = ", ".join(sorted({p.topic_type for p in publishers}))
            self._say(f"topics_type_{role}", f"{topic} carries {there}: wanted {' or '.join(wanted)}")
        elif self._clock() - self._began_s >= SAY_AFTER_S:
            self._say(f"topics_missing_{role}", f"nobody publishes {topic} ({role}){self._others(role, topic)}")

    def _unsubscribe(self, role: str) -> None:
        for key in [key for key in self._subscriptions if key[0] == role]:
            self._node.destroy_subscription(self._subscriptions.pop(key))

    def _others(self, role: str, topic: str) -> str:
        """Topics that it could have meant."""
        own = {publisher.topic_name for publisher in self._node.publishers} | {topic}
        names = self._node.get_topic_names_and_types()
        fitting = [name for name, kinds in names if name not in own and any(kind in TYPES[role] for kind in kinds)]
        return f"; of that type there are {', '.join(fitting[:6])}" if fitting else ": is the driver running?"


def _latched(publisher: Any) -> bool:
    qos = publisher.qos_profile
    return qos.durability == DurabilityPolicy.TRANSIENT_LOCAL and qos.reliability == ReliabilityPolicy.RELIABLE
