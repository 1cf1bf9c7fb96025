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
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2
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
    "case",
    # Period, how many, jitter of delivery, jitter of stamps, loss, how late clouds are, seed.
    [
        (0.05, 120, 0.02, 0.0, 0.1, 0.005, 7),
        pytest.param((1 / 30, 150, 0.04, 0.0, 0.1, 0.1, 8), marks=pytest.mark.long),
        (0.1, 60, 0.02, 0.02, 0.1, 0.1, 9),
    ],
    ids=["20 Hz", "30 Hz, 40 ms, clouds late", "10 Hz, stamps too"],
)
def test_jitter_and_loss_from_another_process(domain: int, listen: Callable[..., Listener], case: tuple[float, ...]) -> None:
    """The bar: 20 ms of jitter and a tenth lost; every pair that could match is matched, none wrongly."""
    listener = listen(points_topic="lidar/points")
    sent = drive(domain, *case)
    period_s = case[0]
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


class Driver:
    """Publishers on the test's own node, and messages as a driver sends them."""

    def __init__(self, node: Any, listener: Listener) -> None:
        self.node = node
        self.listener = listener
        self.publishers: dict[str, Any] = {}

    def give(self, topic: str, message: Any, stamp_ns: int | None = None, quality: QoSProfile | int = 10) -> None:
        if topic not in self.publishers:
            self.publishers[topic] = self.node.create_publisher(type(message), topic, quality)
            until(self.publishers[topic].get_subscription_count, 10.0, f"a subscription to {topic}")
        message.header.stamp = from_ns(time.time_ns() if stamp_ns is None else stamp_ns)
        self.publishers[topic].publish(message)


HEADER = Header(frame_id="camera_optical_frame")
PICTURE = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)


def info(width: int = 64, height: int = 48) -> CameraInfo:
    message = CameraInfo(width=width, height=height, header=HEADER, distortion_model="plumb_bob", d=[0.0] * 5)
    message.k = [60.0, 0.0, 31.5, 0.0, 60.0, 23.5, 0.0, 0.0, 1.0]
    return message


@pytest.fixture
def driver(graph: Any) -> Callable[[Listener], Driver]:
    return lambda listener: Driver(graph.node, listener)


def send(driver: Driver, topic: str = "cam/image_raw", compressed: bool = False, with_info: bool = True) -> None:
    """One picture with its camera_info."""
    stamp_ns = time.time_ns()
    if with_info:
        driver.give("cam/camera_info", info(), stamp_ns)
    message = make_compressed(PICTURE, HEADER) if compressed else make_image(PICTURE, "bgr8", HEADER)
    driver.give(topic, message, stamp_ns)


def stream(driver: Driver, heard: Callable[[], bool], *args: Any, timeout_s: float = 15.0, **options: Any) -> None:
    """Pictures at 30 Hz until enough were heard: who sends knows of a listener a moment before the listener knows of him."""
    ends = time.monotonic() + timeout_s
    while not heard():
        if time.monotonic() > ends:
            pytest.fail(f"sent for {timeout_s} s, and was not heard")
        send(driver, *args, **options)
        time.sleep(0.03)


def test_it_is_a_source(listen: Callable[..., Listener]) -> None:
    source = listen(points_topic="lidar/points").source
    assert isinstance(source, Source) and source.has_depth and not source.follows_lens and source.duration_s == float("inf")
    assert source.name == "/cam/image_raw" and source.rate_hz == 30.0 and source.robot is None
    source.set_lens_position(3.0)


def test_best_effort_drivers_are_heard(listen: Callable[..., Listener], driver: Callable[[Listener], Driver]) -> None:
    listener = listen()
    best_effort = profile(reliable=False, depth=5)
    sender = driver(listener)
    sender.give("cam/camera_info", info(), quality=best_effort)
    sender.give("cam/image_raw", make_image(PICTURE, "bgr8", HEADER), quality=best_effort)
    stream(sender, lambda: len(listener.frames) >= 3)
    assert np.array_equal(listener.frames[-1].picture, PICTURE) and listener.problems == []


def test_the_type_is_found_in_the_graph(listen: Callable[..., Listener], driver: Callable[[Listener], Driver]) -> None:
    # A CompressedImage on a topic whose name does not say so.
    listener = listen(image_topic="cam/jpegs")
    stream(driver(listener), lambda: len(listener.frames) >= 3, "cam/jpegs", compressed=True)
    assert listener.frames[-1].picture.shape == PICTURE.shape


def test_a_name_that_says_compressed(listen: Callable[..., Listener], driver: Callable[[Listener], Driver]) -> None:
    listener = listen(image_topic="cam/image_raw/compressed")
    assert listener.source.topics["camera_info"] == "/cam/camera_info"
    stream(driver(listener), lambda: len(listener.frames) >= 3, "cam/image_raw/compressed", compressed=True)


def test_latched_camera_info_is_heard_by_who_comes_later(
    graph: Any, listen: Callable[..., Listener], driver: Callable[[Listener], Driver]
) -> None:
    latched = graph.node.create_publisher(CameraInfo, "cam/camera_info", profile(reliable=True, depth=1, latched=True))
    latched.publish(info())
    listener = listen()
    stream(driver(listener), lambda: len(listener.frames) >= 10, with_info=False)
    assert listener.frames[-1].camera.fx_px == 60.0


