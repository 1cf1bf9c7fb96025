"""One end of the stream that `auxfocus bench transport` measures, in a process of its own.

    python -m auxfocus_ros.commands.transport_peer give --seconds 20 --reliability best_effort
    python -m auxfocus_ros.commands.transport_peer take --reliability best_effort

`give` waits until somebody listens, then publishes pairs of a picture and a cloud, each message stamped right before it is
published. `take` listens until SIGTERM. Both end with one line of JSON on standard output. Stamps are the machine's monotonic
clock, which both processes share and nobody sets; the number of the pair stands in `frame_id`, below zero while warming up.
"""

from __future__ import annotations

import argparse
import array
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, PointCloud2, PointField

from auxfocus_ros.ros.qos import profile

DEPTH = 5  # of the history at both ends, as many drivers have it; the same for every profile
WARM_UP_S = 1.0
LISTENER_TIMEOUT_S = 30.0
TAIL_S = 1.0
"""How long the last messages may take before they count as lost."""


def make_picture(width: int, height: int) -> Image:
    """A bgr8 picture of noise, which nothing can compress."""
    message = Image(width=width, height=height, step=3 * width, encoding="bgr8")
    message.data = array.array("B", np.random.default_rng(1).bytes(3 * width * height))
    return message


def make_cloud(points: int) -> PointCloud2:
    """A cloud of x, y, z, intensity in 16 bytes a point."""
    fields = [
        PointField(name=name, offset=4 * index, datatype=PointField.FLOAT32, count=1)
        for index, name in enumerate(("x", "y", "z", "intensity"))
    ]
    message = PointCloud2(width=points, height=1, point_step=16, row_step=16 * points, is_dense=True, fields=fields)
    message.data = array.array("B", np.random.default_rng(2).random(4 * points, np.float32).tobytes())
    return message


def give(node: Any, options: argparse.Namespace, ended: list[int]) -> dict[str, Any]:
    """Publish pairs at the rate; what was given, and how long publishing took."""
    quality = profile(reliable=options.reliability == "reliable", depth=DEPTH)
    pictures = node.create_publisher(Image, "bench/image", quality)
    clouds = node.create_publisher(PointCloud2, "bench/points", quality)
    picture, cloud = make_picture(options.width, options.height), make_cloud(options.points)
    gives_up = time.monotonic() + LISTENER_TIMEOUT_S
    while not (pictures.get_subscription_count() and clouds.get_subscription_count()):
        if ended or time.monotonic() > gives_up:
            raise SystemExit(f"nobody listened within {LISTENER_TIMEOUT_S:g} s")
        time.sleep(0.02)
    warm_up, count = round(WARM_UP_S * options.rate), round(options.seconds * options.rate)
    calls_s = []
    late = 0
    start = time.monotonic()
    for turn in range(warm_up + count):
        wait = start + turn / options.rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        elif wait < -1 / options.rate:
            late += 1  # the machine is too busy to keep the rate: the figures of this run say so
        if ended:
            break
        began = time.monotonic()
        for publisher, message in ((pictures, picture), (clouds, cloud)):
            message.header.frame_id = str(turn - warm_up)
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(time.monotonic_ns(), 10**9)
            publisher.publish(message)
        if turn >= warm_up:
            calls_s.append(time.monotonic() - began)
    time.sleep(TAIL_S)
    return {"pairs": len(calls_s), "late": late, "publish_p50_ms": float(1e3 * np.median(calls_s or [0.0]))}


def take(node: Any, options: argparse.Namespace, ended: list[int]) -> dict[str, Any]:
    """Count until told to end; the number and the latency of all that came."""
    quality = profile(reliable=options.reliability == "reliable", depth=DEPTH)
    picture_ms: dict[int, float] = {}
    cloud_ms: dict[int, float] = {}
    began_ns: dict[int, int] = {}
    pair_ms: dict[int, float] = {}

    def on(message: Any, mine: dict[int, float], other: dict[int, float]) -> None:
        now_ns = time.monotonic_ns()
        number = int(message.header.frame_id)
        if number < 0:
            return
        stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        mine[number] = (now_ns - stamp_ns) / 1e6
        began_ns[number] = min(stamp_ns, began_ns.get(number, stamp_ns))
        if number in other:
            pair_ms[number] = (now_ns - began_ns[number]) / 1e6

    node.create_subscription(Image, "bench/image", lambda message: on(message, picture_ms, cloud_ms), quality)
    node.create_subscription(PointCloud2, "bench/points", lambda message: on(message, cloud_ms, picture_ms), quality)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not ended:
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    return {
        "pairs": len(pair_ms),
        "pictures": len(picture_ms),
        "clouds": len(cloud_ms),
        "latency_ms": percentiles(pair_ms),
        "picture_latency_ms": percentiles(picture_ms),
        "cloud_latency_ms": percentiles(cloud_ms),
    }


def percentiles(values_ms: dict[int, float]) -> dict[str, float] | None:
    """p50, p95 and the greatest; None of nothing."""
    if not values_ms:
        return None
    p50, p95, greatest = np.percentile(list(values_ms.values()), [50, 95, 100])
    return {"p50": float(p50), "p95": float(p95), "max": float(greatest)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("end", choices=("give", "take"))
    parser.add_argument("--reliability", choices=("best_effort", "reliable"), required=True)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=30.0)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--points", type=int, default=100_000)
    options = parser.parse_args(arguments)
    ended: list[int] = []

    def on_signal(number: int, _: FrameType | None) -> None:
        ended.append(number)

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(f"auxfocus_bench_{options.end}_{os.getpid()}")
    try:
        result = {"give": give, "take": take}[options.end](node, options, ended)
    finally:
        node.destroy_node()
        rclpy.shutdown()
    json.dump({**result, "cpu_s": time.process_time()}, sys.stdout)


if __name__ == "__main__":
    main()
