"""Pictures out, from a thread that nothing else waits for.

rclpy's `publish` holds Python's interpreter lock from beginning to end: what it costs, every other thread of the process pays.
For a picture that is little, until a viewer freezes (stopped in a debugger, a laptop that swaps). Fast DDS then opens the frozen
viewer's shared-memory port anew for every 64 KB fragment, 43 times a 1280 x 720 picture: 1.3 ms of publishing become 16 to 20 ms,
for the 20 s until the viewer's lease ends. A Python thread around `publish` does not help, nor does Fast DDS's asynchronous mode
(publishing then waits for the lock of a writer that is still sending, and raises after 100 ms).

Here the picture is serialised by hand, which for an Image is a header and its bytes, and given to rcl's own function for
serialised messages through ctypes, which lets the interpreter lock go for the time of the call. One thread does that, behind a
slot that holds the latest picture alone: while a viewer is frozen its pictures may get fewer, and everything else goes on at its
own pace.
"""

from __future__ import annotations

import ctypes
import functools
import struct
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from auxfocus_ros.errors import InputError
from auxfocus_ros.ros.qos import PICTURE_OUT
from auxfocus_ros.ros.worker import LatestWorker

__all__ = ["PicturePublisher", "PictureStatistics"]

REMEMBERED = 300
"""How many calls the durations in the statistics go back: 10 s at 30 Hz."""
DEAR_CALL_S_PER_MB = 0.004
"""A raw 1280 x 720 picture (2.8 MB) takes 1 to 3 ms to publish; from here on, somebody who is matched has stopped reading."""
_CDR_LITTLE_ENDIAN = b"\x00\x01\x00\x00"


@dataclass(frozen=True)
class PictureStatistics:
    """What became of the pictures handed over, since the beginning; durations over the last REMEMBERED calls."""

    published: int
    replaced: int
    failed: int
    call_p50_s: float
    call_p95_s: float
    picture_mb: float

    @property
    def viewer_stopped(self) -> bool:
        """Whether calls are so dear, for pictures of this size, that a viewer must have stopped reading."""
        return self.picture_mb > 0 and self.call_p50_s > DEAR_CALL_S_PER_MB * self.picture_mb


