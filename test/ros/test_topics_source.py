"""The source `topics` in a real graph: real subscriptions, a driver in another process, and drivers as they should not be."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, JointState, PointCloud2
from std_msgs.msg import Header

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.rig_file import RigDescription, camera_from_values
from auxfocus_ros.rig.source import Source
from auxfocus_ros.ros.clouds import make_cloud
from auxfocus_ros.ros.driver_topics import camera_info_beside
from auxfocus_ros.ros.images import make_compressed, make_image
from auxfocus_ros.ros.qos import profile
from auxfocus_ros.ros.stamps import from_ns
from auxfocus_ros.ros.topics_source import TopicsSource

pytestmark = pytest.mark.graph

IDENTITY = RigDescription(optical_from_points=RigidTransform.identity())


class Listener:
    """A source on a node that spins in a thread, iterated in another one."""

    def __init__(self, domain: int, rig: RigDescription | None = IDENTITY, **options: Any) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self.context = rclpy.Context()
        rclpy.init(context=self.context, domain_id=domain)
        self.node = rclpy.create_node("listener", context=self.context)
        self.problems: list[tuple[str, str]] = []
        self.frames: list[Frame] = []
        options = {"image_topic": "cam/image_raw", **options}
        self.source = TopicsSource(self.node, rig, on_problem=lambda *said: self.problems.append(said), **options)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.spinner = threading.Thread(target=self.executor.spin, daemon=True)
        self.spinner.start()
        self.reader = self.read()

    def read(self) -> threading.Thread:
        frames = self.source.frames()
        thread = threading.Thread(target=lambda: self.frames.extend(frames), daemon=True)
        thread.start()
        return thread

    def codes(self) -> set[str]:
        return {code for code, _ in self.problems}

    def text(self, code: str) -> str:
        return next(text for found, text in reversed(self.problems) if found == code)

    def close(self) -> None:
        import rclpy

        self.source.stop()
        self.reader.join(5.0)
        assert not self.reader.is_alive()
        self.executor.shutdown(timeout_sec=2.0)
        self.spinner.join(5.0)
        self.source.close()
        self.source.close()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def listen(domain: int) -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def start(*args: Any, **options: Any) -> Listener:
        listeners.append(Listener(domain, *args, **options))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.close()


def drive(domain: int, *numbers: float) -> dict[str, list[int]]:
    """Run the driver's process to its end; what it has sent."""
    command = [sys.executable, str(Path(__file__).with_name("driver_process.py")), *map(str, numbers)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert result.returncode == 0, result.stderr
    sent: dict[str, list[int]] = json.loads(result.stdout.splitlines()[-1])
    return sent


def number_of(frame: Frame) -> int:
    return int(frame.picture[0, 0, 0]) + 256 * int(frame.picture[0, 0, 1])


def until(condition: Callable[[], Any], timeout_s: float = 15.0, what: str = "the condition") -> Any:
    ends = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > ends:
            pytest.fail(f"waited {timeout_s} s for {what}")
        time.sleep(0.02)
    return value


@pytest.mark.parametrize(
    ("period_s", "count", "jitter_s", "stamp_jitter_s", "cloud_delay_s"),
    [(0.05, 120, 0.02, 0.0, 0.005), (1 / 30, 150, 0.04, 0.0, 0.1), (0.1, 60, 0.02, 0.02, 0.1)],
    ids=["20 Hz", "30 Hz, 40 ms, clouds late", "10 Hz, stamps too"],
)
def test_jitter_and_loss_from_another_process(
    domain: int, listen: Callable[..., Listener], period_s: float, count: int, jitter_s: float, stamp_jitter_s: float,
    cloud_delay_s: float,
) -> None:  # fmt: skip
    """The bar: 20 ms of jitter and a tenth lost; every pair that could match is matched, none wrongly."""
    listener = listen(points_topic="lidar/points")
    sent = drive(domain, period_s, count, jitter_s, stamp_jitter_s, 0.1, cloud_delay_s, 7)
    until(lambda: len(listener.frames) >= len(sent["image"]), 5.0, "all pictures")
    pairs = {number_of(f): None if f.points is None else round(float(f.points["x"][0])) for f in listener.frames}
    assert {picture: cloud for picture, cloud in pairs.items() if cloud is not None} == {
        n: n for n in set(sent["image"]) & set(sent["points"])
    }
    assert sorted(pairs) == sent["image"]
    stamps = [frame.stamp_ns for frame in listener.frames]
    assert stamps == sorted(stamps)
    assert listener.source.counts.unmatched_pictures == len(set(sent["image"]) - set(sent["points"]))
    assert listener.source.counts.late == listener.source.counts.dropped == listener.source.counts.unreadable == 0
    assert listener.source.counts.frames == len(listener.frames)
    assert abs(listener.source.rate_hz - 1 / period_s) < 0.1 / period_s
    assert listener.source.counts.lost > 0
