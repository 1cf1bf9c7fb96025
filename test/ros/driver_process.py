"""A driver in a process of its own: pictures, camera_info and clouds with jitter on their delivery and losses, as asked for.

Each picture's first pixel and each cloud's first point carry the number of the frame. Run by test_topics_source.py; prints one
line of JSON with the numbers that were really sent.
Usage: driver_process.py PERIOD_S COUNT JITTER_S STAMP_JITTER_S LOSS CLOUD_DELAY_S SEED
"""

import array
import heapq
import json
import sys
import time

import numpy as np
import rclpy
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

WIDTH, HEIGHT, POINTS = 64, 48, 200


def main() -> None:
    period_s, count, jitter_s, stamp_jitter_s, loss, cloud_delay_s, seed = map(float, sys.argv[1:8])
    rng = np.random.default_rng(int(seed))
    rclpy.init()
    node = rclpy.create_node("driver")
    publishers = {
        "image": node.create_publisher(Image, "cam/image_raw", 10),
        "camera_info": node.create_publisher(CameraInfo, "cam/camera_info", 10),
        "points": node.create_publisher(PointCloud2, "lidar/points", 10),
    }
    ends = time.monotonic() + 30.0
    while any(not publisher.get_subscription_count() for publisher in publishers.values()):
        if time.monotonic() > ends:
            sys.exit("nobody subscribes")
        time.sleep(0.02)
    time.sleep(0.3)
    sent: dict[str, list[int]] = {"image": [], "points": []}
    queue: list[tuple[float, int, str, object]] = []
    began_s, began_ns = time.monotonic(), time.time_ns()
    for number in range(int(count)):
        for kind, delay_s in (("image", 0.005), ("points", cloud_delay_s)):
            if rng.random() < loss:
                continue
            sent[kind].append(number)
            at_s = number * period_s
            stamp_ns = began_ns + round(1e9 * (at_s + rng.uniform(-1, 1) * stamp_jitter_s))
            due_s = began_s + at_s + stamp_jitter_s + delay_s + rng.uniform(0, jitter_s)
            message = picture(number) if kind == "image" else cloud(number)
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
            heapq.heappush(queue, (due_s, len(queue), kind, message))
            if kind == "image":
                info = CameraInfo(width=WIDTH, height=HEIGHT, header=message.header, distortion_model="plumb_bob", d=[0.0] * 5)
                info.k = [60.0, 0.0, 31.5, 0.0, 60.0, 23.5, 0.0, 0.0, 1.0]
                heapq.heappush(queue, (due_s + 1e-4, len(queue) + 10**6, "camera_info", info))
    while queue:
        due_s, _, kind, message = heapq.heappop(queue)
        time.sleep(max(0.0, due_s - time.monotonic()))
        publishers[kind].publish(message)
    print(json.dumps(sent), flush=True)
    time.sleep(1.0)


def picture(number: int) -> Image:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[0, 0] = number % 256, number // 256, 0
    message = Image(height=HEIGHT, width=WIDTH, encoding="bgr8", step=3 * WIDTH)
    message.header.frame_id = "camera_optical_frame"
    message.data = array.array("B", pixels.tobytes())
    return message


def cloud(number: int) -> PointCloud2:
    points = np.zeros((POINTS, 3), np.float32)
    points[0, 0] = number
    message = PointCloud2(height=1, width=POINTS, point_step=12, row_step=12 * POINTS)
    message.fields = [PointField(name=n, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, n in enumerate("xyz")]
    message.header.frame_id = "camera_optical_frame"
    message.data = array.array("B", points.tobytes())
    return message


if __name__ == "__main__":
    main()