def test_a_topic_of_another_type(graph: Any, listen: Callable[..., Listener]) -> None:
    publisher = graph.node.create_publisher(PointCloud2, "cam/image_raw", 10)
    listener = listen()
    until(lambda: "topics_type_image" in listener.codes(), what="the word")
    assert "/cam/image_raw carries sensor_msgs/msg/PointCloud2: wanted sensor_msgs/msg/Image or" in listener.text(
        "topics_type_image"
    )
    assert publisher.get_subscription_count() == 0


def test_a_driver_that_is_not_there(graph: Any, listen: Callable[..., Listener]) -> None:
    graph.node.create_publisher(Image, "other/image", 10)
    listener = listen()
    until(lambda: "topics_missing_image" in listener.codes(), what="the word")
    assert "nobody publishes /cam/image_raw (image); of that type there are /other/image" in listener.text("topics_missing_image")


def test_its_own_nodes_topic_is_not_listened_to(listen: Callable[..., Listener]) -> None:
    listener = listen(joint_states_topic="joint_states")
    publisher = listener.node.create_publisher(JointState, "joint_states", 10)
    until(lambda: "topics_own_joint_states" in listener.codes(), what="the word")
    assert "/joint_states is published by this node itself" in listener.text("topics_own_joint_states")
    until(lambda: publisher.get_subscription_count() == 0, what="the end of the subscription")


def test_clouds_joints_and_a_picture_that_changes_its_size(
    listen: Callable[..., Listener], driver: Callable[[Listener], Driver]
) -> None:
    listener = listen(points_topic="lidar/points", joint_states_topic="joint_states")
    sender = driver(listener)
    sent = 0
    for size, wanted in (((64, 48), 10), ((32, 32), 25)):
        ends = time.monotonic() + 15.0
        while len(listener.frames) < wanted and time.monotonic() < ends:
            stamp_ns = time.time_ns()
            sent += 1
            sender.give("joint_states", JointState(name=["pan_joint"], position=[0.01 * sent]), stamp_ns)
            sender.give("cam/camera_info", info(*size), stamp_ns)
            sender.give("lidar/points", make_cloud(np.full((3, 3), sent, np.float32), Header(frame_id="lidar")), stamp_ns)
            sender.give("cam/image_raw", make_image(PICTURE[: size[1], : size[0]].copy(), "bgr8", HEADER), stamp_ns)
            time.sleep(0.03)
    until(lambda: listener.frames[-1].points is not None and listener.frames[-1].points["x"][0] == sent, what="the last")
    last = listener.frames[-1]
    assert last.points_frame == "lidar" and (last.camera.width_px, last.camera.height_px) == last.picture.shape[1::-1] == (32, 32)
    assert sum(len(frame.joints) for frame in listener.frames) >= 20
    figures = listener.source.figures()
    assert float(figures["image_hz"]) > 10 and abs(float(figures["points_later_than_image_s"])) < 0.05


def test_stopped_and_iterated_again(listen: Callable[..., Listener], driver: Callable[[Listener], Driver]) -> None:
    listener = listen()
    sender = driver(listener)
    stream(sender, lambda: len(listener.frames) >= 3)
    listener.source.stop()
    listener.reader.join(5.0)
    assert not listener.reader.is_alive()
    for _ in range(5):
        send(sender)
    before = len(listener.frames)
    # A stop that comes before the iteration has begun is not lost.
    frames = listener.source.frames()
    listener.source.stop()
    assert list(frames) == []
    listener.reader = listener.read()
    stream(sender, lambda: len(listener.frames) >= before + 3)
    stamps = [frame.stamp_ns for frame in listener.frames]
    assert stamps == sorted(stamps) and listener.source.counts.frames == len(listener.frames)


def test_the_topic_beside() -> None:
    assert camera_info_beside("/camera/color/image_raw") == "/camera/color/camera_info"
    assert camera_info_beside("/camera/color/image_raw/compressed") == "/camera/color/camera_info"
    assert camera_info_beside("/depth/image/compressedDepth") == "/depth/camera_info"
    assert camera_info_beside("image_raw") == "camera_info"


def test_what_cannot_be_is_refused(graph: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"needs the picture's topic: set image_topic, or name a rig file"):
        TopicsSource(graph.node)
    for name in ("match_tolerance_s", "transform_wait_s", "camera_info_wait_s", "joint_timeout_s", "match_wait_s"):
        for value in (-1.0, float("nan"), float("inf")):
            with pytest.raises(ConfigurationError, match=name):
                TopicsSource(graph.node, image_topic="image", **{name: value})
    with pytest.raises(ConfigurationError, match="points_clock_offset_s"):
        TopicsSource(graph.node, image_topic="image", points_clock_offset_s=float("nan"))


def test_topics_from_the_rig_file_and_over_it(graph: Any) -> None:
    rig = RigDescription(topics={"image": "/a/image_raw", "points": "/b/points", "camera_info": "/c/info"})
    source = TopicsSource(graph.node, rig, points_topic="/d/points")
    assert source.topics == {"image": "/a/image_raw", "points": "/d/points", "camera_info": "/c/info"}
    source.close()
    known = RigDescription(camera=camera_from_values(64, 48, [60, 60, 31.5, 23.5]), topics={"image": "/a/image_raw"})
    source = TopicsSource(graph.node, known)
    assert source.topics == {"image": "/a/image_raw"} and not source.has_depth
    source.close()
