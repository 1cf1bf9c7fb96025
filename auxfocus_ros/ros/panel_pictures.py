"""Pictures for the operator's page, subscribed to only while somebody looks, as JPEG.

What is published as JPEG is passed on untouched. Where the camera is published raw alone, or compressed otherwise, a worker makes
the JPEG, of the newest picture alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rclpy.time import Time
from sensor_msgs.msg import CompressedImage, Image

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.health import Meter
from auxfocus_ros.ros.images import as_bgr, make_compressed
from auxfocus_ros.ros.jpeg_size import is_jpeg, jpeg_size
from auxfocus_ros.ros.qos import PICTURE_IN
from auxfocus_ros.ros.silence import Silence
from auxfocus_ros.ros.worker import LatestWorker

SILENT_S = 2.0
START_S = 3.0
"""Until the first picture comes: who draws only for listeners has to hear of us, and of pictures, first."""
SOURCES: Mapping[str, tuple[str, str]] = {  # stream -> topic, and whose fault it is when nothing comes
    "aux": ("aux_focus/unmarked/compressed", "aux_focus"),
    "camera": ("camera/image_raw/compressed", "gimbal_rig"),
}
RAW = "camera/image_raw"


class PictureFeed:
    """The pictures of one stream; to be used in the executor's thread, `offer` is called there and in the worker's."""

    def __init__(
        self,
        node: Any,
        stream: str,
        offer: Callable[[str, Mapping[str, Any], bytes], None],
        problem: Callable[[str], None],
        jpeg_quality: Callable[[], int],
    ) -> None:
        """Make it on a node.

        Args:
            node: subscribes.
            stream: a key of SOURCES.
            offer: gets (stream, header with stamp, width and height, JPEG file).
            problem: told in one line what cannot be shown.
            jpeg_quality: asked at each picture that has to be made a JPEG.
        """
        self.stream = stream
        self.topic, self.source = SOURCES[stream]
        self._node = node
        self._offer = offer
        self._problem = problem
        self._jpeg_quality = jpeg_quality
        self._subscription: Any = None
        self.subscribed_to = ""
        """The topic that pictures are taken from."""
        self._worker: LatestWorker[Any] | None = None
        self._silence = Silence(SILENT_S, time.monotonic)
        self.meter = Meter()

    @property
    def watched(self) -> bool:
        """Whether it is subscribed to."""
        return self._subscription is not None

    def watch(self, wanted: bool) -> None:
        """Subscribe, or do not any more."""
        if wanted and not self.watched:
            self._worker = LatestWorker(f"{self.stream} jpeg", self._make_jpeg, lambda error: self._problem(str(error)))
            self._silence.expect(START_S)
            self._subscribe()
        elif not wanted and self.watched:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
            self._silence.forget()
            if self._worker is not None:
                self._worker.stop()
            self._worker = None

    def tick(self) -> None:
        """Follow what is published, and notice when nothing comes; to be called some times a second."""
        if self.watched and self._best_topic() != self.subscribed_to:
            self._node.destroy_subscription(self._subscription)
            self._subscribe()
        self._silence.check()

    @property
    def silent(self) -> bool:
        """Whether somebody looks and nothing comes."""
        return self._silence.silent

    def _best_topic(self) -> str:
        if self.stream != "camera" or self._node.count_publishers(self._node.resolve_topic_name(self.topic)):
            return self.topic
        return RAW

    def _subscribe(self) -> None:
        self.subscribed_to = self._best_topic()
        kind = Image if self.subscribed_to == RAW else CompressedImage
        self._subscription = self._node.create_subscription(kind, self.subscribed_to, self._on_picture, PICTURE_IN)

    def _on_picture(self, message: Any) -> None:
        self._silence.heard()
        stamp = message.header.stamp
        self.meter.add((self._node.get_clock().now() - Time.from_msg(stamp)).nanoseconds * 1e-9)
        if isinstance(message, CompressedImage) and is_jpeg(bytes(message.data[:3])):
            try:
                self._pass_on(stamp, bytes(message.data))
            except InputError as error:
                self._problem(str(error))
        elif self._worker is not None:
            self._worker.offer(message)

    def _make_jpeg(self, message: Any) -> None:
        """In the worker's thread."""
        made = make_compressed(as_bgr(message), message.header, self._jpeg_quality())
        self._pass_on(message.header.stamp, bytes(made.data))

    def _pass_on(self, stamp: Any, jpeg: bytes) -> None:
        width, height = jpeg_size(jpeg)
        self._offer(self.stream, {"stamp": [stamp.sec, stamp.nanosec], "width": width, "height": height}, jpeg)