class PicturePublisher:
    """A publisher of sensor_msgs/Image whose `publish` never waits.

    Args:
        node: the node that the publisher belongs to.
        topic: name of the topic.
        qos: quality of service.
        waiting: pictures that may wait to be sent; beyond, the oldest goes. More than one where they come in bursts.
        done: called in the publishing thread with the header of each picture after it was given to the middleware.
        failed: called in the publishing thread with one line when a picture could not be published; the next is tried as usual.
    """

    def __init__(
        self,
        node: Any,
        topic: str,
        qos: QoSProfile = PICTURE_OUT,
        *,
        waiting: int = 1,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        self._node = node
        self._publisher = node.create_publisher(Image, topic, qos)
        self._rcl = _rcl() if hasattr(self._publisher.handle, "pointer") else None
        self._done = done
        self._failed = failed
        self._lock = threading.Lock()
        self._calls_s: deque[float] = deque(maxlen=REMEMBERED)
        self._published = self._failures = 0
        self._buffer = np.empty(0, np.uint8)
        self._worker: LatestWorker[tuple[Any, Any]] = LatestWorker(
            f"publish {topic}", self._send, self._send_failed, waiting=waiting
        )

    @property
    def lets_others_run(self) -> bool:
        """Whether publishing lets the interpreter lock go; where rcl cannot be reached, it is rclpy's own in a thread."""
        return self._rcl is not None

    def publish(self, message: Image) -> None:
        """Hand an image message over; it must not be changed afterwards. A picture that still waits is replaced."""
        self._worker.offer((message, message.data))

    def offer(self, picture: np.ndarray, encoding: str, header: Any) -> None:
        """Hand a picture over without making a message of it; it must not be changed afterwards.

        Args:
            picture: (height, width) or (height, width, channels), of the encoding's type; any layout in memory.
            encoding: as in sensor_msgs/image_encodings.
            header: std_msgs/Header.

        Raises:
            InputError: an array that is not a picture.
        """
        if picture.ndim not in (2, 3) or not picture.size:
            raise InputError(f"a picture of shape {picture.shape}: (height, width) or (height, width, channels) is wanted")
        message = Image(header=header, height=picture.shape[0], width=picture.shape[1], encoding=encoding)
        message.step = picture.nbytes // picture.shape[0]
        message.is_bigendian = int(picture.dtype.byteorder == ">")
        self._worker.offer((message, picture))

    def get_subscription_count(self) -> int:
        """How many subscriptions are matched, as rclpy's publisher says it."""
        return int(self._publisher.get_subscription_count())

    def statistics(self) -> PictureStatistics:
        """Counts and durations, for diagnostics."""
        with self._lock:
            calls_s = np.array(self._calls_s or [0.0])
            counts = self._published, self._worker.replaced, self._failures
        p50, p95 = np.percentile(calls_s, [50, 95])
        return PictureStatistics(*counts, call_p50_s=float(p50), call_p95_s=float(p95), picture_mb=self._buffer.size / 1e6)

    def destroy(self) -> bool:
        """End the thread, then the publisher; False when a call to the middleware did not come back in time."""
        ended = self._worker.stop()
        if ended:  # a publisher must not go while it is being used
            self._node.destroy_publisher(self._publisher)
        return ended

    # The publishing thread.

    def _send(self, item: tuple[Any, Any]) -> None:
        message, pixels = item
        began = time.perf_counter()
        if self._rcl is None:
            self._send_by_rclpy(message, pixels)
        else:
            self._send_by_rcl(self._rcl, message, pixels)
        with self._lock:
            self._calls_s.append(time.perf_counter() - began)
            self._published += 1
        if self._done is not None:
            self._done(message.header)

    def _send_failed(self, error: Exception) -> None:
        with self._lock:
            self._failures += 1
        if self._failed is not None:
            self._failed(f"a picture could not be published: {' '.join(str(error).split())}")

    def _send_by_rcl(self, rcl: _Rcl, message: Any, pixels: Any) -> None:
        head = _head(message, length := memoryview(pixels).nbytes)
        total = len(head) + length
        if self._buffer.size != total:
            self._buffer = np.empty(total, np.uint8)
        self._buffer[: len(head)] = np.frombuffer(head, np.uint8)
        self._buffer[len(head) :] = np.frombuffer(np.ascontiguousarray(pixels), np.uint8)
        handle = self._publisher.handle
        with handle:  # it cannot be destroyed meanwhile
            rcl.publish(handle.pointer, self._buffer)

    def _send_by_rclpy(self, message: Any, pixels: Any) -> None:
        if message.data is not pixels:
            message.data.frombytes(np.frombuffer(np.ascontiguousarray(pixels), np.uint8).data)
        self._publisher.publish(message)


def _head(message: Any, length: int) -> bytes:
    """The serialised message (XCDR1, little-endian) up to its `data`, whose `length` bytes follow.

    Alignment counts from behind the 4 bytes that name the encapsulation.

    Source: OMG DDS-XTypes 1.3, 7.4.1; sensor_msgs/Image.
    """
    out = bytearray(struct.pack("<iI", message.header.stamp.sec, message.header.stamp.nanosec))

    def pad() -> None:
        out.extend(bytes(-len(out) % 4))

    def text(value: str) -> None:
        pad()
        stored = value.encode() + b"\0"
        out.extend(struct.pack("<I", len(stored)) + stored)

    text(message.header.frame_id)
    pad()
    out.extend(struct.pack("<II", message.height, message.width))
    text(message.encoding)
    out.append(message.is_bigendian)
    pad()
    out.extend(struct.pack("<II", message.step, length))
    return _CDR_LITTLE_ENDIAN + bytes(out)


class _SerializedMessage(ctypes.Structure):
    """rcl_serialized_message_t: a rcutils_uint8_array_t; its allocator is not used by who only reads it."""

    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("allocator", ctypes.c_void_p * 5),
    )


class _ErrorString(ctypes.Structure):
    """rcutils_error_string_t."""

    _fields_ = (("text", ctypes.c_char * 1024),)


class _Rcl:
    """The two functions of rcl that we call ourselves; ctypes lets the interpreter lock go while they run."""

    def __init__(self) -> None:
        self._publish = ctypes.CDLL("librcl.so").rcl_publish_serialized_message
        self._publish.argtypes = [ctypes.c_void_p, ctypes.POINTER(_SerializedMessage), ctypes.c_void_p]
        self._publish.restype = ctypes.c_int
        utilities = ctypes.CDLL("librcutils.so")
        self._error = utilities.rcutils_get_error_string
        self._error.restype = _ErrorString
        self._reset = utilities.rcutils_reset_error
        self._reset.restype = None

    def publish(self, publisher: int, stored: np.ndarray) -> None:
        """Publish serialised bytes; RuntimeError with rcl's words when that cannot be done now."""
        message = _SerializedMessage(stored.ctypes.data, stored.size, stored.size)
        if self._publish(publisher, ctypes.byref(message), None) != 0:
            words = self._error().text.decode(errors="replace")
            self._reset()  # kept for each thread; left there, the next error complains of being written over it
            raise RuntimeError(words)


@functools.lru_cache(1)
def _rcl() -> _Rcl | None:
    """rcl's library, which rclpy has loaded already; None where it cannot be reached by name."""
    try:
        return _Rcl()
    except (OSError, AttributeError):
        return None
