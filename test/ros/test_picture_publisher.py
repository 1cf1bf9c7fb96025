"""Pictures out: the bytes are rclpy's own, they arrive, and nobody waits for them."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import rclpy
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros import picture_publisher
from auxfocus_ros.ros.picture_publisher import PicturePublisher, _head
from auxfocus_ros.ros.qos import PICTURE_OUT

TOPIC = "test_picture_publisher/image"


def header(frame: str = "camera_optical_frame", sec: int = 5) -> Header:
    message = Header(frame_id=frame)
    message.stamp.sec, message.stamp.nanosec = sec, 999_999_999
    return message


@given(
    frame=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
    encoding=st.sampled_from(["mono8", "bgr8", "16UC1", "32FC1", "bayer_rggb16", ""]),
    height=st.integers(0, 5),
    step=st.integers(0, 7),
    sec=st.integers(-(2**31), 2**31 - 1),
)
@settings(deadline=None, max_examples=100)
def test_rclpy_reads_what_we_serialise(frame: str, encoding: str, height: int, step: int, sec: int) -> None:
    message = Image(header=header(frame, sec), height=height, width=step, encoding=encoding, step=step, is_bigendian=height % 2)
    data = bytes(range(height * step))
    message.data.frombytes(data)
    assert deserialize_message(_head(message, len(data)) + data, Image) == message


@pytest.fixture
def context(domain: int) -> Iterator[Context]:
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    yield context
    rclpy.try_shutdown(context=context)


class Viewer:
    """A node with a subscription, spun until a condition holds."""

    def __init__(self, context: Context) -> None:
        self.node = rclpy.create_node("test_picture_publisher", context=context)
        self.received: list[Image] = []
        self.node.create_subscription(Image, TOPIC, self.received.append, PICTURE_OUT)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)

    def spin_until(self, holds: Callable[[], Any], timeout_s: float = 20.0) -> None:
        ends = time.monotonic() + timeout_s
        while not holds():
            assert time.monotonic() < ends, "did not happen in time"
            self.executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()


@pytest.fixture
def viewer(context: Context) -> Iterator[Viewer]:
    viewer = Viewer(context)
    yield viewer
    viewer.close()


@pytest.mark.graph
@pytest.mark.parametrize("by", ["rcl", "rclpy"])
def test_pictures_arrive_as_they_were(viewer: Viewer, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if by == "rclpy":
        monkeypatch.setattr(picture_publisher, "_rcl", lambda: None)
    done: list[int] = []
    words: list[str] = []
    publisher = PicturePublisher(viewer.node, TOPIC, done=lambda header: done.append(header.stamp.sec), failed=words.append)
    assert publisher.lets_others_run == (by == "rcl")
    viewer.spin_until(publisher.get_subscription_count)

    def received(count: int) -> None:
        viewer.spin_until(lambda: words or len(viewer.received) == count)
        assert not words

    rng = np.random.default_rng(1)
    colour = rng.integers(0, 256, (480, 640, 3), np.uint8)
    depth_mm = rng.integers(0, 60000, (48, 64), np.uint16)
    message = Image(header=header(sec=3), height=2, width=2, step=2, encoding="mono8")
    message.data.frombytes(b"abcd")

    publisher.offer(colour[:, ::-1], "bgr8", header(sec=1))  # a view that is not contiguous
    received(1)
    publisher.offer(depth_mm, "16UC1", header(sec=2))
    received(2)
    publisher.publish(message)
    received(3)
    wait_for(lambda: len(done) == 3)

    first, second, third = viewer.received
    assert (first.height, first.width, first.step, first.encoding) == (480, 640, 1920, "bgr8")
    assert first.header == header(sec=1)
    assert np.array_equal(np.frombuffer(first.data, np.uint8).reshape(480, 640, 3), colour[:, ::-1])
    assert np.array_equal(np.frombuffer(second.data, np.uint16).reshape(48, 64), depth_mm)
    assert third == message
    assert done == [1, 2, 3]
    statistics = publisher.statistics()
    assert (statistics.published, statistics.replaced, statistics.failed) == (3, 0, 0)
    assert 0 < statistics.call_p50_s <= statistics.call_p95_s
    assert publisher.destroy()


class SlowRcl:
    """Stands in for rcl: each call lasts until it is let go, and fails when told to."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.fails = False
        self.sizes: list[int] = []

    def publish(self, publisher: int, stored: np.ndarray) -> None:
        self.begun.set()
        assert self.go_on.wait(10.0)
        if self.fails:
            raise RuntimeError("cannot publish data,\n at rmw_publish.cpp")
        self.sizes.append(stored.size)


@pytest.mark.graph
def test_a_call_that_lasts_holds_nobody_up(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowRcl()
    monkeypatch.setattr(picture_publisher, "_rcl", lambda: slow)
    node = rclpy.create_node("test_picture_publisher", context=context)
    words: list[str] = []
    publisher = PicturePublisher(node, TOPIC, failed=words.append)
    try:
        publisher.offer(np.zeros((4, 4), np.uint8), "mono8", header())
        assert slow.begun.wait(10.0)
        for size in (5, 6, 7):  # handed over while the first call lasts: the last one waits, the others are replaced
            publisher.offer(np.zeros((size, size), np.uint8), "mono8", header())
        assert publisher.statistics().published == 0
        slow.go_on.set()
        wait_for(lambda: publisher.statistics().published == 2)
        assert slow.sizes[1] - slow.sizes[0] == 49 - 16
        assert publisher.statistics().replaced == 2

        slow.fails = True
        publisher.offer(np.zeros((4, 4), np.uint8), "mono8", header())
        wait_for(lambda: words)
        assert words == ["a picture could not be published: cannot publish data, at rmw_publish.cpp"]
        slow.fails = False
        publisher.offer(np.zeros((4, 4), np.uint8), "mono8", header())
        wait_for(lambda: publisher.statistics().published == 3)
        assert publisher.statistics().failed == 1
    finally:
        slow.go_on.set()
        publisher.destroy()
        node.destroy_node()


def wait_for(holds: Callable[[], Any]) -> None:
    ends = time.monotonic() + 10.0
    while not holds():
        assert time.monotonic() < ends, "did not happen in time"
        time.sleep(0.005)


@pytest.mark.graph
@pytest.mark.parametrize("shape", [(4,), (0, 4), (2, 2, 2, 2)])
def test_what_is_no_picture_is_refused_at_once(context: Context, shape: tuple[int, ...]) -> None:
    node = rclpy.create_node("test_picture_publisher", context=context)
    publisher = PicturePublisher(node, TOPIC)
    try:
        with pytest.raises(InputError, match="height, width"):
            publisher.offer(np.zeros(shape, np.uint8), "mono8", header())
    finally:
        publisher.destroy()
        node.destroy_node()
